"""Sending by template: one message or up to five hundred, filled at once, so that whoever sends is told of errors.

Source: Postmark developer docs, "Templates API", "Send email with template" and "Send batch with templates", and the
template tests of its SDKs, read 2026-11.
"""

from typing import Any, Final

import msgspec

from core import streams
from core.errors import Invalid, Mistyped, NotFound, Refusal
from core.messages import Draft, filling, submit
from core.messages.filling import Prepared
from core.render import Options
from core.render.mustachio import is_reserved
from dialects.endpoint import MIB, Call, post
from dialects.postmark import bodies, emails, errors, outgoing, templates
from dialects.postmark.auth import is_test
from dialects.postmark.codec import Reader
from dialects.postmark.emails import Sent
from dialects.postmark.outgoing import Message

# what is filled and not yet kept, at most: a short model may become a long letter
_PORTION_CHARS: Final = 16 * MIB


class Templated(Message, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """A message that a template says."""

    template_model: dict[str, Any] | None = None
    inline_css: bool | None = None

    def _check_body(self) -> None:
        """The template has it."""

    def _check_template(self) -> None:
        if not self.template_id and not self.template_alias:
            raise NotFound("template")
        check_model(self.template_model)
        for name, given in (
            ("Subject", self.subject),
            ("HtmlBody", self.html_body),
            ("TextBody", self.text_body),
        ):
            if given:
                raise bodies.unfit(name, f"The '{name}' cannot be given with a template.")


class Batch(msgspec.Struct, rename="pascal", forbid_unknown_fields=True):
    """Messages, each read on its own."""

    messages: list[msgspec.Raw] | None = None


def check_model(given: dict[str, Any] | None) -> None:
    """Refuse a model that is missing, and names in it that are not the sender's; raises Invalid."""
    if given is None:
        raise bodies.missing("TemplateModel", "The 'TemplateModel' is missing.")
    for key in given:
        if is_reserved(key):
            reason = f"The 'TemplateModel' may not have a field '{key}', a name that is reserved."
            raise Invalid("TemplateModel", reason, kind="template_field")


class Filler:
    """The templates of one call, each read once."""

    def __init__(self, call: Call) -> None:
        """Nothing is read yet."""
        self._core = call.core
        self._caller = call.caller
        self._known: dict[tuple[int, str], Prepared | Refusal] = {}

    async def fill(self, asked: Templated, draft: Draft) -> Draft:
        """The draft with what its template says; raises NotFound and RenderFailed."""
        prepared = await self._prepared(asked)
        options = Options(now=self._core.clock.now())
        made = await filling.fill(
            prepared, asked.template_model or {}, options, inline_css=asked.inline_css is not False
        )
        content = msgspec.structs.replace(
            draft.content, subject=made.subject, html=made.html or None, text=made.text or None
        )
        return msgspec.structs.replace(draft, content=content, opt_out=outgoing.OPT_OUT.if_asked(content))

    async def _prepared(self, asked: Templated) -> Prepared:
        key = (asked.template_id or 0, "" if asked.template_id else asked.template_alias or "")
        if key not in self._known:
            self._known[key] = await self._look_up(*key)
        found = self._known[key]
        if isinstance(found, Refusal):
            raise found
        return found

    async def _look_up(self, number: int, alias: str) -> Prepared | Refusal:
        try:
            held = await templates.sendable(self._core, self._caller, number, alias)
            return await filling.prepare(self._core, self._caller, held)
        except Refusal as refusal:
            return refusal


async def send(call: Call, body: Templated) -> Sent:
    """Accept one message."""
    draft = body.draft()
    if is_test(call.caller):
        return Sent.tested(body, call.core.clock.now())
    await streams.require_sending(call.core, call.caller, body.stream)
    made = await Filler(call).fill(body, draft)
    (made,) = await call.core.replies.filled(call.caller.account_id, [made])
    return Sent.of(body, await submit(call.core, call.caller, made))


async def send_batch(call: Call, body: Batch) -> list[Sent | errors.Failed]:
    """Accept every message that can be accepted; a result for each, in order."""
    if body.messages is None:
        raise Mistyped("$.Messages", "is missing")
    emails.check_count(len(body.messages))
    asked = [emails.read(raw, _message) for raw in body.messages]
    # the texts hold on to the whole body, which may be fifty megabytes
    body.messages.clear()
    return await _accept(call, asked)


async def _accept(call: Call, asked: list[Templated | Refusal]) -> list[Sent | errors.Failed]:
    """Results in order. Letters are kept as soon as many of them are long, so that not all are held at once."""
    closed, filler = await emails.closed_streams(call, asked), Filler(call)
    results: list[Sent | errors.Failed] = []
    drafts: list[Draft | Refusal] = []
    size = 0
    for each in asked:
        made = await _filled(call, filler, each, emails.draft_of(each, closed))
        drafts.append(made)
        size += _length(made)
        if size > _PORTION_CHARS:
            results += await emails.settle(call, asked[len(results) :][: len(drafts)], drafts)
            drafts, size = [], 0
    return results + await emails.settle(call, asked[len(results) :], drafts)


async def _filled(
    call: Call, filler: Filler, asked: Templated | Refusal, made: Draft | Refusal
) -> Draft | Refusal:
    if isinstance(asked, Refusal) or isinstance(made, Refusal) or is_test(call.caller):
        return made
    try:
        return await filler.fill(asked, made)
    except Refusal as refusal:
        return refusal


def _length(made: Draft | Refusal) -> int:
    if isinstance(made, Refusal):
        return 0
    return sum(len(text or "") for text in (made.content.html, made.content.text))


_message: Final = Reader(Templated).read

OPERATIONS = (
    post("/email/withTemplate", send, limit_bytes=outgoing.MOST_BYTES),
    post("/email/batchWithTemplates", send_batch, limit_bytes=emails.BATCH_BYTES),
)
