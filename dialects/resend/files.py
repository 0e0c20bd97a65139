"""Files of emails that were sent, with links to them.

Source: Resend API reference, "List attachments" and "Retrieve attachment" of emails, and OpenAPI file 1.5.0, read
2026-11. A list without ``limit`` holds everything.
"""

import msgspec
from msgspec import UNSET, UnsetType

from core import messages
from core.errors import NotFound
from core.messages import Message, StoredAttachment
from core.messages.downloads import link
from dialects.endpoint import Call, get
from dialects.resend.wire import List, Paging, cut, uuid
from dialects.times import iso

_ID = "emailId"


class Attachment(msgspec.Struct, kw_only=True):
    """A file with a link to it that needs no key."""

    object: str | UnsetType = UNSET
    id: str
    filename: str
    size: int
    content_type: str
    content_disposition: str
    content_id: str | UnsetType = UNSET
    download_url: str
    expires_at: str

    @classmethod
    def of(
        cls, call: Call, message: Message, file: StoredAttachment, name: str | UnsetType = UNSET
    ) -> "Attachment":
        """From the domain's file; ``name``: the object's, where it stands by itself."""
        made = link(call.core, message, file.position)
        return cls(
            object=name,
            id=file.id,
            filename=file.filename,
            size=file.size_bytes,
            content_type=file.content_type,
            content_disposition="inline" if file.content_id else "attachment",
            content_id=file.content_id or UNSET,
            download_url=f"{call.core.policy.public_url}/_/f/sent/{made.token}",
            expires_at=iso(made.expires_at),
        )


async def list_attachments(call: Call, id: str, query: Paging) -> List[Attachment]:
    """The files of an email."""
    message = await messages.get(call.core, call.caller, uuid(id, _ID))
    files = await messages.attachments(call.core, message)
    found, more = cut([file.id for file in files], query)
    return List(has_more=more, data=[Attachment.of(call, message, files[position]) for position in found])


async def retrieve(call: Call, id: str, attachment_id: str) -> Attachment:
    """One file of an email."""
    message = await messages.get(call.core, call.caller, uuid(id, _ID))
    wanted = uuid(attachment_id, "attachmentId")
    for file in await messages.attachments(call.core, message):
        if file.id == wanted:
            return Attachment.of(call, message, file, "attachment")
    raise NotFound("attachment", attachment_id)


OPERATIONS = (
    get("/emails/{id}/attachments", list_attachments),
    get("/emails/{id}/attachments/{attachment_id}", retrieve),
)
