"""Happenings: what webhooks are told of, with everything that a dialect may have to say about it.

Kinds that have an event of a message (``core.events``) have its name; ``received`` is a letter that came in. The
others: ``suppression_added``, ``suppression_removed`` and ``topic_choice`` (a recipient's, or made for one) with a
``change``; ``topic_created``, ``topic_updated``, ``topic_deleted``; ``contact_created``, ``contact_updated``,
``contact_deleted``; ``domain_created``, ``domain_updated``, ``domain_deleted``.
"""

from typing import Final

import msgspec

from core.accounts import Workspace
from core.bounces.bounce import Bounce
from core.contacts import Contact
from core.domains.domain import Domain
from core.domains.records import Record
from core.domains.standing import Check
from core.events import Event
from core.inbound.message import InboundMessage
from core.messages.message import Batch, Delivery, Message
from core.suppressions import Change
from core.topics import Topic

OF_MESSAGES: Final = frozenset(
    {
        "accepted", "scheduled", "rescheduled", "canceled", "sent", "delivered", "deferred", "delayed", "bounced",
        "complained", "failed", "expired", "suppressed", "opened", "clicked", "scanned", "unsubscribed",
        "resubscribed", "returned",
    }
)  # fmt: skip  # a list of words reads better in lines than in a column
OF_CHANGES: Final = frozenset({"suppression_added", "suppression_removed", "topic_choice"})
OF_TOPICS: Final = frozenset({"topic_created", "topic_updated", "topic_deleted"})
OF_CONTACTS: Final = frozenset({"contact_created", "contact_updated", "contact_deleted"})
OF_DOMAINS: Final = frozenset({"domain_created", "domain_updated", "domain_deleted"})
RECEIVED: Final = "received"
KINDS: Final = OF_MESSAGES | OF_CHANGES | OF_TOPICS | OF_CONTACTS | OF_DOMAINS | {RECEIVED}


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, whole.

    ``account`` is the name of the workspace's account. Of a message: ``event``, ``message`` (without its bodies)
    and the ``message_id`` that its letter goes out with, the ``batch`` of the call that made it with others;
    ``delivery`` where it concerns one recipient, None where all of them; ``bounce`` where one was recorded, with the
    ``report`` where some webhook includes that. Of a letter that came in: ``inbound`` with its body, its ``files`` and
    ``source`` where included. Of a ``change``: the ``message`` that led to it and the ``delivery`` of its address, if
    any. Of a domain: its ``records`` each with how it was found, none of a deleted one.
    """

    id: str
    kind: str
    at: int
    workspace: Workspace
    account: str = ""
    event: Event | None = None
    message: Message | None = None
    message_id: str = ""
    batch: Batch | None = None
    delivery: Delivery | None = None
    bounce: Bounce | None = None
    report: bytes = b""
    inbound: InboundMessage | None = None
    files: tuple[bytes, ...] = ()
    source: bytes = b""
    change: Change | None = None
    topic: Topic | None = None
    contact: Contact | None = None
    segment_id: str = ""
    domain: Domain | None = None
    records: tuple[tuple[Record, Check], ...] = ()

    @property
    def recipient(self) -> str:
        """Whose it is; of a copy led elsewhere, where nobody is named, the message's first recipient."""
        if self.delivery is not None:
            return self.delivery.email
        deliveries = self.message.deliveries if self.message is not None else ()
        return next((each.email for each in deliveries), "")
