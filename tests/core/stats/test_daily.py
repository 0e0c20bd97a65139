"""Figures by day: exactly what the events say, however they were summed and whatever has been forgotten since."""

import asyncio
from collections import Counter
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import events, ids, messages, removals, retention, stats
from core.clock import DAY
from core.core import Policy
from core.messages.draft import Rehearsal
from core.stats import Figure, Origin, Span, day_of
from core.stats.figure import ZONE, Figures
from core.stats.tally import Tally
from core.store.database import StoreUnavailable, write
from core.tracking import sightings
from core.tracking.sighting import Agent, Seen, Software
from core.tracking.sightings import Sighting, record
from core.tracking.tokens import Click, Place
from tests.core.post import ANN, BOB, CAT, caller_in, count, draft, select

EVERY: tuple[Figures, ...] = (
    *("sent", "links", "bounced", "opened", "opened_first", "opened_with", "clicked", "clicked_first"),
    *("clicked_with", "clicked_in"),
)
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
TRACKED = {"track_opens": True, "track_links": "html", "html": '<a href="https://x.example/">x</a>'}


async def told(core, caller, **span):
    """Figure, name and count, whatever the day."""
    found: Counter[tuple[str, str]] = Counter()
    for each in await stats.daily(core, caller, EVERY, Span(**span)):
        found[each.figure, each.name] += each.count
    return found


def sighting(core, id, position=0, leads=""):
    """An open, or a click where it leads somewhere."""
    place = Place(id, position)
    click = Click(place, leads, "html") if leads else None
    return Sighting(
        id=ids.new(), place=place, at=core.clock.now(), ip="192.0.2.1", user_agent=CHROME, click=click
    )


async def recounted(core, caller):
    """The same figures from every event that the store holds of a workspace, without the counts."""
    found: Counter[tuple[str, str]] = Counter()
    text = "SELECT id FROM messages WHERE workspace_id = :workspace ORDER BY id"
    for (id,) in await select(core, text, workspace=caller.workspace_id):
        message = await messages.get(core, caller, id)
        for event in await events.of_message(core, message):
            found.update(_figures(message, event))
    return found


def _figures(message, event):
    seen = event.detail.seen
    if event.kind == "sent":
        by_links = message.draft.track_links not in (None, "none")
        yield "sent", ("both" if by_links else "opens") if message.draft.track_opens else "links" * by_links
        yield from [("links", "")] * by_links
    if event.detail.type:
        yield "bounced", event.detail.type
    if event.kind in ("opened", "clicked"):
        yield event.kind, ""
        if seen.first:
            yield f"{event.kind}_first", seen.agent.platform
            yield f"{event.kind}_with", seen.agent.client.family
        if seen.first and event.kind == "clicked":
            yield "clicked_in", seen.part


@pytest.fixture
async def story(post):
    """Mail that was sent, refused, put off, complained of, opened and clicked; the ids of its messages."""
    post.sink.replies[BOB] = "550 5.1.1 unknown"
    post.sink.replies[CAT] = "451 4.7.1 later"
    complaint = Rehearsal(outcome="complain")
    one = await post.send(draft(ANN, BOB, tag="welcome", **TRACKED))
    two = await post.send(draft(CAT, stream="broadcast"))
    three = await post.send(draft("dan@example.net", rehearsals={"dan@example.net": complaint}))
    await record(post.core, [sighting(post.core, one), sighting(post.core, one), sighting(post.core, one, 1)])
    await record(post.core, [sighting(post.core, one, leads="https://x.example/") for _ in range(2)])
    return one, two, three


async def test_figures_are_what_the_events_say(post, story):
    """Before they are summed, after that, and when more comes then; summing changes nothing and leaves nothing."""
    core, caller = post.core, post.caller
    expected = await recounted(core, caller)
    assert {("sent", "both"): 2, ("sent", ""): 2, ("links", ""): 2} == {
        key: expected[key] for key in expected if key[0] in ("sent", "links")
    }
    assert {("opened", ""): 3, ("opened_first", "desktop"): 2, ("clicked", ""): 2} == {
        key: expected[key] for key in (("opened", ""), ("opened_first", "desktop"), ("clicked", ""))
    }
    assert expected == await told(core, caller)
    for _ in range(2):
        await stats.fold(core)
        assert (expected, 0) == (await told(core, caller), await count(core, "figures_fresh"))

    await record(core, [sighting(core, story[0])])
    expected = await recounted(core, caller)
    assert (expected, 4) == (await told(core, caller), expected["opened", ""])


async def test_by_stream_tag_and_day(post, story):
    """Each by itself and together, summed and not; another workspace and the test environment have none of it."""
    core, caller = post.core, post.caller
    today = day_of(core.clock.now())
    for _ in range(2):
        assert 2 == (await told(core, caller, tag="welcome"))["sent", "both"]
        assert {("sent", ""): 1} == await told(core, caller, stream="broadcast")
        assert not await told(core, caller, stream="broadcast", tag="welcome")
        assert 2 == (await told(core, caller, stream="outbound", tag="welcome"))["sent", "both"]
        # without a tag is no tag of that name
        assert not await told(core, caller, tag="%")
        assert not await told(core, caller, tag="\x00")
        assert 2 == (await told(core, caller, tag=""))["sent", ""]
        assert 4 == sum((await told(core, caller, since=today, until="9999-12-31")).values()) - sum(
            n for (figure, _), n in (await told(core, caller)).items() if figure != "sent"
        )
        assert not await told(core, caller, until="2020-01-01")
        assert not await told(core, caller, since="9999-01-01")
        for stranger in (await caller_in(core, "other"), await caller_in(core, environment="test")):
            assert not await told(core, stranger)
        await stats.fold(core)


async def test_figures_outlive_what_they_were_counted_of(post, story):
    """Neither a person who is forgotten nor messages that are too old take anything away."""
    core, caller = post.core, post.caller
    # long enough for what was put off to be given up
    await post.later(3700)
    expected = await told(core, caller)
    await removals.request(core, caller, ANN)
    await removals.run(core)
    assert expected == await told(core, caller)

    post.clock.pass_s(800 * DAY / 1_000_000)
    await retention.run(core)
    assert (0, expected) == (await count(core, "messages"), await told(core, caller))


async def test_a_repetition_counts_once(core, caller):
    """What was written before is not counted again, whether or not it was summed meanwhile; the rest is."""
    id = (await messages.submit(core, caller, draft(ANN))).id
    batch = [sighting(core, id), sighting(core, id, leads="https://x.example/")]
    await record(core, batch, is_new=True)
    expected = await told(core, caller)
    await record(core, batch)
    assert expected == await told(core, caller)
    await stats.fold(core)
    await record(core, [*batch, sighting(core, id)])
    assert expected + Counter({("opened", ""): 1}) == await told(core, caller)


async def test_a_commit_that_is_told_as_failed_counts_once(core, caller, monkeypatch):
    """The store goes away as it answers: what it kept is found out before it is written again."""
    id = (await messages.submit(core, caller, draft(ANN))).id
    monkeypatch.setattr(sightings, "_AGAIN_S", 0.01)
    whole = sightings.record
    failures = 2

    async def broken(core, batch, **how):
        nonlocal failures
        await whole(core, batch, **how)
        if failures:
            failures -= 1
            raise StoreUnavailable

    monkeypatch.setattr(sightings, "record", broken)
    core.sightings.opened(Place(id, 0), "192.0.2.1", CHROME)
    async with asyncio.timeout(20):
        while core.sightings._waiting:  # noqa: ASYNC110  # it sets no event
            await asyncio.sleep(0.01)

    assert 0 == failures
    assert 1 == (await told(core, caller))["opened", ""]


async def test_many_portions_and_two_that_sum_at_once(core, caller, monkeypatch):
    """Nothing is lost or counted twice where two processes do the same."""
    monkeypatch.setattr("core.stats.folding._PORTION", 3)
    for number in range(20):
        await write(core.db, _step(caller, "sent", f"2026-03-{number % 5 + 1:02}", number + 1))
    await asyncio.gather(*(stats.fold(core) for _ in range(3)))

    found = await stats.daily(core, caller, ["sent"], Span())
    assert (210, 5, 0) == (sum(each.count for each in found), len(found), await count(core, "figures_fresh"))


def _step(caller, figure, day, number, stream="outbound", tag=""):
    tally = Tally()
    tally._counts[Origin(caller.workspace_id, caller.environment, stream, tag), figure, day, ""] = number
    return tally.step()


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-08T04:59:59+00:00", "2026-03-07"),
        ("2026-03-08T05:00:00+00:00", "2026-03-08"),
        # from the second Sunday of March on midnight is an hour earlier
        ("2026-03-09T03:59:59+00:00", "2026-03-08"),
        ("2026-03-09T04:00:00+00:00", "2026-03-09"),
        ("2026-11-01T04:00:00+00:00", "2026-11-01"),
        ("2026-11-02T04:59:59+00:00", "2026-11-01"),
    ],
)
def test_days_begin_at_midnight_in_the_east(moment, expected):
    """Also where the clock is put forward and back."""
    assert expected == day_of(int(datetime.fromisoformat(moment).timestamp()) * 1_000_000)


@given(st.integers(0, 4_000_000_000_000_000))
def test_every_moment_has_the_zones_own_day(at):
    """The hour is all that is looked at, and it is enough."""
    if at > 10**15:  # the zone was minutes away from whole hours in the century before
        assert datetime.fromtimestamp(at // 1_000_000, ZONE).date().isoformat() == day_of(at)


_STREAMS, _TAGS, _DAYS = ("outbound", "news"), ("", "a"), ("2026-03-01", "2026-03-02")
_HAPPENED = st.tuples(
    *(st.sampled_from(each) for each in (_STREAMS, _TAGS, _DAYS, ("sent", "opened"))), st.integers(1, 3)
)
_STEPS = st.lists(st.one_of(st.lists(_HAPPENED, min_size=1, max_size=4), st.sampled_from(("fold", "die"))))


@given(_STEPS)
def test_any_order_of_counting_summing_and_dying_is_exact(tmp_path_factory, steps):
    """The sums and what is fresh are together what was counted, by every stream, tag and day."""
    asyncio.run(_exact(tmp_path_factory.mktemp("stats"), steps))


async def _exact(folder, steps):
    from gateway.assemble import opened  # noqa: PLC0415  # as the fixtures do, for each example anew
    from gateway.config import Settings  # noqa: PLC0415

    async with opened(Settings(database=f"sqlite:///{folder / 'b.db'}", transport="capture")) as core:
        caller = await caller_in(core)
        expected: Counter[tuple[str, ...]] = Counter()
        for step in steps:
            if step == "fold":
                await stats.fold(core)
            elif step == "die":
                await _died(core)
            else:
                for stream, tag, day, figure, number in step:
                    await write(core.db, _step(caller, figure, day, number, stream, tag))
                    expected[stream, tag, day, figure] += number
        for stream in (None, *_STREAMS):
            for tag in (None, *_TAGS):
                await _compared(core, caller, expected, Span(stream=stream, tag=tag, until=_DAYS[0]))
                await _compared(core, caller, expected, Span(stream=stream, tag=tag))


async def _died(core):
    """Summing is broken off between taking rows away and adding them."""

    class Dead(Exception):  # noqa: N818  # an end, not an error
        """Like a kill: whatever the transaction did is undone."""

    whole = core.db.transaction

    class Broken:
        fetch = core.db.fetch

        def transaction(self):
            return _Breaking(whole())

    class _Breaking:
        def __init__(self, inner):
            self.inner = inner

        async def __aenter__(self):
            work = await self.inner.__aenter__()
            run = work.run
            calls = 0

            async def once(*steps, commit=False):
                nonlocal calls
                calls += 1
                if calls > 1:
                    raise Dead
                return await run(*steps, commit=commit)

            work.run = once
            return work

        async def __aexit__(self, *how):
            return await self.inner.__aexit__(*how)

    kept = core.db
    object.__setattr__(core, "db", Broken())
    try:
        await stats.fold(core)
    except Dead:
        pass
    finally:
        object.__setattr__(core, "db", kept)


async def _compared(core, caller, expected, span):
    wanted: Counter[tuple[str, str]] = Counter()
    for (stream, tag, day, figure), number in expected.items():
        if span.stream in (None, stream) and span.tag in (None, tag) and day <= (span.until or day):
            wanted[day, figure] += number
    found = await stats.daily(core, caller, ["sent", "opened"], span)
    assert [Figure(day, figure, "", wanted[day, figure]) for day, figure in sorted(wanted)] == found


def test_a_first_open_is_counted_by_platform_and_program():
    """And what is no first one by neither; what is not known has an empty name."""
    tally, origin = Tally(), Origin("w", "live", "outbound", "")
    agent = Agent(client=Software("Thunderbird 140", "Mozilla", "Thunderbird"), platform="desktop")
    tally.opened(origin, Seen(first=True, agent=agent), 0)
    tally.opened(origin, Seen(first=True), 0)
    tally.opened(origin, Seen(agent=agent), 0)
    counts = {(figure, name): number for (_, figure, _, name), number in tally._counts.items()}
    assert {
        ("opened", ""): 3,
        ("opened_first", "desktop"): 1,
        ("opened_first", "unknown"): 1,
        ("opened_with", "Thunderbird"): 1,
        ("opened_with", ""): 1,
    } == counts


_LINK = "https://x.example/a"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"track_links": "html"}, 1),
        ({"track_links": "text"}, 2),
        ({"track_links": "both"}, 2),
        ({"track_links": "none"}, 0),
        ({"track_links": "text", "text": None, "derive_text": True}, 1),
        ({"track_links": "both", "headers": (("List-Unsubscribe", f"<{_LINK}>"),)}, 1),
        ({"track_links": "html", "html": f'<a href="{_LINK}" data-pm-no-track>a</a>'}, 0),
        ({"track_links": "html", "html": '<a href="http://127.0.0.1:8025/_/u/x">a</a>'}, 0),
        ({"track_links": "html", "html": "<p>none</p>"}, 0),
    ],
)
async def test_links_are_counted_as_they_are_sent(core, caller, fields, expected):
    """Each address once, whatever part it stands in; what is not led through us is none."""
    said = {"html": f'<a href="{_LINK}">a</a><a href="{_LINK}">b</a>', "text": f"{_LINK} https://y.example/"}
    id = (await messages.submit(core, caller, draft(**said | fields))).id
    tally = Tally()
    tally.sent(Policy(), await messages.get(core, caller, id), core.clock.now())
    assert expected == sum(n for (_, figure, _, _), n in tally._counts.items() if figure == "links")
