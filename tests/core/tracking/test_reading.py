"""Opens and clicks read back: pages, filters, counts, and never past the caller's own workspace."""

import asyncio

import pytest

from core import events, ids, messages
from core.errors import NotFound
from core.paging import PageRequest
from core.tracking import reading
from core.tracking.reading import Counts, Filter
from core.tracking.sightings import Sighting, record
from core.tracking.tokens import Click, Place
from tests.core.post import ANN, BOB, caller_in, draft

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
ALL = PageRequest(limit=100, total=True)


async def sent(core, caller, *to, **fields):
    """A message's id."""
    return (await messages.submit(core, caller, draft(*to, **fields))).id


def sighting(core, id, position=0, *, agent=CHROME, leads="", burst=False):
    """An open, or a click where it leads somewhere."""
    place = Place(id, position)
    click = Click(place, leads, "html") if leads else None
    return Sighting(
        id=ids.new(),
        place=place,
        at=core.clock.now(),
        ip="192.0.2.1",
        user_agent=agent,
        click=click,
        is_burst=burst,
    )


async def told(core, caller, kind="opened", request=ALL, **wanted):
    """Message, recipient and link of what a filter lets through, and how many there are."""
    found = await reading.page(core, caller, kind, Filter(**wanted), request)
    return [(each.message_id, each.recipient, each.seen.link) for each in found.items], found.total


@pytest.fixture
async def two(core, caller):
    """Two messages that were opened, one of them twice by the same; and clicked."""
    one = await sent(core, caller, ANN, BOB, tag="welcome")
    other = await sent(core, caller, BOB, stream="broadcast")
    await record(core, [sighting(core, one), sighting(core, one, agent=FIREFOX), sighting(core, one, 1)])
    await record(core, [sighting(core, other, agent=FIREFOX)])
    await record(
        core,
        [sighting(core, one, leads="https://x.example/"), sighting(core, one, leads="https://y.example/")],
    )
    await record(core, [sighting(core, one, leads="https://x.example/")])
    return one, other


async def test_the_first_of_each_is_listed(core, caller, two):
    """One open of each recipient and message, one click of each recipient and link; the newest first."""
    one, other = two
    assert ([(other, BOB, ""), (one, BOB, ""), (one, ANN, "")], 3) == await told(core, caller)
    assert (
        [(one, ANN, "https://y.example/"), (one, ANN, "https://x.example/")],
        2,
    ) == await told(core, caller, "clicked")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"tag": "welcome"}, 2),
        ({"stream": "broadcast"}, 1),
        ({"recipient": BOB.upper()}, 2),
        ({"recipient": "nobody@example.com"}, 0),
        ({"client_family": "firefox"}, 1),
        ({"client_name": "Chrome 140.0"}, 2),
        ({"client_company": "Mozilla"}, 1),
        ({"os_family": "Linux"}, 2),
        ({"os_company": "Microsoft Corporation"}, 1),
        ({"os_name": "Windows 10"}, 1),
        ({"platform": "desktop"}, 3),
        ({"platform": "mobile"}, 0),
        ({"since": 1, "until": 2}, 0),
        ({"since": 1}, 3),
    ],
)
async def test_filters(core, caller, two, wanted, expected):
    """Each by itself, and the count of all that match with it."""
    found, total = await told(core, caller, **wanted)
    assert (expected, expected) == (len(found), total)


async def test_pages_walk_to_the_end_and_back(core, caller, two):
    """By cursor in both directions, and by offset."""
    everything = (await reading.page(core, caller, "opened", Filter(), ALL)).items
    first = await reading.page(core, caller, "opened", Filter(), PageRequest(limit=2))
    assert (everything[:2], True) == (first.items, first.more)
    rest = await reading.page(
        core, caller, "opened", Filter(), PageRequest(limit=2, after=first.items[-1].id)
    )
    assert (everything[2:], False) == (rest.items, rest.more)
    back = await reading.page(core, caller, "opened", Filter(), PageRequest(limit=2, before=rest.items[0].id))
    assert everything[:2] == back.items
    skipped = await reading.page(core, caller, "opened", Filter(), PageRequest(limit=2, offset=1))
    assert everything[1:] == skipped.items
    with pytest.raises(NotFound):
        await reading.page(core, caller, "opened", Filter(), PageRequest(after="x"))


async def test_one_message_and_what_is_not_the_callers(core, caller, two):
    """Of one message alone; another workspace and the test environment see none of it."""
    one, other = two
    assert [(other, BOB, "")] == (await told(core, caller, message_id=other))[0]
    for stranger in (await caller_in(core, "other"), await caller_in(core, environment="test")):
        assert ([], 0) == await told(core, stranger)
        assert ([], 0) == await told(core, stranger, message_id=one)


async def test_counts(core, caller, two):
    """All of them and the first ones, by message."""
    one, other = two
    found = [await messages.get(core, caller, id) for id in two]
    assert {
        one: Counts(opens=3, unique_opens=2, clicks=3, unique_clicks=2),
        other: Counts(opens=1, unique_opens=1),
    } == await reading.counts(core, found)
    assert {} == await reading.counts(core, [])


async def test_machines_come_first_for_nobody(core, caller):
    """What a scanner did is an event of its own: in no list, no count, and the reader after it is the first."""
    id = await sent(core, caller)
    await record(core, [sighting(core, id, agent="curl/8", leads="https://x.example/")])
    await record(core, [sighting(core, id, leads="https://x.example/", burst=True)])
    assert ([], 0) == await told(core, caller, "clicked")
    await record(core, [sighting(core, id, leads="https://x.example/")])
    assert ([(id, ANN, "https://x.example/")], 1) == await told(core, caller, "clicked")


async def test_a_repetition_writes_nothing_twice(core, caller):
    """A commit that was told as failed and was not: the same again changes nothing, the first stays the first."""
    id = await sent(core, caller)
    batch = [sighting(core, id), sighting(core, id, leads="https://x.example/")]
    for _ in range(2):
        await record(core, batch)
    message = await messages.get(core, caller, id)
    assert {id: Counts(opens=1, unique_opens=1, clicks=1, unique_clicks=1)} == await reading.counts(
        core, [message]
    )


async def test_a_sighting_of_everybody_is_found_by_each(core, caller):
    """Where one letter went to several, a search for any of them finds it; it is told as the first one's."""
    id = await sent(core, caller, ANN, BOB)
    await record(core, [sighting(core, id, -1)])
    for recipient in (ANN, BOB):
        assert ([(id, ANN, "")], 1) == await told(core, caller, recipient=recipient)


async def test_of_twenty_commits_at_once_one_is_first(core, caller):
    """Processes that share a store claim the same rows in the same moment: one has each, and none waits for ever."""
    id = await sent(core, caller, ANN, BOB)
    batches = [
        [sighting(core, id), sighting(core, id, 1), sighting(core, id, leads="https://x.example/")]
        for _ in range(20)
    ]
    await asyncio.gather(*[record(core, batch if n % 2 else batch[::-1]) for n, batch in enumerate(batches)])
    message = await messages.get(core, caller, id)
    assert {id: Counts(opens=40, unique_opens=2, clicks=20, unique_clicks=1)} == await reading.counts(
        core, [message]
    )
    firsts = [
        each.kind
        for each in await events.of_message(core, message)
        if each.detail.seen and each.detail.seen.first
    ]
    assert ["clicked", "opened", "opened"] == sorted(firsts)


async def test_long_tags_are_told_apart(core, caller):
    """Also where they begin alike for longer than what is indexed of them."""
    tags = ["é" * 120 + end for end in ("a", "b")] + ["é" * 100, "é" * 99]
    made = [await sent(core, caller, ANN, tag=tag) for tag in tags]
    await record(core, [sighting(core, id) for id in made])
    for id, tag in zip(made, tags, strict=True):
        assert ([(id, ANN, "")], 1) == await told(core, caller, tag=tag)
    assert ([], 0) == await told(core, caller, tag="é" * 121)


async def test_a_recipient_at_two_places_is_one(core, caller):
    """A sighting of the whole message is found once by whoever stands in it twice, and so is one of either place."""
    id = await sent(core, caller, ANN, BOB, cc=[ANN])
    await record(core, [sighting(core, id, -1), sighting(core, id, 0), sighting(core, id, 1)])
    assert 2 == (await told(core, caller, recipient=ANN))[1]
    assert 2 == (await told(core, caller, recipient=BOB))[1]
    assert 3 == (await told(core, caller, message_id=id))[1]
