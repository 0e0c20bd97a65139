"""An email as it is asked for, and the draft it becomes.

Source: Resend API reference, "Send email" and "Send batch emails", read 2026-11. An empty text means absent in every
field, since the Go SDK sends empty ones; ``text`` alone tells the two apart.
"""

import re
from typing import Final

import msgspec

from core import messages, mime, templates
from core.core import Caller, Core
from core.errors import Invalid
from dialects.resend.attachments import File, attachments
from dialects.resend.moments import scheduled
from dialects.resend.rehearsals import may_use_built_in, rehearsals
from dialects.resend.templating import OPT_OUT, Chosen, Wanted, choose
from dialects.resend.wire import Addresses, parties, party

_BREAKS: Final = re.compile(r"[\r\n\x00]+")
_TAG: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TAG_WORDS: Final = "Tags should only contain ASCII letters, numbers, underscores, or dashes."
# what a mail without a template is filled up from
_NOTHING: Final = templates.Body()
# written by the server or on the way; the provider ignores them
_IGNORED: Final = frozenset(
    {
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "dkim-signature",
        "received",
        "return-path",
    }
)


class Tag(msgspec.Struct):
    """A name and a value, both needed."""

    name: str = ""
    value: str = ""

    def tag(self) -> messages.Tag:
        """The same in the domain's words; raises Invalid."""
        if _TAG.fullmatch(self.name) is None or _TAG.fullmatch(self.value) is None:
            raise Invalid("tags", _TAG_WORDS, kind="words")
        return messages.Tag(self.name, self.value)


class Email(msgspec.Struct, kw_only=True):
    """A mail as an element of a batch. Attachments are no field of it: the provider has always left them out there."""

    sender: str | None = msgspec.field(default=None, name="from")
    to: Addresses = None
    subject: str | None = None
    cc: Addresses = None
    bcc: Addresses = None
    reply_to: Addresses = None
    html: str | None = None
    text: str | None = None
    template: Wanted | None = None
    headers: dict[str, str] | None = None
    tags: list[Tag] | None = None
    scheduled_at: str | None = None
    topic_id: str | None = None

    async def draft(self, core: Core, caller: Caller, now: int) -> messages.Draft:
        """The draft, its template looked up where there is one; raises Invalid, NotFound, RenderFailed."""
        if self.template is None:
            return self._draft(now, None)
        _require(self.to, "to")
        if self.html or self.text:
            raise Invalid("template", "It cannot be combined with `html` or `text`.")
        return self._draft(now, await choose(core, caller, self.template))

    def _draft(self, now: int, chosen: Chosen | None) -> messages.Draft:
        brought = chosen.body if chosen is not None else _NOTHING
        sender, subject = self.sender or brought.sender, self.subject or brought.subject
        _require(self.to, "to")
        _require(sender, "from")
        _require(subject, "subject")
        if not self.html and not self.text and chosen is None:
            raise Invalid("html", "Missing `html` or `text` field.", kind="words")
        from_, to = party(sender, "from"), parties(self.to, "to")
        cc, bcc = parties(self.cc, "cc"), parties(self.bcc, "bcc")
        content = self._content(_BREAKS.sub(" ", subject))
        everybody = (*to, *cc, *bcc)
        return messages.Draft(
            sender=from_,
            to=to,
            cc=cc,
            bcc=bcc,
            reply_to=parties(self.reply_to or brought.reply_to, "reply_to"),
            content=content,
            topic=self.topic_id or "",
            # what a template holds is known when it is rendered
            opt_out=OPT_OUT if chosen is not None else OPT_OUT.if_asked(content),
            template=chosen.use if chosen is not None else None,
            variables=self._variables(content.subject, chosen),
            tags=tuple([tag.tag() for tag in self.tags]) if self.tags else (),
            send_at=scheduled(self.scheduled_at, now) if self.scheduled_at else None,
            rehearsals=rehearsals(everybody),
            sender_trusted=may_use_built_in(from_, everybody),
        )

    def _content(self, subject: str) -> messages.Content:
        return messages.Content(
            subject=subject,
            html=self.html or None,
            text=self.text or None,
            headers=_headers(self.headers) if self.headers else (),
            attachments=self._attachments(),
            # an empty text asks for none; a missing one is made from the html
            derive_text=self.text is None,
        )

    def _attachments(self) -> tuple[messages.Attachment, ...]:
        return ()

    def _variables(self, subject: str, chosen: Chosen | None) -> dict[str, messages.Value]:
        if chosen is None or self.template is None:
            return {}
        values = self.template.values()
        chosen.require_values(subject, values)
        return values


class EmailWithFiles(Email, kw_only=True):
    """A mail by itself."""

    attachments: list[File] | None = None

    def _attachments(self) -> tuple[messages.Attachment, ...]:
        return attachments(self.attachments)


def _require(given: Addresses, field: str) -> None:
    if not given:
        raise Invalid(field, "is missing", kind="missing")


def _headers(given: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """The caller's own headers without those the provider ignores; raises Invalid."""
    kept = []
    for name, value in given.items():
        lower = name.lower()
        if lower in _IGNORED or lower.startswith("content-"):
            continue
        if problem := mime.header_problem(name, value):
            raise Invalid("headers", f"The header `{name[:100]}` {problem}.")
        kept.append((name, value))
    return tuple(kept)
