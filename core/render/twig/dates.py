"""Twig's filters on dates, in PHP's letters.

Source: PHP manual, "DateTime::format". A date without a zone is read in the zone of the message.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.render.runtime import Flaw, Scope
from core.render.source import Value
from core.render.twig import php

_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905
_RELATIVE = re.compile(
    r"\s*([+-]?)\s*(\d{1,6})\s*(sec|second|min|minute|hour|day|week|month|year)s?(\s+ago)?"
)
_SECONDS = {"sec": 1, "second": 1, "min": 60, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_LETTERS_LIMIT = 500
_DAY_WORDS = {"today": 0, "midnight": 0, "tomorrow": 1, "yesterday": -1}


def _suffix(day: int) -> str:
    return "th" if day in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _offset(moment: datetime, separator: str) -> str:
    minutes = int((moment.utcoffset() or timedelta()).total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{separator}{abs(minutes) % 60:02d}"


def _zone_name(moment: datetime) -> str:
    return moment.tzinfo.key if isinstance(moment.tzinfo, ZoneInfo) else _offset(moment, ":")


def _days_in_month(moment: datetime) -> int:
    return (_shifted_months(moment.replace(day=1), 1) - timedelta(days=1)).day


_LETTERS: Mapping[str, Callable[[datetime], str]] = {
    "d": lambda at: f"{at.day:02d}",
    "D": lambda at: _DAYS[at.weekday()][:3],
    "j": lambda at: str(at.day),
    "l": lambda at: _DAYS[at.weekday()],
    "N": lambda at: str(at.isoweekday()),
    "S": lambda at: _suffix(at.day),
    "w": lambda at: str(at.isoweekday() % 7),
    "z": lambda at: str(at.timetuple().tm_yday - 1),
    "W": lambda at: f"{at.isocalendar().week:02d}",
    "F": lambda at: _MONTHS[at.month - 1],
    "m": lambda at: f"{at.month:02d}",
    "M": lambda at: _MONTHS[at.month - 1][:3],
    "n": lambda at: str(at.month),
    "t": lambda at: str(_days_in_month(at)),
    "L": lambda at: str(int(_is_leap(at.year))),
    "o": lambda at: str(at.isocalendar().year),
    "Y": lambda at: f"{at.year:04d}",
    "y": lambda at: f"{at.year % 100:02d}",
    "a": lambda at: "am" if at.hour < 12 else "pm",
    "A": lambda at: "AM" if at.hour < 12 else "PM",
    "g": lambda at: str(at.hour % 12 or 12),
    "G": lambda at: str(at.hour),
    "h": lambda at: f"{at.hour % 12 or 12:02d}",
    "H": lambda at: f"{at.hour:02d}",
    "i": lambda at: f"{at.minute:02d}",
    "s": lambda at: f"{at.second:02d}",
    "u": lambda at: f"{at.microsecond:06d}",
    "v": lambda at: f"{at.microsecond // 1000:03d}",
    "e": _zone_name,
    "I": lambda at: str(int(bool(at.dst()))),
    "O": lambda at: _offset(at, ""),
    "P": lambda at: _offset(at, ":"),
    "p": lambda at: "Z" if _offset(at, ":") == "+00:00" else _offset(at, ":"),
    "T": lambda at: (isinstance(at.tzinfo, ZoneInfo) and at.tzname()) or _offset(at, ":"),
    "Z": lambda at: str(int((at.utcoffset() or timedelta()).total_seconds())),
    "U": lambda at: str(int(at.timestamp())),
    "c": lambda at: written(at, "Y-m-d\\TH:i:sP"),
    "r": lambda at: written(at, "D, d M Y H:i:s O"),
}


def written(moment: datetime, letters: str) -> str:
    """A moment in PHP's letters; a backslash makes the next letter itself."""
    pieces: list[str] = []
    rest = iter(letters)
    for letter in rest:
        if letter == "\\":
            pieces.append(next(rest, ""))
        else:
            pieces.append(_LETTERS[letter](moment) if letter in _LETTERS else letter)
    return "".join(pieces)


def _zone(name: Value) -> tzinfo:
    try:
        return ZoneInfo(php.text(name))
    except (LookupError, ValueError, OSError) as error:
        raise Flaw("unknown time zone") from error


def moment(scope: Scope, value: Value, zone: Value = None) -> datetime:
    """A value as a moment in a zone; nothing is now, a number is seconds since 1970. Raises Flaw."""
    local = _zone(scope.options.timezone if zone is None or zone is False else zone)
    found = _read(scope, value, local)
    return found if zone is False else found.astimezone(local)


def _read(scope: Scope, value: Value, local: tzinfo) -> datetime:
    now = datetime.fromtimestamp(scope.now() / 1_000_000, UTC).astimezone(local)
    if php.empty(value):
        return now
    if isinstance(value, str) and (found := php.numeric(value)) is None:
        return _read_text(value.strip(), now, local)
    if isinstance(value, list | dict):
        raise Flaw("a date is needed")
    return datetime.fromtimestamp(float(found if isinstance(value, str) else php.number(value)), UTC)  # type: ignore[arg-type]


def _read_text(text: str, now: datetime, local: tzinfo) -> datetime:
    word = text.lower()
    if word == "now":
        return now
    if word in _DAY_WORDS:
        return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=_DAY_WORDS[word])
    if _RELATIVE.match(word):
        return _shifted(now, word)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = _read_mail_date(text)
    return found.replace(tzinfo=local) if found.tzinfo is None else found


def _read_mail_date(text: str) -> datetime:
    try:
        return parsedate_to_datetime(text[:100])
    except (ValueError, TypeError, IndexError) as error:
        raise Flaw("a text is no date") from error


def _shifted(at: datetime, change: str) -> datetime:
    """A moment moved by words such as ``+1 day`` or ``2 weeks ago``."""
    end = 0
    while found := _RELATIVE.match(change, end):
        sign, amount, unit, ago = found.groups()
        count = -int(amount) if (sign == "-") != bool(ago) else int(amount)
        if unit in {"month", "year"}:
            at = _shifted_months(at, count * (12 if unit == "year" else 1))
        else:
            at += timedelta(seconds=count * _SECONDS[unit])
        end = found.end()
    if end == 0 or change[end:].strip():
        raise Flaw("a text is no change of a date")
    return at


def _shifted_months(at: datetime, months: int) -> datetime:
    """As PHP counts: the 31st of a month without one is the 1st, 2nd or 3rd of the next."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    return at.replace(year=year, month=month + 1, day=1) + timedelta(days=at.day - 1)


def _date(  # the name is Twig's own: templates may write date(format="Y")
    scope: Scope,
    value: Value,
    format: Value = None,  # noqa: A002  # see above
    timezone: Value = None,
) -> str:
    letters = "F j, Y H:i" if format is None else php.text(format)
    if len(letters) > _LETTERS_LIMIT:
        raise Flaw("the date's format is too long")
    return written(moment(scope, value, timezone), letters)


def _date_modify(scope: Scope, value: Value, modifier: Value) -> str:
    changed = _shifted(moment(scope, value), php.text(modifier).lower())
    return changed.isoformat()


FILTERS: Mapping[str, Callable[..., Any]] = {"date": _date, "date_modify": _date_modify}
