"""The queue as an operator sees it: what waits, for whom, since when and why; and everything tried again at once."""

import msgspec

from core.core import Core
from core.store.database import rows, write
from core.store.statements import sql


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What is queued for one destination; an empty name stands for mail with several.

    ``held`` of them wait in lanes, ``later`` for a moment that has not come. ``oldest_at`` is when the oldest became
    due, 0 where none has. ``failures`` in a row to reach it, the last for ``reason``, let it be until ``closed_until``.
    """

    destination: str
    total: int
    held: int
    later: int
    oldest_at: int
    failures: int
    closed_until: int
    reason: str


class Depth(msgspec.Struct, frozen=True):
    """How many jobs are due and not done, and when the oldest became so, 0 where there is none."""

    due: int
    oldest_at: int


async def depth(core: Core) -> Depth:
    """How deep the queue is now."""
    return (await rows(core.db, Depth, sql.jobs_depth(now=core.clock.now())))[0]


async def standings(core: Core, *, most: int = 100) -> list[Standing]:
    """The destinations with most mail first. Reads the whole queue."""
    return await rows(core.db, Standing, sql.queue_standings(now=core.clock.now(), count=most))


async def flush(core: Core, destination: str | None = None) -> int:
    """Try at once what waits after a failure, everything or what is for one destination; how many jobs that concerns.

    What is scheduled stays so, and what is paused too.
    """
    now = core.clock.now()
    found = await write(
        core.db,
        sql.lanes_flush(destination=destination),
        sql.jobs_flush(destination=destination, now=now),
        sql.lane_count(destination=destination),
    )
    core.wake.set()
    return len(found[1]) + int(found[2][0][0])
