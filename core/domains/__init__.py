"""Domains that mail is sent from: added, proved by DNS, trusted; their keys, records and states."""

from core.domains.domain import (
    Change,
    Domain,
    Draft,
    add,
    change,
    find,
    get,
    host,
    numbered,
    of_account,
    remove,
    rotate,
    trust,
)
from core.domains.keys import Key
from core.domains.keys import of as keys_of
from core.domains.overview import Overview, of_name, overview, page
from core.domains.records import Record, kept, of_key, spf
from core.domains.standing import Check
from core.domains.verification import DomainEvent, checked, events_of, verify, verify_due

__all__ = [
    "Change",
    "Check",
    "Domain",
    "DomainEvent",
    "Draft",
    "Key",
    "Overview",
    "Record",
    "add",
    "change",
    "checked",
    "events_of",
    "find",
    "get",
    "host",
    "kept",
    "keys_of",
    "numbered",
    "of_account",
    "of_key",
    "of_name",
    "overview",
    "page",
    "remove",
    "rotate",
    "spf",
    "trust",
    "verify",
    "verify_due",
]
