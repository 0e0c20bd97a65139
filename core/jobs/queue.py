"""The queue in the store: one table of jobs, claimed in batches by lease.

A claim moves ``run_at`` to the end of the lease, so a dead worker's work is due again by itself, and marks the row
with the claimer's token, so a worker that outlived its lease cannot finish what another took over.

Moments are those of each process's own clock: machines that share a database need theirs in step (NTP), to within
a small part of ``lease_s``. One that is ahead by more takes over what others still send.

What cannot be begun for its destination's sake is parked in a lane (``lanes``), where it is not looked at again before
the lane is visited: however much of it there is, what stands behind it in the queue comes next.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from core.clock import SECOND
from core.core import Core
from core.jobs.pauses import LOOK_AGAIN_S
from core.store.database import Row, listed, mapper, write
from core.store.statements import Many, Query, sql

# how often a claim looks at the whole index again instead of from the remembered bound on
_FULL_LOOK_EVERY_S: Final = 5
# between a message's id and a destination, where there are several jobs of one message
_PART: Final = "/"
# how much of the front of the queue is cleared at once
_CLEAR_AT_ONCE: Final = 2000
# messages of one claim are read in portions of about this size, so that a claim of large ones stays bounded
_PORTION_BYTES: Final = 16 * 1024 * 1024
# parked work comes back by itself, however late it is already
_EARLIEST_S: Final = 60


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A claimed piece of work; for ``deliver`` the id is the message's, where it was parted with the destination.

    ``attempts`` counts those before this one; a claim that ended without a word counts as one, since it may have
    been begun. ``destination`` is the domain of all its recipients, empty where they have several. ``due_at`` is
    when its patience began, ``delayed`` whether it was told to be late.
    """

    id: str
    kind: str
    run_at: int
    claimed_by: str
    attempts: int
    size_bytes: int
    last_error: str
    destination: str = ""
    due_at: int = 0
    delayed: bool = False

    @property
    def message_id(self) -> str:
        """The message that it is a part of, or all of."""
        return self.id.partition(_PART)[0]

    @property
    def is_part(self) -> bool:
        """Whether there are, or were, other jobs of the same message."""
        return _PART in self.id

    def parts(self, destinations: Iterable[str], now: int) -> list[tuple[Any, ...]]:
        """Rows for a job of each destination in place of this one."""
        return [
            (
                f"{self.message_id}{_PART}{each}", self.kind, now, "", self.attempts, self.size_bytes,
                self.last_error, each, self.due_at, int(self.delayed),
            )
            for each in destinations
        ]  # fmt: skip  # a column list reads better in lines than in a column


class Claims:
    """One worker's claims."""

    def __init__(self, core: Core, token: str) -> None:
        """``token`` is unique to the worker."""
        self._core = core
        self._token = token
        self._since = 0
        self._full_look_at = 0

    async def take(self, count: int, closed: Sequence[str] = ()) -> list[Job]:
        """Up to ``count`` jobs that are due, for the length of a lease.

        What goes to a destination of ``closed`` is put into its lane first, as far as it stands at the front.
        """
        now = self._core.clock.now()
        since = self._since if now < self._full_look_at else 0
        claim = sql.jobs_claim(
            since=since, now=now, count=count, lease_end=self._lease_end(now), claimed_by=self._token
        )
        clear: list[Query | Many] = []
        if closed:
            clear = [sql.lane_open.many([(name, now) for name in closed]), self._clear(closed, since, now)]
        found = (await write(self._core.db, *clear, claim))[-1]
        if since == 0:
            self._full_look_at = now + _FULL_LOOK_EVERY_S * SECOND
        # a full batch may have left older work; an incomplete one has seen everything up to now
        self._since = self._since if len(found) == count else now - SECOND
        return _jobs(found)

    def _clear(self, closed: Sequence[str], since: int, now: int) -> Query:
        return sql.jobs_clear(
            destinations=listed(closed),
            since=since,
            now=now,
            count=_CLEAR_AT_ONCE,
            soon=now + _EARLIEST_S * SECOND,
            **self._patience(),
        )

    async def visit(self, lanes: Mapping[str, int], probes: Iterable[str]) -> dict[str, list[Job]]:
        """Up to as many jobs of each lane as it is named with; of ``probes`` only where nobody else tries it."""
        now = self._core.clock.now()
        until = self._lease_end(now)
        asked = [name for name in probes if name in lanes]
        async with self._core.db.transaction() as work:
            held = await work.run(*[sql.lane_probe(name=name, until=until, now=now) for name in asked])
            lost = {name for name, rows in zip(asked, held, strict=True) if not rows}
            ours = {name: count for name, count in lanes.items() if name not in lost}
            claims = [
                sql.jobs_claim_lane(lane=name, count=count, now=now, lease_end=until, claimed_by=self._token)
                for name, count in ours.items()
            ]
            found = await work.run(*claims, commit=True)
        return {name: _jobs(rows) for name, rows in zip(ours, found, strict=True)}

    async def park(self, lanes: Mapping[str, Sequence[str]], paused: Iterable[str]) -> None:
        """Put claimed jobs that were not begun into lanes, ids by lane; in ``paused`` ones patience stands still."""
        now = self._core.clock.now()
        held = set(paused)
        await write(
            self._core.db,
            # in one order for all processes, which wait for each other's rows
            sql.lane_open.many([(name, now) for name in sorted(lanes)]),
            *[self._parking(name, ids, now, name in held) for name, ids in lanes.items()],
        )

    def _parking(self, lane: str, ids: Sequence[str], now: int, paused: bool) -> Query:  # noqa: FBT001  # private; the flag is a column
        wait_s = LOOK_AGAIN_S if paused else _EARLIEST_S
        patience = {"delayed_after": 0, "give_up_after": 0} if paused else self._patience()
        return sql.jobs_park(
            lane=lane,
            ids=listed(ids),
            paused_at=now if paused else 0,
            earliest=now + wait_s * SECOND,
            claimed_by=self._token,
            **patience,
        )

    def _patience(self) -> dict[str, int]:
        """After which times there is something to tell of work that waits."""
        policy = self._core.policy
        give_up = int(policy.give_up_after_s * SECOND)
        return {
            "delayed_after": int(policy.delayed_after_s * SECOND) or give_up,
            "give_up_after": give_up,
        }

    async def extend(self, ids: list[str]) -> set[str]:
        """Keep jobs for another lease; the ids of those that are still ours."""
        lease_end = self._lease_end(self._core.clock.now())
        query = sql.jobs_extend(ids=listed(ids), lease_end=lease_end, claimed_by=self._token)
        return {row[0] for row in (await write(self._core.db, query))[0]}

    async def release(self, ids: list[str], *, after_s: float = 0, begun: bool = False) -> None:
        """Give jobs back, due at once or after a wait; ``begun``: not untouched, so the attempt counts."""
        due = self._core.clock.now() + int(after_s * SECOND)
        query = sql.jobs_release(
            ids=listed(ids), now=due, claimed_by=self._token, untouched=0 if begun else 1
        )
        await write(self._core.db, query)

    def _lease_end(self, now: int) -> int:
        return now + int(self._core.policy.lease_s * SECOND)


def _jobs(found: Sequence[Row]) -> list[Job]:
    make = mapper(Job)
    return [make(row) for row in found]


def portions(jobs: Sequence[Job]) -> list[list[Job]]:
    """A claim's jobs in their order, parted so that what is read for each part stays bounded."""
    found: list[list[Job]] = [[]]
    size = 0
    for job in jobs:
        size += job.size_bytes
        if found[-1] and size > _PORTION_BYTES:
            found.append([])
            size = job.size_bytes
        found[-1].append(job)
    return found


def release_all(now: int) -> Query:
    """Every lease ends now: for an engine that only this process uses, when it starts after a death."""
    return sql.jobs_release_all(now=now)
