"""The way back of a letter: an address of our own that names the delivery and that nobody else can make up.

The envelope's sender becomes ``b+<token>@<return host>`` (variable envelope return paths, cr.yp.to/proto/verp.txt). A
letter that goes to several recipients in one conversation has one such address, and its reports say whom they mean; a
letter to one recipient alone needs no such help from the other side.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from core.core import Core
from core.messages.message import Delivery, Message

_PURPOSE: Final = "return"
_PREFIX: Final = "b+"
_ID_BYTES: Final = 16
_POSITION_BYTES: Final = 2
# of several, or a place beyond what the token can say
_NOBODY: Final = 0xFFFF
# RFC 2142 has abuse; fbl is where many operators have their feedback loops send to
_COMPLAINTS: Final = frozenset({"abuse", "fbl"})


class Origin(msgspec.Struct, frozen=True):
    """What a return path names: the message, and the delivery where it is known."""

    message_id: str
    position: int | None


def mail_from(core: Core, message: Message, deliveries: Sequence[Delivery], own_host: str = "") -> str:
    """The envelope's sender for a letter to these recipients; the author's own address where nothing can come back.

    ``own_host`` is an alias of the return host that the sender's domain has proved, for SPF to be aligned with it.
    """
    host = _host(core)
    if not host:
        return message.draft.sender.email
    alone = len(deliveries) == 1 and not message.draft.redirect_to
    position = min(deliveries[0].position, _NOBODY) if alone else _NOBODY
    payload = UUID(message.id).bytes + position.to_bytes(_POSITION_BYTES)
    return f"{_PREFIX}{core.signer.sign(_PURPOSE, payload)}@{own_host or host}"


def _host(core: Core) -> str:
    return core.policy.return_host


def origin(core: Core, address: str) -> Origin | None:
    """What an address names where it is a return path of ours, in whatever case it comes back."""
    local, _, _ = address.strip("<> ").rpartition("@")
    if not local.lower().startswith(_PREFIX):
        return None
    payload = core.signer.open(_PURPOSE, local[len(_PREFIX) :])
    if payload is None or len(payload) != _ID_BYTES + _POSITION_BYTES:
        return None
    position = int.from_bytes(payload[_ID_BYTES:])
    return Origin(str(UUID(bytes=payload[:_ID_BYTES])), None if position == _NOBODY else position)


def is_for_complaints(core: Core, address: str) -> bool:
    """Whether feedback loops may report to an address."""
    local, _, host = address.strip("<> ").lower().rpartition("@")
    if address.lower() in core.policy.complaint_addresses:
        return True
    return local in _COMPLAINTS and bool(host) and host == _host(core).lower()


def owns(core: Core, address: str) -> bool:
    """Whether mail to an address is taken: a return path that was made here, or a place for complaints."""
    return origin(core, address) is not None or is_for_complaints(core, address)
