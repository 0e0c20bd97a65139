"""Topics: made, changed, forgotten, and what an address chose for each."""

import asyncio

import pytest

from core import suppressions, topics
from core.errors import Conflict, NotFound
from core.paging import PageRequest
from core.topics import NewTopic, TopicChange
from tests.core.post import ANN, BOB, caller_in, select


@pytest.fixture
async def news(core, caller):
    """A topic that everybody gets who has not said no."""
    return await topics.create(core, caller, NewTopic(name="News", key="news", description="Now and then"))


async def test_a_topic_is_found_by_id_and_key(core, caller, news):
    """In its workspace alone."""
    assert news == await topics.get(core, caller, news.id) == await topics.get(core, caller, "news")
    assert ("News", "Now and then", "opt_in", "private") == (
        news.name,
        news.description,
        news.subscription,
        news.visibility,
    )
    other = await caller_in(core, "other")
    for named in (news.id, "news"):
        with pytest.raises(NotFound):
            await topics.get(core, other, named)


async def test_a_key_is_taken_once_in_a_workspace(core, caller, news):
    """Other workspaces have keys of their own; a topic without one goes by its id."""
    with pytest.raises(Conflict):
        await topics.create(core, caller, NewTopic(name="Again", key="news"))
    await topics.create(core, await caller_in(core, "other"), NewTopic(name="News", key="news"))
    nameless = await topics.create(core, caller, NewTopic(name="Nameless"))

    assert nameless.id == nameless.key


async def test_a_change_leaves_what_it_does_not_name(core, caller, news):
    """Its subscription stays in any case."""
    changed = await topics.update(core, caller, news.id, TopicChange(visibility="public", description=""))

    assert ("News", "", "opt_in", "public") == (
        changed.name,
        changed.description,
        changed.subscription,
        changed.visibility,
    )
    with pytest.raises(NotFound):
        await topics.update(core, await caller_in(core, "other"), news.id, TopicChange(name="x"))


async def test_a_topic_goes_with_what_was_chosen(core, caller, news):
    """Nothing is left of it, and another workspace cannot make it go."""
    await topics.choose(core, caller, news, ANN, "opt_out")
    with pytest.raises(NotFound):
        await topics.delete(core, await caller_in(core, "other"), news.id)
    await topics.delete(core, caller, news.id)

    assert [] == await topics.of_address(core, caller.workspace_id, ANN)
    assert [] == await select(core, "SELECT email FROM topic_choices")
    with pytest.raises(NotFound):
        await topics.delete(core, caller, news.id)


async def test_topics_are_paged_from_the_newest_on(core, caller):
    """Forward and back to where it began."""
    made = [(await topics.create(core, caller, NewTopic(name=f"{n}"))).id for n in range(5)]
    first = await topics.page(core, caller, PageRequest(limit=2, total=True))
    second = await topics.page(core, caller, PageRequest(limit=2, after=first.items[-1].id))
    back = await topics.page(core, caller, PageRequest(limit=2, before=second.items[0].id))

    assert (made[:2:-1], True, 5) == ([each.id for each in first.items], first.more, first.total)
    assert made[2:0:-1] == [each.id for each in second.items]
    assert (first.items, False) == (back.items, back.more)


async def test_a_choice_counts_once(core, caller, news):
    """Of many at once one is new; it is told once, and so is its opposite."""
    at_once = [topics.choose(core, caller, news, email, "opt_out") for email in (ANN, "Ann@Example.com") * 5]
    assert 1 == sum(await asyncio.gather(*at_once))
    await topics.choose(core, caller, news, ANN, "opt_in")

    told = await suppressions.changes(core, caller.workspace_id)
    assert [(ANN, news.id, "customer", True), (ANN, news.id, "customer", False)] == [
        (each.email, each.topic_id, each.origin, each.suppress) for each in told
    ]
    assert [told[1]] == await suppressions.changes(core, caller.workspace_id, after=told[0].id)


async def test_who_chose_what_is_listed(core, caller, news):
    """In the order in which they first chose."""
    for email in (ANN, BOB):
        await topics.choose(core, caller, news, email, "opt_out")
    first = await topics.choices(core, news, "opt_out", most=1)

    assert [ANN] == [each.email for each in first]
    assert [BOB] == [each.email for each in await topics.choices(core, news, "opt_out", after=first[0].id)]
    assert [] == await topics.choices(core, news, "opt_in")


@pytest.mark.parametrize(
    ("default", "chosen", "expected"),
    [
        ("opt_in", None, "opt_in"),
        ("opt_in", "opt_out", "opt_out"),
        ("opt_out", None, "opt_out"),
        ("opt_out", "opt_in", "opt_in"),
    ],
)
async def test_a_choice_goes_before_the_default(core, caller, default, chosen, expected):
    """Which holds where there is none."""
    topic = await topics.create(core, caller, NewTopic(name="T", subscription=default))
    if chosen:
        await topics.choose(core, caller, topic, ANN, chosen)
    (standing,) = await topics.of_address(core, caller.workspace_id, "ANN@example.com")

    assert (chosen, expected) == (standing.chosen, standing.subscription)
