"""What webhooks say of everything that is no email: suppressions, topics, contacts, domains.

Source: Resend docs, "Event types", and the types of the node SDK 6.38.0, read 2026-11. All moments are ISO 8601 here.
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from core.contacts import Contact
from core.domains.domain import Domain, State
from core.domains.records import Purpose, Record
from core.domains.standing import Check
from core.suppressions import Change
from core.topics import Topic
from dialects.times import iso

_ORIGINS: Final = {"hard_bounce": "bounce", "complaint": "complaint"}
# there is one region here, and it is the one that the provider takes where none is named
_REGION: Final = "us-east-1"
# a domain that stood and has lost a record is not lost yet
_DOMAIN_STATES: Final[dict[State, str]] = {"temporary_failure": "partially_failed"}
# the provider has no record of DMARC; a return path of the customer's own is what SPF is looked up for
_RECORDS: Final[dict[Purpose, str]] = {
    "dkim": "DKIM",
    "spf": "SPF",
    "return": "SPF",
    "tracking": "Tracking",
    "inbound": "Receiving MX",
}


class SuppressionData(msgspec.Struct, kw_only=True):
    """A suppression that was added or removed."""

    id: str
    email: str
    origin: str
    source_id: str | None
    created_at: str

    @classmethod
    def of(cls, change: Change) -> "SuppressionData":
        """From the domain's change, which has the suppression's id where it was added."""
        return cls(
            id=change.id,
            email=change.email,
            origin=_ORIGINS.get(change.reason, "manual"),
            source_id=change.message_id or None,
            created_at=iso(change.at),
        )


class TopicChoice(msgspec.Struct):
    """A topic, and whether it is wanted."""

    id: str
    subscription: Literal["opt_in", "opt_out"]


class ContactTopicsData(msgspec.Struct):
    """What somebody chose."""

    email: str
    topics: list[TopicChoice]

    @classmethod
    def of(cls, change: Change) -> "ContactTopicsData":
        """From the domain's change, which is of one topic."""
        return cls(change.email, [TopicChoice(change.topic_id, "opt_out" if change.suppress else "opt_in")])


class TopicData(msgspec.Struct, kw_only=True):
    """A topic."""

    id: str
    name: str
    description: str | None
    default_subscription: str
    deleted: bool
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, topic: Topic, *, deleted: bool) -> "TopicData":
        """From the domain's topic."""
        return cls(
            id=topic.id,
            name=topic.name,
            description=topic.description or None,
            default_subscription=topic.subscription,
            deleted=deleted,
            created_at=iso(topic.created_at),
            updated_at=iso(topic.updated_at),
        )


class ContactData(msgspec.Struct, kw_only=True):
    """A contact."""

    id: str
    audience_id: str | UnsetType = UNSET
    segment_ids: list[str]
    created_at: str
    updated_at: str
    email: str
    first_name: str | None
    last_name: str | None
    unsubscribed: bool

    @classmethod
    def of(cls, contact: Contact, segment_id: str) -> "ContactData":
        """From the domain's contact in its segment; names stand among its properties."""
        return cls(
            id=contact.id,
            audience_id=segment_id or UNSET,
            segment_ids=[segment_id] if segment_id else [],
            created_at=iso(contact.created_at),
            updated_at=iso(contact.updated_at),
            email=contact.email,
            first_name=contact.properties.get("firstName") or None,
            last_name=contact.properties.get("lastName") or None,
            unsubscribed=contact.status == "unsubscribed",
        )


class Capabilities(msgspec.Struct):
    """What a domain may do."""

    sending: str
    receiving: str


class RecordData(msgspec.Struct, kw_only=True):
    """A DNS record of a domain; its name is what stands before the domain's."""

    record: str
    name: str
    type: str
    ttl: str = "Auto"
    status: str
    value: str
    priority: int | UnsetType = UNSET

    @classmethod
    def of(cls, domain: Domain, record: Record, check: Check) -> "RecordData":
        """From the domain's record and how it was found."""
        return cls(
            record=_RECORDS[record.purpose],
            name=record.name.removesuffix(domain.name).rstrip(".") or record.name,
            type=record.kind,
            status=check.state,
            value=record.value,
            priority=UNSET if record.priority is None else record.priority,
        )


class DomainData(msgspec.Struct, kw_only=True):
    """A domain with its records."""

    id: str
    name: str
    status: str
    created_at: str
    region: str = _REGION
    capabilities: Capabilities
    records: list[RecordData]

    @classmethod
    def of(cls, domain: Domain, records: Sequence[tuple[Record, Check]]) -> "DomainData":
        """From the domain's own, with its records where it has any."""
        return cls(
            id=domain.id,
            name=domain.name,
            status=_status(domain),
            created_at=iso(domain.created_at),
            capabilities=Capabilities("enabled", "enabled" if domain.receiving else "disabled"),
            records=[
                RecordData.of(domain, record, check)
                for record, check in records
                if record.purpose in _RECORDS
            ],
        )


def _status(domain: Domain) -> str:
    if domain.state == "pending" and domain.checked_at is None:
        return "not_started"
    return _DOMAIN_STATES.get(domain.state, domain.state)
