"""Integers for dialects that insist on them: unique in the installation, rising within a process, taken in blocks.

A block costs one small transaction per thousand numbers, so that no counter row is shared between requests. What a
process did not use of its block is lost.
"""

import asyncio
from typing import Final

from core.store.database import Database, write
from core.store.statements import sql

_BLOCK: Final = 1000


class Numbers:
    """Hands out the next number of a named row of integers, beginning at 1."""

    def __init__(self, db: Database) -> None:
        """Nothing is taken before it is asked for."""
        self._db = db
        self._blocks: dict[str, tuple[int, int]] = {}
        self._lock = asyncio.Lock()

    async def take(self, name: str, count: int = 1) -> int:
        """The first of ``count`` numbers in a row."""
        start, end = self._blocks.get(name, (0, 0))
        if end - start < count:
            return await self._refill(name, count)
        self._blocks[name] = (start + count, end)
        return start

    async def _refill(self, name: str, count: int) -> int:
        async with self._lock:
            start, end = self._blocks.get(name, (0, 0))
            if end - start < count:
                size = max(_BLOCK, count)
                found = await write(self._db, sql.counter_advance(name=name, size=size))
                end = found[0][0][0]
                start = end - size
            self._blocks[name] = (start + count, end)
            return start
