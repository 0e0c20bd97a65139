"""Links to a letter's source and files that work for whoever has them, for a while."""

from typing import Final
from uuid import UUID

import msgspec

from core.clock import HOUR
from core.core import Core
from core.errors import NotFound
from core.inbound import reading
from core.inbound.message import InboundMessage
from core.store.database import one
from core.store.statements import sql

_PURPOSE: Final = "download"
_LIFETIME: Final = HOUR
_ID_BYTES: Final = 16
_POSITION_BYTES: Final = 2
_MOMENT_BYTES: Final = 8
# in the place of a file's position
_SOURCE: Final = 0xFFFF


class Link(msgspec.Struct, frozen=True):
    """A token to put into an address, and when it ends."""

    token: str
    expires_at: int


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """What a link leads to."""

    name: str
    content_type: str
    content: bytes


def link(core: Core, message: InboundMessage, position: int | None = None) -> Link:
    """A link to one file of a letter the caller was already given, or without a position to its source."""
    expires_at = core.clock.now() + _LIFETIME
    payload = (
        UUID(message.id).bytes
        + (_SOURCE if position is None else position).to_bytes(_POSITION_BYTES)
        + expires_at.to_bytes(_MOMENT_BYTES)
    )
    return Link(core.signer.sign(_PURPOSE, payload), expires_at)


async def download(core: Core, token: str) -> Download:
    """What a link leads to; raises NotFound for one that is not ours, is over, or leads to what is kept no more."""
    payload = core.signer.open(_PURPOSE, token)
    if payload is None or int.from_bytes(payload[_ID_BYTES + _POSITION_BYTES :]) <= core.clock.now():
        raise NotFound("download", "")
    id = str(UUID(bytes=payload[:_ID_BYTES]))
    message = await one(core.db, InboundMessage, sql.inbound_by_id(id=id))
    if message is None:
        raise NotFound("download", id)
    position = int.from_bytes(payload[_ID_BYTES : _ID_BYTES + _POSITION_BYTES])
    if position == _SOURCE:
        return Download(
            name=f"{id}.eml", content_type="message/rfc822", content=await reading.source(core, message)
        )
    content = await reading.file(core, message, position)
    file = message.head.files[position]
    return Download(name=file.name, content_type=file.content_type, content=content)
