"""What webhooks say of mail that was sent. Every key always stands there; moments are UTC with seven digits.

Source: Postmark developer docs, the pages of the bounce, spam complaint, delivery, open, click and subscription change
webhooks, read 2026-11.
"""

from typing import Final

import msgspec

from core.bounces import Bounce
from core.events import Detail, Event
from core.messages import Message
from core.suppressions import Change
from core.tracking.sighting import Platform, Seen, Software
from core.webhooks import Happening
from dialects.postmark.bounce_types import OF_KIND, details
from dialects.postmark.timeline import CLICK_LOCATIONS
from dialects.times import iso

PLATFORMS: Final[dict[Platform, str]] = {
    "desktop": "Desktop",
    "mobile": "Mobile",
    "webmail": "WebMail",
    "unknown": "Unknown",
}
ORIGINS: Final = {"recipient": "Recipient", "customer": "Customer", "admin": "Admin"}
# whoever says no by hand, whether recipient, customer or admin
MANUAL: Final = "ManualSuppression"
REASONS: Final = {"hard_bounce": "HardBounce", "complaint": "SpamComplaint"}


class BounceTold(msgspec.Struct, rename="pascal", kw_only=True, omit_defaults=True):
    """A bounce or a complaint; its content stands only where it is asked for."""

    record_type: str
    message_stream: str
    number: int = msgspec.field(name="ID")
    type: str
    type_code: int
    name: str
    tag: str
    message_id: str = msgspec.field(name="MessageID")
    metadata: dict[str, str]
    server_id: int = msgspec.field(name="ServerID")
    description: str
    details: str
    email: str
    sender: str = msgspec.field(name="From")
    bounced_at: str
    dump_available: bool
    inactive: bool
    can_activate: bool
    subject: str
    content: str | None = None

    @classmethod
    def of(cls, happening: Happening, bounce: Bounce, record_type: str, *, content: bool) -> "BounceTold":
        """From a kept bounce and the letter that told of it."""
        sort = OF_KIND[bounce.kind]
        report = happening.report or bounce.details.encode()
        return cls(
            record_type=record_type,
            message_stream=bounce.stream,
            number=bounce.number,
            type=sort.type,
            type_code=sort.code,
            name=sort.name,
            tag=bounce.tag,
            message_id=bounce.message_id,
            metadata=_metadata(happening.message),
            server_id=happening.workspace.number,
            description=sort.description,
            details=details(bounce),
            email=bounce.email,
            sender=bounce.sender,
            bounced_at=moment(bounce.at),
            dump_available=True,
            inactive=bounce.inactive,
            can_activate=bounce.can_activate,
            subject=bounce.subject,
            content=report.decode("utf-8", "replace") if content else None,
        )


class DeliveryTold(msgspec.Struct, rename="pascal", kw_only=True):
    """That a recipient's server took a message."""

    record_type: str = "Delivery"
    server_id: int = msgspec.field(name="ServerID")
    message_stream: str
    message_id: str = msgspec.field(name="MessageID")
    recipient: str
    tag: str
    delivered_at: str
    details: str
    metadata: dict[str, str]

    @classmethod
    def of(cls, happening: Happening, message: Message, event: Event) -> "DeliveryTold":
        """From the event of a delivery."""
        return cls(
            server_id=happening.workspace.number,
            message_stream=message.stream,
            message_id=message.id,
            recipient=happening.recipient,
            tag=message.tag,
            delivered_at=moment(event.at),
            details=_reply(event.detail),
            metadata=message.draft.metadata,
        )


class Program(msgspec.Struct, rename="pascal", omit_defaults=True):
    """A mail program or a system; an empty object where nothing is known of it."""

    name: str = ""
    company: str = ""
    family: str = ""

    @classmethod
    def of(cls, held: Software) -> "Program":
        """From the domain's."""
        return cls(held.name, held.company, held.family)


class Geo(msgspec.Struct, rename="pascal", omit_defaults=True):
    """Where somebody was: this server knows addresses, and no map of them."""

    ip: str = msgspec.field(default="", name="IP")


class OpenTold(msgspec.Struct, rename="pascal", kw_only=True):
    """An open. How long somebody read is not measured."""

    record_type: str = "Open"
    message_stream: str
    first_open: bool
    client: Program
    os: Program = msgspec.field(name="OS")
    platform: str
    user_agent: str
    read_seconds: int = 0
    geo: Geo
    message_id: str = msgspec.field(name="MessageID")
    metadata: dict[str, str]
    received_at: str
    tag: str
    recipient: str

    @classmethod
    def of(cls, happening: Happening, message: Message, event: Event) -> "OpenTold":
        """From the event of an open."""
        seen = event.detail.seen or Seen()
        return cls(
            message_stream=message.stream,
            first_open=seen.first,
            client=Program.of(seen.agent.client),
            os=Program.of(seen.agent.os),
            platform=PLATFORMS[seen.agent.platform],
            user_agent=seen.user_agent,
            geo=Geo(seen.ip),
            message_id=message.id,
            metadata=message.draft.metadata,
            received_at=moment(event.at),
            tag=message.tag,
            recipient=happening.recipient,
        )


class ClickTold(msgspec.Struct, rename="pascal", kw_only=True):
    """A click."""

    record_type: str = "Click"
    message_stream: str
    click_location: str
    client: Program
    os: Program = msgspec.field(name="OS")
    platform: str
    user_agent: str
    original_link: str
    geo: Geo
    message_id: str = msgspec.field(name="MessageID")
    metadata: dict[str, str]
    received_at: str
    tag: str
    recipient: str

    @classmethod
    def of(cls, happening: Happening, message: Message, event: Event) -> "ClickTold":
        """From the event of a click."""
        seen = event.detail.seen or Seen()
        return cls(
            message_stream=message.stream,
            click_location=CLICK_LOCATIONS[seen.part],
            client=Program.of(seen.agent.client),
            os=Program.of(seen.agent.os),
            platform=PLATFORMS[seen.agent.platform],
            user_agent=seen.user_agent,
            original_link=seen.link,
            geo=Geo(seen.ip),
            message_id=message.id,
            metadata=message.draft.metadata,
            received_at=moment(event.at),
            tag=message.tag,
            recipient=happening.recipient,
        )


class ChangeTold(msgspec.Struct, rename="pascal", kw_only=True):
    """That an address was taken out of use, or back into it. Of the latter, and of what no message led to, null."""

    record_type: str = "SubscriptionChange"
    message_id: str | None = msgspec.field(name="MessageID")
    server_id: int = msgspec.field(name="ServerID")
    message_stream: str
    changed_at: str
    recipient: str
    origin: str
    suppress_sending: bool
    suppression_reason: str | None
    tag: str | None
    metadata: dict[str, str]

    @classmethod
    def of(cls, happening: Happening, change: Change, stream: str) -> "ChangeTold":
        """From the domain's change; one of all streams is told each of them."""
        led = change.message_id if change.suppress else ""
        message = happening.message if led else None
        delivery = happening.delivery
        return cls(
            message_id=led or None,
            server_id=happening.workspace.number,
            message_stream=change.stream or stream,
            changed_at=moment(change.at),
            recipient=delivery.email if delivery is not None else change.email,
            origin=ORIGINS[change.origin],
            suppress_sending=change.suppress,
            suppression_reason=REASONS.get(change.reason, MANUAL) if change.suppress else None,
            tag=message.tag if message is not None else None,
            metadata=_metadata(message),
        )


def moment(at: int) -> str:
    """As payloads print it."""
    return iso(at, digits=7)


def _reply(detail: Detail) -> str:
    """The other side's words, of which a report's own text may have the code in it."""
    code = str(detail.code) if detail.code else ""
    return detail.text if not code or detail.text.startswith(code) else f"{code} {detail.text}".rstrip()


def _metadata(message: Message | None) -> dict[str, str]:
    return message.draft.metadata if message is not None else {}
