"""What one process has under way to each destination, and how much of it there may be, at once and by the minute."""

from collections import Counter, OrderedDict
from typing import Final

from core.clock import SECOND
from core.core import Policy

# of a destination that has not answered yet, no more than this is risked at once
_UNPROVEN: Final = 2
_REMEMBERED: Final = 10_000
# a rate is kept over this time and not from one message to the next
_WINDOW_S: Final = 10
_MINUTE_S: Final = 60


class Traffic:
    """Counts of jobs by destination."""

    def __init__(self, policy: Policy) -> None:
        """Nothing is under way."""
        self._most = policy.destination_concurrency
        per_minute = policy.destination_per_minute
        self._interval = _MINUTE_S * SECOND // per_minute if per_minute else 0
        self._window = max(_WINDOW_S * SECOND, self._interval)
        self._entered: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._proven: OrderedDict[str, None] = OrderedDict()
        # by destination: the moment up to which the rate is used up
        self._used: dict[str, int] = {}

    def under_way(self, name: str) -> int:
        """How many jobs."""
        return self._counts[name]

    def room(self, name: str, now: int) -> int:
        """How many more may be begun."""
        most = self._most if name in self._proven else min(_UNPROVEN, self._most)
        room = most - self._counts[name]
        if self._interval:
            used = max(self._used.get(name, 0), now - self._window)
            room = min(room, (now - used) // self._interval)
        return room

    def has_much_room(self, name: str) -> bool:
        """Whether it is worth a trip to the store to fetch more."""
        return self._counts[name] <= self._most // 2

    def enter(self, job_id: str, name: str, now: int) -> None:
        """A job begins."""
        self._entered[job_id] = name
        self._counts[name] += 1
        if self._interval:
            self._used[name] = max(self._used.get(name, 0), now - self._window) + self._interval
            if len(self._used) > _REMEMBERED:
                self._used = {each: until for each, until in self._used.items() if until > now - self._window}

    def leave(self, job_id: str) -> str:
        """A job has ended, or is no longer ours; its destination, empty where it was not counted."""
        name = self._entered.pop(job_id, "")
        if name:
            self._counts[name] -= 1
            if not self._counts[name]:
                del self._counts[name]
        return name

    def prove(self, name: str, *, good: bool) -> None:
        """A destination has answered, or could not be reached."""
        self._proven.pop(name, None)
        if good:
            self._proven[name] = None
            if len(self._proven) > _REMEMBERED:
                self._proven.popitem(last=False)
