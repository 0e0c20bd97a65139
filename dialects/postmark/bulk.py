"""Bulk: one content or template for any number of messages, each with a model of its own.

Source: Postmark developer docs, "Bulk email API", and its clients for JavaScript, Python and .NET, read 2026-11. A
request is refused whole where anything in it is wrong; addresses that are inactive and letters that cannot be filled
are counted later.
"""

import asyncio
from typing import Any, Final

import msgspec

from core import addresses, mailings, streams
from core import render as core_render
from core.errors import Invalid, NotFound, Refusal, RenderFailed, Unverified
from core.mailings import Packer, Piece, Portion, Progress
from core.messages import Content, Draft, Party, TemplateUse, is_storable
from core.templates import Body
from dialects.endpoint import Call, get, post
from dialects.postmark import bodies, emails, errors, outgoing, places, templates
from dialects.postmark import headers as custom
from dialects.postmark.addressing import NOBODY, parties, recipients
from dialects.postmark.auth import is_test
from dialects.postmark.bodies import SYNTAX
from dialects.postmark.codec import Reader
from dialects.postmark.outgoing import Message
from dialects.postmark.rehearsing import rehearsals
from dialects.postmark.templated import check_model
from dialects.times import iso

_STREAM: Final = "broadcast"
# the loop serves others between so many messages
_IN_A_ROW: Final = 100
# of one field; a request of many messages may have the same mistake in each
_MOST_ERRORS: Final = 100
# in all; the rest of the messages is not looked at any more
_ENOUGH_ERRORS: Final = 1000
_MOST: Final = 500
_USUAL: Final = 50
_KEY: Final = "postmark bulk page"
_FIELDS: Final = {"Reply-To": "ReplyTo", "body": "Content"}


class Entry(msgspec.Struct, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """One message of many: whom it is for, and what is its own."""

    to: str | None = None
    cc: str | None = None
    bcc: str | None = None
    template_model: dict[str, Any] | None = None
    metadata: dict[str, str] | None = None
    headers: list[custom.Header] | None = None


class Bulk(Message, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """What all messages share, and the messages."""

    inline_css: bool | None = None
    messages: list[msgspec.Raw] | None = None

    @property
    def stream(self) -> str:
        """The stream they go through."""
        return self.message_stream or _STREAM

    @property
    def has_template(self) -> bool:
        """Whether a template says it."""
        return bool(self.template_id or self.template_alias)

    def _check_body(self) -> None:
        if not self.has_template:
            super()._check_body()

    def _check_template(self) -> None:
        for name, given in (
            ("Subject", self.subject),
            ("HtmlBody", self.html_body),
            ("TextBody", self.text_body),
        ):
            if given and self.has_template:
                raise bodies.unfit(name, f"The '{name}' cannot be given with a template.")

    def _answered(self) -> tuple[Party, ...]:
        # where it is filled from each model, it is read when it is
        return () if self._fills_reply_to else super()._answered()

    @property
    def _fills_reply_to(self) -> bool:
        return "{{" in (self.reply_to or "")

    async def _reply_to(self, common: Draft, model: dict[str, Any]) -> tuple[Party, ...]:
        if not self._fills_reply_to:
            return common.reply_to
        text = core_render.compile_text(SYNTAX, self.reply_to or "", escape=False)
        # in a thread: a hostile one may use all its time
        return parties(await asyncio.to_thread(text.render, model, core_render.Options()), "Reply-To")

    def common(self) -> Draft:
        """What every message asks for; raises Invalid."""
        draft = self._made(self._sender(), NOBODY)
        content = draft.content
        if not self.has_template:
            content = msgspec.structs.replace(content, syntax=SYNTAX)
        return msgspec.structs.replace(
            draft,
            content=content,
            # who is inactive is counted, and stops nobody else's mail
            on_suppressed="record",
            # whether its words stand in what is said is known once that is filled
            opt_out=outgoing.OPT_OUT,
            inline_css=self.inline_css is not False,
        )

    async def piece(self, entry: Entry, common: Draft) -> Piece:
        """One message; raises Invalid."""
        people = recipients(entry.to, entry.cc, entry.bcc)
        model = entry.template_model or {}
        check_model(model)
        if not is_storable(model):
            reason = "The 'TemplateModel' holds a number that is too large, or is nested too deeply."
            raise Invalid("TemplateModel", reason, kind="template_field")
        metadata = common.metadata
        if entry.metadata:
            metadata = outgoing.checked_metadata(_over(self.metadata or {}, entry.metadata))
        extra = None if entry.headers is None else custom.read(_own(self.headers or [], entry.headers))
        rows = None if extra is None else self.rows(extra)
        bounce_type = extra.bounce_type if extra else self._bounce_type()
        draft = msgspec.structs.replace(
            common,
            content=Content(),
            to=people.to,
            cc=people.cc,
            bcc=people.bcc,
            reply_to=await self._reply_to(common, model),
            variables=model,
            metadata=metadata,
            message_id=extra.message_id if extra else common.message_id,
            rehearsals=rehearsals((*people.to, *people.cc, *people.bcc), bounce_type),
        )
        return Piece(draft, rows)

    def _bounce_type(self) -> str:
        return custom.read(self.headers).bounce_type if self.headers else ""


def _over(common: dict[str, str], own: dict[str, str]) -> dict[str, str]:
    """Both; a message's own win, whatever the case of their keys."""
    taken = {key.lower() for key in own}
    return {key: value for key, value in common.items() if key.lower() not in taken} | own


def _own(common: list[custom.Header], own: list[custom.Header]) -> list[custom.Header]:
    taken = {(each.name or "").lower() for each in own}
    return [each for each in common if (each.name or "").lower() not in taken] + own


class Flaws:
    """Everything that is wrong with a request, by field."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._count = 0
        self._found: dict[str, list[errors.Failed]] = {}
        self._first: Refusal | None = None

    def add(self, refusal: Refusal) -> None:
        """One more, unless the same is there."""
        self._first = self._first or refusal
        self._count += 1
        told = self._found.setdefault(_field(refusal), [])
        flaw = errors.failed(refusal)
        if flaw not in told and len(told) < _MOST_ERRORS:
            told.append(flaw)

    @property
    def is_full(self) -> bool:
        """Whether there are so many that more of them help nobody."""
        return self._count >= _ENOUGH_ERRORS

    def refuse(self) -> None:
        """Raise what there is: a single one as it is, more of them together."""
        if self._first is None:
            return
        if sum(len(told) for told in self._found.values()) == 1:
            raise self._first
        raise errors.Several(self._found)


def _field(refusal: Refusal) -> str:
    match refusal:
        case Invalid(field=field):
            return _FIELDS.get(field, field)
        case Unverified():
            return "From"
        case NotFound(kind="template"):
            return "TemplateId"
        case NotFound(kind="template_alias"):
            return "TemplateAlias"
        case _:
            return "MessageStream"


class Status(msgspec.Struct, rename="pascal", kw_only=True, omit_defaults=False):
    """How far a request is."""

    id: str
    submitted_at: str
    total_messages: int
    percentage_completed: float
    released_count: int
    failed_count: int
    status: str
    subject: str | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, held: Progress) -> "Status":
        """From the domain's."""
        mailing, settled = held.mailing, held.released + held.failed
        return cls(
            id=mailing.id,
            submitted_at=iso(mailing.created_at, digits=7),
            total_messages=mailing.total,
            percentage_completed=round(100 * settled / mailing.total, 2),
            released_count=held.released,
            failed_count=held.failed,
            status="Completed" if held.done else "Processing" if held.begun else "Accepted",
            subject=mailing.subject or msgspec.UNSET,
        )


class Accepted(Status, rename="pascal", kw_only=True, omit_defaults=False):
    """The same with its id once more: the Python client reads it under another name here than elsewhere."""

    same_id: str = msgspec.field(name="ID")


class Which(msgspec.Struct, kw_only=True):
    """The query of the list, its keys folded."""

    count: str | None = None
    paginationkey: str | None = None


class Listed(msgspec.Struct, rename="pascal"):
    """Requests from the newest on, and where to go on."""

    requests: list[Status]
    pagination_key: str | msgspec.UnsetType = msgspec.UNSET


async def send(call: Call, body: Bulk) -> Accepted:
    """Accept all messages, or none where anything is wrong."""
    places.refuse_test(call)
    flaws = Flaws()
    common = await _common(call, body, flaws)
    entries, body.messages = body.messages or [], None
    if not entries:
        flaws.add(Invalid("Messages", "The 'Messages' are missing.", kind="message"))
    portions = await _portions(body, entries, common, flaws)
    flaws.refuse()
    held = await mailings.submit(call.core, call.caller, common.content, portions)
    told = Status.of(Progress(mailing=held, released=0, failed=0, begun=False))
    return Accepted(**msgspec.structs.asdict(told), same_id=held.id)


async def _common(call: Call, body: Bulk, flaws: Flaws) -> Draft:
    """What the messages share; a stand-in where it is wrong, so that they are looked at too."""
    try:
        draft = body.common()
        await _require_stream(call, body.stream)
        if body.has_template:
            draft = msgspec.structs.replace(draft, template=await _template(call, body))
        else:
            await _check_texts(draft.content)
        await mailings.require_sender(call.core, call.caller, draft.sender.email)
        (draft,) = await call.core.replies.filled(call.caller.account_id, [draft])
    except Refusal as refusal:
        flaws.add(refusal)
        return _STAND_IN
    return draft


async def _require_stream(call: Call, key: str) -> None:
    try:
        await streams.require_sending(call.core, call.caller, key)
    except NotFound as error:
        raise NotFound("stream", key) from error


async def _template(call: Call, body: Bulk) -> TemplateUse:
    number = body.template_id or 0
    held = await templates.sendable(call.core, call.caller, number, body.template_alias or "")
    return TemplateUse(id=held.id, version=held.version, name=held.name, slug=held.slug)


async def _check_texts(content: Content) -> None:
    """Refuse texts and header fields that do not parse; raises Invalid and RenderFailed."""
    await bodies.check_texts("standard", Body(subject=content.subject, html=content.html, text=content.text))
    for _, value in content.headers:
        core_render.compile_text(SYNTAX, value, escape=False)


async def _portions(body: Bulk, entries: list[msgspec.Raw], common: Draft, flaws: Flaws) -> list[Portion]:
    packer = Packer()
    for position, raw in enumerate(entries):
        if flaws.is_full:
            break
        if position % _IN_A_ROW == 0:
            await asyncio.sleep(0)
        try:
            entry = emails.read(raw, _entry)
            if isinstance(entry, Refusal):
                flaws.add(entry)
            else:
                packer.add(await body.piece(entry, common))
        except RenderFailed as failed:
            # each may take seconds, and the rest would fail likewise
            flaws.add(failed)
            break
        except Refusal as refusal:
            flaws.add(refusal)
    entries.clear()
    return packer.end()


async def status(call: Call, id: str) -> Status:
    """How far a request is."""
    return Status.of(await mailings.get(call.core, call.caller, id))


async def list_requests(call: Call, query: Which) -> Listed:
    """Requests of the server, the newest first."""
    if is_test(call.caller):
        return Listed([])
    count, before = _count(query.count), _opened(call, query.paginationkey)
    found = await mailings.page(call.core, call.caller, before=before, count=count + 1)
    listed = Listed([Status.of(each) for each in found[:count]])
    if len(found) > count:
        last = f"{call.caller.workspace_id} {found[count - 1].mailing.id}"
        listed.pagination_key = call.core.signer.sign(_KEY, last.encode())
    return listed


def _count(given: str | None) -> int:
    if given is None:
        return _USUAL
    count = int(given) if given.isascii() and given.isdecimal() and len(given) <= len(str(_MOST)) else 0
    if not 1 <= count <= _MOST:
        raise Invalid("count", f"The 'count' parameter must be between 1 and {_MOST}.", kind="mailings")
    return count


def _opened(call: Call, key: str | None) -> str | None:
    """The id that a page begins after; raises Invalid for a key that was not given out to this server."""
    if key is None:
        return None
    payload = call.core.signer.open(_KEY, key)
    workspace_id, _, id = (payload or b"").decode().partition(" ")
    if payload is None or workspace_id != call.caller.workspace_id:
        raise Invalid("paginationKey", "The 'paginationKey' is not valid.", kind="mailings")
    return id


_entry: Final = Reader(Entry).read
_STAND_IN: Final = Draft(sender=Party(addresses.Address("nobody@invalid")))

OPERATIONS = (
    post("/email/bulk", send, limit_bytes=emails.BATCH_BYTES),
    get("/email/bulk/{id}", status),
    get("/email/bulk", list_requests),
)
