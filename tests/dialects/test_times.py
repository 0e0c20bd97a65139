from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialects import times

AT = 1_775_254_422_674_009
MOMENTS = st.integers(min_value=-2_000_000_000_000_000, max_value=4_000_000_000_000_000)


@pytest.mark.parametrize(
    ("expected", "shown"),
    [
        ("2026-04-03T22:13:42.674Z", times.iso(AT)),
        ("2026-04-03T22:13:42.6740090Z", times.iso(AT, digits=7)),
        ("2026-04-03T22:13:42.674009Z", times.iso(AT, digits=6)),
        ("2026-04-03T22:13:42Z", times.iso(AT, digits=0)),
        ("1970-01-01T00:00:00.000Z", times.iso(0)),
        ("1969-12-31T23:59:59.999Z", times.iso(-1)),
        ("2026-04-03T22:13:42+00:00", times.offset(AT)),
        ("2026-04-03 22:13:42", times.blank(AT)),
        ("2026-04-03T18:13:42.6740090-04:00", times.zoned(AT, ZoneInfo("America/New_York"))),
        ("2026-04-04T03:58:42.674+05:45", times.zoned(AT, ZoneInfo("Asia/Kathmandu"), digits=3)),
        ("2026-04-03T22:13:42.6740090+00:00", times.zoned(AT, ZoneInfo("UTC"))),
    ],
)
def test_a_moment_is_printed_as_the_providers_do(expected, shown):
    """Fractions are cut and never rounded: no moment is shown as later than it is."""
    assert expected == shown


@given(MOMENTS)
def test_a_moment_survives_its_datetime(at):
    """To the microsecond, before 1970 too."""
    assert at == times.moment(times.aware(at))


@given(MOMENTS)
def test_a_printed_moment_reads_back(at):
    """Six digits say all of it, whatever the zone."""
    zone = ZoneInfo("America/New_York")

    assert times.aware(at) == datetime.fromisoformat(times.iso(at, digits=6))
    assert times.aware(at) == datetime.fromisoformat(times.zoned(at, zone, digits=6))
    assert times.aware(at) - datetime.fromisoformat(times.offset(at)) < timedelta(seconds=1)
    assert (
        times.offset(at)[:19]
        == f"{datetime.fromisoformat(times.blank(at)).replace(tzinfo=UTC):%Y-%m-%dT%H:%M:%S}"
    )
