import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.windows import Standing, Windows

SECOND = 1_000_000
AT = 1_700_000_000 * SECOND


def test_a_window_counts_down_and_begins_again():
    """As many calls as the limit, then none until the window ends."""
    windows = Windows()
    standings = [windows.count("k", AT + step, limit=2) for step in (0, 1, 2, SECOND - 1, SECOND)]

    assert [(1, True), (0, True), (0, False), (0, False), (1, True)] == [
        (each.remaining, each.allowed) for each in standings
    ]
    assert Standing(2, 1, 1_700_000_001, 1, True) == standings[0]  # as it prints


@pytest.mark.parametrize(("offset", "resets", "wait"), [(0, 60, 60), (1, 60, 59), (59, 60, 1), (60, 120, 60)])
def test_a_window_ends_on_the_clock(offset, resets, wait):
    """Not so long after the first call: windows of a minute end with the minute."""
    start = 1_700_000_040
    standing = Windows().count("k", (start + offset) * SECOND + 999_999, limit=5, window_s=60)

    assert (start + resets, wait) == (standing.resets_at, standing.wait_s)


def test_callers_do_not_count_for_each_other():
    """Each key has a window of its own."""
    windows = Windows()

    assert [True, True, False] == [windows.count(key, AT, limit=1).allowed for key in "aba"]


def test_no_limit_is_no_limit():
    """0 lets everything pass."""
    windows = Windows()

    assert all(windows.count("k", AT, limit=0).allowed for _ in range(100))


def test_forgotten_keys_take_no_room():
    """Keys of past windows go when there are many; those of this window stay counted."""
    windows = Windows()
    for number in range(10_000):
        windows.count(f"old{number}", AT, limit=1)
    later = AT + 10 * SECOND
    windows.count("new", later, limit=1)

    assert not windows.count("new", later, limit=1).allowed
    assert 1 == len(windows._counts)


def test_a_long_window_survives_the_sweep():
    """A short window's sweep must not give the calls of a long one back."""
    windows = Windows()
    windows.count("slow", AT, limit=1, window_s=3600)
    for number in range(10_000):
        windows.count(f"quick{number}", AT + 100 * SECOND, limit=1)

    assert not windows.count("slow", AT + 100 * SECOND, limit=1, window_s=3600).allowed


@given(st.lists(st.integers(0, 3_000_000), min_size=1), st.integers(1, 5))
def test_no_window_lets_more_pass_than_its_limit(steps, limit):
    """Whenever the calls come."""
    windows = Windows()
    passed: dict[int, int] = {}
    for step in sorted(steps):
        if windows.count("k", AT + step, limit=limit).allowed:
            second = (AT + step) // SECOND
            passed[second] = passed.get(second, 0) + 1

    assert max(passed.values()) <= limit


def test_a_wait_is_told_without_counting():
    """Nothing until the limit is reached, then until the window ends; asking changes nothing."""
    windows = Windows()
    for expected in (0, 0, 60):
        assert expected == windows.wait_s("k", AT - AT % (60 * SECOND), limit=2, window_s=60)
        windows.count("k", AT - AT % (60 * SECOND), limit=2, window_s=60)

    assert 0 == windows.wait_s("k", AT + 60 * SECOND, limit=2, window_s=60)
    assert 0 == windows.wait_s("other", AT, limit=2, window_s=60)
