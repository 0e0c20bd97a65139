"""How webhooks are told: the body, its signature, and the ladder of attempts.

Source: PufferPost guide "Webhooks", read 2026-11, names the events, asks for HTTPS and has metadata echoed; the rest is
in the style of the API.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from core.clock import SECOND
from core.core import Caller
from core.events import Event
from core.formats import Manners, Payload
from core.messages import Delivery, Message
from core.webhooks import Dispatch, Happening, Webhook
from dialects import signing, verifying
from dialects.pufferpost.messages import bounce_type, subject
from dialects.pufferpost.wire import shown
from dialects.times import offset
from dialects.verifying import Received, Verdict

# the words are the domain's own
EVENTS: Final = ("delivered", "bounced", "complained", "opened", "clicked")

_SIGNATURE: Final = "X-PufferPost-Signature"
_MANNERS: Final = Manners(delays_s=(60, 300, 1800, 7200, 21_600, 86_400), timeout_s=10, https_only=True)
_ENCODE: Final = msgspec.json.Encoder().encode


class Bounce(msgspec.Struct):
    """Why a message came back."""

    type: str
    diagnostic: str


class Data(msgspec.Struct, kw_only=True):
    """A message and whom it happened to."""

    message_id: str
    to: str
    sender: str = msgspec.field(name="from")
    subject: str | None
    template_id: str | None
    metadata: dict[str, str]
    occurred_at: str
    bounce: Bounce | UnsetType = UNSET
    url: str | UnsetType = UNSET

    @classmethod
    def of(cls, message: Message, delivery: Delivery, event: Event) -> "Data":
        """From the domain's message, one of its recipients and what happened."""
        draft, seen = message.draft, event.detail.seen
        bounced = event.kind == "bounced"
        return cls(
            message_id=shown("msg", message.id),
            to=delivery.email,
            sender=draft.sender.email,
            subject=subject(message),
            template_id=shown("tpl", draft.template.id) if draft.template is not None else None,
            metadata=draft.metadata,
            occurred_at=offset(event.at),
            bounce=Bounce(bounce_type(event), event.detail.text) if bounced else UNSET,
            url=seen.link if event.kind == "clicked" and seen is not None else UNSET,
        )


class Envelope(msgspec.Struct, kw_only=True):
    """Every body."""

    id: str
    type: str
    created_at: str
    data: Data


def role(environment: str) -> str:
    """Where core keeps the webhooks that keys of an environment see: those of test keys stand apart."""
    return "" if environment == "live" else environment


def role_of(caller: Caller) -> str:
    """The same, for whoever calls."""
    return role(caller.environment)


class Format:
    """The provider's words for what happened."""

    def payloads(self, webhook: Webhook, happening: Happening) -> Sequence[Payload]:
        """The one thing to tell, if it was asked for and is of the environment that the webhook was made in."""
        if happening.kind not in EVENTS or happening.kind not in webhook.kinds:
            return ()
        message, delivery, event = happening.message, happening.delivery, happening.event
        if message is None or delivery is None or event is None or role(message.environment) != webhook.role:
            return ()
        told = Envelope(
            id=shown("evt", event.id),
            type=event.kind,
            created_at=offset(event.at),
            data=Data.of(message, delivery, event),
        )
        return (Payload(event.kind, _ENCODE(told)),)

    def headers(
        self, webhook: Webhook, dispatch: Dispatch, body: bytes, now: int
    ) -> Sequence[tuple[str, str]]:
        """What happened, which call it is, and the signature."""
        return (
            ("Content-Type", "application/json"),
            ("User-Agent", "PufferPost-Webhooks/1"),
            ("X-PufferPost-Event", dispatch.event),
            ("X-PufferPost-Delivery", shown("whd", dispatch.id)),
            (_SIGNATURE, signing.stamped(webhook.signing(now), now // SECOND, body)),
        )

    def manners(self, webhook: Webhook, event: str) -> Manners:
        """The same for all."""
        del webhook, event
        return _MANNERS


FORMAT: Final = Format()


def verify(secret: str, call: Received, now_s: int) -> Verdict:
    """What a receiver makes of the signature."""
    return verifying.stamped(secret, call.headers.get(_SIGNATURE.lower(), ""), call.body, now_s)
