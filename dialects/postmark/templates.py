"""Templates and layouts: listed, read, made, changed, taken away; named by number or by alias.

Source: Postmark developer docs, "Templates API", the template tests of its SDKs for JavaScript, .NET, PHP and Java and
of its command line, answers that postmarker recorded, read 2026-11. Where a new template has no alias it is given one:
its PHP and command line clients take no template without.
"""

import re
import secrets
from typing import Final

import msgspec

from core import templates
from core.core import Caller, Core
from core.errors import Invalid, NotFound
from core.templates import Body, Entry, Kind, NewTemplate, Template
from dialects.endpoint import MIB, Call, delete, get, post, put
from dialects.postmark import bodies, places
from dialects.postmark.bodies import SYNTAX
from dialects.postmark.done import Done
from dialects.postmark.paging import Paged

LIMIT_BYTES: Final = 4 * MIB
KINDS: Final[dict[str, Kind]] = {"standard": "standard", "layout": "layout"}
TYPES: Final[dict[Kind, str]] = {"standard": "Standard", "layout": "Layout"}
# more than any number of ours, and no more than an engine can be asked for
_NO_NUMBER: Final = 1 << 62
_LONGEST_NAME: Final = 255
_LONGEST_ALIAS: Final = 255
_ALIAS: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")


class Which(Paged, kw_only=True):
    """The query of the list, its keys folded."""

    templatetype: str = "all"
    layouttemplate: str | None = None

    def kind(self) -> Kind | None:
        """What is asked for, None for all; raises Invalid."""
        wanted = self.templatetype.lower()
        if wanted == "all":
            return None
        if wanted not in KINDS:
            reason = f"The 'TemplateType' '{self.templatetype}' is not valid."
            raise Invalid("TemplateType", reason, kind="templates")
        return KINDS[wanted]


class Change(msgspec.Struct, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """What can be changed of a template; what is left out stays, and an empty ``LayoutTemplate`` takes it out."""

    name: str | None = None
    alias: str | None = None
    subject: str | None = None
    html_body: str | None = None
    text_body: str | None = None
    layout_template: str | None = None

    def check(self) -> None:
        """Refuse an empty request and a name or an alias that is none; raises Invalid."""
        if all(each is None for each in msgspec.structs.astuple(self)):
            raise Invalid("body", "The template's data is missing.", kind="template_body")
        if self.name is not None and not self.name.strip():
            raise bodies.missing("Name", "The 'Name' of the template is missing.")
        bodies.check_length("Name", self.name, _LONGEST_NAME)
        bodies.check_length("Alias", self.alias, _LONGEST_ALIAS)
        if self.alias and _ALIAS.fullmatch(self.alias) is None:
            reason = (
                "The 'Alias' of a template begins with a letter and has letters, digits, dots, hyphens and "
                "underscores."
            )
            raise Invalid("Alias", reason, kind="template_field")

    def given(self) -> Body:
        """The parts that are given."""
        return Body(subject=self.subject or "", html=self.html_body or None, text=self.text_body or None)

    def over(self, held: Template, layout: str | None) -> templates.Change:
        """The template with what is given in place of what it has; raises Invalid."""
        body = msgspec.structs.replace(
            held.body,
            subject=held.body.subject if self.subject is None else self.subject,
            html=held.body.html if self.html_body is None else self.html_body or None,
            text=held.body.text if self.text_body is None else self.text_body or None,
            layout=held.body.layout if layout is None else layout,
        )
        bodies.check_parts(held.kind, body)
        return templates.Change(
            name=self.name or held.name,
            slug=self.alias or held.slug,
            body=None if body == held.body else body,
        )


class Wish(Change, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """A template to make."""

    template_type: str | None = None

    def new(self, layout: str) -> NewTemplate:
        """As core makes it; raises Invalid."""
        if not self.name:
            raise bodies.missing("Name", "The 'Name' of the template is missing.")
        kind, body = kind_of(self.template_type), msgspec.structs.replace(self.given(), layout=layout)
        bodies.check_parts(kind, body)
        return NewTemplate(
            slug=self.alias or _made_up(self.name), name=self.name, syntax=SYNTAX, body=body, kind=kind
        )


class Short(msgspec.Struct, rename="pascal", kw_only=True):
    """A template without what it says."""

    active: bool = True
    template_id: int
    name: str
    alias: str
    template_type: str
    layout_template: str | None

    @classmethod
    def of(cls, held: Template | Entry) -> "Short":
        """From the domain's."""
        return cls(
            template_id=held.number,
            name=held.name,
            alias=held.slug,
            template_type=TYPES[held.kind],
            layout_template=held.layout_slug or None,
        )


class Told(msgspec.Struct, rename="pascal", kw_only=True):
    """A template, whole."""

    name: str
    template_id: int
    subject: str | None
    html_body: str | None
    text_body: str | None
    associated_server_id: int
    active: bool
    alias: str
    template_type: str
    layout_template: str | None

    @classmethod
    def of(cls, call: Call, held: Template) -> "Told":
        """From the domain's."""
        return cls(
            name=held.name,
            template_id=held.number,
            subject=None if held.kind == "layout" else held.body.subject,
            html_body=held.body.html,
            text_body=held.body.text,
            associated_server_id=call.caller.workspace_number,
            active=held.deleted_at is None,
            alias=held.slug,
            template_type=TYPES[held.kind],
            layout_template=held.layout_slug or None,
        )


class Listed(msgspec.Struct, rename="pascal"):
    """A page of the templates; the count is of all."""

    total_count: int
    templates: list[Short]


def kind_of(given: str | None) -> Kind:
    """A template's type; raises Invalid."""
    kind = KINDS.get((given or "standard").lower())
    if kind is None:
        reason = f"The 'TemplateType' '{given}' is not valid."
        raise Invalid("TemplateType", reason, kind="template_field")
    return kind


def _made_up(name: str) -> str:
    """An alias from a name, by chance nobody else's."""
    stem = _NO_WORD.sub("-", name.lower()).strip("-").lstrip("-0123456789")[:40].strip("-")
    return f"{stem or 'template'}-{secrets.token_hex(4)}"


async def numbered(core: Core, caller: Caller, number: int) -> Template:
    """By number, also one that was taken away; raises NotFound("template")."""
    if not 0 < number < _NO_NUMBER:
        raise NotFound("template", str(number))
    found = await templates.numbered(core, caller, number)
    if found.syntax != SYNTAX:
        raise NotFound("template", str(number))
    return found


async def aliased(core: Core, caller: Caller, alias: str) -> Template:
    """By alias; raises NotFound("template_alias")."""
    try:
        found = await templates.find(core, caller, alias)
    except NotFound as error:
        raise NotFound("template_alias", alias) from error
    if found.syntax != SYNTAX or found.slug != alias:
        raise NotFound("template_alias", alias)
    return found


async def sendable(core: Core, caller: Caller, number: int, alias: str) -> Template:
    """A template that can be sent, by number where there is one, else by alias; raises NotFound."""
    found = await (numbered(core, caller, number) if number else aliased(core, caller, alias))
    if found.deleted_at is not None or found.kind == "layout":
        raise NotFound("template" if number else "template_alias", alias or str(number))
    return found


async def layout_id(core: Core, caller: Caller, alias: str | None) -> str:
    """The id of a layout, empty where none is named; raises NotFound("layout")."""
    if not alias:
        return ""
    try:
        found = await aliased(core, caller, alias)
    except NotFound as error:
        raise NotFound("layout", alias) from error
    if found.kind != "layout":
        raise NotFound("layout", alias)
    return found.id


async def _pointed(call: Call, key: str) -> Template:
    """What a path names, by digits or by alias, also one that was taken away; raises NotFound."""
    if key.isascii() and key.isdecimal():
        return await numbered(call.core, call.caller, places.number(key, "template"))
    return await aliased(call.core, call.caller, key)


async def _active(call: Call, key: str) -> Template:
    held = await _pointed(call, key)
    if held.deleted_at is not None:
        raise NotFound("template", key)
    return held


async def list_templates(call: Call, query: Which) -> Listed:
    """Those that are active, in the order in which they were made."""
    request, kind = query.page("templates"), query.kind()
    layout = await layout_id(call.core, call.caller, query.layouttemplate) or None
    found = await templates.entries(call.core, call.caller, request, syntax=SYNTAX, kind=kind, layout=layout)
    return Listed(found.total, [Short.of(each) for each in found.items])


async def retrieve(call: Call, id: str) -> Told:
    """One template; by its number also one that was taken away."""
    return Told.of(call, await _pointed(call, id))


async def create(call: Call, body: Wish) -> Short:
    """Make a template or a layout."""
    places.refuse_test(call)
    body.check()
    new = body.new(await layout_id(call.core, call.caller, body.layout_template))
    await bodies.check_texts(new.kind, new.body)
    most = call.core.policy.most_templates
    return Short.of(await templates.create(call.core, call.caller, new, most=most))


async def edit(call: Call, id: str, body: Change) -> Short:
    """Change a template in part."""
    held = await _active(call, id)
    body.check()
    bodies.check_lengths(body.given())
    given = body.layout_template
    layout = None if given is None else await layout_id(call.core, call.caller, given)
    await bodies.check_texts(held.kind, body.given())
    changed = await templates.change(
        call.core, call.caller, held.id, lambda current: body.over(current, layout)
    )
    return Short.of(changed)


async def remove(call: Call, id: str) -> Done:
    """Take a template away, of which its number stays."""
    held = await _active(call, id)
    await templates.delete(call.core, call.caller, held.id)
    return Done(f"Template {held.number} removed.")


OPERATIONS = (
    get("/templates", list_templates),
    get("/templates/{id}", retrieve),
    post("/templates", create, limit_bytes=LIMIT_BYTES),
    put("/templates/{id}", edit, limit_bytes=LIMIT_BYTES),
    delete("/templates/{id}", remove),
)
