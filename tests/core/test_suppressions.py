"""Suppressions: one entry for an address in its place, and the first one stays."""

import asyncio

import pytest

from core import suppressions
from core.errors import NotFound
from core.paging import PageRequest
from core.suppressions import Filter
from tests.core.post import ANN, BOB, caller_in


async def entries(core, caller):
    """Who is suppressed where, and why."""
    held = await suppressions.of_workspace(core, caller)
    return [(each.email, each.stream, each.reason, each.origin) for each in held]


async def test_the_first_entry_stays(core, caller):
    """Repeated in another case and for another reason, it is as it was."""
    await suppressions.suppress(core, caller, "Ann@Example.com", reason="complaint", origin="recipient")
    await asyncio.gather(*[suppressions.suppress(core, caller, ANN) for _ in range(5)])

    assert [(ANN, "", "complaint", "recipient")] == await entries(core, caller)


async def test_a_stream_has_entries_of_its_own(core, caller):
    """They come and go by themselves, in the order they were made."""
    for email, stream in ((ANN, ""), (ANN, "broadcast"), (BOB, "broadcast")):
        await suppressions.suppress(core, caller, email, stream=stream)
    await suppressions.release(core, caller, "ANN@example.com")

    assert [(ANN, "broadcast"), (BOB, "broadcast")] == [each[:2] for each in await entries(core, caller)]


@pytest.mark.parametrize(("email", "stream"), [(BOB, ""), (ANN, "broadcast")])
async def test_what_is_not_there_cannot_be_released(core, caller, email, stream):
    """Another address, another stream, another workspace."""
    await suppressions.suppress(core, caller, ANN)
    for who, what, where in ((caller, email, stream), (await caller_in(core, "other"), ANN, "")):
        with pytest.raises(NotFound):
            await suppressions.release(core, who, what, stream=where)

    assert 1 == len(await entries(core, caller))
    assert [] == await entries(core, await caller_in(core, "other"))


async def told(core, caller):
    """What changed, in order."""
    return [
        (each.email, each.stream, each.reason, each.origin, each.suppress)
        for each in await suppressions.changes(core, caller.workspace_id)
    ]


@pytest.mark.parametrize(
    ("first", "second", "stays"),
    [
        (("hard_bounce", "recipient"), ("manual", "customer"), True),
        (("manual", "customer"), ("hard_bounce", "recipient"), True),
        (("manual", "customer"), ("manual", "admin"), False),
        (("manual", "customer"), ("unsubscribe", "recipient"), False),
        (("unsubscribe", "recipient"), ("manual", "admin"), True),
        (("unsubscribe", "recipient"), ("complaint", "recipient"), False),
        (("complaint", "recipient"), ("unsubscribe", "recipient"), True),
    ],
)
async def test_what_recipients_say_weighs_more(core, caller, first, second, stays):
    """An entry that a customer could let go does not hide one that they could not; both are told."""
    for reason, origin in (first, second):
        await suppressions.suppress(core, caller, ANN, reason=reason, origin=origin)

    assert [(ANN, "", *(first if stays else second))] == await entries(core, caller)
    expected = [first] if stays else [first, second]
    assert [(ANN, "", *each, True) for each in expected] == await told(core, caller)


async def test_many_are_suppressed_and_let_go_at_once(core, caller):
    """An answer for each in order, repeated addresses and the case aside."""
    await suppressions.suppress(core, caller, BOB, reason="complaint", origin="recipient")
    asked = ["Ann@Example.com", BOB, ANN]
    held = await suppressions.suppress_all(core, caller, asked)
    assert [(ANN, "manual"), (BOB, "complaint"), (ANN, "manual")] == [
        (each.email, each.reason) for each in held
    ]
    assert held[0].id == held[2].id

    gone = await suppressions.release_all(core, caller, [*asked, "c@example.com"], guarded=True)
    assert ["released", "guarded", "released", "absent"] == gone
    assert ["released"] == await suppressions.release_all(core, caller, [BOB])
    assert [] == await entries(core, caller)
    assert [(ANN, "", "manual", "customer", False), (BOB, "", "complaint", "customer", False)] == (
        await told(core, caller)
    )[-2:]
    assert ([], []) == (
        await suppressions.suppress_all(core, caller, []),
        await suppressions.release_all(core, caller, []),
    )


@pytest.mark.parametrize(
    ("reason", "origin", "expected"),
    [
        ("hard_bounce", "recipient", "released"),
        ("manual", "customer", "released"),
        ("manual", "admin", "guarded"),
        ("unsubscribe", "recipient", "guarded"),
        ("complaint", "recipient", "guarded"),
    ],
)
async def test_what_others_decided_is_guarded(core, caller, reason, origin, expected):
    """A customer undoes their own entries and bounces; the rest only where a dialect has no such rule."""
    await suppressions.suppress(core, caller, ANN, reason=reason, origin=origin, stream="s")
    entry = await suppressions.get(core, caller, ANN)

    assert (expected == "guarded") == entry.guarded
    assert [expected] == await suppressions.release_all(core, caller, [ANN], stream="s", guarded=True)


async def test_streams_are_let_go_together(core, caller):
    """With no stream named every entry of the address goes."""
    for stream in ("", "a", "b"):
        await suppressions.suppress(core, caller, ANN, stream=stream)

    assert ["released"] == await suppressions.release_all(core, caller, [ANN], stream=None)
    assert [] == await entries(core, caller)


async def test_one_is_found_by_id_and_by_address(core, caller):
    """In its workspace alone."""
    (held,) = await suppressions.suppress_all(core, caller, [ANN])

    assert held == await suppressions.get(core, caller, held.id)
    assert held == await suppressions.get(core, caller, "ANN@example.com")
    for who, named in ((caller, BOB), (await caller_in(core, "other"), held.id)):
        with pytest.raises(NotFound):
            await suppressions.get(core, who, named)


async def test_a_page_of_those_that_fit(core, caller, clock):
    """By address, stream, reason, origin and time; from the newest on, forward and back."""
    began = clock.now()
    await suppressions.suppress(core, caller, ANN, reason="hard_bounce", origin="recipient", stream="s")
    clock.pass_s(60)
    await suppressions.suppress(core, caller, BOB)
    await suppressions.suppress(core, await caller_in(core, "other"), ANN)

    async def found(**wanted):
        kept = await suppressions.page(core, caller, Filter(**wanted), PageRequest(total=True))
        assert len(kept.items) == kept.total
        return [each.email for each in kept.items]

    assert [BOB, ANN] == await found()
    assert [ANN] == await found(email="ANN@example.com") == await found(stream="s")
    assert [ANN] == await found(reasons=("hard_bounce", "complaint")) == await found(origin="recipient")
    assert [BOB] == await found(since=began + 30_000_000)
    assert [ANN] == await found(until=began + 30_000_000, since=began)
    assert [] == await found(reasons=(), email="not an address")


async def test_pages_follow_each_other(core, caller):
    """By cursor forward and back, and by offset."""
    for n in range(5):
        await suppressions.suppress(core, caller, f"p{n}@example.com")

    async def page(**request):
        kept = await suppressions.page(core, caller, Filter(), PageRequest(limit=2, **request))
        return kept.items, kept.more

    first, more = await page()
    second, _ = await page(after=first[-1].id)
    assert (["p4@example.com", "p3@example.com"], True) == ([each.email for each in first], more)
    assert ((first, False), (second, True)) == (await page(before=second[0].id), await page(offset=2))
