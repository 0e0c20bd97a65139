"""What the holder of a link decides: for the topic, the stream or everything, once, and back again."""

import asyncio

import msgspec
import pytest

from core import contacts, events, ids, messages, subscriptions, suppressions, topics
from core.contacts import Change
from core.messages import OptOut
from core.optout import Link, of
from core.paging import PageRequest
from core.topics import NewTopic
from tests.core.post import ANN, SENDER, draft


async def link(core, caller, **fields):
    """The link of Ann's letter."""
    receipt = await messages.submit(core, caller, draft("Ann@Example.com", **fields))
    message = await messages.get(core, caller, receipt.id)
    return of(message, message.deliveries[0])


async def told(core, caller, held):
    """The events of the letter that came of it."""
    found = await events.of_message(core, await messages.get(core, caller, held.message_id))
    return [(each.kind, each.position) for each in found if each.kind.endswith("subscribed")]


async def entries(core, caller):
    """Who gets no mail, where and why."""
    held = await suppressions.of_workspace(core, caller)
    return [(each.email, each.stream, each.reason, each.origin) for each in held]


async def state(core, caller, **fields):
    """What becomes of the next letter to Ann."""
    receipt = await messages.submit(core, caller, draft(ANN, **fields))
    return (await messages.get(core, caller, receipt.id)).deliveries[0].state


@pytest.fixture
async def news(core, caller):
    """A topic of the workspace."""
    return await topics.create(core, caller, NewTopic(name="News", key="news"))


async def test_a_stream_is_left_and_joined_again(core, caller):
    """Other streams are not touched; it is told once, however often it is said."""
    held = await link(core, caller, stream="broadcast")
    await asyncio.gather(*[subscriptions.leave(core, held) for _ in range(5)])
    assert [(ANN, "broadcast", "unsubscribe", "recipient")] == await entries(core, caller)
    assert ("suppressed", "queued") == (
        await state(core, caller, stream="broadcast"),
        await state(core, caller),
    )
    assert (True, False, "Default Broadcast Stream") == standing_of(await subscriptions.standing(core, held))

    await asyncio.gather(*[subscriptions.rejoin(core, held) for _ in range(5)])
    assert ([], "queued") == (await entries(core, caller), await state(core, caller, stream="broadcast"))
    assert [("unsubscribed", 0), ("resubscribed", 0)] == await told(core, caller, held)
    assert [(True, held.message_id), (False, held.message_id)] == [
        (each.suppress, each.message_id) for each in await suppressions.changes(core, caller.workspace_id)
    ]


def standing_of(found):
    """The few words of it."""
    return (found.left, found.left_all, found.about)


async def test_a_topic_is_left_and_joined_again(core, caller, news):
    """Other mail is not touched."""
    held = await link(core, caller, topic="news")
    await subscriptions.leave(core, held)
    await subscriptions.leave(core, held)
    assert ("suppressed", "queued") == (await state(core, caller, topic="news"), await state(core, caller))
    assert (True, False, "News") == standing_of(await subscriptions.standing(core, held))

    await subscriptions.rejoin(core, held)
    assert "queued" == await state(core, caller, topic="news")
    assert [("unsubscribed", 0), ("resubscribed", 0)] == await told(core, caller, held)
    (first, _) = await suppressions.changes(core, caller.workspace_id)
    assert (news.id, "recipient", "unsubscribe", True) == (
        first.topic_id,
        first.origin,
        first.reason,
        first.suppress,
    )


async def test_everything_is_left_with_the_contacts(core, caller):
    """Where the link is about nothing in particular; contacts say so in every segment and back."""
    for segment in ("a", "b"):
        await contacts.save(core, caller, segment, Change(email="Ann@example.com"))

    async def statuses():
        pages = [await contacts.page(core, caller, each, PageRequest()) for each in ("a", "b")]
        return [each.status for page in pages for each in page.items]

    held = await link(core, caller, opt_out=OptOut(header=True))
    await subscriptions.leave(core, held)
    assert ([(ANN, "", "unsubscribe", "recipient")], ["unsubscribed"] * 2) == (
        await entries(core, caller),
        await statuses(),
    )
    assert (True, True, "") == standing_of(await subscriptions.standing(core, held))
    await subscriptions.rejoin(core, held)
    assert ([], ["confirmed"] * 2) == (await entries(core, caller), await statuses())


async def test_everything_can_be_left_by_a_link_of_less(core, caller):
    """And a way back leads out of both."""
    held = await link(core, caller, stream="broadcast")
    await subscriptions.leave(core, held)
    await subscriptions.leave_all(core, held)
    assert ["", "broadcast"] == sorted(each[1] for each in await entries(core, caller))
    await subscriptions.rejoin(core, held)

    assert [] == await entries(core, caller)
    assert ["unsubscribed", "unsubscribed", "resubscribed"] == [
        kind for kind, _ in await told(core, caller, held)
    ]


@pytest.mark.parametrize(("reason", "origin"), [("complaint", "recipient"), ("manual", "admin")])
async def test_what_others_stopped_is_not_undone(core, caller, reason, origin):
    """A way back takes the recipient's own wish back alone."""
    held = await link(core, caller, stream="broadcast")
    await suppressions.suppress(core, caller, ANN, reason=reason, origin=origin)
    await subscriptions.leave(core, held)
    await subscriptions.rejoin(core, held)

    assert [(ANN, "", reason, origin)] == await entries(core, caller)
    assert (await subscriptions.standing(core, held)).stopped


async def test_choices_among_topics(core, caller, news):
    """Public ones and those that were asked for are offered; what was chosen counts, and only what differs is told."""
    await topics.create(core, caller, NewTopic(name="open", key="open", visibility="public"))
    for key in ("secret", "asked"):
        await topics.create(core, caller, NewTopic(name=key, key=key))
    asked = await topics.get(core, caller, "asked")
    await topics.choose(core, caller, asked, ANN, "opt_in")
    held = await link(core, caller, topic="news")

    async def standing():
        found = (await subscriptions.standing(core, held)).topics
        return {each.key: each.subscription for each in found}

    assert {"news": "opt_in", "open": "opt_in", "asked": "opt_in"} == await standing()
    secret = await topics.get(core, caller, "secret")
    await subscriptions.choose(core, held, {asked.id, secret.id})
    assert {"news": "opt_out", "open": "opt_out", "asked": "opt_in"} == await standing()
    await subscriptions.choose(core, held, {news.id, asked.id})
    await subscriptions.choose(core, held, {news.id, asked.id})
    assert [("unsubscribed", 0), ("resubscribed", 0)] == await told(core, caller, held)
    # a private topic that nobody offered was not chosen
    assert None is next(
        each.chosen
        for each in await topics.of_address(core, caller.workspace_id, ANN)
        if each.key == "secret"
    )


async def test_a_choice_leads_back_from_everything(core, caller, news):
    """Whoever had left it all and wants something gets that."""
    held = await link(core, caller, topic="news")
    await subscriptions.leave_all(core, held)
    await subscriptions.choose(core, held, set())
    assert ["suppressed"] == [await state(core, caller, topic="news")]
    await subscriptions.choose(core, held, {news.id})

    assert "queued" == await state(core, caller, topic="news")


async def test_a_link_outlives_its_letter(core, caller):
    """The wish counts where the letter is forgotten, and nothing is told of a message that is not there."""
    held = Link(workspace_id=caller.workspace_id, message_id=ids.new(), position=0, email=ANN)
    await subscriptions.leave(core, held)

    assert [(ANN, "", "unsubscribe", "recipient")] == await entries(core, caller)
    assert "" == (await subscriptions.standing(core, held)).sender
    whole = await link(core, caller)
    assert SENDER == (await subscriptions.standing(core, whole)).sender


async def test_a_link_outlives_its_topic(core, caller, news):
    """It is then about all that its letter was of, so that a click does not do nothing."""
    held = await link(core, caller, topic="news")
    assert held == await subscriptions.current(core, held)
    await topics.delete(core, caller, news.id)

    assert msgspec.structs.replace(held, topic_id="") == await subscriptions.current(core, held)
