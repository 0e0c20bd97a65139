"""Searches for words: in lines, a tenth as long as messages, that are copied some minutes after their acceptance.

What is not copied yet is searched for in the messages themselves, so that an answer misses nothing.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import msgspec

from core import ids
from core.clock import MINUTE
from core.core import Core
from core.paging import MOST_COUNTED, PageRequest, counted
from core.stats.figure import Origin
from core.stats.tally import Tally
from core.store.database import Row, listed
from core.store.statements import Statement, sql

# what one commit copies: whoever accepts mail waits meanwhile
_PORTION: Final = 500
# as long as a commit may take from the making of its ids to its end, and as far as machines' clocks may differ
_LAG: Final = 2 * MINUTE
_EPOCH: Final = date(1970, 1, 1)
_OWN: Final = ("workspace_id", "environment", "before_id", "after_id", "stream", "sender", "tag", "template_id",
               "subject", "metadata")  # fmt: skip  # one a line says no more


class _Waits(Exception):  # noqa: N818  # a reason to wait
    """Another process has the portion, or somebody is being forgotten: what was read may be what is to go."""


class _Way(msgspec.Struct, frozen=True):
    page: Statement
    page_back: Statement
    count: Statement


_ALL: Final = _Way(sql.lines_page, sql.lines_page_back, sql.lines_count)
_OF_SENDER: Final = _Way(sql.lines_page_of_sender, sql.lines_page_back_of_sender, sql.lines_count_of_sender)


async def copy(core: Core) -> None:
    """Copy every message that is old enough. Safe to repeat, and to run at once with itself."""
    while True:
        after = await _mark(core)
        before = ids.floor(core.clock.now() - _LAG)
        query = sql.lines_next(after=after, before=before, count=_PORTION)
        up_to, count = (await core.db.fetch(query))[0]
        if not count:
            return
        began = time.monotonic()
        try:
            await _portion(core, after, up_to)
        except _Waits:
            return
        # as long again for everybody else
        await asyncio.sleep(time.monotonic() - began)


async def _portion(core: Core, after: str, up_to: str) -> None:
    """Copy, and count recipients by day, which nobody does as they are accepted."""
    async with core.db.transaction() as work:
        if not (await work.run(sql.lines_move(after=after, up_to=up_to)))[0]:
            raise _Waits
        span = {"after": after, "up_to": up_to}
        _, volume = await work.run(sql.lines_copy(**span), sql.lines_volume(**span))
        tally = Tally()
        for workspace_id, environment, stream, tag, day, count in volume:
            tally.accepted(Origin(workspace_id, environment, stream, tag), _day(day), count)
        if (await work.run(tally.step(), sql.removals_pending(after="")))[1]:
            raise _Waits


def _day(number: int) -> str:
    """Of the days since 1970."""
    return (_EPOCH + timedelta(number)).isoformat()


async def _mark(core: Core) -> str:
    found: str = (await core.db.fetch(sql.lines_mark()))[0][0]
    return found


async def find(core: Core, match: dict[str, Any], request: PageRequest) -> tuple[list[Row], int]:
    """A page's ids and sizes, one more than it holds where there are more, and the count where it is asked for.

    ``match`` are the values of ``messages_match``, of which neither a recipient nor states may be wanted.
    """
    mark = await _mark(core)
    fresh = match | {"after_id": max(match["after_id"], mark)}
    copied = {name: match[name] for name in _OWN} | {"before_id": min(match["before_id"], mark + "0")}
    way = _ALL if match["sender"] is None else _OF_SENDER
    page = _back if request.before is not None else _forth
    found = await page(core, way, (fresh, copied), request)
    total = counted(request, len(found)) if request.total else 0
    if total is None:
        total = (await core.db.fetch(sql.messages_count(**fresh, most=MOST_COUNTED)))[0][0]
        total += (await core.db.fetch(way.count(**copied, most=MOST_COUNTED)))[0][0]
    return await _sizes(core, found), min(total, MOST_COUNTED)


async def _forth(
    core: Core, way: _Way, parts: tuple[dict[str, Any], dict[str, Any]], request: PageRequest
) -> list[str]:
    """What is not copied yet is the newest; the rest follows."""
    fresh, copied = parts
    wanted = request.offset + request.limit + 1
    first = [row[0] for row in await core.db.fetch(sql.messages_page(**fresh, count=wanted, skip=0))]
    kept = first[request.offset :]
    skip = max(0, request.offset - len(first))
    rest = await core.db.fetch(way.page(**copied, count=request.limit + 1 - len(kept), skip=skip))
    return [*kept, *(row[0] for row in rest)]


async def _back(
    core: Core, way: _Way, parts: tuple[dict[str, Any], dict[str, Any]], request: PageRequest
) -> list[str]:
    """The other way round, from a cursor on."""
    fresh, copied = parts
    wanted = request.limit + 1
    first = [row[0] for row in await core.db.fetch(way.page_back(**copied, count=wanted, skip=0))]
    rest = await core.db.fetch(sql.messages_page_back(**fresh, count=wanted - len(first), skip=0))
    return [*first, *(row[0] for row in rest)]


async def _sizes(core: Core, found: Sequence[str]) -> list[Row]:
    """In the same order, as ``messages_page`` has them."""
    sizes = dict(map(tuple, await core.db.fetch(sql.messages_sizes(ids=listed(found)))))
    return [(id, sizes[id]) for id in found if id in sizes]
