"""How looks add up: whatever their order, a state says what was seen, and patience has its bounds."""

from hypothesis import given
from hypothesis import strategies as st

from core.clock import DAY, HOUR, MINUTE
from core.domains.looking import Seen
from core.domains.standing import Check, after, next_look, of_domain

_START = 1_795_000_000_000_000
_LOOKS = st.lists(
    st.tuples(st.sampled_from(["match", "mismatch", "unanswered"]), st.integers(1, 30 * HOUR)), max_size=30
)


def played(looks):
    """A check after each of some looks, with what was seen and when."""
    now, check = _START, Check(purpose="dkim", name="x", state="pending", told="", since=_START, checked_at=0)
    for verdict, wait in looks:
        now += wait
        check = after(check, Seen(verdict, "why" if verdict != "match" else ""), now)
        yield verdict, now, check


@given(_LOOKS)
def test_a_record_that_is_there_is_verified(looks):
    """At once, whatever was before; and never while it was not just seen."""
    for verdict, now, check in played(looks):
        assert (verdict == "match") == (check.state == "verified")
        assert (check.checked_at, check.told) == (now, "" if verdict == "match" else "why")


@given(_LOOKS)
def test_only_72_hours_without_it_are_a_failure(looks):
    """Nothing fails before, and nothing by an answer that nobody gave."""
    last_seen, state = _START, "pending"
    for verdict, now, check in played(looks):
        if check.state == "failed" != state:
            assert verdict == "mismatch"
            assert now - last_seen >= 72 * HOUR
        if verdict == "match":
            last_seen = now
        state = check.state


@given(_LOOKS)
def test_what_was_verified_is_never_pending_again(looks):
    """From the first sight on it is verified, in trouble, or failed."""
    seen = False
    for verdict, _, check in played(looks):
        seen = seen or verdict == "match"
        assert (check.state == "pending") <= (not seen)


@given(st.lists(st.sampled_from(["pending", "verified", "temporary_failure", "failed"]), min_size=1))
def test_one_good_key_is_enough(states):
    """A domain stands as its best key does."""
    order = ["verified", "temporary_failure", "pending", "failed"]
    assert min(states, key=order.index) == of_domain(states)


@given(_LOOKS)
def test_looks_come_soon_where_somebody_waits(looks):
    """Within ten minutes while anything is pending, within a day in any case, and never at once."""
    for _, now, check in played(looks):
        wait = next_look([check], now) - now
        assert MINUTE <= wait <= (10 * MINUTE if check.state == "pending" else DAY)
