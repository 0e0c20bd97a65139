"""Links that lead to something kept and work for whoever has them, for a while."""

from typing import Final
from uuid import UUID

import msgspec

from core.clock import HOUR
from core.core import Core
from core.errors import NotFound

_LIFETIME: Final = HOUR
_ID_BYTES: Final = 16
_POSITION_BYTES: Final = 2
_MOMENT_BYTES: Final = 8


class Link(msgspec.Struct, frozen=True):
    """A token to put into an address, and when it ends."""

    token: str
    expires_at: int


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """What a link leads to."""

    name: str
    content_type: str
    content: bytes


def make(core: Core, purpose: str, id: str, position: int) -> Link:
    """A link to the thing at a place of what has this id."""
    expires_at = core.clock.now() + _LIFETIME
    payload = UUID(id).bytes + position.to_bytes(_POSITION_BYTES) + expires_at.to_bytes(_MOMENT_BYTES)
    return Link(core.signer.sign(purpose, payload), expires_at)


def follow(core: Core, purpose: str, token: str) -> tuple[str, int]:
    """The id and the place; raises NotFound("download") for a token that is not ours, or over."""
    payload = core.signer.open(purpose, token)
    if payload is None or int.from_bytes(payload[_ID_BYTES + _POSITION_BYTES :]) <= core.clock.now():
        raise NotFound("download", "")
    return str(UUID(bytes=payload[:_ID_BYTES])), int.from_bytes(payload[_ID_BYTES:-_MOMENT_BYTES])
