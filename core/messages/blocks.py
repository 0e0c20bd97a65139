"""Words of lines, packed: what a block of successive lines does not contain need not be looked for in its lines.

A block says no more than that. Its lines are read for the answer, and it loses all its words with the first line that
does, in the same commit; until it is packed again, it counts as one that contains everything.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from core.core import Core
from core.store.database import Row
from core.store.statements import sql

# short enough that PostgreSQL neither compresses a row nor keeps it apart, and SQLite has it in one page
_BYTES: Final = 1800
_LINES: Final = 100
# what one commit packs: whoever accepts mail waits meanwhile
_PORTION: Final = 1000
_AGAIN: Final = 20
_WORKSPACES: Final = 200
# as the columns of a line are read
_FIELDS: Final = ("subject", "metadata")


async def pack(core: Core) -> None:
    """Pack what was opened and what is new. Safe to repeat, and to run at once with itself."""
    while await core.db.fetch(sql.blocks_are_open()):
        await _again(core)
    after = ""
    while up_to := (await core.db.fetch(sql.blocks_workspaces(after=after, count=_WORKSPACES)))[0][0]:
        behind = sql.blocks_behind(after=after, up_to=up_to, few=_LINES - 1)
        for workspace_id, environment in await core.db.fetch(behind):
            while await _next(core, workspace_id, environment):
                pass
        after = up_to


async def _again(core: Core) -> None:
    """Pack what is left of some that were opened."""
    began = time.monotonic()
    async with core.db.transaction() as work:
        # what is read is what is written: nobody takes anything away meanwhile
        _, found = await work.run(sql.lines_hold(), sql.blocks_opened(count=_AGAIN))
        fill: list[tuple[str, ...]] = []
        drop: list[tuple[str, ...]] = []
        for (*place, first_id), group in groupby(found, lambda row: tuple(row[:3])):
            lines = [row[2:] for row in group if row[3] is not None]
            if lines:
                fill += [(words, *place, field, first_id) for field, words in _words(lines)]
            else:
                drop += [(*place, field, first_id) for field in _FIELDS]
        await work.run(sql.block_fill.many(fill), sql.block_drop.many(drop))
    await _rest(began)


async def _next(core: Core, workspace_id: str, environment: str) -> bool:
    """Pack a portion of what follows; whether there may be more."""
    began = time.monotonic()
    place = {"workspace_id": workspace_id, "environment": environment}
    async with core.db.transaction() as work:
        _, lines = await work.run(sql.lines_hold(), sql.blocks_next(**place, count=_PORTION))
        made = [
            (workspace_id, environment, field, block[0][0], block[-1][0], words)
            for block in _full(lines)
            for field, words in _words(block)
        ]
        await work.run(sql.block_insert.many(made))
    await _rest(began)
    return len(lines) == _PORTION


async def _rest(began: float) -> None:
    """As long again for everybody else."""
    await asyncio.sleep(time.monotonic() - began)


def _full(lines: Sequence[Row]) -> Iterator[list[Row]]:
    """Successive blocks; the last lines that would not fill one wait for others."""
    block: list[Row] = []
    sizes = [0] * len(_FIELDS)
    for line in lines:
        added = [len(text.encode()) + 1 for text in line[1:]]
        if block and (len(block) == _LINES or any(a + b > _BYTES for a, b in zip(sizes, added, strict=True))):
            yield block
            block, sizes = [], [0] * len(_FIELDS)
        block.append(line)
        sizes = [a + b for a, b in zip(sizes, added, strict=True)]
    if len(block) == _LINES:
        yield block


def _words(lines: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """By field. A word stands in a block wherever it stands in one of its lines: they follow each other whole."""
    for position, field in enumerate(_FIELDS, 1):
        yield field, "\n".join(line[position] for line in lines)
