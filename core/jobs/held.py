"""What one worker has in its hands, and until when it may count on that.

A lease is kept by the store's rows; here is what this process knows of it, by a clock that nobody sets. Whoever was
away longer than a lease (a store that failed over, a process that stood still) learns it from here before sending.
"""

import time
from collections.abc import Callable, Collection, Iterable
from typing import Final

# the share of a lease that must be left for a conversation to begin
_MARGIN: Final = 1 / 6


class Held:
    """Jobs by id with the end of their lease on the monotonic clock, and which of them were begun."""

    def __init__(
        self,
        lease_s: float,
        ended: Callable[[], None] = lambda: None,
        left: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``ended`` is called when a job has left these hands recorded, ``left`` however it has left them."""
        self._lease_s = lease_s
        self._ended = ended
        self._left = left
        self._until: dict[str, float] = {}
        self._begun: set[str] = set()

    def __len__(self) -> int:
        """How many jobs."""
        return len(self._until)

    def __contains__(self, id_: object) -> bool:
        """Whether the job is in these hands, as far as is known."""
        return id_ in self._until

    def take(self, ids: Iterable[str], asked_at: float) -> None:
        """Hold jobs for a lease from ``asked_at`` on: when the store was asked, which was before it answered."""
        self._until.update(dict.fromkeys(ids, asked_at + self._lease_s))

    def leases(self) -> dict[str, float]:
        """Every job with the end of its lease."""
        return dict(self._until)

    def keep(self, asked: dict[str, float], kept: Collection[str], asked_at: float) -> list[str]:
        """Hold what the store prolonged and drop the others of those asked for; the ids that were lost."""
        # what ended or came back while the store was asked is no business of its answer
        same = [id_ for id_, until in asked.items() if self._until.get(id_) == until]
        lost = [id_ for id_ in same if id_ not in kept]
        self.take((id_ for id_ in same if id_ in kept), asked_at)
        self._drop(lost)
        return lost

    def begin(self, id_: str) -> bool:
        """Note that the job is about to be worked on; False where it is not ours for long enough."""
        if self.is_safe(id_):
            self._begun.add(id_)
            return True
        return False

    def is_safe(self, id_: str) -> bool:
        """Whether the job is ours and its lease not about to end."""
        return self._until.get(id_, 0) - time.monotonic() > self._lease_s * _MARGIN

    def end(self, id_: str) -> None:
        """The job is recorded."""
        self._drop([id_])
        self._ended()

    def let_go(self, ids: Iterable[str]) -> tuple[list[str], list[str]]:
        """Drop what is still held of these; which of it was begun, and which was not."""
        left = [id_ for id_ in ids if id_ in self._until]
        begun = [id_ for id_ in left if id_ in self._begun]
        untouched = [id_ for id_ in left if id_ not in self._begun]
        self._drop(left)
        return begun, untouched

    def _drop(self, ids: Iterable[str]) -> None:
        for id_ in ids:
            self._begun.discard(id_)
            if self._until.pop(id_, None) is not None:
                self._left(id_)
