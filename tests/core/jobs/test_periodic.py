"""Chores: each is done when its time has come, by one process at a time, whatever ends the process that does it."""

import asyncio
from contextlib import asynccontextmanager

import msgspec
import pytest

from core.jobs import periodic
from core.jobs.periodic import Chore, Chores
from core.store.database import StoreUnavailable
from gateway.chores import chores
from tests.core.post import alter, select, timed_core


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Look at the rows often, so that no test waits."""
    monkeypatch.setattr(periodic, "_LOOK_S", 0.01)


@pytest.fixture
async def core(settings, clock):
    """A core whose leases are so short that a test can see one end."""
    async with timed_core(msgspec.structs.replace(settings, lease_s=0.4), clock) as made:
        yield made


class Log:
    """A chore that notes its runs, and may wait or fail in them."""

    def __init__(self):
        self.runs = 0
        self.ended = 0
        self.going_on = asyncio.Event()
        self.going_on.set()
        self.error = None

    async def run(self, core):
        """One run."""
        assert core.db
        self.runs += 1
        await self.going_on.wait()
        if self.error:
            raise self.error
        self.ended += 1

    def chore(self, name="sweep", every_s=600):
        """As it is handed in."""
        return Chore(name=name, every_s=every_s, run=self.run)


@asynccontextmanager
async def process(core, *wanted):
    """What one process does of them."""
    task = asyncio.create_task(Chores(core, wanted).run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition):
    """Wait until something that others do has happened."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # the other side sets no event
            await asyncio.sleep(0.005)


async def looks(core, text, **values):
    """Wait until the store says yes."""
    async with asyncio.timeout(20):
        while not (await select(core, text, **values))[0][0]:  # noqa: ASYNC110  # the store sets no event
            await asyncio.sleep(0.005)


async def known(core, chores=1):
    """Wait until the rows are made."""
    await looks(core, "SELECT count(*) >= :chores FROM chores", chores=chores)


async def row(core):
    """A chore's row: in whose hands it is, whether it ever ended, how."""
    found = await select(core, "SELECT claimed_by <> '', ended_at > 0, last_error FROM chores")
    return (bool(found[0][0]), bool(found[0][1]), found[0][2])


async def test_a_chore_comes_when_its_time_has_come_and_again(core, clock):
    """Not before its interval has passed, then once for each, however late that is noticed."""
    log = Log()
    async with process(core, log.chore()):
        await known(core)
        clock.pass_s(500)
        await asyncio.sleep(0.05)
        assert 0 == log.runs
        clock.pass_s(101)
        await until(lambda: log.ended == 1)
        await looks(core, "SELECT claimed_by = '' FROM chores")
        clock.pass_s(2000)
        await until(lambda: log.ended == 2)
        await asyncio.sleep(0.05)

    assert 2 == log.runs
    assert (False, True, "") == await row(core)


async def test_one_process_at_a_time(core, clock):
    """Two see that it is due, one does it, for longer than a lease; nobody takes it over meanwhile."""
    one, two = Log(), Log()
    one.going_on.clear()
    two.going_on.clear()
    async with process(core, one.chore()), process(core, two.chore()):
        await known(core)
        clock.pass_s(601)
        await until(lambda: one.runs + two.runs)
        await asyncio.sleep(1)
        assert 1 == one.runs + two.runs
        one.going_on.set()
        two.going_on.set()
        await until(lambda: one.ended + two.ended)
        assert 1 == one.runs + two.runs


async def test_what_a_dead_process_left_is_done_by_another(core, clock):
    """Its lease ends, and no sooner."""
    log = Log()
    async with process(core, log.chore()):
        await known(core)
    lease_end = clock.now() + 5_000_000
    await alter(core, "UPDATE chores SET claimed_by = 'dead', due_at = :at", at=lease_end)
    async with process(core, log.chore()):
        clock.pass_s(4)
        await asyncio.sleep(0.05)
        assert 0 == log.runs
        clock.pass_s(2)
        await until(lambda: log.ended == 1)


async def test_who_has_lost_a_lease_lets_go(core, clock):
    """Somebody else has the row: the run is broken off, and its end changes nothing of theirs."""
    log = Log()
    log.going_on.clear()
    async with process(core, log.chore()):
        await known(core)
        clock.pass_s(601)
        await until(lambda: log.runs)
        await alter(core, "UPDATE chores SET claimed_by = 'other', due_at = :at", at=clock.now() + 60_000_000)
        await asyncio.sleep(0.4)
        log.going_on.set()
        await asyncio.sleep(0.05)

    assert (1, 0) == (log.runs, log.ended)
    assert (True, False, "") == await row(core)


async def test_a_stop_gives_it_back_at_once(core, clock):
    """What was running is broken off and due: the next process begins it without waiting for a lease."""
    log = Log()
    log.going_on.clear()
    async with process(core, log.chore()):
        await known(core)
        clock.pass_s(601)
        await until(lambda: log.runs)
    assert (False, False, "") == await row(core)
    log.going_on.set()
    async with process(core, log.chore()):
        await until(lambda: log.ended == 1)


@pytest.mark.parametrize("error", [RuntimeError("no luck"), StoreUnavailable("no luck")])
async def test_a_failure_is_kept_and_tried_again_soon(core, clock, error):
    """The row says what was wrong until it goes well; others are done meanwhile."""
    log, other = Log(), Log()
    log.error = error
    async with process(core, log.chore(), other.chore("other")):
        await known(core, 2)
        clock.pass_s(661)
        await until(lambda: log.runs and other.ended)
        await looks(core, "SELECT last_error <> '' FROM chores WHERE name = 'sweep'")
        told = (await select(core, "SELECT last_error FROM chores WHERE name = 'sweep'"))[0][0]
        assert "no luck" in told
        log.error = None
        clock.pass_s(67)
        await until(lambda: log.ended == 1)


async def test_a_shorter_interval_counts_at_once(core, clock):
    """A process of a newer release wants it sooner than the row says."""
    log = Log()
    async with process(core, log.chore(every_s=100_000)):
        await known(core)
    async with process(core, log.chore(every_s=60)):
        await looks(core, "SELECT due_at < :at FROM chores", at=clock.now() + 66_000_000)
        clock.pass_s(67)
        await until(lambda: log.ended == 1)


async def test_expired_claims_go_with_time(core, clock):
    """The claims of an installation are purged within a minute or so, however many there are."""
    await alter(core, "INSERT INTO claims (key, expires_at) VALUES ('old', 5)")
    async with process(core, *chores()):
        await known(core)
        clock.pass_s(61)
        await looks(core, "SELECT count(*) = 0 FROM claims")
