"""Templates: named bodies with numbered, immutable versions; sending uses the newest."""

from typing import Any

import msgspec

from core import ids
from core.core import Caller, Core
from core.errors import Conflict, NotFound
from core.paging import Page, PageRequest
from core.store.database import one, rows
from core.store.statements import Query, sql


class Variant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a version says in one language instead."""

    subject: str = ""
    html: str | None = None


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a version holds. ``layout`` is the slug of the template it nests in; ``sample`` shows its variables.

    ``defaults`` fill variables that a call leaves out; ``required`` must be given by the call. ``published`` false
    keeps a version from being sent. ``variants`` stand in for subject and html by locale.
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
    """A template with its newest version. ``syntax`` is one of ``core.render``'s."""

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


async def create(core: Core, caller: Caller, new: NewTemplate) -> Template:
    """Make a template with version 1; raises Conflict("slug") where the slug is taken in the workspace."""
    id, now = ids.new(), core.clock.now()
    number = await core.numbers.take("template")
    async with core.db.transaction() as work:
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
            )
        )
        if not made[0]:
            raise Conflict("slug", f"The slug {new.slug} is taken.", id=new.slug)
        await work.run(_insert_version(id, 1, new.body, now), commit=True)
    return await get(core, caller, id)


async def save(core: Core, caller: Caller, id: str, body: Body) -> Template:
    """Add a version, which becomes the one that is sent; raises NotFound("template")."""
    now = core.clock.now()
    async with core.db.transaction() as work:
        raised = await work.run(sql.template_raise(id=id, workspace_id=caller.workspace_id, now=now))
        if not raised[0]:
            raise NotFound("template", id)
        await work.run(_insert_version(id, raised[0][0][0], body, now), commit=True)
    return await get(core, caller, id)


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
