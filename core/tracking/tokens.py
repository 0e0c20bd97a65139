"""What a pixel and a link carry: which message and recipient, and where the link leads. Nobody else can make one.

The target travels in the token, so that a link works as long as a process answers, whatever the store does.
"""

from typing import Final, Literal
from uuid import UUID

import msgspec

from core.messages.message import WHOLE_MESSAGE
from core.tokens import Signer
from core.tracking.targets import target

Part = Literal["html", "text"]

_OPEN: Final = "open"
_CLICK: Final = "click"
_ID_BYTES: Final = 16
_PLACE_BYTES: Final = _ID_BYTES + 2
_NO_POSITION: Final = 0xFFFF
_PARTS: Final[tuple[Part, Part]] = ("html", "text")


class Place(msgspec.Struct, frozen=True):
    """Whose pixel or link it is; ``position`` is a delivery's, or WHOLE_MESSAGE where several got the same bytes."""

    message_id: str
    position: int = WHOLE_MESSAGE


class Click(msgspec.Struct, frozen=True):
    """A link of a message: where it leads, and the part it stands in."""

    place: Place
    target: str
    part: Part


def of_open(signer: Signer, place: Place) -> str:
    """The token of a pixel."""
    return signer.sign(_OPEN, _packed(place))


def of_click(signer: Signer, click: Click) -> str:
    """The token of a link."""
    part = _PARTS.index(click.part)
    return signer.sign(_CLICK, _packed(click.place) + bytes([part]) + click.target.encode())


def opened(signer: Signer, token: str) -> Place | None:
    """Whose pixel it is, if it is one of ours."""
    held = signer.open(_OPEN, token)
    return None if held is None else _place(held)


def clicked(signer: Signer, token: str) -> Click | None:
    """Which link it is, if it is one of ours."""
    held = signer.open(_CLICK, token)
    if held is None:
        return None
    leads = target(held[_PLACE_BYTES + 1 :].decode())
    return None if leads is None else Click(_place(held), leads, _PARTS[held[_PLACE_BYTES]])


def _packed(place: Place) -> bytes:
    position = place.position if 0 <= place.position < _NO_POSITION else _NO_POSITION
    return bytes.fromhex(place.message_id.replace("-", "")) + position.to_bytes(2, "big")


def _place(held: bytes) -> Place:
    position = int.from_bytes(held[_ID_BYTES:_PLACE_BYTES], "big")
    id = str(UUID(bytes=held[:_ID_BYTES]))
    return Place(id, WHOLE_MESSAGE if position == _NO_POSITION else position)
