"""Templates: made, listed, read.

Source: PufferPost guide "Templates", read 2026-11, shows creation; the other bodies are in its style.
"""

import re
from typing import Final

import msgspec

from core import templates
from core.templates import NewTemplate, Template
from dialects.endpoint import Call, get, post
from dialects.pufferpost.choice import SYNTAX, find
from dialects.pufferpost.versions import LIMIT_BYTES, NewVersion, VersionView, current, parsed
from dialects.pufferpost.violations import NOT_VALID, Violations
from dialects.pufferpost.wire import Listing, Paged, both, listing, shown
from dialects.times import offset

_LONGEST_NAME: Final = 255
_LONGEST_SLUG: Final = 100
_SLUG: Final = re.compile(r"[a-z0-9-]+")


class Create(NewVersion, kw_only=True):
    """A template to make, with its first version."""

    name: str | None = None
    slug: str | None = None

    def made_whole(self, found: Violations) -> NewTemplate:
        """As core keeps it; notes what is wrong."""
        name = found.text("name", self.name, _LONGEST_NAME)
        slug = found.text("slug", self.slug, _LONGEST_SLUG)
        if slug and _SLUG.fullmatch(slug) is None:
            found.add("slug", NOT_VALID)
        return NewTemplate(slug=slug, name=name, syntax=SYNTAX, body=self.made(found))

    def check(self, found: Violations) -> None:
        """Note what is wrong."""
        self.made_whole(found)


class View(msgspec.Struct, kw_only=True):
    """A template with its newest version."""

    id: str
    name: str
    slug: str
    current_version: VersionView
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, held: Template) -> "View":
        """From a stored template."""
        return cls(
            id=shown("tpl", held.id),
            name=held.name,
            slug=held.slug,
            current_version=VersionView.of(current(held)),
            created_at=offset(held.created_at),
            updated_at=offset(held.updated_at),
        )


class Query(Paged, kw_only=True):
    """Which templates."""

    slug: str = ""


async def create(call: Call, body: Create) -> View:
    """Make a template with its first version."""
    found = Violations()
    new = body.made_whole(found)
    await parsed(new.body, found)
    return View.of(await templates.create(call.core, call.caller, new))


async def list_templates(call: Call, query: Query) -> Listing[View]:
    """A page of templates, the newest first."""
    found = Violations()
    page = query.page("tpl", found)
    found.refuse()
    read = await templates.page(call.core, call.caller, page, slug=query.slug or None, syntax=SYNTAX)
    return listing(read, "tpl", lambda template: template.id, View.of)


async def read(call: Call, id: str) -> View:
    """One template, by id or slug."""
    return View.of(await find(call, id))


MANAGING = both(post("/v1/templates", create, status=201, limit_bytes=LIMIT_BYTES))
READING = both(
    get("/v1/templates", list_templates),
    get("/v1/templates/{id}", read),
)
