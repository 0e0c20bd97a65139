"""A bounce: what came back of one delivery, told as one record."""

from typing import Any, Final

import msgspec

from core import addresses, ids
from core.events import Detail
from core.messages.message import Delivery, Message

# what a recipient wanted is not undone by a click of the sender's
_RECIPIENTS_OWN: Final = frozenset({"complaint", "unsubscribe"})


class Bounce(msgspec.Struct, frozen=True, kw_only=True):
    """One bounce. ``code``, ``enhanced``, ``text`` and ``host`` are the other side's words; 0 and empty: it had none.

    ``suppresses``: it took its address out of use, on ``suppressed_stream`` or, where that is empty, on all;
    ``inactive``: that still holds. ``reported``: a letter told of it, and is kept.
    """

    id: str
    number: int
    workspace_id: str
    environment: str
    message_id: str
    position: int
    stream: str
    tag: str
    sender: str
    subject: str
    email: str
    kind: str
    code: int
    enhanced: str
    text: str
    host: str
    at: int
    suppresses: bool
    suppressed_stream: str
    inactive: bool
    reported: bool

    @property
    def can_activate(self) -> bool:
        """Whether its address may be written to again because somebody says so."""
        return not (self.suppresses and self.kind in _RECIPIENTS_OWN)

    @property
    def details(self) -> str:
        """The other side's words as a report would quote them (RFC 3464 2.3.6)."""
        return f"smtp; {self.code} {self.text}" if self.code else self.text


def row(
    message: Message, delivery: Delivery, detail: Detail, *, at: int, suppresses: bool
) -> tuple[Any, ...]:
    """The row of a bounce, in the order of ``bounce_insert``; kind and number stand in the detail."""
    return (
        ids.new(), detail.bounce, message.workspace_id, message.environment, message.id, delivery.position,
        message.stream, message.tag, message.sender, message.shown_subject, delivery.email,
        addresses.key(delivery.email), detail.type, detail.code, detail.enhanced, detail.text, detail.host, at,
        suppresses, message.draft.suppressed_stream,
    )  # fmt: skip  # a column list reads better in lines than in a column
