"""A message as it is kept, its deliveries, and what both together say about how it stands."""

from collections.abc import Iterable
from typing import Final

import msgspec

from core.messages.draft import Draft

# in the place of a delivery's position: what holds for all of them
WHOLE_MESSAGE: Final = -1
# the kind of the first event
ACCEPTED: Final = "accepted"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One recipient of a message. ``state``: ``queued``, ``deferred``, ``delivered``, ``bounced``, ``failed``,
    ``suppressed``, ``complained`` or ``canceled``; ``code`` and ``text`` are the last SMTP reply.
    """  # noqa: D205  # the states belong to the first sentence

    message_id: str
    position: int
    role: str
    email: str
    state: str
    attempts: int
    code: int
    text: str
    updated_at: int


class Rendering(msgspec.Struct, frozen=True, kw_only=True):
    """What templates became for one message; kept, so that every attempt and every reader sees the same."""

    subject: str
    html: str | None
    text: str | None
    headers: tuple[tuple[str, str], ...] = ()


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message with its recipients. ``state``: ``accepted``, ``scheduled``, ``canceled``.

    ``subject`` is the caller's; ``rendering`` holds what templates became, once it is being sent.
    """

    id: str
    workspace_id: str
    environment: str
    number: int
    batch_id: str | None
    content_id: str | None
    stream: str
    state: str
    sender: str
    subject: str
    tag: str
    created_at: int
    scheduled_at: int | None
    draft: Draft
    rendering: Rendering | None = None
    deliveries: tuple[Delivery, ...] = ()

    @property
    def shown_subject(self) -> str:
        """As sent, where it is known already."""
        return self.rendering.subject if self.rendering is not None else self.subject

    @property
    def html(self) -> str | None:
        """As sent, where it is known already."""
        return self.rendering.html if self.rendering is not None else self.draft.content.html

    @property
    def text(self) -> str | None:
        """As sent, where it is known already."""
        return self.rendering.text if self.rendering is not None else self.draft.content.text

    @property
    def updated_at(self) -> int:
        """The last moment anything happened to a delivery."""
        return max((delivery.updated_at for delivery in self.deliveries), default=self.created_at)

    @property
    def templated(self) -> bool:
        """Whether what is sent is only known once it is rendered."""
        return self.draft.template is not None or bool(self.draft.content.syntax)


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Messages that one call made together, under one number and the caller's uid."""

    id: str
    workspace_id: str
    number: int
    uid: str
    environment: str
    total: int
    created_at: int


class StoredAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment of a message as it can be listed; ``data`` only where it was asked for."""

    id: str
    position: int
    filename: str
    content_type: str
    content_id: str
    size_bytes: int
    url: str
    data: bytes | None = None


# worse news outranks better: a late "delivered" never hides a "complained"
_RANK: Final = {
    "canceled": 0,
    "scheduled": 0,
    "queued": 1,
    "deferred": 2,
    "delivered": 3,
    "suppressed": 4,
    "failed": 5,
    "bounced": 6,
    "complained": 7,
}


def below(state: str) -> tuple[str, ...]:
    """The states of a delivery that later news of this one takes the place of."""
    return tuple(each for each, rank in _RANK.items() if 0 < rank < _RANK[state])


def standing(message: Message) -> str:
    """How a message as a whole stands: the worst of its deliveries once any moved, else its own state."""
    if message.state == "canceled":
        return "canceled"
    worst = worst_of(delivery.state for delivery in message.deliveries)
    if message.state == "scheduled" and worst == "queued":
        return "scheduled"
    return worst


def worst_of(states: Iterable[str]) -> str:
    """The state with the highest rank; ``queued`` where there is none."""
    return max(states, key=lambda state: _RANK[state], default="queued")
