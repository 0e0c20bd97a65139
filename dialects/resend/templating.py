"""Sending with a stored template: which version, what it brings, and whether every variable has a value.

Source: Resend docs, "Send email" and templates, read 2026-11.
"""

import re
from typing import Final

import msgspec

from core import render, templates
from core.core import Caller, Core
from core.errors import Invalid
from core.messages import OptOut, TemplateUse
from core.paging import PageRequest

_KEY: Final = re.compile(r"[A-Za-z0-9_]{1,50}")
_LONGEST_VALUE: Final = 2000
_LARGEST_NUMBER: Final = 2**53 - 1
# the provider fills these itself in broadcasts
_RESERVED: Final = frozenset(
    {"FIRST_NAME", "LAST_NAME", "EMAIL", "UNSUBSCRIBE_URL", "RESEND_UNSUBSCRIBE_URL", "contact", "this"}
)

# both are in the reference's list of reserved keys; the first is the one its texts use
OPT_OUT: Final = OptOut(urls=("RESEND_UNSUBSCRIBE_URL", "UNSUBSCRIBE_URL"))

Value = str | int | float


class Wanted(msgspec.Struct, kw_only=True):
    """A template by id or alias, and what fills it."""

    id: str = ""
    variables: dict[str, Value] | None = None

    def values(self) -> dict[str, Value]:
        """The variables; raises Invalid for a key or value beyond the documented limits."""
        given = self.variables or {}
        for key, value in given.items():
            if _KEY.fullmatch(key) is None:
                raise _refused(
                    f"Variable '{key[:50]}' should only contain ASCII letters, numbers, or underscores."
                )
            if key in _RESERVED:
                raise _refused(f"Variable '{key}' is reserved.")
            if isinstance(value, str) and len(value) > _LONGEST_VALUE:
                raise _refused(f"Variable '{key}' must have at most {_LONGEST_VALUE} characters.")
            if not isinstance(value, str) and abs(value) > _LARGEST_NUMBER:
                raise _refused(f"Variable '{key}' must be at most {_LARGEST_NUMBER}.")
        return given


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """A template at the version that will be sent."""

    template: templates.Template
    version: int
    body: templates.Body

    @property
    def use(self) -> TemplateUse:
        """What the message keeps of it."""
        held = self.template
        return TemplateUse(id=held.id, version=self.version, name=held.name, slug=held.slug)

    def require_values(self, subject: str, values: dict[str, Value]) -> None:
        """Make sure that every variable has a value or a fallback; raises Invalid and RenderFailed."""
        syntax = self.template.syntax
        texts = (subject, self.body.html, self.body.text)
        needed = {name for text in texts if text for name in render.needs(syntax, text)}
        missing = sorted(needed - values.keys() - self.body.defaults.keys() - set(OPT_OUT.urls))
        if missing:
            raise _refused(
                f"Variable '{missing[0]}' is used in the template but not defined in the variables list"
            )


async def choose(core: Core, caller: Caller, wanted: Wanted) -> Chosen:
    """The published version of the template; raises NotFound, and Invalid where none was ever published."""
    if not wanted.id:
        raise Invalid("template.id", "is missing", kind="missing")
    template = await templates.find(core, caller, wanted.id)
    if template.body.published:
        return Chosen(template=template, version=template.version, body=template.body)
    page, after = None, None
    while page is None or page.more:
        page = await templates.versions(core, template, PageRequest(limit=100, after=after))
        for version in page.items:
            if version.body.published:
                return Chosen(template=template, version=version.version, body=version.body)
        after = page.items[-1].id
    raise _refused("The template is not published.")


def _refused(reason: str) -> Invalid:
    return Invalid("template", reason, kind="words")
