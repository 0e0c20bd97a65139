"""Templates: named bodies with numbered, immutable versions; sending uses the newest."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from core import ids
from core.core import Caller, Core
from core.errors import Conflict, NotFound
from core.paging import Page, PageRequest
from core.store.database import Transaction, mapper, one, rows
from core.store.statements import Query, sql

Kind = Literal["standard", "layout"]


class Variant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a version says in one language instead."""

    subject: str = ""
    html: str | None = None


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a version holds. ``sample`` shows its variables.

    ``layout`` is the slug of the template it nests in, or its id, which stays when the slug is changed. ``defaults``
    fill variables that a call leaves out; ``required`` must be given by the call. ``published`` false keeps a version
    from being sent. ``variants`` stand in for subject and html by locale.
    """

    subject: str = ""
    html: str | None = None
    text: str | None = None
    css: str = ""
    sender: str = ""
    reply_to: str = ""
    layout: str = ""
    sample: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    published: bool = True
    variants: dict[str, Variant] = {}

    def said_in(self, locale: str) -> "Body":
        """The same in a locale, or in its language; itself where it has no such variant."""
        variant = self.variants.get(locale) or self.variants.get(locale.partition("-")[0])
        if variant is None:
            return self
        return msgspec.structs.replace(self, subject=variant.subject, html=variant.html)


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A template with its newest version. ``syntax`` is one of ``core.render``'s; ``kind`` says what it is made for.

    ``layout_slug``: the slug of what it nests in, where the body has it by its id.
    """

    id: str
    number: int
    slug: str
    name: str
    syntax: str
    version: int
    version_id: str
    body: Body
    version_at: int
    deleted_at: int | None
    created_at: int
    updated_at: int
    kind: Kind = "standard"
    layout_slug: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A template in a list, without its body."""

    id: str
    number: int
    slug: str
    name: str
    kind: Kind
    layout_slug: str


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable state of a template."""

    id: str
    template_id: str
    version: int
    body: Body
    created_at: int


class NewTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """What to make; the dialect has checked that the body parses (``core.render.check``)."""

    slug: str
    name: str
    syntax: str
    body: Body
    kind: Kind = "standard"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a template; ``body`` None leaves its version as it is."""

    name: str
    slug: str
    body: Body | None = None


async def create(core: Core, caller: Caller, new: NewTemplate, *, most: int = 0) -> Template:
    """Make a template with version 1; ``most`` of its syntax may be there, 0 for any number.

    Raises Conflict("slug") where the slug is taken in the workspace, Conflict("template_limit"), and
    NotFound("layout") for one that has just been deleted.
    """
    id, now = ids.new(), core.clock.now()
    number = await core.numbers.take("template")
    async with core.db.transaction() as work:
        await _hold(work, caller)
        if most:
            await _check_room(work, caller, new.syntax, most)
        await _check_layout(work, new.body)
        made = await work.run(
            sql.template_insert(
                id=id,
                workspace_id=caller.workspace_id,
                number=number,
                slug=new.slug,
                name=new.name,
                syntax=new.syntax,
                created_at=now,
                updated_at=now,
                kind=new.kind,
                layout=new.body.layout,
            )
        )
        if not made[0]:
            raise _taken(new.slug)
        await work.run(_insert_version(id, 1, new.body, now), commit=True)
    return await get(core, caller, id)


async def save(core: Core, caller: Caller, id: str, body: Body) -> Template:
    """Add a version, which becomes the one that is sent; raises NotFound("template")."""
    now = core.clock.now()
    async with core.db.transaction() as work:
        await _raise(work, caller, id, body, now)
    return await get(core, caller, id)


async def change(core: Core, caller: Caller, id: str, edit: Callable[[Template], Change]) -> Template:
    """Change a template as ``edit`` says of how it stands; a body is a version more.

    Raises NotFound("template"), Conflict("slug"), NotFound("layout") and whatever ``edit`` raises.
    """
    now = core.clock.now()
    async with core.db.transaction() as work:
        # nobody else changes it between the look and the change
        await _hold(work, caller)
        found = (await work.run(sql.template_get(id=id, workspace_id=caller.workspace_id)))[0]
        if not found:
            raise NotFound("template", id)
        held = mapper(Template)(found[0])
        wanted = edit(held)
        if wanted.slug != held.slug:
            await _check_slug(work, caller, wanted.slug)
        rename = sql.template_rename(
            id=id, workspace_id=caller.workspace_id, name=wanted.name, slug=wanted.slug, now=now
        )
        await work.run(rename, commit=wanted.body is None)
        if wanted.body is not None:
            await _check_layout(work, wanted.body)
            await _raise(work, caller, id, wanted.body, now)
    return await get(core, caller, id)


async def delete(core: Core, caller: Caller, id: str) -> None:
    """Take a template away; mail that was accepted with it is sent all the same.

    Raises NotFound("template"), and Conflict("nesting") where others nest in it.
    """
    async with core.db.transaction() as work:
        await _hold(work, caller)
        nesting = await work.run(sql.template_nesting(workspace_id=caller.workspace_id, layout=id))
        if nesting[0]:
            raise Conflict("nesting", "Other templates nest in it.", id=id)
        query = sql.template_delete(id=id, workspace_id=caller.workspace_id, now=core.clock.now())
        if not (await work.run(query, commit=True))[0]:
            raise NotFound("template", id)


async def _hold(work: Transaction, caller: Caller) -> None:
    """Let nobody else change the workspace's templates until the end of the transaction."""
    await work.run(sql.workspace_settings(id=caller.workspace_id))


async def _check_room(work: Transaction, caller: Caller, syntax: str, most: int) -> None:
    query = sql.templates_of_syntax(workspace_id=caller.workspace_id, syntax=syntax)
    if (await work.run(query))[0][0][0] >= most:
        raise Conflict("template_limit", f"A workspace has at most {most} templates.")


async def _check_layout(work: Transaction, body: Body) -> None:
    if body.layout and (await work.run(sql.template_deleted(id=body.layout)))[0]:
        raise NotFound("layout", body.layout)


async def _check_slug(work: Transaction, caller: Caller, slug: str) -> None:
    if (await work.run(sql.template_slug_of(workspace_id=caller.workspace_id, slug=slug)))[0]:
        raise _taken(slug)


def _taken(slug: str) -> Conflict:
    return Conflict("slug", f"The slug {slug} is taken.", id=slug)


async def _raise(work: Transaction, caller: Caller, id: str, body: Body, now: int) -> None:
    """Add a version and end the transaction."""
    query = sql.template_raise(id=id, workspace_id=caller.workspace_id, layout=body.layout, now=now)
    raised = await work.run(query)
    if not raised[0]:
        raise NotFound("template", id)
    await work.run(_insert_version(id, raised[0][0][0], body, now), commit=True)


def _insert_version(id: str, version: int, body: Body, now: int) -> Query:
    return sql.template_version_insert(
        template_id=id, version=version, id=ids.new(), body=msgspec.msgpack.encode(body), created_at=now
    )


async def get(core: Core, caller: Caller, id: str) -> Template:
    """By id; raises NotFound("template"), also for a deleted one."""
    found = await one(core.db, Template, sql.template_get(id=id, workspace_id=caller.workspace_id))
    if found is None:
        raise NotFound("template", id)
    return found


async def numbered(core: Core, caller: Caller, number: int) -> Template:
    """By number, also a deleted one; raises NotFound("template")."""
    query = sql.template_numbered(number=number, workspace_id=caller.workspace_id)
    found = await one(core.db, Template, query)
    if found is None:
        raise NotFound("template", str(number))
    return found


async def find(core: Core, caller: Caller, key: str) -> Template:
    """By id or slug; raises NotFound("template")."""
    found = await rows(core.db, Template, sql.template_find(key=key, workspace_id=caller.workspace_id))
    if not found:
        raise NotFound("template", key)
    # an id wins over a slug of the same text
    return next((template for template in found if template.id == key), found[0])


async def page(
    core: Core, caller: Caller, request: PageRequest, *, slug: str | None = None, syntax: str | None = None
) -> Page[Template]:
    """Templates from the newest on; raises NotFound("cursor")."""
    if request.after is not None:
        cursor = sql.template_get(id=request.after, workspace_id=caller.workspace_id)
        if not await core.db.fetch(cursor):
            raise NotFound("cursor", request.after)
    query = sql.templates_page(
        workspace_id=caller.workspace_id,
        slug=slug,
        syntax=syntax,
        before_id=request.after or "g",
        count=request.limit + 1,
        skip=request.offset,
    )
    return Page.of(await rows(core.db, Template, query), request)


async def entries(
    core: Core,
    caller: Caller,
    request: PageRequest,
    *,
    syntax: str,
    kind: Kind | None = None,
    layout: str | None = None,
) -> Page[Entry]:
    """Templates of a syntax in the order in which they were made, by offset; ``layout`` is an id."""
    match = {"workspace_id": caller.workspace_id, "syntax": syntax, "kind": kind, "layout": layout}
    query = sql.templates_listed(**match, count=request.limit + 1, skip=request.offset)
    found = await rows(core.db, Entry, query)
    total = (await core.db.fetch(sql.templates_count(**match)))[0][0] if request.total else 0
    return Page.of(found, request, total)


async def version(core: Core, template: Template, number: int) -> Version:
    """One version of a template the caller was already given; raises NotFound("template_version")."""
    found = await one(core.db, Version, sql.template_version(template_id=template.id, version=number))
    if found is None:
        raise NotFound("template_version", str(number))
    return found


async def versions(core: Core, template: Template, request: PageRequest) -> Page[Version]:
    """Versions from the newest on; the cursor is a version's id; raises NotFound("cursor")."""
    below = template.version + 1
    if request.after is not None:
        cursor = await one(
            core.db, Version, sql.template_version_by_id(id=request.after, template_id=template.id)
        )
        if cursor is None:
            raise NotFound("cursor", request.after)
        below = cursor.version
    query = sql.template_versions(template_id=template.id, below=below, count=request.limit + 1)
    return Page.of(await rows(core.db, Version, query), request)
