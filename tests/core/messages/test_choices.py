"""Whoever does not want a topic is not written to about it, and every letter about one offers a way out."""

import asyncio

import pytest

from core import messages, suppressions, topics
from core.errors import Suppressed
from core.messages import Claim, OptOut, Submission, choices
from core.topics import NewTopic
from tests.core.post import ANN, BOB, CAT, accepted, caller_in, draft


@pytest.fixture
async def news(core, caller):
    """Ann has said no, Cat yes."""
    made = await topics.create(core, caller, NewTopic(name="News", key="news"))
    await topics.choose(core, caller, made, ANN, "opt_out")
    await topics.choose(core, caller, made, CAT, "opt_in")
    return made


async def test_the_choice_is_recorded(core, caller, news):
    """For this topic alone, whatever it is called by."""
    asked = [draft("Ann@Example.com", BOB, topic="news"), draft(ANN, topic=news.id), draft(ANN)]
    receipts = await accepted(core, caller, asked)

    states = [
        [each.state for each in (await messages.get(core, caller, receipt.id)).deliveries]
        for receipt in receipts
    ]
    assert [["suppressed", "queued"], ["suppressed"], ["queued"]] == states


async def test_a_topic_that_is_asked_for_reaches_those_who_did(core, caller):
    """Where the default is to be left out, silence means no."""
    topic = await topics.create(core, caller, NewTopic(name="Ads", key="ads", subscription="opt_out"))
    await topics.choose(core, caller, topic, CAT, "opt_in")
    receipt = await messages.submit(core, caller, draft(ANN, CAT, topic="ads"))

    found = await messages.get(core, caller, receipt.id)
    assert ["suppressed", "queued"] == [each.state for each in found.deliveries]


@pytest.mark.usefixtures("news")
async def test_it_is_told_apart_from_a_suppression(core, caller):
    """A refusal says which of the two it was; left out are both."""
    await suppressions.suppress(core, caller, BOB)
    asked = [draft(each, topic="news", on_suppressed="refuse") for each in (ANN, BOB, CAT)]
    results = await messages.submit_all(core, caller, asked)
    dropped = await messages.submit(core, caller, draft(ANN, BOB, CAT, topic="news", on_suppressed="drop"))

    refused = [(each.kind, each.addresses) for each in results if isinstance(each, Suppressed)]
    assert [("topic", (ANN,)), ("", (BOB,))] == refused
    assert (ANN, BOB) == dropped.dropped


async def test_the_letter_offers_a_way_out(core, caller, news):
    """Of the topic, whatever else the draft says of it."""
    words = OptOut(urls=("X",))
    receipts = await accepted(core, caller, [draft(topic="news", opt_out=each) for each in (None, words)])
    first, second = [await messages.get(core, caller, each.id) for each in receipts]

    assert OptOut(header=True, topic_id=news.id) == first.draft.opt_out
    assert OptOut(header=True, topic_id=news.id, urls=("X",)) == second.draft.opt_out


async def test_a_managed_stream_offers_a_way_out(core, caller):
    """Of the stream, and no other stream does."""
    receipts = await accepted(
        core, caller, [draft(stream=each) for each in ("broadcast", "other", "outbound")]
    )

    found = [(await messages.get(core, caller, each.id)).draft.opt_out for each in receipts]
    assert [OptOut(managed=True), None, None] == found


@pytest.mark.usefixtures("news")
async def test_calls_that_share_a_commit_do_not_mix(core, caller):
    """One asks with a key, one for a topic, one for nothing: each has its own answer."""
    other = await caller_in(core, "other")
    claim = Claim(scope="idempotency", key="k")
    results = await asyncio.gather(
        messages.submit(core, caller, draft(ANN, topic="news", on_suppressed="refuse"), claim=claim),
        messages.submit(core, caller, draft(ANN), claim=Claim(scope="idempotency", key="l")),
        messages.submit(core, other, draft(ANN, topic="news")),
        messages.submit(core, caller, draft(CAT, topic="news")),
        return_exceptions=True,
    )

    assert ["Suppressed", "Receipt", "NotFound", "Receipt"] == [type(each).__name__ for each in results]


async def test_nothing_is_asked_without_need(core, caller):
    """A batch without topics on the default stream asks no question about either."""
    assert [] == choices.questions(
        [Submission(caller=caller, drafts=[draft(), draft(opt_out=OptOut(header=True))])]
    )
