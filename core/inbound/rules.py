"""Whose mail a workspace does not want: senders by address or by domain."""

import re
from typing import Final

import msgspec

from core import addresses
from core.addresses import AddressError
from core.core import Caller, Core
from core.errors import Conflict, Invalid, NotFound
from core.paging import Page, PageRequest
from core.store.database import rows, write
from core.store.statements import sql

# an address, or a host name with a dot, in whatever letters; it is compared, never connected to
_RULE: Final = re.compile(r"(?:[^\s@<>\x00]{1,64}@)?[^\s@<>.\x00]+(?:\.[^\s@<>.\x00]+)+")
_LONGEST: Final = 254


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule, as it was given."""

    number: int
    rule: str


async def create(core: Core, caller: Caller, rule: str) -> Rule:
    """Block an address, or exactly one domain; raises Invalid("rule") and Conflict("inbound_rule")."""
    if len(rule) > _LONGEST or _RULE.fullmatch(rule) is None:
        raise Invalid("rule", "is neither an address nor a domain", kind="inbound_rule", value=rule)
    insert = sql.inbound_rule_insert(
        workspace_id=caller.workspace_id,
        key=_key(rule),
        rule=rule,
        number=await core.numbers.take("inbound_rule"),
        created_at=core.clock.now(),
    )
    found = (await write(core.db, insert))[0]
    if not found:
        raise Conflict("inbound_rule", f"There is a rule for {rule}.", id=rule)
    return Rule(number=found[0][0], rule=rule)


def _key(rule: str) -> str:
    """What is compared: the domain in A-labels, as senders have it."""
    local, at, domain = rule.lower().rpartition("@")
    try:
        host = addresses.parse(f"any@{domain}").email.rpartition("@")[2]
    except AddressError:
        # no host name, and yet somebody may write as if it were one
        host = domain
    return f"{local}{at}{host}"


async def delete(core: Core, caller: Caller, number: int) -> Rule:
    """Take a rule away, and tell which; raises NotFound("inbound_rule")."""
    found = await write(core.db, sql.inbound_rule_delete(workspace_id=caller.workspace_id, number=number))
    if not found[0]:
        raise NotFound("inbound_rule", str(number))
    return Rule(number=number, rule=found[0][0][0])


async def page(core: Core, caller: Caller, request: PageRequest) -> Page[Rule]:
    """The caller's rules in the order they were made, by offset."""
    query = sql.inbound_rules_page(
        workspace_id=caller.workspace_id, count=request.limit + 1, skip=request.offset
    )
    found = await rows(core.db, Rule, query)
    total = 0
    if request.total:
        total = (await core.db.fetch(sql.inbound_rules_count(workspace_id=caller.workspace_id)))[0][0]
    return Page.of(found, request, total)


def keys(*senders: str) -> list[str]:
    """What rules for any of these senders would be kept under."""
    lower = [_key(sender) for sender in senders if "@" in sender]
    return list(dict.fromkeys([*lower, *(sender.rpartition("@")[2] for sender in lower)]))
