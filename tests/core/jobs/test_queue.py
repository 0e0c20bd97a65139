"""The queue: each job in one pair of hands at a time, and back by itself when they let go."""

import asyncio

import msgspec
import pytest

from core import events, messages
from core.jobs.queue import Claims
from core.jobs.record import Record, Recorder, Step
from core.store.database import StoreUnavailable, write
from core.store.postgres import Postgres
from core.store.statements import Query, sql, statement
from gateway.assemble import opened
from tests.core.post import accepted, caller_in, count, draft, select

LEASE_S = 5


async def enqueue(core, caller, number):
    """Submit messages; their ids."""
    receipts = await accepted(core, caller, [draft() for _ in range(number)])
    return [each.id for each in receipts]


async def record(core, *records):
    """Keep what came of jobs."""
    recorder = Recorder(lambda: core)
    await asyncio.gather(*[recorder.add(each) for each in records])


def ids(jobs):
    """Which jobs."""
    return [job.id for job in jobs]


async def test_many_workers_take_each_job_once(core, caller):
    """Sixteen workers that reach at once share the work without an overlap, until there is none."""
    wanted = await enqueue(core, caller, 200)
    workers = [Claims(core, f"w{n}") for n in range(16)]
    taken = []
    while True:
        found = await asyncio.gather(*[each.take(7) for each in workers])
        if not any(found):
            break
        taken += [key for jobs in found for key in ids(jobs)]

    assert sorted(wanted) == sorted(taken)


async def test_the_oldest_come_first(core, caller, clock):
    """Within a claim's room, what has waited longest is taken."""
    first = await enqueue(core, caller, 3)
    clock.pass_s(1)
    second = await enqueue(core, caller, 3)
    claims = Claims(core, "w")

    assert [set(first), set(second), set()] == [set(ids(await claims.take(3))) for _ in range(3)]


async def test_a_lease_that_ends_gives_work_back(core, caller, clock):
    """What a dead worker held is another's once the lease has passed, and not before."""
    wanted = await enqueue(core, caller, 3)
    dead, other = Claims(core, "dead"), Claims(core, "other")
    assert wanted == sorted(ids(await dead.take(10)))
    clock.pass_s(LEASE_S - 1)
    assert [] == await other.take(10)
    clock.pass_s(1.1)

    assert wanted == sorted(ids(await other.take(10)))


async def test_a_lease_can_be_kept(core, caller, clock):
    """Who says in time that they still work keeps the work."""
    wanted = await enqueue(core, caller, 2)
    slow, other = Claims(core, "slow"), Claims(core, "other")
    await slow.take(10)
    clock.pass_s(LEASE_S - 1)
    assert set(wanted[:1]) == await slow.extend(wanted[:1])
    clock.pass_s(2)

    assert wanted[1:] == ids(await other.take(10))


@pytest.mark.parametrize("again", [False, True], ids=["to finish", "to put off"])
async def test_who_outlived_the_lease_cannot_end_anothers_work(core, caller, clock, again):
    """The job stays with whoever has taken it over, who can end it."""
    await enqueue(core, caller, 1)
    late, other = Claims(core, "late"), Claims(core, "other")
    (job,) = await late.take(1)
    clock.pass_s(LEASE_S + 1)
    (taken,) = await other.take(1)
    at = core.clock.now() + 10**9
    assert set() == await late.extend([job.id])
    await late.release([job.id])
    await record(core, Record(job=job, again_at=at if again else None, error="late"))
    assert [("other", 2, "")] == [
        tuple(row) for row in await select(core, "SELECT claimed_by, attempts, last_error FROM jobs")
    ]

    await record(core, Record(job=taken))
    assert 0 == await count(core, "jobs")


async def test_work_that_was_given_back_is_due_again(core, caller, clock):
    """At once, or after a wait, and without an attempt being counted."""
    one, two = await enqueue(core, caller, 2)
    worker, other = Claims(core, "w"), Claims(core, "o")
    await worker.take(10)
    await worker.release([one])
    await worker.release([two], after_s=3)
    assert [(one, 0)] == [(job.id, job.attempts) for job in await other.take(10)]
    clock.pass_s(3.1)

    assert [two] == ids(await other.take(10))


@pytest.mark.parametrize("again", [False, True], ids=["ended", "put off"])
async def test_what_is_recorded_again_is_told_once(core, caller, again):
    """A record whose answer was lost is repeated without a second event; so is that of a claim that was lost."""
    (key,) = await enqueue(core, caller, 1)
    (job,) = await Claims(core, "w").take(1)
    message = await messages.get(core, caller, key)
    state = "deferred" if again else "bounced"
    step = Step(delivery=message.deliveries[0], kind=state, state=state, suppress="hard_bounce")
    at = core.clock.now() + 10**9 if again else None
    said = Record(job=job, message=message, steps=(step,), again_at=at)
    late = msgspec.structs.replace(said, job=msgspec.structs.replace(job, claimed_by="another"))
    await record(core, late)
    assert 0 == await count(core, "suppressions")
    for _ in range(2):
        await record(core, said)

    assert ["accepted", state] == [each.kind for each in await events.of_message(core, message)]
    (delivery,) = (await messages.get(core, caller, key)).deliveries
    assert (state, 1) == (delivery.state, delivery.attempts)


async def test_the_record_of_a_lost_claim_keeps_what_was_delivered(core, caller):
    """The mail has left, so its state is kept; the one event is that of whoever has the job."""
    (key,) = await enqueue(core, caller, 1)
    (job,) = await Claims(core, "w").take(1)
    message = await messages.get(core, caller, key)
    step = Step(delivery=message.deliveries[0], kind="delivered", state="delivered")
    lost = msgspec.structs.replace(job, claimed_by="another")
    await record(core, *[Record(job=each, message=message, steps=(step,)) for each in (lost, job)])

    assert "delivered" == (await messages.get(core, caller, key)).deliveries[0].state
    await record(core, Record(job=lost, message=message, steps=(step,)))
    kinds = [each.kind for each in await events.of_message(core, message)]
    assert 0 == await count(core, "jobs")
    assert ["accepted", "delivered"] == kinds


async def test_work_put_off_counts_its_attempt(core, caller, clock):
    """It comes again at its moment, with what went wrong."""
    (wanted,) = await enqueue(core, caller, 1)
    claims = Claims(core, "w")
    (job,) = await claims.take(1)
    await record(core, Record(job=job, again_at=core.clock.now() + 10 * 10**6, error="e" * 5000))
    assert [] == await claims.take(1)
    clock.pass_s(11)
    (again,) = await claims.take(1)

    assert (wanted, 1, "e" * 1000) == (again.id, again.attempts, again.last_error)


async def test_work_that_may_have_been_begun_counts_its_attempt(core, caller, clock):
    """Whether a worker gave it back in the middle or died."""
    await enqueue(core, caller, 2)
    one, other = Claims(core, "one"), Claims(core, "other")
    (job, _) = await one.take(2)
    await one.release([job.id], begun=True)
    clock.pass_s(LEASE_S + 1)

    assert [1, 1] == [each.attempts for each in await other.take(2)]


@pytest.mark.postgres
async def test_a_server_that_only_reads_is_away(postgres_url):
    """After a failover the old primary refuses to write; that passes, and no record is at fault."""
    db = await Postgres.open(postgres_url)
    with pytest.raises(StoreUnavailable):
        await write(
            db,
            Query(statement("replica", "SET TRANSACTION READ ONLY"), {}),
            Query(statement("new", "CREATE TABLE refused (id TEXT)"), {}),
        )
    await db.close()


async def test_work_that_was_late_to_be_written_is_found(core, caller, clock):
    """A commit that took longer than a worker's look back does not hide its jobs for long."""
    claims = Claims(core, "w")
    await claims.take(10)
    then = core.clock.now()
    clock.pass_s(3)
    await claims.take(10)
    await write(core.db, sql.job_insert.many([("late", then, 0, "")]))
    clock.pass_s(5)

    assert ["late"] == ids(await claims.take(10))


async def test_the_only_process_gives_everything_back_at_its_start(settings):
    """On the engine of one process, what a killed one held is due at once."""
    async with opened(settings) as core:
        wanted = await enqueue(core, await caller_in(core), 2)
        await Claims(core, "killed").take(10)
    async with opened(settings) as core:
        taken = ids(await Claims(core, "next").take(10))

    assert (wanted if settings.database.startswith("sqlite") else []) == sorted(taken)
