"""From a message as it is kept to the letter that leaves: what is in its header, its body and its parts."""

from collections.abc import Sequence

from core import mime, plaintext
from core.addresses import Address
from core.core import Policy
from core.messages.draft import Party
from core.messages.message import Message, StoredAttachment


def letter(policy: Policy, message: Message, files: Sequence[StoredAttachment]) -> mime.Letter:
    """The letter of a message; the same message gives the same bytes each time.

    Text is derived from HTML where the draft asks for it and none was given.
    """
    draft, content = message.draft, message.draft.content
    rendering = message.rendering
    html, text = message.html, message.text
    if text is None and html is not None and content.derive_text:
        text = plaintext.from_html(html)
    headers = rendering.headers if rendering is not None and rendering.headers else content.headers
    if draft.id_headers:
        headers = (*headers, *((name, message.id) for name in draft.id_headers))
    return mime.Letter(
        message_id=message_id(policy, message),
        date=message.scheduled_at or message.created_at,
        sender=sender(message),
        to=_addresses(draft.shown_to or draft.to),
        cc=_addresses(draft.shown_cc or draft.cc),
        reply_to=_addresses(draft.reply_to),
        subject=message.shown_subject,
        headers=headers,
        # a letter without any body still has an empty text
        text=text if text is not None or html is not None else "",
        html=html or None,
        parts=tuple(_part(file) for file in files if file.data is not None),
        boundary=message.id.replace("-", ""),
    )


def message_id(policy: Policy, message: Message) -> str:
    """The Message-ID header with its brackets: the caller's own, else made from the message's id."""
    return message.draft.message_id or f"<{message.id}@{policy.message_host}>"


def sender(message: Message) -> Address:
    """Who the From header names."""
    return message.draft.sender.address


def _addresses(parties: Sequence[Party]) -> tuple[Address, ...]:
    return tuple(party.address for party in parties)


def _part(file: StoredAttachment) -> mime.Part:
    return mime.Part(
        filename=file.filename,
        content_type=file.content_type,
        content_id=file.content_id,
        data=file.data or b"",
    )
