"""Moments in queries."""

from datetime import UTC, datetime

import pytest

from core.errors import Invalid
from dialects.postmark.dates import eastern, end, start
from dialects.times import moment


def _utc(*parts: int) -> int:
    return moment(datetime(*parts, tzinfo=UTC))  # type: ignore[arg-type,misc]  # year to microsecond


@pytest.mark.parametrize(
    ("text", "first", "beyond"),
    [
        # winter and summer in New York; a bare day lasts to its midnight, 23 hours when the clocks go forward
        ("2024-1-5", _utc(2024, 1, 5, 5), _utc(2024, 1, 6, 5)),
        ("2024-07-05", _utc(2024, 7, 5, 4), _utc(2024, 7, 6, 4)),
        ("2024-03-10", _utc(2024, 3, 10, 5), _utc(2024, 3, 11, 4)),
        # a moment belongs to the range on both sides, to the millisecond
        ("2024-01-05T10:00:00", _utc(2024, 1, 5, 15), _utc(2024, 1, 5, 15, 0, 0, 1000)),
        ("2024-01-05 10:00", _utc(2024, 1, 5, 15), _utc(2024, 1, 5, 15, 0, 0, 1000)),
        (
            "2024-01-05T10:00:00.1234567Z",
            _utc(2024, 1, 5, 10, 0, 0, 123456),
            _utc(2024, 1, 5, 10, 0, 0, 124456),
        ),
        (
            "2024-01-05T10:00:00.5-05:00",
            _utc(2024, 1, 5, 15, 0, 0, 500000),
            _utc(2024, 1, 5, 15, 0, 0, 501000),
        ),
        ("2024-01-05T10:00:00 0200", _utc(2024, 1, 5, 8), _utc(2024, 1, 5, 8, 0, 0, 1000)),
        ("0001-01-01", 0, 0),
    ],
)
def test_bounds_are_inclusive(text: str, first: int, beyond: int) -> None:
    """A lower bound takes its moment in, an upper one its whole day or moment."""
    assert first == start(text, "fromdate")
    assert beyond == end(text, "todate")


@pytest.mark.parametrize(
    "text", ["x", "2024", "2024-13-01", "2024-02-30", "2024-01-05T25:00:00", "9999-12-31", "²⁰²⁴-01-01"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    """The field is named; the last day there is has no end."""
    with pytest.raises(Invalid) as caught:
        end(text, "todate")

    assert ("todate", "search") == (caught.value.field, caught.value.kind)


def test_moments_are_shown_in_new_york() -> None:
    """Seven digits and the offset of the season."""
    assert "2024-07-05T00:00:00.0000010-04:00" == eastern(_utc(2024, 7, 5, 4, 0, 0, 1))
    assert "2024-01-05T00:00:00.0000000-05:00" == eastern(_utc(2024, 1, 5, 5))
