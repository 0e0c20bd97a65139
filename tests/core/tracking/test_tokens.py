"""Tokens of pixels and links: only ours are taken, and they lead only where a sender said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ids
from core.messages.message import WHOLE_MESSAGE
from core.tokens import Signer
from core.tracking import targets, tokens
from core.tracking.tokens import Click, Place

SIGNER = Signer(b"x" * 32)


@given(st.integers(-1, 5000), st.sampled_from(["html", "text"]), st.text(max_size=200))
def test_what_was_signed_comes_back(position, part, path):
    """Message, recipient, part and target survive, whatever the target holds."""
    place = Place(ids.new(), position)
    assert place == tokens.opened(SIGNER, tokens.of_open(SIGNER, place))

    leads = targets.target("https://x.example/" + path)
    if leads is not None:
        click = Click(place, leads, part)
        assert click == tokens.clicked(SIGNER, tokens.of_click(SIGNER, click))


def test_a_token_is_for_one_purpose_and_one_installation():
    """A pixel's token is no link's, and another installation's is nobody's."""
    place = Place(ids.new(), 1)
    click = tokens.of_click(SIGNER, Click(place, "https://x.example/", "html"))
    assert None is tokens.clicked(SIGNER, tokens.of_open(SIGNER, place))
    assert None is tokens.opened(SIGNER, click)
    assert None is tokens.clicked(Signer(b"y" * 32), click)
    assert None is tokens.clicked(SIGNER, click[:-1])
    assert None is tokens.clicked(SIGNER, "")


@given(st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567ß=%/é\n"), max_size=100))
def test_nothing_else_is_a_token(text):
    """Any other text leads nowhere, and raises nothing."""
    assert None is tokens.clicked(SIGNER, text)
    assert None is tokens.opened(SIGNER, text)


def test_more_recipients_than_a_position_can_say_are_the_whole_message():
    """A position beyond two bytes is given up, not another recipient's."""
    place = Place(ids.new(), 70_000)
    assert Place(place.message_id, WHOLE_MESSAGE) == tokens.opened(SIGNER, tokens.of_open(SIGNER, place))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://x.example/a?b=c&d=%20#e", "https://x.example/a?b=c&d=%20#e"),
        ('https://x.example/é?ü=<">', "https://x.example/%C3%A9?%C3%BC=%3C%22%3E"),
        ("https://bücher.example:8443/é", "https://xn--bcher-kva.example:8443/%C3%A9"),
    ],
)
def test_a_location_is_ascii(address, expected):
    """Whatever a target holds, its header line is one line that every client reads."""
    leads = targets.target(address)
    assert leads is not None
    assert expected == targets.location(leads)


@given(st.text(max_size=60))
def test_no_target_ends_a_header_line(text):
    """Nobody writes headers of ours by writing links."""
    leads = targets.target("http://x.example/" + text)
    if leads is not None:
        made = targets.location(leads)
        assert made.isascii()
        assert made.isprintable()
        assert " " not in made
