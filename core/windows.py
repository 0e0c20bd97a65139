"""Rate limits by fixed window, counted in this process. Bounded: keys of past windows go when there are many.

A library would do it at several times the cost, and every request of a dialect with limits passes here.
"""

from typing import Final

import msgspec

_MOST_KEYS: Final = 10_000


class Standing(msgspec.Struct, frozen=True):
    """Where a caller stands in its window. ``resets_at`` is unix seconds, ``wait_s`` the whole seconds until then."""

    limit: int
    remaining: int
    resets_at: int
    wait_s: int
    allowed: bool


class Windows:
    """Counts calls by key."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        # by key, when its window ends and how many calls it has seen
        self._counts: dict[str, tuple[int, int]] = {}

    def count(self, key: str, now: int, *, limit: int, window_s: int = 1) -> Standing:
        """Count a call at a moment in microseconds; ``limit`` calls in each window, 0 for no limit."""
        second = now // 1_000_000
        resets_at = second - second % window_s + window_s
        used = self._used(key, resets_at) + 1
        if key not in self._counts and len(self._counts) >= _MOST_KEYS:
            self._counts = {each: row for each, row in self._counts.items() if row[0] > second}
        self._counts[key] = (resets_at, used)
        allowed = used <= limit or limit == 0
        return Standing(limit, max(0, limit - used), resets_at, max(1, resets_at - second), allowed)

    def wait_s(self, key: str, now: int, *, limit: int, window_s: int) -> int:
        """Whole seconds for which a further call would be one too many, 0 where it is not; counts nothing."""
        second = now // 1_000_000
        resets_at = second - second % window_s + window_s
        return max(1, resets_at - second) if self._used(key, resets_at) >= limit else 0

    def _used(self, key: str, resets_at: int) -> int:
        held = self._counts.get(key)
        return held[1] if held is not None and held[0] == resets_at else 0
