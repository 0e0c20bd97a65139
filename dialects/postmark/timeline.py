"""A message's story as its details tell it: an event of ours, Postmark's word and facts.

Source: Postmark developer docs, "Messages", message events, read 2026-11; every detail is a text.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from core.events import Detail, Event
from core.messages import Message
from dialects.postmark.dates import eastern

Details = dict[str, str]


class MessageEvent(msgspec.Struct, rename="pascal", kw_only=True):
    """One thing that happened to one recipient."""

    recipient: str
    type: str
    received_at: str
    details: Details


def timeline(message: Message, events: list[Event]) -> list[MessageEvent]:
    """The events that Postmark shows, the oldest first."""
    emails = {delivery.position: delivery.email for delivery in message.deliveries}
    return [
        MessageEvent(
            recipient=emails[event.position],
            type=_WORDS[event.kind][0],
            received_at=eastern(event.at),
            details=_WORDS[event.kind][1](message, event),
        )
        for event in events
        if event.kind in _WORDS and event.position in emails
    ]


def _delivery(message: Message, event: Event) -> Details:
    del message
    facts = {"DeliveryMessage": _reply(event.detail), "DestinationServer": event.detail.host}
    return {name: fact for name, fact in facts.items() if fact}


def _bounce(message: Message, event: Event) -> Details:
    del message
    return {"Summary": _reply(event.detail), "BounceID": str(event.detail.bounce)}


def _complaint(message: Message, event: Event) -> Details:
    del message, event
    return {"Origin": "Recipient", "SuppressSending": "True"}


def _reply(detail: Detail) -> str:
    return f"smtp;{detail.code} {detail.text}" if detail.code else detail.text


_WORDS: Final[dict[str, tuple[str, Callable[[Message, Event], Details]]]] = {
    "delivered": ("Delivered", _delivery),
    "deferred": ("Transient", _delivery),
    "bounced": ("Bounced", _bounce),
    "failed": ("Bounced", _bounce),
    "complained": ("SubscriptionChanged", _complaint),
}
