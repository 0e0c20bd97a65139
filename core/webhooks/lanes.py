"""The queue of endpoints: each has a place in it, and is called by one process at a time.

What is to be told waits behind its own endpoint. One that hangs holds up nobody else, however much waits for it: those
that gave no answer lately, or a late one, are claimed apart from the others; the former are tried with a single call.
"""

import time
from collections.abc import Sequence
from typing import Final

import msgspec

from core.clock import SECOND
from core.core import Core
from core.store.database import listed, mapper, write
from core.store.group import Group
from core.store.statements import Query, sql

# the moment that never comes
NEVER: Final = 1 << 62
# in place of a number of failures: it answers, but late
LATE: Final = -1
# the share of a lease that must be left for a call to begin
_MARGIN: Final = 1 / 3


class Lane(msgspec.Struct, kw_only=True):
    """A claimed endpoint. ``failures`` in a row to get any answer, or LATE.

    ``failing_since`` is 0 where the last call went well. ``until`` is the end of the lease on the monotonic
    clock, 0 once it is lost.
    """

    webhook_id: str
    failures: int
    failing_since: int
    until: float = 0


class Lanes:
    """One dispatcher's claims."""

    def __init__(self, core: Core, token: str) -> None:
        """``token`` is unique to the dispatcher."""
        self._core = core
        self._token = token
        self.held: dict[str, Lane] = {}
        # many turns end at the same time, and a commit of its own for each would be what they wait for
        self._leaving: Group[Query] = Group(self._commit)

    async def take(self, count: int, *, failing: bool) -> list[Lane]:
        """Up to ``count`` endpoints that something is due for; ``failing``: of those with failures, or late."""
        now, asked_at = self._core.clock.now(), time.monotonic()
        claim = sql.webhook_lanes_claim(
            now=now, lease_end=self._lease_end(now), claimed_by=self._token, count=count, failing=failing
        )
        make = mapper(Lane)
        found = [make(row) for row in (await write(self._core.db, claim))[0]]
        # a lease that ran out while the loop stood still brings our own back, whose turn goes on
        fresh = [each for each in found if each.webhook_id not in self.held]
        for each in found:
            self.held.setdefault(each.webhook_id, each).until = asked_at + self._core.policy.lease_s
        return fresh

    def is_safe(self, lane: Lane) -> bool:
        """Whether the endpoint is ours and its lease not about to end."""
        return lane.until - time.monotonic() > self._core.policy.lease_s * _MARGIN

    async def extend(self) -> Sequence[str]:
        """Keep everything for another lease; the ids of what was lost."""
        asked, asked_at = list(self.held), time.monotonic()
        if not asked:
            return ()
        lease_end = self._lease_end(self._core.clock.now())
        query = sql.webhook_lanes_extend(ids=listed(asked), lease_end=lease_end, claimed_by=self._token)
        kept = {row[0] for row in (await write(self._core.db, query))[0]}
        for id in asked:
            if id in self.held:
                self.held[id].until = asked_at + self._core.policy.lease_s if id in kept else 0
        return [id for id in asked if id not in kept]

    async def release(self, lane: Lane, next_at: int) -> None:
        """Let an endpoint go until a moment, or until something new is to be told to it."""
        query = sql.webhook_lane_release(
            webhook_id=lane.webhook_id,
            now=self._core.clock.now(),
            next=next_at,
            failures=lane.failures,
            failing_since=lane.failing_since,
            claimed_by=self._token,
        )
        # before the store knows, which may give it to us again at once
        self.drop(lane)
        await self._leaving.add(query)

    def drop(self, lane: Lane) -> None:
        """Hold an endpoint no longer; what was claimed anew since is another lane."""
        if self.held.get(lane.webhook_id) is lane:
            del self.held[lane.webhook_id]

    async def _commit(self, leaving: list[Query]) -> None:
        # in one order for all processes, which wait for each other's rows
        await write(self._core.db, *sorted(leaving, key=lambda each: str(each.values["webhook_id"])))

    def _lease_end(self, now: int) -> int:
        return now + int(self._core.policy.lease_s * SECOND)


def release_all(now: int) -> list[Query]:
    """Every lease ends now: for an engine that only this process uses, when it starts after a death."""
    return [sql.webhook_lanes_release_all(now=now), sql.outbox_release_all()]
