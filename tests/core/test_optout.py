"""Links to say no by: they hold all that is needed, and nobody else can make one."""

from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ids, optout
from core.core import Policy
from core.optout import Link
from core.tokens import Signer

POLICY = Policy(public_url="https://mail.example.com")
SIGNER = Signer(b"s" * 32)


def link(**fields):
    """A link of Ann's."""
    held = Link(workspace_id=ids.new(), message_id=ids.new(), position=0, email="ann@example.com")
    return msgspec.structs.replace(held, **fields)


def token(made):
    """The last part of its address."""
    return urlsplit(optout.url(POLICY, SIGNER, made)).path.removeprefix("/_/u/")


@given(
    position=st.integers(0, 999),
    email=st.emails(),
    stream=st.sampled_from(["", "broadcast"]),
    topic=st.booleans(),
)
def test_a_link_comes_back_as_it_went(position, email, stream, topic):
    """Whoever it belongs to and whatever it is about."""
    made = link(position=position, email=email, stream=stream, topic_id=ids.new() if topic else "")

    assert made == optout.read(SIGNER, token(made))


def test_a_link_is_short_enough_for_a_header_line():
    """RFC 5322 allows 998 octets; the longest address and a stream still fit, and a usual link is far shorter."""
    longest = link(email="a" * 64 + "@" + "b" * 189, stream="s" * 30, topic_id=ids.new())

    assert len(optout.url(POLICY, SIGNER, longest)) < 700
    assert len(optout.url(POLICY, SIGNER, link())) < 160


@pytest.mark.parametrize(
    "change", [lambda held: held[:-1], lambda held: "a" + held[1:], lambda _: "", str.title]
)
def test_a_token_is_ours_or_none(change):
    """Cut, changed or missing it is none; its case alone does not matter."""
    made = link()
    held = token(made)
    expected = made if change(held).lower() == held else None

    assert expected == optout.read(SIGNER, change(held))
    assert optout.read(Signer(b"t" * 32), held) is None
