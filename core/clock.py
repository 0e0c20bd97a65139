"""The only place that reads time.

A moment is an ``int``: microseconds since 1970 UTC, in Python as in SQL. One form end to end costs no conversion
on the accept path and cannot lose its zone; dialects turn it into their own words with ``dialects.times``.
"""

import time
from typing import Protocol

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock(Protocol):
    """Tells the moment."""

    def now(self) -> int:
        """Microseconds since 1970 UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """Microseconds since 1970 UTC."""
        return time.time_ns() // 1000
