"""The worker's loop: nothing is lost by its end, its store's trouble, or a message that cannot be sent."""

import asyncio
import time
from contextlib import asynccontextmanager

import msgspec
import pytest

from core import messages
from core.jobs.queue import Claims
from core.paging import PageRequest
from core.store.database import StoreUnavailable
from gateway.assemble import working
from gateway.serving import running
from tests.core.post import (
    BOB,
    PATIENCE,
    accepted,
    alter,
    caller_in,
    count,
    draft,
    select,
    settled,
    timed_core,
)


async def until(condition):
    """Wait until something that others do has happened."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # the other side sets no event
            await asyncio.sleep(0.005)


@asynccontextmanager
async def office(settings, sink, clock, **changes):
    """A core without a worker, and the settings a worker to the sink needs."""
    relay = f"smtp://127.0.0.1:{sink.port}"
    changed = msgspec.structs.replace(
        settings, **{"transport": "relay", "relay": relay, **PATIENCE, **changes}
    )
    async with timed_core(changed, clock) as core:
        yield core, changed


async def states(core, caller):
    """How many messages stand how."""
    page = await messages.page(core, caller, messages.Filter(), PageRequest(limit=1000))
    return sorted(messages.standing(each) for each in page.items)


async def test_a_stop_in_the_middle_loses_nothing(settings, sink, clock):
    """What runs is finished, what waits is given back at once; the next worker does the rest, nobody has it twice."""
    async with office(settings, sink, clock, worker_concurrency=3) as (core, changed):
        caller = await caller_in(core)
        sink.delays["data"] = 0.05
        await messages.submit_all(core, caller, [draft(f"p{n}@example.com") for n in range(30)])
        async with working(core, changed) as worker, running(worker):
            await until(lambda: sink.messages)
        some = len(sink.messages)
        assert 0 < some < 30
        assert [("", some)] == [(row[0], 30 - row[1]) for row in await left(core)]

        sink.delays.clear()
        async with working(core, changed) as worker, running(worker):
            await settled(core)
        assert sorted({f"p{n}@example.com" for n in range(30)}) == sorted(
            each.rcpt_to[0] for each in sink.messages
        )
        assert ["delivered"] * 30 == await states(core, caller)


async def left(core):
    """How many jobs are in whose hands."""
    return await select(core, "SELECT claimed_by, count(*) FROM jobs GROUP BY claimed_by")


async def test_a_stop_does_not_wait_for_ever(settings, sink, clock):
    """A conversation that hangs is broken off after the grace, and its message given back."""
    async with office(settings, sink, clock) as (core, changed):
        caller = await caller_in(core)
        sink.delays["rcpt"] = 60
        await messages.submit(core, caller, draft())
        async with working(core, changed) as worker:
            task = asyncio.create_task(worker.run(grace_s=0.05))
            await until(lambda: sink.commands["rcpt"])
            worker.stop()
            await task

        assert [("", 1)] == [tuple(row) for row in await left(core)]
        assert ["queued"] == await states(core, caller)


async def test_two_workers_share_the_work(settings, sink, clock):
    """Each message leaves once."""
    async with office(settings, sink, clock, claim_batch=5) as (core, changed):
        caller = await caller_in(core)
        await messages.submit_all(core, caller, [draft(f"p{n}@example.com") for n in range(60)])
        async with working(core, changed) as one, working(core, changed) as two, running(one), running(two):
            await settled(core)

        assert 60 == len(sink.messages) == len({each.rcpt_to for each in sink.messages})


async def poison_body(core, key):
    """A message whose draft cannot be read."""
    await alter(core, "UPDATE messages SET body = :body WHERE id = :id", body=b"\xc1", id=key)


async def poison_address(core, key):
    """A recipient that cannot be said in SMTP."""
    await alter(core, "UPDATE deliveries SET email = :email WHERE message_id = :id", email="a>b@c", id=key)


async def test_a_fault_of_ours_is_told_without_its_details(settings, sink, clock):
    """After the hour the message has failed, in words that everybody may read."""
    async with office(settings, sink, clock) as (core, changed):
        caller = await caller_in(core)
        receipt = await messages.submit(core, caller, draft())
        await poison_address(core, receipt.id)
        clock.pass_s(3601)
        async with working(core, changed) as worker, running(worker):
            await settled(core)
        (delivery,) = (await messages.get(core, caller, receipt.id)).deliveries

        assert ("failed", 0, "an internal error") == (delivery.state, delivery.code, delivery.text)


@pytest.mark.parametrize("poison", [poison_body, poison_address])
async def test_a_message_that_breaks_the_worker_stops_no_other(settings, sink, clock, poison):
    """The others of its claim leave once; it is put off like one that the server would not take."""
    async with office(settings, sink, clock) as (core, changed):
        caller = await caller_in(core)
        receipts = await accepted(core, caller, [draft(f"p{n}@example.com") for n in range(5)])
        await poison(core, receipts[2].id)
        async with working(core, changed) as worker, running(worker):
            await settled(core)

        assert 4 == len(sink.messages) == len({each.rcpt_to for each in sink.messages})
        assert [(receipts[2].id, 1)] == [
            tuple(row) for row in await select(core, "SELECT id, attempts FROM jobs")
        ]


async def test_a_job_without_a_message_ends(settings, sink, clock):
    """What was deleted in the meantime is no work."""
    async with office(settings, sink, clock) as (core, changed):
        caller = await caller_in(core)
        await messages.submit_all(core, caller, [draft(), draft(BOB)])
        await alter(core, "DELETE FROM messages WHERE id IN (SELECT min(id) FROM messages)")
        async with working(core, changed) as worker, running(worker):
            await settled(core)

        assert [(BOB,)] == [each.rcpt_to for each in sink.messages]


class Flaky:
    """An engine of which writes fail while the test says so; everything else is the real one's."""

    def __init__(self, db):
        self._db = db
        self.down = False
        self.refused: tuple[str, ...] = ()
        self.claimed = asyncio.Event()
        self.refusals = 0
        self.name = db.name

    async def fetch(self, query):
        """Read, as ever."""
        return await self._db.fetch(query)

    @asynccontextmanager
    async def transaction(self):
        """Begin, unless it is down."""
        if self.down:
            self.refusals += 1
            raise StoreUnavailable("away")
        async with self._db.transaction() as work:
            yield Picky(work, self)


class Picky:
    """A transaction in which named statements are at fault."""

    def __init__(self, work, flaky):
        self._work = work
        self._flaky = flaky

    async def ask(self, query):
        """Ask, which is never at fault."""
        return await self._work.ask(query)

    async def run(self, *steps, commit=False):
        """Run, unless a step is one of those."""
        if any(step.statement.name in self._flaky.refused for step in steps):
            self._flaky.refusals += 1
            raise ValueError(self._flaky.refused)
        found = await self._work.run(*steps, commit=commit)
        if any(each.statement.name == "jobs_claim" for each in steps) and found[0]:
            self._flaky.claimed.set()
        return found


@pytest.mark.parametrize("refused", [("event_insert",), ("jobs_finish",)], ids=["for good", "for a while"])
async def test_an_outcome_that_is_refused_sends_nothing_again(settings, sink, clock, refused):
    """What a server took leaves once, whatever the store has against its record: the state is kept without the rest."""
    async with office(settings, sink, clock) as (core, changed):
        caller, flaky = await caller_in(core), Flaky(core.db)
        object.__setattr__(core, "db", flaky)
        await accepted(core, caller, [draft(f"p{n}@example.com") for n in range(3)])
        flaky.refused = refused
        async with working(core, changed) as worker, running(worker):
            await until(lambda: flaky.refusals > 4)
            if refused == ("jobs_finish",):
                flaky.refused = ()
            await settled(core)

        assert 3 == len(sink.messages)
        assert ["delivered"] * 3 == await states(core, caller)
        assert 0 == await count(core, "jobs")


async def test_what_another_has_taken_over_is_not_begun(settings, sink, clock):
    """A worker whose leases ended while it stood still finds out before it sends, and its rival sends each once."""
    async with office(settings, sink, clock, worker_concurrency=1, lease_s=1.2) as (core, changed):
        caller = await caller_in(core)
        sink.delays["data"] = 0.8
        await accepted(core, caller, [draft(f"p{n}@example.com") for n in range(6)])
        async with working(core, changed) as worker, running(worker):
            await until(lambda: sink.commands["data"])
            clock.pass_s(61)
            rival = Claims(core, "rival")
            taken = await rival.take(10)
            await until(lambda: len(sink.messages) > 0)
            await asyncio.sleep(1)
            begun = len(sink.messages)
            await rival.release([job.id for job in taken])
            sink.delays.clear()
            await settled(core)

        assert (6, 1) == (len(taken), begun)
        assert ["delivered"] * 6 == await states(core, caller)


async def test_a_process_that_stood_still_begins_nothing_on_an_old_lease(settings, sink, clock):
    """It asks the store first: what it held may be in other hands by now, and is, here."""
    async with office(settings, sink, clock, worker_concurrency=1, lease_s=1.2) as (core, changed):
        caller = await caller_in(core)
        sink.delays["data"] = 0.2
        await accepted(core, caller, [draft(f"p{n}@example.com") for n in range(4)])
        async with working(core, changed) as worker, running(worker):
            await until(lambda: sink.commands["data"])
            flaky = Flaky(core.db)
            object.__setattr__(core, "db", flaky)
            flaky.refused = ("jobs_extend", "jobs_claim")
            time.sleep(1.3)  # noqa: ASYNC251  # the process stands still, and its leases pass
            await asyncio.sleep(1)
            begun = len(sink.messages)
            flaky.refused = ()
            clock.pass_s(61)
            await until(lambda: len(sink.messages) >= 4)
            await settled(core)

        assert (1, 4) == (begun, len({each.rcpt_to for each in sink.messages}))
        assert 4 == len(sink.messages)


class Once(dict[str, float]):
    """Delays of which each is had by the first who comes."""

    def get(self, key, default=None):
        """Take it out."""
        return self.pop(key, default)


async def test_a_conversation_that_hangs_holds_up_no_other(settings, sink, clock, monkeypatch):
    """What was claimed with it leaves meanwhile, though it is read in portions."""
    monkeypatch.setattr("core.jobs.queue._PORTION_BYTES", 1)
    async with office(settings, sink, clock, worker_concurrency=2) as (core, changed):
        caller = await caller_in(core)
        await accepted(core, caller, [draft(f"p{n}@example.com") for n in range(5)])
        sink.delays = Once(data=30)
        async with working(core, changed) as worker:
            task = asyncio.create_task(worker.run(grace_s=0.05))
            await until(lambda: len(sink.messages) == 4)
            worker.stop()
            await task


async def test_one_that_cannot_be_sent_waits_for_those_beside_it(settings, sink, clock):
    """Beside a message that cannot be read, a store that is away gives nothing back that is still being sent."""
    async with office(settings, sink, clock) as (core, changed):
        caller, flaky = await caller_in(core), Flaky(core.db)
        receipts = await accepted(core, caller, [draft(f"p{n}@example.com") for n in range(5)])
        await poison_body(core, receipts[2].id)
        object.__setattr__(core, "db", flaky)
        sink.delays["data"] = 0.3
        async with working(core, changed) as worker, running(worker):
            await flaky.claimed.wait()
            flaky.down = True
            await until(lambda: flaky.refusals > 1)
            flaky.down = False
            await settled(core)

        assert 4 == len(sink.messages)


async def test_a_store_that_is_away_for_a_while(settings, sink, clock):
    """The worker outlives it, and what could not be recorded is done again."""
    async with office(settings, sink, clock) as (core, changed):
        caller, flaky = await caller_in(core), Flaky(core.db)
        object.__setattr__(core, "db", flaky)
        await messages.submit_all(core, caller, [draft(f"p{n}@example.com") for n in range(5)])
        sink.delays["data"] = 0.05
        async with working(core, changed) as worker, running(worker):
            await until(lambda: sink.commands["data"])
            flaky.down = True
            await until(lambda: flaky.refusals > 2)
            flaky.down = False
            # the lease is what brings back what could not even be given back
            clock.pass_s(61)
            await until(lambda: len(sink.messages) >= 5)
            await settled(core)

        assert ["delivered"] * 5 == await states(core, caller)
