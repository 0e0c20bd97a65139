"""Templates copied from one server of the account to another, or a look at what that would do.

Source: Postmark developer docs, "Templates API", "Push templates to another server", and its clients for JavaScript and
Java, read 2026-11. Layouts go first, so that what nests in them finds them. Safe to repeat: what was copied is the same
the next time.
"""

from collections.abc import Sequence

import msgspec

from core import templates, workspaces
from core.core import Caller
from core.errors import Conflict, Mistyped, NotFound
from core.paging import PageRequest
from core.templates import Body, Entry, NewTemplate
from dialects.endpoint import Call, put
from dialects.postmark.bodies import SYNTAX
from dialects.postmark.templates import TYPES

# as many as an operator may let a server have
_ALL = PageRequest(limit=10_000)


class Wish(msgspec.Struct, rename="pascal", forbid_unknown_fields=True):
    """From where to where; a look alone where ``PerformChanges`` is false."""

    source: int | None = msgspec.field(default=None, name="SourceServerID")
    destination: int | None = msgspec.field(default=None, name="DestinationServerID")
    perform_changes: bool | None = None


class Pushed(msgspec.Struct, rename="pascal", kw_only=True):
    """What becomes of a template: the number is the destination's, null where it is not made yet."""

    action: str
    template_id: int | None
    alias: str
    name: str
    template_type: str


class Result(msgspec.Struct, rename="pascal"):
    """What becomes of all."""

    total_count: int
    templates: list[Pushed]


class Pair(msgspec.Struct, frozen=True):
    """A template of the source and the destination's of the same alias."""

    source: Entry
    destination: Entry | None

    def told(self, number: int | None) -> Pushed:
        """In the answer."""
        return Pushed(
            action="Create" if self.destination is None else "Edit",
            template_id=number,
            alias=self.source.slug,
            name=self.source.name,
            template_type=TYPES[self.source.kind],
        )


class Push:
    """One copy from a server to another."""

    def __init__(self, call: Call, source: Caller, destination: Caller) -> None:
        """Nothing is read yet."""
        self._core = call.core
        self._most = call.core.policy.most_templates
        self._source = source
        self._destination = destination

    async def plan(self) -> list[Pair]:
        """What is to be copied, layouts first; raises Conflict."""
        held = await self._entries(self._source)
        if not held:
            raise Conflict("nothing_to_push", "The source server has no templates to push.")
        there = {each.slug: each for each in await self._entries(self._destination)}
        pairs = [Pair(each, there.get(each.slug)) for each in held]
        for pair in pairs:
            if pair.destination is not None and pair.destination.kind != pair.source.kind:
                reason = f"The template '{pair.source.slug}' has another type on the destination server."
                raise Conflict("template_types", reason)
        if sum(pair.destination is None for pair in pairs) + len(there) > self._most:
            raise Conflict("template_limit", f"The destination server has at most {self._most} templates.")
        return sorted(pairs, key=lambda pair: pair.source.kind != "layout")

    async def _entries(self, caller: Caller) -> Sequence[Entry]:
        return (await templates.entries(self._core, caller, _ALL, syntax=SYNTAX)).items

    async def copy(self, pair: Pair) -> int:
        """Make or change the destination's; its number. One at a time, since each may be large."""
        held = await templates.get(self._core, self._source, pair.source.id)
        body = msgspec.structs.replace(held.body, layout=await self._layout(held.layout_slug))
        if pair.destination is None:
            new = NewTemplate(slug=held.slug, name=held.name, syntax=SYNTAX, body=body, kind=held.kind)
            return (await templates.create(self._core, self._destination, new, most=self._most)).number

        def edit(current: templates.Template) -> templates.Change:
            return _changed(current, held.name, body)

        return (await templates.change(self._core, self._destination, pair.destination.id, edit)).number

    async def _layout(self, slug: str) -> str:
        return (await templates.find(self._core, self._destination, slug)).id if slug else ""


def _changed(current: templates.Template, name: str, body: Body) -> templates.Change:
    return templates.Change(name=name, slug=current.slug, body=None if body == current.body else body)


async def push(call: Call, body: Wish) -> Result:
    """Copy every template, or tell what that would do."""
    if body.perform_changes is None:
        raise Mistyped("$.PerformChanges", "must be true or false")
    task = Push(call, await _server(call, body.source), await _server(call, body.destination))
    pairs = await task.plan()
    if not body.perform_changes:
        told = [pair.told(pair.destination.number if pair.destination else None) for pair in pairs]
    else:
        told = [pair.told(await task.copy(pair)) for pair in pairs]
    return Result(len(told), told)


async def _server(call: Call, number: int | None) -> Caller:
    """A server of the account, which is called for; raises NotFound("push_servers")."""
    if number is None or not 0 < number < 1 << 63:
        raise NotFound("push_servers", str(number))
    try:
        found = await workspaces.get(call.core, call.caller, number)
    except NotFound as error:
        raise NotFound("push_servers", str(number)) from error
    return Caller(account_id=found.account_id, workspace_id=found.id, workspace_number=number)


OPERATIONS = (put("/templates/push", push),)
