"""``scheduled_at``: ISO 8601, or English as the provider's examples have it, to a moment.

Source: Resend docs, "Schedule email", read 2026-11. The provider publishes no grammar; this one covers its examples.
It is written by hand because a general date library reads "5" and "march" as dates, and drops the hour of "tonight
at 9" without a word.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from core.clock import DAY, HOUR, MINUTE, SECOND
from core.errors import Invalid
from dialects.times import aware, moment

_FIELD: Final = "scheduled_at"
_FURTHEST: Final = 30 * DAY
# clocks differ; a moment that has only just passed means now
_SKEW: Final = 5 * MINUTE
_LONGEST: Final = 100

_UNITS: Final = {
    "sec": SECOND, "second": SECOND, "min": MINUTE, "minute": MINUTE, "hr": HOUR, "hour": HOUR, "day": DAY,
    "week": 7 * DAY,
}  # fmt: skip  # units beside their lengths
_COUNT: Final = r"(?P<count>[0-9]{1,9}|an?) (?P<unit>sec|second|min|minute|hour|hr|day|week)s?"
_SPAN: Final = re.compile(rf"in {_COUNT}|(?:{_COUNT.replace('P<', 'P<late_')}) from now")

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TONIGHT: Final = time(22)
_ZONES: Final[dict[str, tzinfo]] = {
    "utc": UTC,
    "gmt": UTC,
    "et": ZoneInfo("America/New_York"),
    "ct": ZoneInfo("America/Chicago"),
    "mt": ZoneInfo("America/Denver"),
    "pt": ZoneInfo("America/Los_Angeles"),
    **{
        name: timezone(timedelta(hours=hours))
        for hours, names in ((-4, "edt"), (-5, "est cdt"), (-6, "cst mdt"), (-7, "mst pdt"), (-8, "pst"))
        for name in names.split()
    },
}
_DAY: Final = re.compile(
    rf"(?P<next>next )?(?P<day>today|tonight|tomorrow|week|{'|'.join(_WEEKDAYS)})"
    r"(?: (?:at )?(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-5][0-9]))?(?: ?(?P<half>[ap]m))?)?"
    rf"(?: (?:(?P<zone>{'|'.join(_ZONES)})|(?:utc|gmt)(?P<shift>[+-][0-9]{{1,2}})(?::?(?P<more>[0-5][0-9]))?))?"
)


def scheduled(text: str, now: int) -> int | None:
    """The moment to send at, None for at once; raises Invalid for what is unreadable, past or too far off."""
    at = _iso(text)
    if at is None:
        at = _english(" ".join(text.lower().split()), now) if len(text) <= _LONGEST else None
    if at is None:
        raise Invalid(_FIELD, "Use an ISO 8601 date or natural language such as `in 1 hour`.")
    if at > now + _FURTHEST + _SKEW:
        raise Invalid(_FIELD, "The date must be at most 30 days in the future.")
    if at < now - _SKEW:
        raise Invalid(_FIELD, "The date must be in the future.")
    return at if at > now else None


def _iso(text: str) -> int | None:
    """A date with or without time; without an offset it is UTC, as Python's isoformat() examples expect."""
    try:
        when = datetime.fromisoformat(text.strip())
        return moment(when if when.tzinfo is not None else when.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _english(text: str, now: int) -> int | None:
    if found := _SPAN.fullmatch(text):
        count = found["count"] or found["late_count"]
        unit = _UNITS[found["unit"] or found["late_unit"]]
        return now + (int(count) if count.isdecimal() else 1) * unit
    if found := _DAY.fullmatch(text):
        return _on_day(found, now)
    return None


def _on_day(found: re.Match[str], now: int) -> int | None:
    zone, clock = _zone(found), _time(found)
    if zone is None or (clock is None and found["hour"]):
        return None
    local = aware(now).astimezone(zone)
    clock = clock or (_TONIGHT if found["day"] == "tonight" else local.time())
    day = _date(found, local, clock)
    return None if day is None else moment(datetime.combine(day, clock, tzinfo=zone))


def _zone(found: re.Match[str]) -> tzinfo | None:
    if not found["shift"]:
        return _ZONES[found["zone"] or "utc"]
    hours, minutes = int(found["shift"]), int(found["more"] or 0)
    # UTC+14 is the furthest there is
    if abs(hours) > 14:
        return None
    return timezone(timedelta(hours=hours, minutes=-minutes if found["shift"][0] == "-" else minutes))


def _time(found: re.Match[str]) -> time | None:
    """The time of day; None where the text has none, or one that no clock shows."""
    if not found["hour"]:
        return None
    hour, half = int(found["hour"]), found["half"]
    if half is None and found["day"] == "tonight" and 1 <= hour < 12:
        half = "pm"
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, int(found["minute"] or 0)) if hour < 24 else None


def _date(found: re.Match[str], local: datetime, clock: time) -> date | None:
    """The day meant; "next friday" is the one of the next week, "friday" the first that is still to come."""
    day, today = found["day"], local.date()
    if day == "week":
        return today + timedelta(days=7) if found["next"] else None
    if day in _WEEKDAYS:
        target = _WEEKDAYS.index(day)
        if found["next"]:
            return today + timedelta(days=7 - today.weekday() + target)
        ahead = (target - today.weekday()) % 7
        return today + timedelta(days=ahead or (7 if clock <= local.time() else 0))
    if found["next"]:
        return None
    return today + timedelta(days=1) if day == "tomorrow" else today
