"""How webhooks are told: which happenings have a word, the envelope, Svix's signature, and the ladder of attempts.

Source: Resend docs, "Event types", "Retries and replays" and "Verify webhooks requests", read 2026-11; where they name
no number it is Svix's: 15 seconds for an answer, an end after five days of nothing but failures.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from core.clock import SECOND
from core.contacts import Contact
from core.domains.domain import Domain
from core.errors import Invalid
from core.events import Event
from core.formats import Manners, Payload
from core.inbound import InboundMessage
from core.messages import Message
from core.suppressions import Change
from core.topics import Topic
from core.webhooks import Dispatch, Happening, Webhook
from dialects import signing
from dialects.resend import payloads
from dialects.resend.handles import EVENT, shown
from dialects.resend.subjects import (
    ContactData,
    ContactTopicsData,
    DomainData,
    SuppressionData,
    TopicData,
)
from dialects.times import iso

# the provider's word for every kind of the domain's that has one; its events of inboxes are of something else that
# does not exist here
EVENTS: Final = payloads.EVENTS | {
    "contact_created": "contact.created",
    "contact_updated": "contact.updated",
    "contact_deleted": "contact.deleted",
    "topic_choice": "contact.topics.updated",
    "domain_created": "domain.created",
    "domain_updated": "domain.updated",
    "domain_deleted": "domain.deleted",
    "suppression_added": "suppression.added",
    "suppression_removed": "suppression.removed",
    "topic_created": "topic.created",
    "topic_updated": "topic.updated",
    "topic_deleted": "topic.deleted",
}
_WORDS: Final = frozenset(EVENTS.values())

_MANNERS: Final = Manners(
    delays_s=(5, 300, 1800, 7200, 18_000, 36_000, 36_000),
    timeout_s=15,
    disable_after_s=5 * 24 * 3600,
)
_ENCODE: Final = msgspec.json.Encoder().encode


class Options(msgspec.Struct, frozen=True):
    """What a webhook asked for, in the provider's words and the caller's order."""

    events: tuple[str, ...]

    def packed(self) -> bytes:
        """As core keeps it."""
        return msgspec.msgpack.encode(self)


_OPTIONS: Final = msgspec.msgpack.Decoder(Options)


class Envelope(msgspec.Struct, kw_only=True):
    """Every payload; ``created_at`` is when it happened."""

    type: str
    created_at: str
    data: Any  # one of the structs named *Data


def options_of(webhook: Webhook) -> Options:
    """What was asked for."""
    return _OPTIONS.decode(webhook.options)


def kinds_of(events: Sequence[str]) -> tuple[str, ...]:
    """The domain's kinds for the provider's words; raises Invalid for none, and for a word that nothing has."""
    if not events:
        raise Invalid("events", "It must hold at least one event.")
    unknown = next((each for each in events if each not in _WORDS), None)
    if unknown is not None:
        raise Invalid("events", f"There is no event `{unknown[:100]}`.")
    return tuple(kind for kind, word in EVENTS.items() if word in events)


def _data(happening: Happening) -> Any:  # a struct, or None where there is nothing to say
    match happening:
        case Happening(inbound=InboundMessage() as inbound):
            data: Any = payloads.ReceivedData.of(inbound)
        case Happening(topic=Topic() as topic):
            data = TopicData.of(topic, deleted=happening.kind == "topic_deleted")
        case Happening(kind="topic_choice", change=Change() as change):
            data = ContactTopicsData.of(change)
        case Happening(change=Change() as change):
            data = SuppressionData.of(change)
        case Happening(contact=Contact() as contact):
            data = ContactData.of(contact, happening.segment_id)
        case Happening(domain=Domain() as domain):
            data = DomainData.of(domain, happening.records)
        case Happening(message=Message(environment="live") as message, event=Event() as event):
            # the other environment is another provider's, and the API shows nothing of it either
            data = payloads.EmailData.of(happening.message_id, message, event)
        case _:
            data = None
    return data


class Format:
    """The provider's words for what happened."""

    def payloads(self, webhook: Webhook, happening: Happening) -> Sequence[Payload]:
        """The one thing to tell, if it was asked for."""
        word = EVENTS.get(happening.kind)
        if word is None or word not in options_of(webhook).events:
            return ()
        data = _data(happening)
        if data is None:
            return ()
        body = _ENCODE(Envelope(type=word, created_at=iso(happening.at), data=data))
        return (Payload(word, body),)

    def headers(
        self, webhook: Webhook, dispatch: Dispatch, body: bytes, now: int
    ) -> Sequence[tuple[str, str]]:
        """Svix's three, signed with every secret that is valid."""
        id, at_s = shown(EVENT, dispatch.id), now // SECOND
        return (
            ("Content-Type", "application/json"),
            ("User-Agent", "Svix-Webhooks/1"),
            ("svix-id", id),
            ("svix-timestamp", str(at_s)),
            ("svix-signature", signing.standard(webhook.signing(now), id, at_s, body)),
        )

    def manners(self, webhook: Webhook, event: str) -> Manners:
        """The same for all."""
        del webhook, event
        return _MANNERS


FORMAT: Final = Format()
