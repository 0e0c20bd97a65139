"""Sends that were put off, called off and moved, also while a worker reaches for them."""

import asyncio

import pytest

from core import events, messages
from core.clock import HOUR
from core.errors import Conflict, NotFound
from core.jobs.queue import Claims, release_all
from core.store.database import write
from tests.core.post import ANN, BOB, draft


@pytest.fixture
async def waiting(core, caller):
    """A message that is due in an hour."""
    return (await messages.submit(core, caller, draft(ANN, BOB, send_at=core.clock.now() + HOUR))).id


async def kinds(core, caller, key):
    """What has happened to a message."""
    return [each.kind for each in await events.of_message(core, await messages.get(core, caller, key))]


async def test_a_moment_that_has_passed_is_now(core, caller):
    """A message for yesterday is not scheduled."""
    receipt = await messages.submit(core, caller, draft(send_at=core.clock.now() - HOUR))

    assert ("accepted", None) == (
        (found := await messages.get(core, caller, receipt.id)).state,
        found.scheduled_at,
    )
    assert 1 == len(await Claims(core, "w").take(10))


async def test_nobody_begins_it_before_its_time(core, waiting, clock):
    """A worker finds it when its moment has come, and not before."""
    claims = Claims(core, "w")
    assert [] == await claims.take(10)
    clock.pass_s(3600)

    assert [waiting] == [job.id for job in await claims.take(10)]


async def test_a_canceled_message_is_not_sent(core, caller, waiting, clock):
    """It stands as canceled with all its recipients, and there is no work left."""
    found = await messages.cancel(core, caller, waiting)
    clock.pass_s(3601)

    assert ("canceled", "canceled") == (found.state, messages.standing(found))
    assert ["canceled"] * 2 == [each.state for each in found.deliveries]
    assert ["accepted", "scheduled", "canceled"] == await kinds(core, caller, waiting)
    assert [] == await Claims(core, "w").take(10)


async def test_a_moved_message_waits_for_its_new_moment(core, caller, waiting, clock):
    """Later or sooner, as it was told."""
    claims = Claims(core, "w")
    at = core.clock.now() + 2 * HOUR
    assert at == (await messages.reschedule(core, caller, waiting, at)).scheduled_at
    clock.pass_s(3601)
    assert [] == await claims.take(10)
    await messages.reschedule(core, caller, waiting, core.clock.now() - 1)

    assert [waiting] == [job.id for job in await claims.take(10)]
    assert ["accepted", "scheduled", "rescheduled", "rescheduled"] == await kinds(core, caller, waiting)


@pytest.mark.parametrize("change", ["cancel", "reschedule"])
async def test_what_does_not_wait_cannot_be_changed(core, caller, waiting, clock, change):
    """A message at once, one that was called off, one that a worker has: all are told; an unknown one is not there."""

    async def attempt(key):
        if change == "cancel":
            return await messages.cancel(core, caller, key)
        return await messages.reschedule(core, caller, key, core.clock.now() + HOUR)

    at_once = (await messages.submit(core, caller, draft())).id
    late = core.clock.now() + 2 * HOUR
    off = (await messages.submit(core, caller, draft(send_at=late))).id
    await messages.cancel(core, caller, off)
    clock.pass_s(3601)
    await Claims(core, "w").take(10)
    for key in (at_once, off, waiting):
        with pytest.raises(Conflict) as refused:
            await attempt(key)
        assert ("not_scheduled", key) == (refused.value.kind, refused.value.id)
    with pytest.raises(NotFound):
        await attempt("nothing")


@pytest.mark.parametrize("change", ["cancel", "reschedule"])
@pytest.mark.parametrize("end", ["given back in the middle", "killed"])
async def test_what_may_have_left_cannot_be_changed(core, caller, waiting, clock, change, end):
    """Once a worker may have begun it, nobody is told that it was called off, though no worker holds it any longer."""
    clock.pass_s(3601)
    claims = Claims(core, "w")
    await claims.take(10)
    if end == "killed":
        await write(core.db, release_all(core.clock.now()))
    else:
        await claims.release([waiting], begun=True)
    with pytest.raises(Conflict):
        await (
            messages.cancel(core, caller, waiting)
            if change == "cancel"
            else messages.reschedule(core, caller, waiting, core.clock.now() + HOUR)
        )


async def test_what_a_worker_gave_back_untouched_can_be_called_off(core, caller, waiting, clock):
    """A worker that stops before it has begun leaves the message as it was."""
    clock.pass_s(3601)
    claims = Claims(core, "w")
    await claims.take(10)
    await claims.release([waiting])

    assert "canceled" == (await messages.cancel(core, caller, waiting)).state


@pytest.mark.parametrize("change", ["cancel", "reschedule"])
async def test_either_the_worker_or_the_caller_wins(core, caller, clock, change):
    """Of many messages that are claimed and changed at the same moment, each goes exactly one way."""
    at = core.clock.now() + HOUR
    ids = [(await messages.submit(core, caller, draft(send_at=at))).id for _ in range(20)]
    clock.pass_s(3600)

    def attempt(key):
        if change == "cancel":
            return messages.cancel(core, caller, key)
        return messages.reschedule(core, caller, key, at + HOUR)

    claims = [Claims(core, f"w{n}") for n in range(4)]
    before = [asyncio.ensure_future(attempt(key)) for key in ids[:10]]
    takes = [asyncio.create_task(each.take(3)) for each in claims]
    after = [asyncio.ensure_future(attempt(key)) for key in ids[10:]]
    outcomes = await asyncio.gather(*before, *after, return_exceptions=True)

    claimed = {job.id for taken in await asyncio.gather(*takes) for job in taken}
    assert all(isinstance(each, messages.Message | Conflict) for each in outcomes)
    changed = {key for key, each in zip(ids, outcomes, strict=True) if isinstance(each, messages.Message)}
    assert (set(), set(ids)) == (claimed & changed, claimed | changed)


async def test_of_two_that_cancel_one_wins(core, caller, waiting):
    """It is called off once."""
    results = await asyncio.gather(
        *[messages.cancel(core, caller, waiting) for _ in range(5)], return_exceptions=True
    )

    assert 4 == sum(isinstance(each, Conflict) for each in results)
    assert 1 == (await kinds(core, caller, waiting)).count("canceled")
