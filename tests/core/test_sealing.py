"""What is sealed opens with its secret and in its place, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sealing import Seal, SealBroken


@given(st.binary(), st.text(), st.sampled_from(["", "secret"]))
def test_what_is_sealed_opens(data, context, secret):
    """With or without a secret; with one, the data is not to be seen."""
    sealed = Seal(secret).close(data, context)
    assert data == Seal(secret).open(sealed, context)
    assert secret == "" or len(data) < 8 or data not in sealed


@pytest.mark.parametrize(
    ("secret", "context", "reason"),
    [("", "a", "no secret is set"), ("other", "a", "another secret"), ("secret", "b", "another secret")],
)
def test_what_does_not_fit(secret, context, reason):
    """Another secret, none, or another row: each is told."""
    sealed = Seal("secret").close(b"key", "a")
    with pytest.raises(SealBroken, match=reason):
        Seal(secret).open(sealed, context)


def test_a_secret_that_came_later():
    """What was kept before there was a secret is read as it is."""
    assert b"key" == Seal("secret").open(Seal("").close(b"key", "a"), "a")
