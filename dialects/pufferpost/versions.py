"""Versions of a template: saved, listed, read, and shown as they would be sent.

Source: PufferPost guide "Templates", read 2026-11, tells of versions and previews; their bodies are in the style of the
documented ones.
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
from core.templates import Body, Template, Variant, Version
from dialects.endpoint import MIB, Call, get, post
from dialects.pufferpost.choice import SYNTAX, find
from dialects.pufferpost.mail import Mapping, locale, timezone
from dialects.pufferpost.violations import Violations
from dialects.pufferpost.wire import Listing, Paged, both, listing, shown
from dialects.times import offset

LIMIT_BYTES: Final = 2 * MIB
_LONGEST_SUBJECT: Final = 998
# what a template may hold at all
_LONGEST_BODY: Final = MIB
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
        """As core keeps it; notes what is wrong."""
        variants = {}
        for name, said in found.mapping("locales", self.locales).items():
            variants[locale(f"locales[{name}]", name, found)] = _variant(f"locales[{name}].", said, found)
        return Body(
            subject=found.text("subject", self.subject, _LONGEST_SUBJECT),
            html=found.text("body", self.body, _LONGEST_BODY),
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
        subject=found.text(f"{at}subject", given.subject, _LONGEST_SUBJECT),
        html=found.text(f"{at}body", given.body, _LONGEST_BODY),
    )


async def parsed(body: Body, found: Violations) -> None:
    """Note the texts that do not parse, and refuse; in a thread, since a large text takes its time."""

    def parse() -> None:
        _parse("subject", Source(name="", syntax=SYNTAX, subject=body.subject), found)
        _parse("body", Source(name="", syntax=SYNTAX, html=body.html), found)
        for name, said in body.variants.items():
            _parse(f"locales[{name}].subject", Source(name="", syntax=SYNTAX, subject=said.subject), found)
            _parse(f"locales[{name}].body", Source(name="", syntax=SYNTAX, html=said.html), found)

    await asyncio.to_thread(parse)
    found.refuse()


def _parse(field: str, source: Source, found: Violations) -> None:
    try:
        render.check(source)
    except RenderFailed as error:
        found.add(field, f"{error.reason} (line {error.line})" if error.line else error.reason)


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


def current(held: Template) -> Version:
    """A template's newest version as one of its versions."""
    return Version(
        id=held.version_id,
        template_id=held.id,
        version=held.version,
        body=held.body,
        created_at=held.version_at,
    )


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


async def save(call: Call, id: str, body: NewVersion) -> VersionView:
    """Add a version, which is sent from now on."""
    found = Violations()
    made = body.made(found)
    await parsed(made, found)
    template = await find(call, id)
    return VersionView.of(current(await templates.save(call.core, call.caller, template.id, made)))


async def list_versions(call: Call, id: str, query: Paged) -> Listing[VersionView]:
    """A page of a template's versions, the newest first."""
    found = Violations()
    page = query.page("tpv", found)
    found.refuse()
    versions = await templates.versions(call.core, await find(call, id), page)
    return listing(versions, "tpv", lambda version: version.id, VersionView.of)


async def read_version(call: Call, id: str, n: str) -> VersionView:
    """One version of a template."""
    number = int(n) if _VERSION.fullmatch(n) else 0
    return VersionView.of(await _version(call, await find(call, id), number))


async def _version(call: Call, template: Template, number: int) -> Version:
    if not 1 <= number <= template.version:
        raise NotFound("template_version")
    return await templates.version(call.core, template, number)


async def show(call: Call, id: str, body: Preview) -> Previewed:
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


MANAGING = both(post("/v1/templates/{id}/versions", save, status=201, limit_bytes=LIMIT_BYTES))
READING = both(
    get("/v1/templates/{id}/versions", list_versions),
    get("/v1/templates/{id}/versions/{n}", read_version),
    post("/v1/templates/{id}/preview", show),
)
