"""What webhooks say of emails: data of one shape, with what only some events have.

Source: Resend docs, "Event types", and the types of the node SDK 6.38.0, read 2026-11. All moments are ISO 8601 here,
unlike in the API's answers. ``diagnosticCode``, ``reason`` and ``headers`` are in the docs alone.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from core.diagnosis import Kind
from core.events import Detail, Event
from core.inbound import File, InboundMessage, Mailbox
from core.messages import Message
from core.tracking.sighting import Seen
from dialects.times import iso

# the provider's word for every kind of the domain's that has one: ``sent`` is the first attempt of a delivery, and a
# delay is told each time; what a machine fetched and what was called off have no word
EVENTS: Final = {
    "scheduled": "email.scheduled",
    "sent": "email.sent",
    "delivered": "email.delivered",
    "deferred": "email.delivery_delayed",
    "bounced": "email.bounced",
    "complained": "email.complained",
    "failed": "email.failed",
    "expired": "email.failed",
    "suppressed": "email.suppressed",
    "opened": "email.opened",
    "clicked": "email.clicked",
    "received": "email.received",
}

# type and subtype of a bounce, in the words of Amazon SES, which the provider passes on
_PERMANENT: Final = ("Permanent", "General")
_TRANSIENT: Final = ("Transient", "General")
_CONTENT: Final = ("Transient", "ContentRejected")
_BOUNCES: Final[dict[Kind, tuple[str, str]]] = {
    "hard": _PERMANENT,
    "bad_address": _PERMANENT,
    "no_domain": _PERMANENT,
    "no_mailbox": ("Permanent", "NoEmail"),
    "soft": _TRANSIENT,
    "transient": _TRANSIENT,
    "dns": _TRANSIENT,
    "mailbox_full": ("Transient", "MailboxFull"),
    "too_large": ("Transient", "MessageTooLarge"),
    "attachment": ("Transient", "AttachmentRejected"),
    "blocked": _CONTENT,
    "spam": _CONTENT,
    "dmarc": _CONTENT,
    "virus": _CONTENT,
}
_UNDETERMINED: Final = ("Undetermined", "Undetermined")
# clients look for these beginnings
_HARD: Final = "The recipient's email provider sent a hard bounce message"
_GENERAL: Final = "The recipient's email provider sent a general bounce message"
_LISTED: Final = (
    "Resend has suppressed sending to this address because it is on the account-level suppression list."
)


class Header(msgspec.Struct, frozen=True):
    """A header of the caller's own."""

    name: str
    value: str


class Bounce(msgspec.Struct, kw_only=True, rename="camel"):
    """Why an email came back."""

    message: str
    type: str
    sub_type: str
    diagnostic_code: list[str] | UnsetType = UNSET

    @classmethod
    def of(cls, detail: Detail) -> "Bounce":
        """From the facts of a bounce."""
        kind, sub_type = _BOUNCES.get(detail.type, _UNDETERMINED)  # type: ignore[call-overload]  # any text
        beginning = _HARD if kind == "Permanent" else _GENERAL
        return cls(
            message=f"{beginning}: {detail.text}" if detail.text else f"{beginning}.",
            type=kind,
            sub_type=sub_type,
            diagnostic_code=_diagnostic(detail),
        )


class Click(msgspec.Struct, kw_only=True, rename="camel"):
    """Which link, by whom, when."""

    ip_address: str
    link: str
    timestamp: str
    user_agent: str

    @classmethod
    def of(cls, seen: Seen, at: int) -> "Click":
        """From what a link told."""
        return cls(ip_address=seen.ip, link=seen.link, timestamp=iso(at), user_agent=seen.user_agent)


class Failed(msgspec.Struct):
    """Why an email was not sent."""

    reason: str


class Suppressed(msgspec.Struct):
    """That an email was not tried."""

    message: str = _LISTED
    type: str = "OnAccountSuppressionList"


class EmailData(msgspec.Struct, kw_only=True):
    """An email that was sent, and what happened to it."""

    created_at: str
    email_id: str
    message_id: str
    sender: str = msgspec.field(name="from")
    to: list[str]
    subject: str
    template_id: str | UnsetType = UNSET
    tags: dict[str, str] | UnsetType = UNSET
    headers: list[Header] | UnsetType = UNSET
    bounce: Bounce | UnsetType = UNSET
    click: Click | UnsetType = UNSET
    failed: Failed | UnsetType = UNSET
    suppressed: Suppressed | UnsetType = UNSET

    @classmethod
    def of(cls, message_id: str, message: Message, event: Event) -> "EmailData":
        """From the domain's message, the Message-ID it goes out with, and one of its events."""
        draft, detail, type_ = message.draft, event.detail, EVENTS[event.kind]
        clicked = type_ == "email.clicked" and detail.seen is not None
        return cls(
            created_at=iso(message.created_at),
            email_id=message.id,
            message_id=message_id,
            sender=draft.sender.text,
            to=[party.text for party in draft.to],
            subject=message.shown_subject,
            template_id=draft.template.id if draft.template is not None else UNSET,
            tags={tag.name: tag.value for tag in draft.tags} or UNSET,
            headers=[Header(*row) for row in _headers(message)] or UNSET,
            bounce=Bounce.of(detail) if type_ == "email.bounced" else UNSET,
            click=Click.of(detail.seen, event.at) if clicked and detail.seen is not None else UNSET,
            failed=Failed(detail.text or event.kind) if type_ == "email.failed" else UNSET,
            suppressed=Suppressed() if type_ == "email.suppressed" else UNSET,
        )


class Attachment(msgspec.Struct, kw_only=True):
    """A file of a received email."""

    id: str
    filename: str | None
    content_type: str
    content_disposition: str | None
    content_id: str | None

    @classmethod
    def of(cls, file: File) -> "Attachment":
        """From the domain's file."""
        return cls(
            id=file.id,
            filename=file.name or None,
            content_type=file.content_type.partition(";")[0],
            content_disposition=file.disposition or None,
            content_id=file.content_id or None,
        )


class ReceivedData(msgspec.Struct, kw_only=True):
    """An email that came in: who and what, without its bodies."""

    email_id: str
    created_at: str
    sender: str = msgspec.field(name="from")
    to: list[str]
    bcc: list[str]
    cc: list[str]
    received_for: list[str]
    message_id: str
    subject: str
    attachments: list[Attachment]

    @classmethod
    def of(cls, message: InboundMessage) -> "ReceivedData":
        """From the domain's letter."""
        head = message.head
        return cls(
            email_id=message.id,
            created_at=iso(message.created_at),
            sender=head.sender.email,
            to=_emails(head.to),
            bcc=_emails(head.bcc),
            cc=_emails(head.cc),
            received_for=list(head.received_for),
            message_id=head.message_id,
            subject=message.subject,
            attachments=[Attachment.of(file) for file in head.files],
        )


def _headers(message: Message) -> Sequence[tuple[str, str]]:
    made = message.rendering.headers if message.rendering is not None else ()
    return made or message.draft.content.headers


def _diagnostic(detail: Detail) -> list[str] | UnsetType:
    """The reply as RFC 3464 2.3.6 writes it; a report's own text has its code in it, or none."""
    if not detail.text:
        return UNSET
    code = str(detail.code) if detail.code else ""
    return ["smtp; " + (detail.text if detail.text.startswith(code) else f"{code} {detail.text}")]


def _emails(mailboxes: tuple[Mailbox, ...]) -> list[str]:
    return [each.email for each in mailboxes]
