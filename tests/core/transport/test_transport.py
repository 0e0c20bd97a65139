"""Outcomes as values."""

import msgspec
import pytest

from core.transport.transport import Bounced, Deferred, Delivered, Outcome


@pytest.mark.parametrize("kind", [Delivered, Deferred, Bounced])
def test_an_outcome_can_be_stored(kind):
    """What is written into an event is read back as the same kind of outcome."""
    outcome = kind(code=250, enhanced="2.0.0", text="as said", host="mx.example.com")

    assert outcome == msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome)
