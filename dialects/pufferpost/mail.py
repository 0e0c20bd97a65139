"""A message as clients ask for it, by template or with its content in the call, and the draft it becomes.

Source: PufferPost guide "Sending email", read 2026-11; inline content, bcc and headers by the provider's Symfony
bridge (symfony/puffer-post-mailer 8.2) and its package pufferpost/symfony-mailer. Both generations are served at once.
"""

import hashlib
import re
from functools import cache
from typing import Any, ClassVar, Final
from zoneinfo import available_timezones

import msgspec

from core import mime
from core.messages import Content, Draft, OptOut
from dialects.pufferpost.attachments import File, attachments
from dialects.pufferpost.violations import BLANK, NOT_VALID, Violations
from dialects.pufferpost.wire import held

_MOST_COPIES: Final = 25
_MOST_HEADERS: Final = 25
_MOST_METADATA: Final = 50
_LONGEST_LINE: Final = 998
_LONGEST_KEY: Final = 100
_LONGEST_VALUE: Final = 500
_BREAK: Final = re.compile(r"[\r\n\x00]")
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_CANONICAL: Final = msgspec.json.Encoder(order="deterministic")

# guide "Suppressions and unsubscribe": every mail has a link for one click
OPT_OUT: Final = OptOut(header=True)

# PHP writes an empty object as an empty list
Mapping = dict[str, Any] | list[Any] | None


class Email(msgspec.Struct, rename="camel", kw_only=True):
    """A message as clients ask for it. Unknown fields are ignored; null is the same as nothing."""

    parts: ClassVar[dict[str, type[msgspec.Struct]]] = {"attachments": File}

    sender: str | None = msgspec.field(default=None, name="from")
    to: str | None = None
    template_id: str | None = None
    template: str | None = None
    data: Mapping = None
    subject: str | None = None
    html: str | None = None
    text: str | None = None
    reply_to: str | None = None
    cc: list[Any] | None = None
    bcc: list[Any] | None = None
    headers: Mapping = None
    metadata: Mapping = None
    unsubscribe_group: str | None = None
    locale: str | None = None
    timezone: str | None = None
    attachments: list[File] | None = None

    @property
    def inline(self) -> bool:
        """Whether content of its own came with it."""
        return bool(self.subject or self.html or self.text)

    @property
    def templated(self) -> bool:
        """Whether it names a template."""
        return bool(self.template_id or self.template)

    def check(self, found: Violations) -> None:
        """Note what is wrong."""
        self.draft(found)

    def draft(self, found: Violations) -> Draft:
        """The message, its template aside; notes what is wrong, and then the draft is good for nothing."""
        return Draft(
            sender=found.party("from", self.sender),
            to=(found.party("to", self.to),),
            cc=found.parties("cc", self.cc, _MOST_COPIES),
            bcc=found.parties("bcc", self.bcc, _MOST_COPIES),
            reply_to=(found.party("replyTo", self.reply_to),) if self.reply_to else (),
            content=self._content(found),
            variables=found.variables("data", self.data) if self.data else {},
            metadata=_metadata(found.mapping("metadata", self.metadata), found) if self.metadata else {},
            topic=_topic(self.unsubscribe_group) if self.unsubscribe_group else "",
            opt_out=OPT_OUT,
            locale=locale("locale", self.locale, found),
            timezone=timezone("timezone", self.timezone, found),
            on_suppressed="refuse",
        )

    def _content(self, found: Violations) -> Content:
        if self.inline and not self.templated:
            self._check_inline(found)
        return Content(
            subject=self.subject or "",
            html=self.html or None,
            text=self.text or None,
            headers=_headers(found.mapping("headers", self.headers), found) if self.headers else (),
            attachments=attachments(self.attachments, found),
            # a template has one body, and mail without a plain part is read by fewer people
            derive_text=self.templated,
        )

    def _check_inline(self, found: Violations) -> None:
        subject = found.text("subject", self.subject, _LONGEST_LINE)
        if _BREAK.search(subject):
            found.add("subject", NOT_VALID)
        if not self.html and not self.text:
            found.add("html", BLANK)

    def fingerprint(self) -> str:
        """What a repetition under the same key must agree in; the order of keys does not matter."""
        told = (
            self.sender, self.to, self.template_id, self.template, self.data or {}, self.subject, self.html, self.text,
        )  # fmt: skip  # one thing, in the guide's order; the last three are not in it, being newer
        return hashlib.sha256(_CANONICAL.encode(told)).hexdigest()


def _topic(group: str) -> str:
    """A group by id or, as the Symfony bridge's tests have it, by slug."""
    return held("grp", group) or group


def _headers(given: dict[str, Any], found: Violations) -> tuple[tuple[str, str], ...]:
    found.count("headers", len(given), _MOST_HEADERS)
    for name, value in given.items():
        field = f"headers[{name}]"
        if not isinstance(value, str):
            found.mistyped(field, "string")
            continue
        found.length(field, value, _LONGEST_LINE)
        if not name.lower().startswith("x-") or mime.header_problem(name, value):
            found.add(field, NOT_VALID)
    return tuple(given.items())


def _metadata(given: dict[str, Any], found: Violations) -> dict[str, str]:
    found.count("metadata", len(given), _MOST_METADATA)
    for name, value in given.items():
        field = f"metadata[{name}]"
        found.length(field, name, _LONGEST_KEY)
        if isinstance(value, str):
            found.length(field, value, _LONGEST_VALUE)
        else:
            found.mistyped(field, "string")
    return given


def locale(field: str, text: str | None, found: Violations) -> str:
    """A language tag with hyphens; empty where none is given."""
    if not text:
        return ""
    if _LOCALE.fullmatch(text) is None:
        found.add(field, "This value is not a valid locale.")
    return text.replace("_", "-")


def timezone(field: str, text: str | None, found: Violations) -> str:
    """An IANA time zone's name; empty where none is given."""
    if not text:
        return ""
    if text not in _zones():
        found.add(field, "This value is not a valid timezone.")
    return text


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
