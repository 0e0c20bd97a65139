"""Inbound rule triggers: whose letters a server does not want.

Source: Postmark developer docs, "Inbound rules triggers API", and recorded answers, read 2026-11; code 813 stands in an
older edition of the table.
"""

import msgspec

from core.errors import Invalid
from core.inbound import rules
from core.inbound.rules import Rule
from dialects.endpoint import Call, delete, get, post
from dialects.postmark import places
from dialects.postmark.done import Done
from dialects.postmark.paging import Paged


class Wish(msgspec.Struct, rename="pascal", forbid_unknown_fields=True):
    """A rule to make: an address or a domain."""

    rule: str | None = None


class Told(msgspec.Struct, rename="pascal"):
    """A rule, as it was given."""

    number: int = msgspec.field(name="ID")
    rule: str

    @classmethod
    def of(cls, held: Rule) -> "Told":
        """From the domain's."""
        return cls(held.number, held.rule)


class Listed(msgspec.Struct, rename="pascal"):
    """A page of the rules; the count is of all."""

    total_count: int
    inbound_rules: list[Told]


async def list_rules(call: Call, query: Paged) -> Listed:
    """Rules in the order that they were made."""
    found = await rules.page(call.core, call.caller, query.page("rules"))
    return Listed(found.total, [Told.of(each) for each in found.items])


async def create(call: Call, body: Wish) -> Told:
    """Want no letters of an address or of exactly one domain."""
    places.refuse_test(call)
    if body.rule is None:
        raise Invalid("Rule", "The trigger's data is missing.", kind="rule_body")
    return Told.of(await rules.create(call.core, call.caller, body.rule))


async def remove(call: Call, id: str) -> Done:
    """Want them again."""
    gone = await rules.delete(call.core, call.caller, places.number(id, "inbound_rule"))
    return Done(f"Rule {gone.rule} removed.")


OPERATIONS = (
    get("/triggers/inboundrules", list_rules),
    post("/triggers/inboundrules", create),
    delete("/triggers/inboundrules/{id}", remove),
)
