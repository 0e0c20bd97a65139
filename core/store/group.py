"""Group commit: whatever waits is written together, one batch in flight; while it commits, the next collects.

There is no timer: an idle group starts a batch at once or after a few turns of the loop, a busy one fills the next. One
``fsync`` then serves as many callers as there are.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from core.store.database import StoreUnavailable

U = TypeVar("U")


class Group(Generic[U]):
    """Collects units of work and hands them on in batches; ``add`` returns when its unit's batch is durable."""

    def __init__(
        self,
        commit: Callable[[list[U]], Awaitable[None]],
        *,
        gathers: bool = True,
        most: int = 512,
        most_bytes: int = 8 << 20,
    ) -> None:
        """``commit`` writes a batch in one transaction and raises where nothing of it was kept.

        ``gathers``: a batch waits for the loop to turn. That pays where writing takes this process's own time, which
        fuller batches save; a server that writes beside us works meanwhile, and should begin at once (measured: a
        tenth more on either engine than the other way round).
        """
        self._commit = commit
        self._gathers = gathers
        self._most = most
        self._most_bytes = most_bytes
        self._waiting: deque[tuple[U, int, asyncio.Future[None]]] = deque()
        self._running: asyncio.Task[None] | None = None

    async def add(self, unit: U, size_bytes: int = 0) -> None:
        """Wait until the unit is on disk; raises what made its own commit fail."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((unit, size_bytes, done))
        if self._running is None:
            self._running = asyncio.create_task(self._drain())
        await done

    async def close(self) -> None:
        """Wait until nothing waits."""
        while self._running is not None:
            await asyncio.wait([self._running])

    async def _drain(self) -> None:
        try:
            while self._waiting:
                if self._gathers:
                    await self._gather()
                await self._write(self._take())
        finally:
            self._running = None

    async def _gather(self) -> None:
        """Let the loop turn as long as each turn brings more: what was read from sockets together shares a batch."""
        seen = 0
        while seen < len(self._waiting) < self._most:
            seen = len(self._waiting)
            await asyncio.sleep(0)

    def _take(self) -> list[tuple[U, asyncio.Future[None]]]:
        batch: list[tuple[U, asyncio.Future[None]]] = []
        size = 0
        while self._waiting and len(batch) < self._most:
            unit, unit_size, done = self._waiting[0]
            size += unit_size
            if batch and size > self._most_bytes:
                break
            self._waiting.popleft()
            batch.append((unit, done))
        return batch

    async def _write(self, batch: list[tuple[U, asyncio.Future[None]]]) -> None:
        try:
            await self._commit([unit for unit, _ in batch])
        except StoreUnavailable as error:
            _settle(batch, error)
        except Exception as error:  # noqa: BLE001  # handed to the caller whose unit it was
            if len(batch) == 1:
                _settle(batch, error)
                return
            # one unit the engine refuses must not spoil its batch: each again, alone
            for entry in batch:
                await self._write([entry])
        else:
            _settle(batch, None)


def _settle(batch: list[tuple[U, "asyncio.Future[None]"]], error: Exception | None) -> None:
    for _, done in batch:
        if done.done():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
