"""send_message: one call, one email or one for each recipient, filled from variables.

Source: PostageApp developer pages, "send_message", "Message templates" and "Message variables", read 2026-11.
"""

import asyncio
import re
from typing import Any, Final, Self

import msgspec

from core import accounts, ids, messages, render, templates
from core.errors import Conflict, Invalid, NotFound
from dialects.endpoint import Call, decode
from dialects.postageapp.attachments import File, Upload, uploads
from dialects.postageapp.drafting import Letterhead
from dialects.postageapp.envelope import NOTHING, Envelope, uid_of
from dialects.postageapp.hashing import ContentHash
from dialects.postageapp.headers import SYNTAX, Headers
from dialects.postageapp.lookup import find
from dialects.postageapp.recipients import Recipients, addressees, storable
from dialects.postageapp.wire import Map, Reference, Response, Success, fields, reference

_LONGEST_UID: Final = 255
_VERSION_AT: Final = 14
_TAG: Final = re.compile(r"<[a-zA-Z/!]")
# only sections and conditions can be wrong in themselves
_BLOCK: Final = re.compile(r"\{\{\s*+[:?/]")
_LARGE: Final = 64 * 1024


class Parts(msgspec.Struct):
    """The body by media type; other types are ignored."""

    text: str | None = msgspec.field(default=None, name="text/plain")
    html: str | None = msgspec.field(default=None, name="text/html")
    css: str | None = msgspec.field(default=None, name="text/css")


class Arguments(msgspec.Struct):
    """The fields of the call; unknown ones are ignored, and any may be null, as Java's client sends them."""

    recipients: Recipients = None
    headers: Map[str | list[str] | None] = None
    content: Parts | str | list[Any] | None = None
    attachments: Map[File | list[Any]] = None
    template: str | None = None
    variables: Map[Any] = None
    recipient_override: str | None = None
    # so the Objective-C client spells it
    override_misspelt: str | None = msgspec.field(default=None, name="recipientOverride")
    uid: msgspec.Raw = NOTHING

    def parts(self) -> Parts:
        """The body; a bare text is plain, and HTML as well where a tag is in it."""
        held = self.content
        if isinstance(held, str):
            return Parts(text=held, html=held if _TAG.search(held) else None)
        if isinstance(held, list):
            fields(held, "$.content")
            return Parts()
        return held or Parts()


# a fraction is shown as it was written, and not as a computer's number prints
_ARGUMENTS: Final = msgspec.json.Decoder(Arguments, float_hook=str)


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """The call, out of its JSON. ``content_hash`` stands in for a uid that was not given."""

    uid: str
    arguments: Arguments | None
    headers: dict[str, str | list[str] | None] = {}
    variables: dict[str, Any] = {}
    files: tuple[Upload, ...] = ()
    content_hash: ContentHash | None = None

    @classmethod
    def of(cls, envelope: Envelope) -> Self:
        """Decode everything; raises Mistyped. Nothing of it holds on to the body."""
        raw = envelope.take()
        if raw is NOTHING:
            return cls(uid=envelope.outer_uid, arguments=None)
        given: Arguments = decode(_ARGUMENTS.decode, raw)
        uid = envelope.outer_uid or uid_of(given.uid)
        return cls(
            uid=uid,
            arguments=msgspec.structs.replace(given, attachments=None, uid=NOTHING),
            headers=fields(given.headers, "$.headers"),
            variables=fields(given.variables, "$.variables"),
            files=uploads(fields(given.attachments, "$.attachments")),
            content_hash=None if uid else ContentHash(raw),
        )

    def final_uid(self, project_number: int) -> str:
        """The caller's uid, else a hash by which the same content to the same recipients is known again."""
        if self.content_hash is not None:
            return self.content_hash.uid(project_number)
        if len(self.uid) > _LONGEST_UID:
            raise Invalid("uid", f"A uid has at most {_LONGEST_UID} characters.")
        if "\x00" in self.uid:
            raise Invalid("uid", "A uid may not contain NUL.")
        return self.uid


class Sent(msgspec.Struct):
    """The answer's data."""

    message: Reference


async def send_message(call: Call, body: Sending) -> Success:
    """Accept the emails of one call in one commit, under one number and uid."""
    given = body.arguments
    if given is None:
        raise Invalid("arguments", "No arguments were supplied.")
    parts = given.parts()
    template = await _template(call, given.template) if given.template else None
    if template is None and not (parts.text or parts.html):
        raise Invalid("content", "Message has no content.", kind="content")
    emails = addressees(given.recipients, storable(body.variables))
    files = tuple(file.attachment() for file in body.files)
    head = await _letterhead(call, body, given, template)
    content = head.content(parts.text, parts.html, parts.css, files)
    await _check(content)
    # rendering has a time limit of its own, for which nobody else shall wait
    drafts = (
        await asyncio.to_thread(head.drafts, emails, content) if head.varies else head.drafts(emails, content)
    )
    uid = body.final_uid(call.caller.workspace_number)
    await _refuse_known(call, uid)
    return await _submit(call, uid, drafts)


async def _refuse_known(call: Call, uid: str) -> None:
    """Raise Conflict where another provider's client made what has this uid.

    Such uids are ids of ours, UUIDs of version 7; the provider's own clients make version 4, and cost no query.
    """
    if not ids.is_uuid(uid) or uid[_VERSION_AT] != "7":
        return
    try:
        await find(call, uid)
    except NotFound:
        return
    raise Conflict("uid_taken", "The uid is another message's.", id=uid)


async def _submit(call: Call, uid: str, drafts: list[messages.Draft]) -> Success:
    receipts = await messages.submit_all(
        call.core,
        call.caller,
        drafts,
        claim=messages.Claim(scope="uid", key=uid, lifetime_s=None, replay=False),
        batch=messages.NewBatch(uid=uid),
        atomic=True,
    )
    first = receipts[0]
    if not isinstance(first, messages.Receipt):
        raise first
    data = Sent(reference(call, first.batch_number))
    return Success(response=Response(uid=uid), data=data)


async def _template(call: Call, slug: str) -> templates.Template:
    """The project's template of this slug; raises NotFound("template")."""
    found = await templates.find(call.core, call.caller, slug)
    # templates of other syntaxes belong to other providers' clients
    if found.slug != slug or found.syntax != SYNTAX:
        raise NotFound("template", slug)
    return found


async def _letterhead(
    call: Call, body: Sending, given: Arguments, template: templates.Template | None
) -> Letterhead:
    headers = Headers.of(body.headers)
    sender = headers.sender or (template.body.sender if template is not None else "")
    return Letterhead(
        headers,
        sender or await _default_sender(call),
        template,
        given.recipient_override or given.override_misspelt or "",
    )


async def _default_sender(call: Call) -> str:
    place = await accounts.workspace(call.core, call.caller.workspace_id)
    chosen = place.settings.default_sender if place is not None else ""
    return chosen or f"no-reply@{call.core.policy.message_host}"


async def _check(content: messages.Content) -> None:
    """Refuse at once what could not be rendered later; raises RenderFailed. Plain tokens cannot fail."""
    texts = (content.subject, content.html or "", content.text or "")
    if any("{{" in text and (len(text) > _LARGE or _BLOCK.search(text)) for text in texts):
        source = render.Source(
            name="content", syntax=SYNTAX, subject=content.subject, html=content.html, text=content.text
        )
        await asyncio.to_thread(render.check, source)
