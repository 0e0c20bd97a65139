"""``scheduled_at`` is read as its author meant it, or refused."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.clock import DAY, MINUTE, SECOND
from core.errors import Invalid
from dialects.resend.moments import scheduled
from dialects.times import iso, moment

# a Monday
_NOW = moment(datetime(2026, 11, 23, 6, 30, 15, tzinfo=UTC))

_READ = [
    ("2026-11-25T11:52:01.858Z", "2026-11-25T11:52:01"),
    ("2026-11-25T11:52:01+00:00", "2026-11-25T11:52:01"),
    ("2026-11-25T11:52:01+0000", "2026-11-25T11:52:01"),
    ("2026-11-25T04:52:01-0700", "2026-11-25T11:52:01"),
    ("2026-11-25 11:52:01.858+00", "2026-11-25T11:52:01"),
    ("2026-11-25T11:52:01.123456", "2026-11-25T11:52:01"),
    (" 2026-11-25T11:52:01Z ", "2026-11-25T11:52:01"),
    ("in 1 min", "2026-11-23T06:31:15"),
    ("in 5 min", "2026-11-23T06:35:15"),
    ("in 90 seconds", "2026-11-23T06:31:45"),
    ("In 1 Hour", "2026-11-23T07:30:15"),
    ("in  an  hour", "2026-11-23T07:30:15"),
    ("in 2 hrs", "2026-11-23T08:30:15"),
    ("in 2 days", "2026-11-25T06:30:15"),
    ("in a week", "2026-11-30T06:30:15"),
    ("10 minutes from now", "2026-11-23T06:40:15"),
    ("today at 11:30pm PT", "2026-11-23T07:30:00"),
    ("today at 3pm", "2026-11-23T15:00:00"),
    ("today at 15:45 UTC", "2026-11-23T15:45:00"),
    ("tonight", "2026-11-23T22:00:00"),
    ("tonight at 9", "2026-11-23T21:00:00"),
    ("tomorrow", "2026-11-24T06:30:15"),
    ("tomorrow at 9am", "2026-11-24T09:00:00"),
    ("tomorrow at 12 am", "2026-11-24T00:00:00"),
    ("tomorrow at 12pm UTC+2", "2026-11-24T10:00:00"),
    ("tomorrow 9:30 gmt-5:30", "2026-11-24T15:00:00"),
    ("Friday at 3pm ET", "2026-11-27T20:00:00"),
    ("friday at 3pm EDT", "2026-11-27T19:00:00"),
    ("monday at 6am", "2026-11-30T06:00:00"),
    ("monday at 7am", "2026-11-23T07:00:00"),
    ("next monday at 7am", "2026-11-30T07:00:00"),
    ("next friday", "2026-12-04T06:30:15"),
    ("next week", "2026-11-30T06:30:15"),
    ("next week at 8:05am ct", "2026-11-30T14:05:00"),
]
_REFUSED = [
    "soon", "5", "in", "in 5", "in five minutes", "in 5 months", "week", "next today", "next tomorrow", "friday at 25",
    "friday at 13pm", "friday at 0am", "friday at 9:60", "tomorrow at", "tomorrow utc+15", "tomorrow at 9 xyz", "2026",
    "2026-13-01T00:00:00Z", "in 999999999 weeks", "9999-12-31T23:59:59-12:00", "1970-01-01", "in 5 minutes please",
    "today at 5am", "today at 15:00 PST", "tonight at 12am PT", "\0", "in ٣ days", "in 1 min" + " " * 200 + "x",
]  # fmt: skip  # a table


@pytest.mark.parametrize(("text", "expected"), _READ)
def test_read(text: str, expected: str) -> None:
    """Both forms, every unit, day and zone."""
    at = scheduled(text, _NOW)
    assert at is not None
    assert f"{expected}Z" == iso(at, digits=0)


@pytest.mark.parametrize("text", _REFUSED)
def test_refused(text: str) -> None:
    """What cannot be read, has passed, or is too far off is refused for its field."""
    with pytest.raises(Invalid) as refusal:
        scheduled(text, _NOW)
    assert "scheduled_at" == refusal.value.field


def test_clocks_differ() -> None:
    """A moment that passed minutes ago means at once; thirty days are measured as generously."""
    assert scheduled(iso(_NOW - 4 * MINUTE), _NOW) is None
    assert _NOW + 30 * DAY + MINUTE == scheduled(iso(_NOW + 30 * DAY + MINUTE, digits=6), _NOW)
    for at in (_NOW - 6 * MINUTE, _NOW + 30 * DAY + 6 * MINUTE):
        with pytest.raises(Invalid):
            scheduled(iso(at), _NOW)


@given(some.text(max_size=120))
def test_any_text(text: str) -> None:
    """Whatever is written, the answer is a moment or a refusal."""
    try:
        at = scheduled(text, _NOW)
    except Invalid:
        return
    assert at is None or _NOW < at


@given(some.timedeltas(timedelta(seconds=1), timedelta(days=30)), some.integers(-14, 14))
def test_iso_in_any_zone(ahead: timedelta, hours: int) -> None:
    """A moment is the same one whatever offset it is written with."""
    at = _NOW + (ahead // timedelta(microseconds=1)) // SECOND * SECOND
    local = datetime.fromtimestamp(at // SECOND, UTC) + timedelta(hours=hours)
    assert at == scheduled(f"{local:%Y-%m-%dT%H:%M:%S}{hours:+03d}:00", _NOW)
