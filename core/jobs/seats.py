"""So many jobs in work at once; one that waits for a stranger's server gives its seat up after a moment.

What it waits with is next to nothing, and whoever is silent should not keep others from being served.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

# most conversations end within this
_PATIENCE_S: Final = 1.0
# beyond it whoever waits keeps the seat: sockets and memory are not endless
_MOST_WAITING: Final = 1000


class Seats:
    """A number of seats, and of those that gave theirs up."""

    def __init__(
        self, count: int, *, patience_s: float = _PATIENCE_S, most_waiting: int = _MOST_WAITING
    ) -> None:
        """All are free."""
        self._free = asyncio.Semaphore(count)
        self._patience_s = patience_s
        self._most_waiting = most_waiting
        self.waiting = 0

    @asynccontextmanager
    async def take(self) -> AsyncIterator["Seat"]:
        """Wait for a seat, and have it for the length of the block."""
        await self._free.acquire()
        seat = Seat(self)
        try:
            yield seat
        finally:
            seat.leave()

    def give_up(self) -> bool:
        """One may wait without a seat; whether it may."""
        if self.waiting >= self._most_waiting:
            return False
        self.waiting += 1
        self._free.release()
        return True

    def end(self, *, given_up: bool) -> None:
        """One has ended."""
        if given_up:
            self.waiting -= 1
        else:
            self._free.release()

    @property
    def patience_s(self) -> float:
        """How long a seat is kept by who waits."""
        return self._patience_s


class Seat:
    """One job's."""

    def __init__(self, seats: Seats) -> None:
        """It was taken."""
        self._seats = seats
        self._given_up = False

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """In this block others are waited for: what takes long does without the seat from then on."""
        timer = asyncio.get_running_loop().call_later(self._seats.patience_s, self._give_up)
        try:
            yield
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        if not self._given_up:
            self._given_up = self._seats.give_up()

    def leave(self) -> None:
        """The job has ended."""
        self._seats.end(given_up=self._given_up)
