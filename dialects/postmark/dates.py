"""Moments in queries: a day or a time, in US Eastern where no zone is said.

Source: Postmark developer docs, "Messages", and what its SDKs send, read 2026-11.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from core.errors import Invalid
from dialects.times import moment, zoned

EASTERN: Final = ZoneInfo("America/New_York")
_MILLISECOND: Final = 1000
# a plus sign that was not escaped arrives as a space
_FORM: Final = re.compile(
    r"(\d{4}-\d{1,2}-\d{1,2})(?:[T ](\d{1,2}:\d\d(?::\d\d)?)(?:\.(\d{1,7}))?(?:(Z)|([+ -])(\d\d):?(\d\d))?)?",
    re.IGNORECASE | re.ASCII,
)


def eastern(at: int) -> str:
    """A moment as lists show it."""
    return zoned(at, EASTERN)


def start(text: str | None, field: str) -> int | None:
    """The first moment that a lower bound takes in; raises Invalid("search")."""
    return _bound(text, field, timedelta(0)) if text else None


def end(text: str | None, field: str) -> int | None:
    """The first moment that an upper bound leaves out: bounds are inclusive, a bare day holds all its hours."""
    return _bound(text, field, timedelta(days=1)) if text else None


def day(text: str | None, field: str, kind: str) -> str | None:
    """The day that a moment is of, ``2026-03-04``, for a bound that takes it in; raises Invalid of a kind."""
    if not text:
        return None
    try:
        at = _bound(text, field, timedelta(0))
    except Invalid as error:
        raise Invalid(error.field, error.reason, kind=kind) from error
    return eastern(at)[:10]


def _bound(text: str, field: str, bare: timedelta) -> int:
    found = _FORM.fullmatch(text.strip())
    bad = Invalid(field, f"The '{field}' parameter is not a valid date.", kind="search")
    if found is None:
        raise bad
    try:
        at = _read(found, bare)
    except (ValueError, OverflowError) as error:
        raise bad from error
    # ids tell moments to the millisecond, so an inclusive bound ends with it
    inclusive = bool(bare) and found[2] is not None
    return max(0, at + _MILLISECOND if inclusive else at)


def _read(found: re.Match[str], bare: timedelta) -> int:
    day, time, fraction, utc, sign, hours, minutes = found.groups()
    year, month, date = (int(part) for part in day.split("-"))
    if time is None:
        return moment(datetime(year, month, date, tzinfo=EASTERN) + bare)
    zone = UTC if utc else _offset(sign, hours, minutes)
    hour, minute, second = (int(part) for part in f"{time}:00".split(":")[:3])
    whole = datetime(year, month, date, hour, minute, second, tzinfo=zone)
    return moment(whole) + int((fraction or "0").ljust(6, "0")[:6])


def _offset(sign: str | None, hours: str, minutes: str) -> tzinfo:
    if sign is None:
        return EASTERN
    shift = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-shift if sign == "-" else shift)
