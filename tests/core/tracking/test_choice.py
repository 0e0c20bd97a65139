"""What is tracked: the workspace's habit, a domain's instead of it, and the message's own word before both."""

import msgspec
import pytest

from core.tracking.choice import Tracking

HABIT = Tracking(
    opens=True,
    domains={"b.example": Tracking(links="html"), "news.b.example": Tracking(opens=True, links="both")},
)


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("a@other.example", HABIT),
        ("a@B.example", Tracking(links="html")),
        ("a@x.b.example", Tracking(links="html")),
        ("a@news.b.example", Tracking(opens=True, links="both")),
        ("a@x.news.b.example", Tracking(opens=True, links="both")),
        ("a@notb.example", HABIT),
        ("", HABIT),
    ],
)
def test_the_nearest_domain_decides(sender, expected):
    """Its own habit, else that of one above it, else the workspace's."""
    assert expected == HABIT.of(sender)


def test_a_change_leaves_the_rest():
    """What is not named stays; a domain begins with what the workspace does."""
    changed = HABIT.changed(opens=None, links="text", domain="")
    assert (True, "text", HABIT.domains) == (changed.opens, changed.links, changed.domains)
    own = HABIT.changed(opens=None, links="html", domain="c.example").domains["c.example"]
    assert Tracking(opens=True, links="html") == own
    assert (True, "none") == (HABIT.opens, HABIT.links)


def test_it_is_kept_as_it_is():
    """Stored and read back it is the same, the domains with it."""
    assert HABIT == msgspec.msgpack.decode(msgspec.msgpack.encode(HABIT), type=Tracking)
