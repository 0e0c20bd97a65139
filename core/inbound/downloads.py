"""Links to the source and the files of a letter that came in."""

from typing import Final

from core import links
from core.core import Core
from core.errors import NotFound
from core.inbound import reading
from core.inbound.message import InboundMessage
from core.links import Download, Link
from core.store.database import one
from core.store.statements import sql

_PURPOSE: Final = "download"
# in the place of a file's position
_SOURCE: Final = 0xFFFF


def link(core: Core, message: InboundMessage, position: int | None = None) -> Link:
    """A link to one file of a letter the caller was already given, or without a position to its source."""
    return links.make(core, _PURPOSE, message.id, _SOURCE if position is None else position)


async def download(core: Core, token: str) -> Download:
    """What a link leads to; raises NotFound for one that is not ours, is over, or leads to what is kept no more."""
    id, position = links.follow(core, _PURPOSE, token)
    message = await one(core.db, InboundMessage, sql.inbound_by_id(id=id))
    if message is None:
        raise NotFound("download", id)
    if position == _SOURCE:
        return Download(
            name=f"{id}.eml", content_type="message/rfc822", content=await reading.source(core, message)
        )
    content = await reading.file(core, message, position)
    file = message.head.files[position]
    return Download(name=file.name, content_type=file.content_type, content=content)
