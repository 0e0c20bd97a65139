"""What a worker believes to hold: never longer than the store would say."""

import time

import pytest

from core.jobs.held import Held


def held(*ids, age_s=0.0):
    """Jobs that were claimed so long ago, with leases of a minute."""
    made = Held(60)
    made.take(ids, time.monotonic() - age_s)
    return made


@pytest.mark.parametrize(("age_s", "may_begin"), [(0, True), (45, True), (55, False), (61, False)])
def test_nothing_begins_on_a_lease_that_is_about_to_end(age_s, may_begin):
    """Somebody else would begin it too."""
    assert may_begin is held("a", age_s=age_s).begin("a")


def test_nothing_begins_that_is_not_held():
    """Unknown jobs are not ours."""
    assert not held("a").begin("b")


def test_what_the_store_did_not_prolong_is_dropped():
    """It is another's by now; the others are held for another lease."""
    hands = held("a", "b", age_s=55)
    asked = hands.leases()

    assert ["b"] == hands.keep(asked, {"a"}, time.monotonic())
    assert (True, False) == (hands.is_safe("a"), "b" in hands)


def test_what_changed_hands_while_the_store_was_asked_stays():
    """A job that ended is not held again, and one that was claimed anew is not lost."""
    hands = held("ended", "anew", age_s=50)
    asked = hands.leases()
    hands.end("ended")
    hands.take(["anew"], time.monotonic())

    assert [] == hands.keep(asked, {"ended"}, time.monotonic())
    assert ["anew"] == list(hands.leases())


def test_what_was_begun_is_told_apart():
    """Only the rest is given back as if nothing had happened."""
    hands = held("a", "b", "c")
    hands.begin("a")
    hands.end("c")

    assert (["a"], ["b"]) == hands.let_go(["a", "b", "c", "d"])
    assert 0 == len(hands)
