"""Webhooks of Postmark's that an operator makes."""

import pytest

from core.errors import Invalid
from dialects.dialect import Listener
from dialects.postmark.hooks import INBOUND_ROLE
from dialects.postmark.listening import listen
from dialects.postmark.triggers import KINDS, Triggers, switched_on

URL = "https://app.example/"


def test_of_some_triggers():
    """Triggers are named as in the API, and the stream is the default one or that which is named."""
    new = listen(Listener(url=URL, events=("Open", "SubscriptionChange"), stream="broadcast"))
    assert ("broadcast", ("opened", "suppression_added", "suppression_removed")) == (new.stream, new.kinds)
    assert "outbound" == listen(Listener(url=URL)).stream


def test_of_letters_that_come_in():
    """The server's hook for them has a role, and wants the files."""
    new = listen(Listener(url=URL, events=("Inbound",)))
    assert (INBOUND_ROLE, ("received",), ("files",), "") == (new.role, new.kinds, new.includes, new.stream)
    assert b"" == new.options


@pytest.mark.parametrize(
    "wish",
    [
        Listener(url=URL, events=("Inbound", "Open")),
        Listener(url=URL, events=("Inbound",), stream="outbound"),
        Listener(url=URL, events=("open",)),
    ],
)
def test_what_cannot_be_made(wish):
    """Letters that come in have a hook of their own; names are as the API spells them."""
    with pytest.raises(Invalid):
        listen(wish)


def test_every_trigger_has_kinds():
    """Switched on one by one, each trigger leads to its kinds; nothing is switched on without being asked for."""
    assert ((), []) == (Triggers().kinds(), list(Triggers().enabled()))
    for name, kinds in KINDS.items():
        assert (kinds, [name]) == (switched_on([name]).kinds(), list(switched_on([name]).enabled()))
