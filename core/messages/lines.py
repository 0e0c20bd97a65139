"""Searches for words: in lines, a tenth as long as messages, that are copied some minutes after their acceptance.

What is not copied yet is searched for in the messages themselves, so that an answer misses nothing.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from itertools import chain, repeat
from typing import Any, Final

import msgspec

from core import ids
from core.clock import MINUTE
from core.core import Core
from core.messages import blocks
from core.paging import MOST_COUNTED, PageRequest, counted
from core.stats.figure import Origin
from core.stats.tally import Tally
from core.store.database import Row, listed
from core.store.statements import Statement, sql

# what one commit copies: whoever accepts mail waits meanwhile
_PORTION: Final = 500
# as long as a commit may take from the making of its ids to its end, and as far as machines' clocks may differ
_LAG: Final = 2 * MINUTE
# how many blocks are read at once, two at least
_GROWTH: Final = (16, 512, 5000)
# blocks are near each other that are one of so many
_NEAR: Final = 4
_EPOCH: Final = date(1970, 1, 1)
_OWN: Final = ("workspace_id", "environment", "before_id", "after_id", "stream", "sender", "tag", "template_id",
               "subject", "metadata")  # fmt: skip  # one a line says no more


class _Waits(Exception):  # noqa: N818  # a reason to wait
    """Another process has the portion, or somebody is being forgotten: what was read may be what is to go."""


class _Way(msgspec.Struct, frozen=True):
    page: Statement
    page_back: Statement
    count: Statement


_MESSAGES: Final = _Way(sql.messages_page, sql.messages_page_back, sql.messages_count)
_ALL: Final = _Way(sql.lines_page, sql.lines_page_back, sql.lines_count)
_OF_SENDER: Final = _Way(sql.lines_page_of_sender, sql.lines_page_back_of_sender, sql.lines_count_of_sender)
_OF_BLOCKS: Final = _Way(sql.lines_page_of_blocks, sql.lines_page_back_of_blocks, sql.lines_count_of_blocks)


async def copy(core: Core) -> None:
    """Copy every message that is old enough, and pack. Safe to repeat, and to run at once with itself."""
    await _copy(core)
    await blocks.pack(core)


async def _copy(core: Core) -> None:
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


class _Source(msgspec.Struct, frozen=True):
    """Some of what is searched, and the way through it; of ``is_last``, what is skipped need not be read."""

    way: _Way
    match: dict[str, Any]
    is_last: bool = False

    async def page(self, core: Core, count: int, skip: int, *, is_back: bool) -> list[str]:
        """Ids in the direction of travel."""
        statement = self.way.page_back if is_back else self.way.page
        return [row[0] for row in await core.db.fetch(statement(**self.match, count=count, skip=skip))]

    async def count(self, core: Core, most: int) -> int:
        """How many there are, as far as that."""
        found: int = (await core.db.fetch(self.way.count(**self.match, most=most)))[0][0]
        return found


class _Sources:
    """What was gone through for the page is there for the count."""

    def __init__(self, found: AsyncIterator[_Source]) -> None:
        self._found = found
        self._held: list[_Source] = []

    async def each(self) -> AsyncIterator[_Source]:
        """From the first on."""
        for source in self._held:
            yield source
        async for source in self._found:
            self._held.append(source)
            yield source


async def find(
    core: Core, match: dict[str, Any], request: PageRequest, said: str | None
) -> tuple[list[Row], int]:
    """A page's ids and sizes, one more than it holds where there are more, and the count where it is asked for.

    ``match`` are the values of ``messages_match``, of which neither a recipient nor states may be wanted; ``said``:
    what its subject is the pattern of.
    """
    mark = await _mark(core)
    fresh = _Source(_MESSAGES, match | {"after_id": max(match["after_id"], mark)})
    copied = {name: match[name] for name in _OWN} | {"before_id": min(match["before_id"], mark + "0")}
    is_back = request.before is not None
    sources = _Sources(_all(fresh, _copied(core, copied, said, is_back=is_back), is_back=is_back))
    found = await _page(core, sources, request)
    total = counted(request, len(found)) if request.total else 0
    if total is None:
        total = await _count(core, sources)
    return await _sizes(core, found), min(total, MOST_COUNTED)


async def _all(fresh: _Source, copied: AsyncIterator[_Source], *, is_back: bool) -> AsyncIterator[_Source]:
    """What is not copied yet is the newest."""
    if not is_back:
        yield fresh
    async for source in copied:
        yield source
    if is_back:
        yield fresh


async def _copied(
    core: Core, match: dict[str, Any], said: str | None, *, is_back: bool
) -> AsyncIterator[_Source]:
    """Lines by what leads to few of them; those that are not packed yet are newer than the others."""
    words = _words(match, said)
    if match["sender"] is not None or words is None:
        yield _Source(_ALL if match["sender"] is None else _OF_SENDER, match, is_last=not is_back)
        return
    place = {name: match[name] for name in ("workspace_id", "environment")}
    end = (await core.db.fetch(sql.blocks_end(**place)))[0][0]
    rest = _Source(_ALL, match | {"after_id": max(match["after_id"], end)})
    packed = match | {"before_id": min(match["before_id"], end + "0")}
    if not is_back:
        yield rest
    async for source in _packed(core, packed, place | words, is_back=is_back):
        yield source
    if is_back:
        yield rest


def _words(match: dict[str, Any], said: str | None) -> dict[str, str | None] | None:
    """What a block must contain. None: nothing, or what LIKE does not look for to the letter."""
    if said is not None and (not said or "\x00" in said):
        return None
    if match["metadata"] is not None:
        return {"field": "metadata", "words": match["metadata"], "also": said}
    return None if said is None else {"field": "subject", "words": said, "also": None}


async def _packed(
    core: Core, match: dict[str, Any], wanted: dict[str, str | None], *, is_back: bool
) -> AsyncIterator[_Source]:
    """Lines of blocks that contain the words, ever more of them; where most blocks do, lines whatever their block."""
    page = sql.blocks_page_back if is_back else sql.blocks_page
    for count in chain(_GROWTH, repeat(_GROWTH[-1])):
        bounds = {name: match[name] for name in ("before_id", "after_id")}
        found = [tuple(row) for row in await core.db.fetch(page(**wanted, **bounds, count=count))]
        is_end = len(found) < count
        is_near = len(found) >= _GROWTH[0] and await _are_near(core, wanted, found)
        if is_near and (is_end or count == _GROWTH[-1]):
            yield _Source(_ALL, match, is_last=not is_back)
            return
        if is_near:
            # up to the last line of this portion's end, where the next one begins
            here, there = {"before_id": found[-1][1] + "0"}, {"after_id": found[-1][1]}
            yield _Source(_ALL, match | (here if is_back else there))
            match |= there if is_back else here
        elif found:
            yield _of_blocks(match, found, is_last=is_end and not is_back)
            match |= {"after_id": found[-1][1]} if is_back else {"before_id": found[-1][0]}
        if is_end:
            return


def _of_blocks(match: dict[str, Any], found: Sequence[Row], *, is_last: bool) -> _Source:
    named = listed([first + last for first, last in found])
    return _Source(_OF_BLOCKS, match | {"blocks": named}, is_last=is_last)


async def _are_near(core: Core, wanted: dict[str, str | None], found: Sequence[Row]) -> bool:
    """Whether most blocks among them are of them: a way through all of their lines is shorter than one to each."""
    first, last = sorted((found[0][0], found[-1][0]))
    place = {name: wanted[name] for name in ("workspace_id", "environment")}
    most = _NEAR * len(found)
    between = sql.blocks_between(**place, first_id=first, last_id=last, most=most + 1)
    return bool((await core.db.fetch(between))[0][0] <= most)


async def _page(core: Core, sources: _Sources, request: PageRequest) -> list[str]:
    is_back = request.before is not None
    wanted, skip = request.limit + 1, 0 if is_back else request.offset
    found: list[str] = []
    async for source in sources.each():
        if source.is_last:
            found += await source.page(core, wanted - len(found), skip, is_back=is_back)
            break
        some = await source.page(core, skip + wanted - len(found), 0, is_back=is_back)
        found += some[skip:]
        skip = max(0, skip - len(some))
        if len(found) == wanted:
            break
    return found


async def _count(core: Core, sources: _Sources) -> int:
    total = 0
    async for source in sources.each():
        total += await source.count(core, MOST_COUNTED - total)
        if total == MOST_COUNTED:
            break
    return total


async def _sizes(core: Core, found: Sequence[str]) -> list[Row]:
    """In the same order, as ``messages_page`` has them."""
    sizes = dict(map(tuple, await core.db.fetch(sql.messages_sizes(ids=listed(found)))))
    return [(id, sizes[id]) for id in found if id in sizes]
