"""A bound on the bytes in work at once, so that memory stays flat whatever arrives together."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Budget:
    """Grants permits by size, first come first served; one larger than the whole budget waits until it is alone."""

    def __init__(self, limit_bytes: int) -> None:
        """Set the bound."""
        self._limit = limit_bytes
        self._used = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def hold(self, size_bytes: int) -> AsyncIterator[None]:
        """Wait for room, keep it for the length of the block."""
        size = await self.take(size_bytes)
        try:
            yield
        finally:
            self.give(size)

    async def take(self, size_bytes: int) -> int:
        """Wait for room; what was granted must be given back."""
        size = min(size_bytes, self._limit)
        await self._acquire(size)
        return size

    def give(self, size: int) -> None:
        """Give back what was granted."""
        self._used -= size
        self._wake()

    async def _acquire(self, size: int) -> None:
        if not self._waiting and self._used + size <= self._limit:
            self._used += size
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (size, turn)
        self._waiting.append(entry)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._used -= size
            elif entry in self._waiting:
                # else it was passed over already, by whoever made room since
                self._waiting.remove(entry)
            self._wake()
            raise

    def _wake(self) -> None:
        while self._waiting and self._used + self._waiting[0][0] <= self._limit:
            size, turn = self._waiting.popleft()
            self._used += size
            if not turn.done():
                turn.set_result(None)
            else:
                self._used -= size
