"""Moments in the forms that providers print; a moment is microseconds since 1970 UTC."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def aware(at: int) -> datetime:
    """As an aware datetime in UTC."""
    return _EPOCH + timedelta(microseconds=at)


def moment(when: datetime) -> int:
    """Of an aware datetime."""
    return (when - _EPOCH) // timedelta(microseconds=1)


@lru_cache(maxsize=256)
def _second(second: int) -> str:
    return aware(second * 1_000_000).strftime("%Y-%m-%dT%H:%M:%S")


def iso(at: int, *, digits: int = 3) -> str:
    """``2026-04-03T22:13:42.674Z`` with so many digits of a second, up to seven."""
    second, rest = divmod(at, 1_000_000)
    fraction = f"{rest:06d}0"[:digits]
    return f"{_second(second)}.{fraction}Z" if digits else f"{_second(second)}Z"


def offset(at: int) -> str:
    """``2026-04-03T22:13:42+00:00``, without a fraction."""
    return _second(at // 1_000_000) + "+00:00"


def blank(at: int) -> str:
    """``2026-04-03 22:13:42``, UTC without saying so."""
    return _second(at // 1_000_000).replace("T", " ")


def zoned(at: int, zone: ZoneInfo, *, digits: int = 7) -> str:
    """``2026-04-03T18:13:42.6740000-04:00`` in a time zone."""
    # a list has thousands of them, and strftime takes several times as long
    local = aware(at).astimezone(zone).isoformat(timespec="seconds")
    fraction = f".{at % 1_000_000:06d}0"[: digits + 1] if digits else ""
    return f"{local[:19]}{fraction}{local[19:25]}"
