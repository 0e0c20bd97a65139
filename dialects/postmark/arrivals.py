"""What the inbound hook says of a letter that came in.

Source: Postmark developer docs, "Inbound webhook" and "Parse an email", and one whole request that an integrator
captured in 2025-05, whose order of keys this is; read 2026-11. It has no record type and no server.
"""

from base64 import b64encode
from collections.abc import Sequence
from typing import Final

import msgspec

from core.inbound import Body, File, InboundMessage, Mailbox

STREAM: Final = "inbound"
# what stands in a field of its own, or says how the body was written
_MAPPED: Final = frozenset(
    {
        "from", "to", "cc", "bcc", "reply-to", "subject", "date", "content-type", "content-transfer-encoding",
    }
)  # fmt: skip  # a list of words reads better in lines than in a column


class Person(msgspec.Struct, rename="pascal"):
    """Somebody whom a letter names."""

    email: str
    name: str
    mailbox_hash: str

    @classmethod
    def of(cls, mailbox: Mailbox) -> "Person":
        """From the domain's mailbox."""
        return cls(mailbox.email, mailbox.name, mailbox.hash)


class Header(msgspec.Struct, rename="pascal"):
    """A field of a letter's header."""

    name: str
    value: str


class Attachment(msgspec.Struct, rename="pascal", kw_only=True):
    """A file, in base64."""

    name: str
    content: str
    content_type: str
    content_length: int
    content_id: str = msgspec.field(name="ContentID")

    @classmethod
    def of(cls, file: File, data: bytes) -> "Attachment":
        """From the domain's file and its bytes."""
        return cls(
            name=file.name,
            content=b64encode(data).decode(),
            content_type=file.content_type.partition(";")[0],
            content_length=len(data),
            content_id=file.content_id,
        )


class Arrived(msgspec.Struct, rename="pascal", kw_only=True):
    """A letter, whole."""

    from_name: str
    message_stream: str = STREAM
    sender: str = msgspec.field(name="From")
    from_full: Person
    to: str
    to_full: list[Person]
    cc: str
    cc_full: list[Person]
    bcc: str
    bcc_full: list[Person]
    original_recipient: str
    subject: str
    message_id: str = msgspec.field(name="MessageID")
    reply_to: str
    mailbox_hash: str
    date: str
    text_body: str
    html_body: str
    stripped_text_reply: str
    tag: str
    headers: list[Header]
    attachments: list[Attachment]
    raw_email: str | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, message: InboundMessage, files: Sequence[bytes], source: bytes | None) -> "Arrived":
        """From the domain's letter, its body in it; a file that is kept no more is left out.

        ``source`` is None where the server does not ask for it.
        """
        head, body = message.head, message.body or Body()
        return cls(
            from_name=head.sender.name,
            sender=head.sender.email,
            from_full=Person.of(head.sender),
            to=listing(head.to, head.to_text),
            to_full=[Person.of(each) for each in head.to],
            cc=listing(head.cc, head.cc_text),
            cc_full=[Person.of(each) for each in head.cc],
            bcc=listing(head.bcc, ""),
            bcc_full=[Person.of(each) for each in head.bcc],
            original_recipient=message.recipient,
            subject=message.subject,
            message_id=message.id,
            reply_to=head.reply_to_text,
            mailbox_hash=message.mailbox_hash,
            date=head.date,
            text_body=body.text or "",
            html_body=body.html or "",
            stripped_text_reply=body.stripped_reply,
            tag=message.tag,
            headers=headers(body),
            attachments=[Attachment.of(file, data) for file, data in zip(head.files, files, strict=False)],
            raw_email=msgspec.UNSET if source is None else source.decode("utf-8", "replace"),
        )


def headers(body: Body) -> list[Header]:
    """The fields that are mapped to nothing else, in their order."""
    return [Header(name, value) for name, value in body.headers if name.lower() not in _MAPPED]


def listing(mailboxes: Sequence[Mailbox], text: str) -> str:
    """Mailboxes as the text forms have them: a bare address by itself, in angle brackets beside names.

    ``text``, the field itself, where none of it could be understood.
    """
    if not mailboxes:
        return text
    if not any(each.name for each in mailboxes):
        return ", ".join(each.email for each in mailboxes)
    return ", ".join(_named(each) for each in mailboxes)


def _named(mailbox: Mailbox) -> str:
    if not mailbox.name:
        return f"<{mailbox.email}>"
    quoted = mailbox.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{mailbox.email}>'
