"""The gate: what cannot be begun stands in nobody's way, is not looked at again and again, and comes in its time."""

import time
from contextlib import asynccontextmanager

import msgspec
import pytest

from core import ids, messages
from core.jobs import pauses
from core.jobs.gate import Gate
from core.jobs.lanes import News
from core.jobs.pauses import Pause
from core.jobs.queue import Claims
from core.jobs.record import Record, Recorder
from core.jobs.routes import Routes, Way
from core.jobs.supply import Supply
from core.store.database import StoreUnavailable, write
from core.store.statements import sql
from core.transport.capture import Capture
from tests.core.post import accepted, alter, draft, select

DEAD, ALIVE = "dead.example", "alive.example"


def direct():
    """Routes whose one way leads to the recipients' own servers."""
    return Routes({"mx": Way(name="mx", transport=Capture(), direct=True)}, ("mx",), Capture())


class Hands:
    """A worker without a deliverer: what it took, and what becomes of it, is the test's."""

    def __init__(self, core, name="w"):
        self.core = core
        self.gate = Gate(core, direct())
        self.claims = Claims(core, name)
        self.supply = Supply(core, self.claims, self.gate)
        self.held = {}

    async def take(self, room=100):
        """Take what may be begun; the domains of it."""
        jobs, _ = await self.supply.take(room, self.held)
        self.held |= {job.id: job for job in jobs}
        return sorted(job.destination for job in jobs)

    async def end(self, *, lost=""):
        """End everything that was taken; ``lost``: the destination could not be reached, and why."""
        recorder = Recorder(lambda: self.core)
        again_at = self.core.clock.now() + 1 if lost else None
        for job in self.held.values():
            lanes = tuple(self.gate.learn(News(destination=job.destination, reason=lost)))
            await recorder.add(Record(job=job, again_at=again_at, lanes=lanes))
            self.gate.leave(job.id)
        self.held.clear()


@asynccontextmanager
async def policy(core, **changes):
    """The core under other decisions."""
    object.__setattr__(core, "policy", msgspec.structs.replace(core.policy, **changes))
    yield core


async def send(core, caller, *recipients):
    """One message for each."""
    return await accepted(core, caller, [draft(each) for each in recipients])


async def test_a_destination_has_so_many_at_once(core, caller):
    """The others wait in its lane, and mail for other destinations passes them; each that ends lets one in."""
    async with policy(core, destination_concurrency=3):
        hands = Hands(core)
        hands.gate.learn(News(destination=DEAD))
        await send(core, caller, *[f"p{n}@{DEAD}" for n in range(8)], f"ann@{ALIVE}")

        assert [ALIVE, *[DEAD] * 3] == await hands.take()
        assert [] == await hands.take()
        await hands.end()
        assert [DEAD] * 3 == await hands.take()
        await hands.end()
        assert [DEAD] * 2 == await hands.take()


async def test_an_unproven_destination_has_two(core, caller):
    """Nobody has heard of it yet: it may be one that hangs."""
    hands = Hands(core)
    await send(core, caller, *[f"p{n}@{DEAD}" for n in range(8)])

    assert [DEAD] * 2 == await hands.take()
    await hands.end()
    assert [DEAD] * 6 == await hands.take()


async def test_a_destination_has_so_many_a_minute(core, caller, clock):
    """What is left of a burst comes when its time has come."""
    async with policy(core, destination_per_minute=12, destination_concurrency=100):
        hands = Hands(core)
        hands.gate.learn(News(destination=DEAD))
        await send(core, caller, *[f"p{n}@{DEAD}" for n in range(5)])
        first = await hands.take()
        await hands.end()
        clock.pass_s(5.1)
        second = await hands.take()
        await hands.end()
        clock.pass_s(5.1)

        assert ([DEAD] * 2, [DEAD], [DEAD]) == (first, second, await hands.take())


async def test_a_destination_that_is_away_is_probed(core, caller, clock):
    """One job tries it after the wait, by one process; once it is there again, all others follow."""
    hands, other = Hands(core, "one"), Hands(core, "two")
    await send(core, caller, *[f"p{n}@{DEAD}" for n in range(6)])
    await hands.take()
    await hands.end(lost="nobody there")
    clock.pass_s(2)
    assert ([], []) == (await hands.take(), await other.take())
    clock.pass_s(60)
    assert ([DEAD], []) == (await hands.take(), await other.take())
    await hands.end(lost="still nobody")
    clock.pass_s(62)
    assert ([], []) == (await hands.take(), await other.take())
    clock.pass_s(60)
    assert ([DEAD], []) == (await hands.take(), await other.take())
    await hands.end()
    assert [DEAD] * 5 == await hands.take()


async def test_mail_for_a_destination_that_is_away_is_told_and_given_up(core, caller, clock):
    """It comes out of its lane by itself when there is something to tell, without an attempt."""
    async with policy(core, delayed_after_s=100, give_up_after_s=1000, destination_backoff_s=(5000,)):
        hands = Hands(core)
        await send(core, caller, *[f"p{n}@{DEAD}" for n in range(3)])
        await hands.take(1)
        await hands.end(lost="nobody there")
        clock.pass_s(2)
        assert [] == await hands.take()
        clock.pass_s(90)
        assert [] == await hands.take()
        clock.pass_s(10)
        assert [DEAD] * 3 == await hands.take()


@pytest.mark.parametrize("crowd", [20_000])
async def test_a_crowd_for_one_destination_is_passed(core, caller, crowd):
    """However much is due for one that is away, what stands behind it is taken soon, and it is looked at once."""
    hands = Hands(core)
    await send(core, caller, f"first@{DEAD}")
    await hands.take()
    await hands.end(lost="nobody there")
    now = core.clock.now() - 10**6
    rows = [(ids.new(), now, 0, DEAD) for _ in range(crowd)]
    await write(core.db, sql.job_insert.many(rows))
    await send(core, caller, f"ann@{ALIVE}")
    began = time.perf_counter()
    turns = 0
    while not await hands.take():
        turns += 1
    took_s = time.perf_counter() - began
    assert turns <= crowd // 1000
    assert took_s < 10
    began = time.perf_counter()
    assert [] == await hands.take()
    assert time.perf_counter() - began < 0.1


async def test_parking_that_fails_keeps_no_place(core, caller, monkeypatch):
    """What was to be begun beside it is not counted as under way: its lease ends, and it comes again."""
    hands = Hands(core)
    await send(core, caller, *[f"p{n}@{DEAD}" for n in range(4)])

    async def fail(_lanes, _paused):
        raise StoreUnavailable("away")

    monkeypatch.setattr(hands.claims, "park", fail)
    with pytest.raises(StoreUnavailable):
        await hands.take()

    assert 0 == hands.gate._traffic.under_way(DEAD)


async def test_a_lane_with_nothing_in_it_is_not_probed(core, caller, clock):
    """The next message for a destination that was away is tried as soon as its time has come."""
    hands = Hands(core)
    await send(core, caller, f"a@{DEAD}")
    await hands.take()
    await hands.end(lost="nobody there")
    await alter(core, "DELETE FROM jobs")
    clock.pass_s(62)
    for _ in range(3):
        assert [] == await hands.take()
        clock.pass_s(1.1)
    await send(core, caller, f"b@{DEAD}", f"c@{DEAD}")

    assert [DEAD] == await hands.take()


async def pause(core, **what):
    """Hold back."""
    await pauses.pause(core, Pause(**what))


async def test_paused_mail_waits_and_its_patience_stands_still(core, caller, clock):
    """Whatever is paused; when it is let go on, it is as old as it was, and no attempt was counted."""
    for what in (
        {"workspace_id": caller.workspace_id},
        {"stream": "outbound"},
        {"destination": DEAD},
        {"workspace_id": caller.workspace_id, "stream": "outbound", "destination": DEAD},
    ):
        hands = Hands(core)
        await accepted(core, caller, [draft(f"a@{DEAD}", stream="outbound")])
        await pause(core, **what)
        assert [] == await hands.take()
        clock.pass_s(1000)
        assert [] == await hands.take()
        assert await pauses.resume(core, Pause(**what))
        clock.pass_s(2)
        assert [DEAD] == await hands.take()
        (job,) = hands.held.values()
        assert (0, True) == (job.attempts, core.clock.now() - job.due_at < 5 * 10**6)
        await hands.end()


async def test_what_is_not_paused_goes_on(core, caller):
    """Another stream, another workspace's, another destination's."""
    hands = Hands(core)
    await pause(core, workspace_id=caller.workspace_id, stream="slow")
    await pause(core, destination=DEAD)
    await accepted(core, caller, [draft(f"a@{ALIVE}", stream="slow"), draft(f"b@{ALIVE}", stream="fast")])
    await send(core, caller, f"c@{DEAD}")

    assert [ALIVE] == await hands.take()


async def test_a_paused_send_can_be_called_off(core, caller, clock):
    """No worker has begun it."""
    hands = Hands(core)
    await pause(core, destination=DEAD)
    (receipt,) = await accepted(core, caller, [draft(f"a@{DEAD}", send_at=core.clock.now() + 10**6)])
    clock.pass_s(2)
    assert [] == await hands.take()
    canceled = await messages.cancel(core, caller, receipt.id)

    assert "canceled" == canceled.state
    assert [] == [tuple(row) for row in await select(core, "SELECT id FROM jobs")]
