"""Links to the files of a message."""

from typing import Final

from core import links
from core.core import Core
from core.errors import NotFound
from core.links import Download, Link
from core.messages.message import Message, StoredAttachment
from core.store.database import one
from core.store.statements import sql

_PURPOSE: Final = "sent download"


def link(core: Core, message: Message, position: int) -> Link:
    """A link to one file of a message the caller was already given."""
    return links.make(core, _PURPOSE, message.content_id or message.id, position)


async def download(core: Core, token: str) -> Download:
    """What a link leads to; raises NotFound for one that is not ours, is over, or leads to what is not kept.

    A file that is fetched when it is sent is not kept before, and none is for longer than its message's bodies.
    """
    owner_id, position = links.follow(core, _PURPOSE, token)
    found = await one(core.db, StoredAttachment, sql.attachment_at(owner_id=owner_id, position=position))
    if found is None or found.data is None:
        raise NotFound("download", owner_id)
    return Download(name=found.filename, content_type=found.content_type, content=found.data)
