"""Templates and their versions: made, listed, read, previewed.

Source: PufferPost guide "Templates", read 2026-11, shows creation and tells of versions and previews; the other
bodies are in its style.
"""

import asyncio
import re
from typing import Any, ClassVar, Final

import msgspec

from core import render, templates
from core.errors import NotFound, RenderFailed
from core.messages.rendering import preview
from core.plaintext import from_html
from core.render import Options, Source
from core.templates import Body, NewTemplate, Template, Variant, Version
from dialects.endpoint import MIB, Call, get, post
from dialects.pufferpost.choice import SYNTAX, find
from dialects.pufferpost.mail import Mapping, locale, timezone
from dialects.pufferpost.violations import BLANK, NOT_VALID, Violations
from dialects.pufferpost.wire import Listing, Paged, both, listing, shown
from dialects.times import offset

_LIMIT_BYTES: Final = 2 * MIB
_LONGEST_NAME: Final = 255
_LONGEST_SLUG: Final = 100
_LONGEST_SUBJECT: Final = 998
_SLUG: Final = re.compile(r"[a-z0-9-]+")
_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


class NewVersion(msgspec.Struct, kw_only=True):
    """What a version is made of. ``locales`` say it in other languages."""

    parts: ClassVar[dict[str, type[msgspec.Struct]]] = {}

    subject: str | None = None
    body: str | None = None
    sample_data: Mapping = None
    locales: Mapping = None

    def check(self, found: Violations) -> None:
        """Note what is wrong."""
        self.made(found)

    def made(self, found: Violations) -> Body:
        """As core keeps it; notes what is wrong, texts that do not parse too."""
        variants = {}
        for name, said in found.mapping("locales", self.locales).items():
            variants[locale(f"locales[{name}]", name, found)] = _variant(f"locales[{name}].", said, found)
        return Body(
            subject=_subject("subject", self.subject, found),
            html=_text("body", self.body, found),
            sample=found.variables("sample_data", self.sample_data),
            variants=variants,
        )


def _variant(at: str, said: Any, found: Violations) -> Variant:  # a value of JSON
    try:
        given = msgspec.convert(said, NewVersion)
    except msgspec.ValidationError as error:
        found.refused(at.removesuffix("."), error)
        return Variant()
    return Variant(
        subject=_subject(f"{at}subject", given.subject, found), html=_text(f"{at}body", given.body, found)
    )


def _subject(field: str, text: str | None, found: Violations) -> str:
    subject = found.text(field, text, _LONGEST_SUBJECT)
    _parse(field, Source(name="", syntax=SYNTAX, subject=subject), found)
    return subject


def _text(field: str, text: str | None, found: Violations) -> str:
    if not text or not text.strip():
        found.add(field, BLANK)
        return ""
    _parse(field, Source(name="", syntax=SYNTAX, html=text), found)
    return text


def _parse(field: str, source: Source, found: Violations) -> None:
    try:
        render.check(source)
    except RenderFailed as error:
        found.add(field, f"{error.reason} (line {error.line})" if error.line else error.reason)


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


class Said(msgspec.Struct):
    """What a version says in one language."""

    subject: str
    body: str


class VersionView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A version. ``locales`` stands only where there are any."""

    id: str
    version: int
    subject: str
    body: str
    sample_data: dict[str, Any]
    created_at: str
    locales: dict[str, Said] = {}

    @classmethod
    def of(cls, held: Version) -> "VersionView":
        """From a stored version."""
        body = held.body
        return cls(
            id=shown("tpv", held.id),
            version=held.version,
            subject=body.subject,
            body=body.html or "",
            sample_data=body.sample,
            created_at=offset(held.created_at),
            locales={name: Said(each.subject, each.html or "") for name, each in body.variants.items()},
        )


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
            current_version=VersionView.of(_current(held)),
            created_at=offset(held.created_at),
            updated_at=offset(held.updated_at),
        )


def _current(held: Template) -> Version:
    return Version(
        id=held.version_id,
        template_id=held.id,
        version=held.version,
        body=held.body,
        created_at=held.version_at,
    )


class Query(Paged, kw_only=True):
    """Which templates."""

    slug: str = ""


class Preview(msgspec.Struct, kw_only=True):
    """How to render without sending; the version's own samples where ``data`` is left out."""

    parts: ClassVar[dict[str, type[msgspec.Struct]]] = {}

    data: Mapping = None
    version: int | None = None
    locale: str | None = None
    timezone: str | None = None

    def check(self, found: Violations) -> None:
        """Note what is wrong."""
        self.options(found)
        found.variables("data", self.data)

    def options(self, found: Violations) -> Options:
        """Language and time zone; notes what is wrong."""
        return Options(
            locale=locale("locale", self.locale, found),
            timezone=timezone("timezone", self.timezone, found) or "UTC",
        )


class Previewed(msgspec.Struct):
    """What would be sent; ``text`` is the plain part made from the HTML."""

    subject: str
    html: str
    text: str


async def create(call: Call, body: Create) -> View:
    """Make a template with its first version."""
    found = Violations()
    # in a thread: a large text takes its time to parse
    new = await asyncio.to_thread(body.made_whole, found)
    found.refuse()
    return View.of(await templates.create(call.core, call.caller, new))


async def list_templates(call: Call, query: Query) -> Listing[View]:
    """A page of templates, the newest first."""
    found = Violations()
    page = query.page("tpl", found)
    found.refuse()
    read = await templates.page(call.core, call.caller, page, slug=query.slug or None, syntax=SYNTAX)
    return listing(read, "tpl", lambda template: template.id, View.of)


async def read(call: Call, id: str) -> View:  # noqa: A002  # the path's word
    """One template, by id or slug."""
    return View.of(await find(call, id))


async def save(call: Call, id: str, body: NewVersion) -> VersionView:  # noqa: A002
    """Add a version, which is sent from now on."""
    found = Violations()
    made = await asyncio.to_thread(body.made, found)
    found.refuse()
    template = await find(call, id)
    return VersionView.of(_current(await templates.save(call.core, call.caller, template.id, made)))


async def list_versions(call: Call, id: str, query: Paged) -> Listing[VersionView]:  # noqa: A002
    """A page of a template's versions, the newest first."""
    found = Violations()
    page = query.page("tpv", found)
    found.refuse()
    versions = await templates.versions(call.core, await find(call, id), page)
    return listing(versions, "tpv", lambda version: version.id, VersionView.of)


async def read_version(call: Call, id: str, n: str) -> VersionView:  # noqa: A002
    """One version of a template."""
    number = int(n) if _VERSION.fullmatch(n) else 0
    return VersionView.of(await _version(call, await find(call, id), number))


async def _version(call: Call, template: Template, number: int) -> Version:
    if not 1 <= number <= template.version:
        raise NotFound("template_version")
    return await templates.version(call.core, template, number)


async def show(call: Call, id: str, body: Preview) -> Previewed:  # noqa: A002
    """Render a template without sending it."""
    found = Violations()
    options, data = body.options(found), found.variables("data", body.data)
    found.refuse()
    template = await find(call, id)
    if body.version is not None:
        version = await _version(call, template, body.version)
        template = msgspec.structs.replace(template, body=version.body)
    given = template.body.sample if body.data is None else data
    made = await preview(call.core, call.caller, template, given, options)
    return Previewed(made.subject, made.html or "", from_html(made.html or ""))


MANAGING = both(
    post("/v1/templates", create, status=201, limit_bytes=_LIMIT_BYTES),
    post("/v1/templates/{id}/versions", save, status=201, limit_bytes=_LIMIT_BYTES),
)
READING = both(
    get("/v1/templates", list_templates),
    get("/v1/templates/{id}", read),
    get("/v1/templates/{id}/versions", list_versions),
    get("/v1/templates/{id}/versions/{n}", read_version),
    post("/v1/templates/{id}/preview", show),
)
