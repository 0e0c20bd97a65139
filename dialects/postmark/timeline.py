"""A message's story as its details tell it: an event of ours, Postmark's word and facts.

Source: Postmark developer docs, "Messages", message events, read 2026-11; every detail is a text.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from core.events import WHOLE_MESSAGE, Detail, Event
from core.messages import Message
from core.tracking.sighting import Seen
from dialects.postmark.dates import eastern

Details = dict[str, str]

_SEEN: Final = ("opened", "clicked")
# where a link stands
CLICK_LOCATIONS: Final = {"html": "HTML", "text": "Text", "": ""}


class MessageEvent(msgspec.Struct, rename="pascal", kw_only=True):
    """One thing that happened to one recipient."""

    recipient: str
    type: str
    received_at: str
    details: Details


def _recipient(event: Event, emails: dict[int, str]) -> str | None:
    """Whose event it is: of a copy led elsewhere, where nobody is named, the first recipient's."""
    if event.position == WHOLE_MESSAGE and event.kind in _SEEN:
        return next(iter(emails.values()), None)
    return emails.get(event.position)


def _is_told(event: Event) -> bool:
    """One open of a recipient is kept, and one click of a recipient and link."""
    return event.kind in _WORDS and (event.detail.seen is None or event.detail.seen.first)


def timeline(message: Message, events: list[Event]) -> list[MessageEvent]:
    """The events that Postmark shows, the oldest first."""
    emails = {delivery.position: delivery.email for delivery in message.deliveries}
    return [
        MessageEvent(
            recipient=recipient,
            type=_WORDS[event.kind][0],
            received_at=eastern(event.at),
            details=_WORDS[event.kind][1](message, event),
        )
        for event in events
        if _is_told(event) and (recipient := _recipient(event, emails)) is not None
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


def _open(message: Message, event: Event) -> Details:
    del message
    client = _seen(event).agent.client.name
    return {"Summary": f"Email opened with {client}" if client else "Email opened"}


def _click(message: Message, event: Event) -> Details:
    del message
    seen = _seen(event)
    return {"Summary": "Tracked link clicked", "Link": seen.link, "ClickLocation": CLICK_LOCATIONS[seen.part]}


def _seen(event: Event) -> Seen:
    return event.detail.seen or Seen()


def _reply(detail: Detail) -> str:
    return f"smtp;{detail.code} {detail.text}" if detail.code else detail.text


_WORDS: Final[dict[str, tuple[str, Callable[[Message, Event], Details]]]] = {
    "delivered": ("Delivered", _delivery),
    "deferred": ("Transient", _delivery),
    "bounced": ("Bounced", _bounce),
    "failed": ("Bounced", _bounce),
    "expired": ("Bounced", _bounce),
    "complained": ("SubscriptionChanged", _complaint),
    "opened": ("Opened", _open),
    "clicked": ("LinkClicked", _click),
}
