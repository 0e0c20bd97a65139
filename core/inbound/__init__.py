"""Mail that comes in: whose it is, what it says, and how it stands."""

from core.inbound.addressing import (
    Domain,
    Place,
    add_domain,
    address_of,
    domains,
    hashes,
    place,
    remove_domain,
)
from core.inbound.inbox import Arrival, Inbox
from core.inbound.letter import Body, File, Head, Letter, Mailbox
from core.inbound.message import InboundMessage
from core.inbound.people import hash_of
from core.inbound.reading import Filter, bypass, file, files, get, page, retry, source
from core.inbound.receiver import Receiver

__all__ = [
    "Arrival",
    "Body",
    "Domain",
    "File",
    "Filter",
    "Head",
    "InboundMessage",
    "Inbox",
    "Letter",
    "Mailbox",
    "Place",
    "Receiver",
    "add_domain",
    "address_of",
    "bypass",
    "domains",
    "file",
    "files",
    "get",
    "hash_of",
    "hashes",
    "page",
    "place",
    "remove_domain",
    "retry",
    "source",
]
