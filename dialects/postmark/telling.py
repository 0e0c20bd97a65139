"""How webhooks are told: which happenings have a payload, the header fields, and the two ladders of attempts.

Source: Postmark developer docs, "Webhooks overview" and "Inbound webhook", read 2026-11. There is no signature. Of
editions that disagree about the ladder the newest holds; the timeout of outbound events is published nowhere.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from core.events import Event
from core.formats import Manners, Payload
from core.inbound import InboundMessage
from core.messages import Message
from core.suppressions import Change
from core.webhooks import Dispatch, Happening, Webhook
from dialects.postmark.arrivals import STREAM, Arrived
from dialects.postmark.choices import choices_of
from dialects.postmark.hooks import INBOUND_ROLE
from dialects.postmark.payloads import BounceTold, ChangeTold, ClickTold, DeliveryTold, OpenTold
from dialects.postmark.triggers import Triggers, triggers_of

INBOUND: Final = "Inbound"
_TIMED_OUT, _TOO_MANY, _FORBIDDEN = 408, 429, 403
_OUTBOUND_MANNERS: Final = Manners(
    delays_s=(60, 300, 900, 60, 300, 600, 600, 600, 900),
    timeout_s=30,
    gives_up=frozenset(range(400, 500)) - {_TIMED_OUT, _TOO_MANY},
    redirects=10,
)
_INBOUND_MANNERS: Final = Manners(
    delays_s=(60, 300, 600, 600, 600, 900, 1800, 3600, 7200, 21_600),
    timeout_s=120,
    gives_up=frozenset({_FORBIDDEN}),
    redirects=10,
)
_HEADERS: Final = (
    ("Content-Type", "application/json"),
    ("User-Agent", "Postmark"),
    ("Accept", "application/json"),
)
_ENCODE: Final = msgspec.json.Encoder().encode

# the struct of a payload, None where there is nothing to say
Told = tuple[str, Any] | None


def _bounced(happening: Happening, triggers: Triggers) -> Told:
    bounce, trigger = happening.bounce, triggers.bounce
    # a complaint has an event of its own
    if bounce is None or bounce.kind == "complaint" or not trigger.enabled:
        return None
    if bounce.kind == "submission_error" and not choices_of(happening.workspace.settings).submission_errors:
        return None
    return "Bounce", BounceTold.of(happening, bounce, "Bounce", content=trigger.include_content)


def _complained(happening: Happening, triggers: Triggers) -> Told:
    bounce, trigger = happening.bounce, triggers.spam_complaint
    if bounce is None or not trigger.enabled:
        return None
    told = BounceTold.of(happening, bounce, "SpamComplaint", content=trigger.include_content)
    return "SpamComplaint", told


def _of_message(happening: Happening, triggers: Triggers) -> Told:
    match happening:
        case Happening(kind="delivered", message=Message() as message, event=Event() as event):
            return (
                ("Delivery", DeliveryTold.of(happening, message, event))
                if triggers.delivery.enabled
                else None
            )
        case Happening(kind="opened", message=Message() as message, event=Event() as event):
            wanted = triggers.open.enabled and (_is_first(event) or not triggers.open.post_first_open_only)
            return ("Open", OpenTold.of(happening, message, event)) if wanted else None
        case Happening(kind="clicked", message=Message() as message, event=Event() as event):
            # one click of a recipient and link
            wanted = triggers.click.enabled and _is_first(event)
            return ("Click", ClickTold.of(happening, message, event)) if wanted else None
        case Happening(kind="complained"):
            return _complained(happening, triggers)
        case _:
            return _bounced(happening, triggers)


def _is_first(event: Event) -> bool:
    return event.detail.seen is not None and event.detail.seen.first


def _told(webhook: Webhook, happening: Happening) -> Told:
    match happening:
        case Happening(inbound=InboundMessage() as inbound):
            wanted = webhook.role == INBOUND_ROLE
            # it may have been read for another's sake
            source = happening.source if "source" in webhook.includes else None
            return (INBOUND, Arrived.of(inbound, happening.files, source)) if wanted else None
        case Happening(change=Change() as change):
            wanted = triggers_of(webhook).subscription_change.enabled and not change.topic_id
            told = ChangeTold.of(happening, change, webhook.stream) if wanted else None
            return ("SubscriptionChange", told) if told is not None else None
        case Happening(message=Message(environment="live")):
            return _of_message(happening, triggers_of(webhook))
        case _:
            return None


def _stream(happening: Happening) -> str:
    """Whose stream it is of, empty for all."""
    match happening:
        case Happening(inbound=InboundMessage()):
            return STREAM
        case Happening(change=Change() as change):
            return change.stream
        case Happening(message=Message() as message):
            return message.stream
        case _:
            return ""


class Format:
    """The provider's words for what happened."""

    def payloads(self, webhook: Webhook, happening: Happening) -> Sequence[Payload]:
        """The one thing to tell, if it is of the webhook's stream and was asked for."""
        stream = _stream(happening)
        if stream and webhook.stream not in ("", stream):
            return ()
        told = _told(webhook, happening)
        return (Payload(told[0], _ENCODE(told[1])),) if told is not None else ()

    def headers(
        self, webhook: Webhook, dispatch: Dispatch, body: bytes, now: int
    ) -> Sequence[tuple[str, str]]:
        """What receivers know a repetition by; a letter that came in has none of the three."""
        del body, now
        if dispatch.event == INBOUND:
            return _HEADERS
        left = len(self.manners(webhook, dispatch.event).delays_s) - dispatch.attempts
        return (
            *_HEADERS,
            ("X-PM-Webhook-Trace-Id", dispatch.id),
            ("X-PM-Webhook-Event-Id", dispatch.happening_id),
            ("X-PM-Retries-Remaining", str(max(0, left))),
        )

    def manners(self, webhook: Webhook, event: str) -> Manners:
        """The ladder of letters that came in, or that of everything else."""
        del webhook
        return _INBOUND_MANNERS if event == INBOUND else _OUTBOUND_MANNERS


FORMAT: Final = Format()
