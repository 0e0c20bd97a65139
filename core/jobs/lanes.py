"""Lanes: where jobs wait beside the queue, for a destination that is busy or away, or for a pause to end.

A process keeps what the store has of them in memory and looks again every second. That a destination is away is told
by whoever finds out, and obeyed by all; after a while one of them tries it again with a single job (a probe).
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from core.clock import SECOND
from core.core import Core
from core.jobs.pauses import Pause, current
from core.store.database import rows, write
from core.store.statements import Many, sql

_LOOK_EVERY_S: Final = 1
# an empty lane stays for as long as another process's commit and clock may be behind
_SWEEP_EVERY_S: Final = 10
_IDLE_S: Final = 10
# for how long failures are remembered of a destination that nothing waits for
_FORGET_S: Final = 24 * 3600


class Lane(msgspec.Struct, kw_only=True):
    """What is known of one. ``failures`` in a row to reach the destination, which is let be until ``closed_until``.

    ``is_empty``: nothing was found in it lately.
    """

    name: str
    closed_until: int = 0
    probing_until: int = 0
    failures: int = 0
    reason: str = ""
    is_empty: bool = False

    def is_closed(self, now: int) -> bool:
        """Whether the destination is let be."""
        return self.failures > 0 and max(self.closed_until, self.probing_until) > now


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt has found out about a destination: ``reason`` why it was not reached, or empty."""

    destination: str
    reason: str = ""


class Lanes:
    """One process's knowledge of lanes and pauses."""

    def __init__(self, core: Core) -> None:
        """Nothing is known before ``refresh``."""
        self._core = core
        self._held: dict[str, Lane] = {}
        self._look_at = 0
        self._sweep_at = 0
        self.pauses: list[Pause] = []

    def __getitem__(self, name: str) -> Lane | None:
        """What is known of a lane, None where nothing waits in it and nothing is wrong."""
        return self._held.get(name)

    def __iter__(self) -> Iterator[Lane]:
        """Every lane."""
        return iter(self._held.values())

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._held)

    async def refresh(self) -> None:
        """Look into the store, if it is time to."""
        now = self._core.clock.now()
        if now < self._look_at:
            return
        if self._held and now >= self._sweep_at:
            await write(
                self._core.db,
                sql.lanes_sweep(idle_since=now - _IDLE_S * SECOND, forgotten=now - _FORGET_S * SECOND),
            )
            self._sweep_at = now + _SWEEP_EVERY_S * SECOND
        found = await rows(self._core.db, Lane, sql.lanes_all())
        self._held = {lane.name: lane for lane in found}
        self.pauses = await current(self._core)
        self._look_at = now + _LOOK_EVERY_S * SECOND

    def filled(self, name: str) -> None:
        """Something was put into it."""
        self._held.setdefault(name, Lane(name=name)).is_empty = False

    def learn(self, news: News) -> list[Many]:
        """Take news in at once; the steps that tell the store, none where it is nothing new."""
        lane, now = self._held.get(news.destination), self._core.clock.now()
        if not news.reason:
            if lane is None or not lane.failures:
                return []
            self._held[news.destination] = Lane(name=news.destination)
            return [sql.lane_reached.many([(news.destination,)])]
        failures = lane.failures if lane is not None else 0
        if lane is not None and failures and lane.closed_until > now:
            return []
        waits = self._core.policy.destination_backoff_s
        until = now + int(waits[min(failures, len(waits) - 1)] * SECOND)
        self._held[news.destination] = Lane(
            name=news.destination, closed_until=until, failures=failures + 1, reason=news.reason
        )
        row = (news.destination, now, until, failures + 1, news.reason)
        return [sql.lane_failed.many([row])]
