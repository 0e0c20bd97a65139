"""Tokens: only ours are opened, only for what they were made for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tokens import Signer, signer

_SIGNER = Signer(b"a secret of the tests")


@given(purpose=st.sampled_from(["open", "click"]), payload=st.binary(max_size=200))
def test_a_token_opens_to_what_was_signed_in_any_case(purpose, payload):
    """A relay that changes the case of a local part does not break it."""
    token = _SIGNER.sign(purpose, payload)
    assert payload == _SIGNER.open(purpose, token) == _SIGNER.open(purpose, token.upper())
    assert token.isalnum()
    assert token.isascii()


def test_another_purpose_another_secret_or_another_payload_opens_nothing():
    """A token is good for one thing."""
    token = _SIGNER.sign("open", b"payload")
    assert _SIGNER.open("click", token) is None
    assert Signer(b"another").open("open", token) is None
    assert _SIGNER.open("open", token[:-2] + "aa") is None


@pytest.mark.parametrize("text", ["", "a", "é", "=", "abc def", "\x00", "1" * 40, "a" * 10_000])
def test_any_text_is_no_token(text):
    """Whatever comes in a path or an address."""
    assert _SIGNER.open("open", text) is None


async def test_every_process_has_the_same_secret(core):
    """The first one makes it."""
    assert b"x" == (await signer(core.db)).open("open", (await signer(core.db)).sign("open", b"x"))
