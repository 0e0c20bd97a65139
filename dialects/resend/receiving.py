"""Emails that came in: listed, read, their files.

Source: Resend API reference, "List received emails", "Retrieve received email", "List attachments", "Retrieve
attachment", read 2026-11. A list without ``limit`` holds everything; ours ends after a thousand and says that
there is more.
"""

import base64
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

import msgspec
from msgspec import UNSET, UnsetType

from core import inbound
from core.errors import Invalid, NotFound
from core.inbound import File, Filter, InboundMessage, Mailbox
from core.inbound.downloads import link
from core.links import Link
from dialects.endpoint import Call, get
from dialects.resend.wire import List, Paging, cut, uuid
from dialects.times import iso

_ID: Final = "emailId"
# one over it is served with its references as they are
_MOST_INLINED_BYTES: Final = 100 * 1024 * 1024
_REFERENCE: Final = re.compile(r"cid:([^\"'\s)>]+)", re.IGNORECASE)


class Attachment(msgspec.Struct, kw_only=True):
    """A file as emails list it."""

    id: str
    filename: str
    content_type: str
    content_disposition: str | None
    content_id: str | UnsetType = UNSET
    size: int

    @classmethod
    def of(cls, file: File) -> "Attachment":
        """From the domain's file."""
        return cls(
            id=file.id,
            filename=file.name,
            content_type=file.content_type.partition(";")[0],
            content_disposition=file.disposition or None,
            content_id=file.content_id or UNSET,
            size=file.size_bytes,
        )


class Loose(msgspec.Struct, kw_only=True):
    """A file with a link to it that needs no key."""

    object: str | UnsetType = UNSET
    id: str
    filename: str
    size: int
    content_type: str
    content_disposition: str | None
    content_id: str | UnsetType = UNSET
    download_url: str
    expires_at: str

    @classmethod
    def of(cls, call: Call, message: InboundMessage, position: int, name: str | UnsetType = UNSET) -> "Loose":
        """From the domain's file, by its place; ``name``: the object's, where it stands by itself."""
        file, made = Attachment.of(message.head.files[position]), link(call.core, message, position)
        return cls(
            object=name,
            id=file.id,
            filename=file.filename,
            size=file.size,
            content_type=file.content_type,
            content_disposition=file.content_disposition,
            content_id=file.content_id,
            download_url=_url(call, made),
            expires_at=iso(made.expires_at),
        )


class Raw(msgspec.Struct, kw_only=True):
    """A link to the source."""

    download_url: str
    expires_at: str


class Listed(msgspec.Struct, kw_only=True):
    """A received email in a list."""

    id: str
    to: list[str]
    sender: str = msgspec.field(name="from")
    created_at: str
    subject: str
    bcc: list[str]
    cc: list[str]
    reply_to: list[str]
    message_id: str
    received_for: list[str]
    attachments: list[Attachment]

    @classmethod
    def of(cls, message: InboundMessage) -> "Listed":
        """From the domain's letter."""
        head = message.head
        return cls(
            id=message.id,
            to=_emails(head.to),
            sender=head.sender.email,
            created_at=iso(message.created_at),
            subject=message.subject,
            bcc=_emails(head.bcc),
            cc=_emails(head.cc),
            reply_to=_emails(head.reply_to),
            message_id=head.message_id,
            received_for=list(head.received_for),
            attachments=[Attachment.of(file) for file in head.files],
        )


class Whole(msgspec.Struct, kw_only=True):
    """A received email by itself. Nobody here checks SPF, DKIM and DMARC of it, so ``authentication`` is null."""

    object: str = "email"
    id: str
    to: list[str]
    sender: str = msgspec.field(name="from")
    created_at: str
    subject: str
    html: str | None
    text: str | None
    html_format: str
    headers: dict[str, str]
    bcc: list[str]
    cc: list[str]
    reply_to: list[str]
    received_for: list[str]
    authentication: None = None
    message_id: str
    raw: Raw
    attachments: list[Attachment]


class Form(msgspec.Struct):
    """How the images within are to be told: ``data_uri`` or ``cid``."""

    html_format: str = "data_uri"


def _emails(mailboxes: Sequence[Mailbox]) -> list[str]:
    return [each.email for each in mailboxes]


def _url(call: Call, made: Link) -> str:
    return f"{call.core.policy.public_url}/_/f/{made.token}"


def _headers(message: InboundMessage) -> dict[str, str]:
    """Names in lower case; what is repeated is joined."""
    found: dict[str, list[str]] = {}
    for name, value in message.body.headers if message.body is not None else ():
        found.setdefault(name.lower(), []).append(value)
    return {name: ", ".join(values) for name, values in found.items()}


async def _html(call: Call, message: InboundMessage, wanted: str) -> tuple[str | None, str]:
    """The HTML, and how its images are told in it."""
    html = message.body.html if message.body is not None else None
    shown = {unquote(each) for each in _REFERENCE.findall(html or "")}
    images = {
        file.content_id: position
        for position, file in enumerate(message.head.files)
        if file.content_id in shown and file.content_type.startswith("image/")
    }
    size = sum(message.head.files[position].size_bytes for position in images.values())
    if html is None or wanted == "cid" or 4 * size // 3 + len(html) > _MOST_INLINED_BYTES:
        return html, "cid"
    async with call.core.bodies.hold(4 * size):
        contents = await inbound.files(call.core, message, list(images.values()))
        data = {
            content_id: _data_uri(message.head.files[position], contents[position])
            for content_id, position in images.items()
            if position in contents
        }
        return _REFERENCE.sub(lambda each: data.get(unquote(each[1]), each[0]), html), "data_uri"


def _data_uri(file: File, content: bytes) -> str:
    return f"data:{file.content_type.partition(';')[0]};base64,{base64.b64encode(content).decode()}"


async def list_received(call: Call, query: Paging) -> List[Listed]:
    """Received emails from the newest on."""
    page = await inbound.page(call.core, call.caller, Filter(), query.everything())
    return List(has_more=page.more, data=[Listed.of(message) for message in page.items])


async def retrieve(call: Call, id: str, query: Form) -> Whole:
    """One received email."""
    if query.html_format not in {"data_uri", "cid"}:
        raise Invalid("html_format", "It must be `data_uri` or `cid`.")
    message = await inbound.get(call.core, call.caller, uuid(id, _ID))
    listed, made = Listed.of(message), link(call.core, message)
    html, form = await _html(call, message, query.html_format)
    return Whole(
        id=listed.id,
        to=listed.to,
        sender=listed.sender,
        created_at=listed.created_at,
        subject=listed.subject,
        html=html,
        text=message.body.text if message.body is not None else None,
        html_format=form,
        headers=_headers(message),
        bcc=listed.bcc,
        cc=listed.cc,
        reply_to=listed.reply_to,
        received_for=listed.received_for,
        message_id=listed.message_id,
        raw=Raw(download_url=_url(call, made), expires_at=iso(made.expires_at)),
        attachments=listed.attachments,
    )


async def attachments(call: Call, id: str, query: Paging) -> List[Loose]:
    """The files of a received email, with links to them."""
    message = await inbound.get(call.core, call.caller, uuid(id, _ID))
    found, more = cut([file.id for file in message.head.files], query)
    return List(has_more=more, data=[Loose.of(call, message, position) for position in found])


async def attachment(call: Call, id: str, attachment_id: str) -> Loose:
    """One file of a received email, with a link to it."""
    message = await inbound.get(call.core, call.caller, uuid(id, _ID))
    wanted = uuid(attachment_id, "attachmentId")
    for position, file in enumerate(message.head.files):
        if file.id == wanted:
            return Loose.of(call, message, position, "attachment")
    raise NotFound("attachment", attachment_id)


OPERATIONS = (
    get("/emails/receiving", list_received),
    get("/emails/receiving/{id}", retrieve),
    get("/emails/receiving/{id}/attachments", attachments),
    get("/emails/receiving/{id}/attachments/{attachment_id}", attachment),
)
