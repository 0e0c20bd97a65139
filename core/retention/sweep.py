"""Going through what is too old: every workspace, every series, a portion at a time.

A portion and the mark that it was done are one commit, so a sweep that was broken off goes on where it was. Two at
once do some of it twice, which changes nothing.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import structlog

from core import ids
from core.accounts import Workspace
from core.clock import DAY
from core.core import Core
from core.retention import arrivals, calls, decisions, letters, returned
from core.retention.ages import ages
from core.retention.series import Series, Steps
from core.store.database import Row, listed, rows, write
from core.store.statements import Query, sql

_log = structlog.get_logger(__name__)

# every kind of data there is
SERIES: Final = (*letters.SERIES, *returned.SERIES, *arrivals.SERIES, *calls.SERIES, *decisions.SERIES)

# what one commit lets go of: whoever accepts mail waits meanwhile
_PORTION: Final = 200
_PORTION_BYTES: Final = 8 * 1024 * 1024
_WORKSPACES: Final = 200
_FIRST: Final = "00000000-0000-0000-0000-000000000000"
_PLAIN: Final = str.maketrans("", "", "()")
_TELL_EVERY_S: Final = 10.0

# how many entries of which series were gone through
Tell = Callable[[str, int], None]


async def run(core: Core, tell: Tell | None = None) -> dict[str, int]:
    """Forget everything that is too old; how many entries of which series were gone through."""
    told = _Told(tell)
    async for place in _workspaces(core):
        marks = await _marks(core, place)
        for series in SERIES:
            if before := _before(core, place, series):
                await _waited(core, place, series, told)
                await _sweep(core, place, series, (marks.get(series.name, _FIRST), before), told)
    if told.counts:
        _log.info("retention: what was too old is forgotten", **told.words())
    return told.counts


async def backlog(core: Core) -> dict[str, int]:
    """How many entries of each series a run would go through."""
    counts: dict[str, int] = {}
    async for place in _workspaces(core):
        marks = await _marks(core, place)
        for series in SERIES:
            if before := _before(core, place, series):
                after = marks.get(series.name, _FIRST)
                query = series.counted(workspace_id=place.id, after=after, before=before, **series.fixed)
                found = (await core.db.fetch(query))[0][0]
                counts[series.name] = counts.get(series.name, 0) + found
    return {name: count for name, count in counts.items() if count}


class _Told:
    """Counts what is done, and says so now and then."""

    def __init__(self, tell: Tell | None) -> None:
        self._tell = tell
        self._at = time.monotonic()
        self.counts: dict[str, int] = {}

    def add(self, name: str, count: int) -> None:
        self.counts[name] = self.counts.get(name, 0) + count
        if self._tell is not None:
            self._tell(name, count)
        if time.monotonic() > self._at + _TELL_EVERY_S:
            self._at = time.monotonic()
            _log.info("retention goes on", **self.words())

    def words(self) -> dict[str, int]:
        return {name.replace(" ", "_").translate(_PLAIN): count for name, count in self.counts.items()}


async def _workspaces(core: Core) -> AsyncIterator[Workspace]:
    after = ""
    while found := await rows(core.db, Workspace, sql.workspaces_after(after=after, count=_WORKSPACES)):
        for place in found:
            yield place
        after = found[-1].id


async def _marks(core: Core, place: Workspace) -> dict[str, str]:
    return {row[0]: row[1] for row in await core.db.fetch(sql.retention_marks_of(workspace_id=place.id))}


def _before(core: Core, place: Workspace, series: Series) -> str | None:
    """The first id that is young enough to stay; None where everything stays."""
    days = series.days(ages(core.policy, place.settings))
    return ids.floor(core.clock.now() - days * DAY) if days else None


async def _sweep(core: Core, place: Workspace, series: Series, span: tuple[str, str], told: _Told) -> None:
    after, before = span
    while True:
        query = series.found(
            workspace_id=place.id, after=after, before=before, count=_PORTION, **series.fixed
        )
        found = _portion(await core.db.fetch(query))
        if not found:
            return
        after = found[-1][0]
        ready = [row[0] for row in found if not row[2]]
        later = [(place.id, series.name, row[0]) for row in found if row[2]]
        steps: Steps = [
            sql.retention_wait.many(later),
            sql.retention_mark(workspace_id=place.id, series=series.name, up_to=after),
        ]
        await _forget(core, series, ready, steps)
        told.add(series.name, len(found))


def _portion(found: Sequence[Row]) -> list[Row]:
    """As many as are not too large together, and one at least."""
    taken: list[Row] = []
    size = 0
    for row in found:
        size += row[1]
        if taken and size > _PORTION_BYTES:
            break
        taken.append(row)
    return taken


async def _waited(core: Core, place: Workspace, series: Series, told: _Told) -> None:
    """Take up what an earlier sweep left out; a few at a time, as nobody has looked how large they are."""
    few = _PORTION // 10
    while True:
        query = sql.retention_waited(workspace_id=place.id, series=series.name, count=few)
        found = [row[0] for row in await core.db.fetch(query)]
        if not found:
            return
        done = sql.retention_waits_no_more(workspace_id=place.id, series=series.name, ids=listed(found))
        await _forget(core, series, found, [done])
        told.add(series.name, len(found))


async def _forget(core: Core, series: Series, found: Sequence[str], more: Steps) -> None:
    began = time.monotonic()
    steps = [*(await series.forget(core, found) if found else []), *more]
    await write(core.db, *[step for step in steps if isinstance(step, Query) or step.rows])
    # as long again for everybody else
    await asyncio.sleep(time.monotonic() - began)
