"""Rewriting plain text: whole links are replaced, and the sentence around them stays."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tracking import prose


def marked(text):
    """The text with each link's address replaced by a number."""
    numbers = iter(range(1000))
    return prose.rewritten(text, lambda _: f"N{next(numbers)}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See https://x.example/a?b=c&d.", "See N0."),
        ("(https://x.example/a_(b)) and <http://y.example>", "(N0) and <N1>"),
        ("https://x.example, HTTP://Y.example/!", "N0, N1!"),
        ("xhttps://x.example", None),
        ("https://", None),
        ("https://x.example/Käse https://x.example/日本", None),
        ("https://x.example/a。", "N0。"),
        ("mailto:a@x.example www.x.example ftp://x.example", None),
        ("https://user@x.example/", None),
        ("> https://x.example/a\r\n\thttps://x.example/b  \n", "> N0\r\n\tN1  \n"),
    ],
)
def test_links_in_text(text, expected):
    """Marks of the sentence do not belong to a link; what may go on in letters beyond ASCII is left alone."""
    assert (text if expected is None else expected) == marked(text)


def test_brackets_without_end_are_read_once():
    """Nobody holds up everybody's mail with a text of brackets: twice as many take twice as long."""
    closing = ")" * 1_000_000
    began = time.process_time()
    made = marked(f"http://x.example/(a){closing}")

    assert f"N0{closing}" == made
    assert time.process_time() - began < 10


@given(st.text(st.sampled_from("ab https://x.é)(\n<>.,"), max_size=200))
def test_layout_stays(text):
    """Without its links a text is what it was without them."""
    made = prose.rewritten(text, lambda _: "\0")
    pieces = made.split("\0")
    at = 0
    for piece in pieces:
        at = text.index(piece, at) + len(piece)
    assert text == prose.rewritten(text, lambda _: None)
