"""The queue: each job in one pair of hands at a time, and back by itself when they let go."""

import asyncio

import pytest

from core.jobs.queue import Claims
from core.jobs.record import Record, Recorder
from core.store.database import write
from core.store.statements import sql
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
    await slow.extend(wanted[:1])
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
    await late.extend([job.id])
    await late.release([job.id])
    await record(core, Record(job=job, again_at=at if again else None, error="late"))
    assert [("other", 0, "")] == [
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


async def test_work_that_was_late_to_be_written_is_found(core, caller, clock):
    """A commit that took longer than a worker's look back does not hide its jobs for long."""
    claims = Claims(core, "w")
    await claims.take(10)
    then = core.clock.now()
    clock.pass_s(3)
    await claims.take(10)
    await write(core.db, sql.job_insert.many([("late", "deliver", then, "", 0, 0, "")]))
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
