"""The queue in the store: one table of jobs, claimed in batches by lease.

A claim moves ``run_at`` to the end of the lease, so a dead worker's work is due again by itself, and marks the row
with the claimer's token, so a worker that outlived its lease cannot finish what another took over.

Moments are those of each process's own clock: machines that share a database need theirs in step (NTP), to within
a small part of ``lease_s``. One that is ahead by more takes over what others still send.
"""

from typing import Final

import msgspec

from core.clock import SECOND
from core.core import Core
from core.store.database import listed, mapper, write
from core.store.statements import Query, sql

# how often a claim looks at the whole index again instead of from the remembered bound on
_FULL_LOOK_EVERY_S: Final = 5


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A claimed piece of work; for ``deliver`` the id is the message's. ``attempts`` counts those before this one.

    A claim that ended without a word counts as one, since it may have been begun.
    """

    id: str
    kind: str
    run_at: int
    claimed_by: str
    attempts: int
    size_bytes: int
    last_error: str


class Claims:
    """One worker's claims."""

    def __init__(self, core: Core, token: str) -> None:
        """``token`` is unique to the worker."""
        self._core = core
        self._token = token
        self._since = 0
        self._full_look_at = 0

    async def take(self, count: int) -> list[Job]:
        """Up to ``count`` jobs that are due, for the length of a lease."""
        now = self._core.clock.now()
        since = self._since if now < self._full_look_at else 0
        query = sql.jobs_claim(
            since=since, now=now, count=count, lease_end=self._lease_end(now), claimed_by=self._token
        )
        found = (await write(self._core.db, query))[0]
        if since == 0:
            self._full_look_at = now + _FULL_LOOK_EVERY_S * SECOND
        # a full batch may have left older work; an incomplete one has seen everything up to now
        self._since = self._since if len(found) == count else now - SECOND
        make = mapper(Job)
        return [make(row) for row in found]

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


def release_all(now: int) -> Query:
    """Every lease ends now: for an engine that only this process uses, when it starts after a death."""
    return sql.jobs_release_all(now=now)
