"""From a message as it is kept to the letter that leaves: what is in its header, its body and its parts."""

from collections.abc import Sequence

from core import mime, plaintext
from core.addresses import Address
from core.core import Policy
from core.messages import offer
from core.messages.draft import Party
from core.messages.message import Delivery, Message, StoredAttachment
from core.tokens import Signer
from core.tracking import marking


def letter(
    policy: Policy,
    signer: Signer,
    message: Message,
    files: Sequence[StoredAttachment],
    recipient: Delivery | None,
) -> mime.Letter:
    """The letter of a message to a recipient; the same message and recipient give the same bytes each time.

    Where the letter is not ``personal`` it is the same for all. Text is derived from HTML where the draft asks for it
    and none was given.
    """
    draft, content = message.draft, message.draft.content
    rendering = message.rendering
    out = offer.way_out(policy, signer, message, recipient)
    html, text = offer.html(message, out), offer.text(message, out)
    if text is None and html is not None and content.derive_text:
        text = plaintext.from_html(html)
    headers = rendering.headers if rendering is not None and rendering.headers else content.headers
    if draft.id_headers:
        headers = (*headers, *((name, message.id) for name in draft.id_headers))
    headers = offer.headers(message, out, headers)
    # what leads out is led through nothing else, also where the caller's own header stands
    exits = (*headers, *offer.headers(message, out, ()))
    html, text = marking.marked(marking.Marker(policy, signer), message, recipient, (html, text), exits)
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


def source(
    policy: Policy,
    signer: Signer,
    message: Message,
    files: Sequence[StoredAttachment],
    recipient: Delivery | None,
) -> bytes:
    """The same letter as the bytes that leave."""
    return mime.build(letter(policy, signer, message, files, recipient))


def is_personal(message: Message) -> bool:
    """Whether every recipient's letter is another one, so that each goes out by itself."""
    return offer.is_made(message) or marking.is_made(message)


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
