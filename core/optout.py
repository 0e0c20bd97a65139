"""The link by which a recipient says no to further mail: what a mail carries and what comes back with it.

It says all that is needed by itself, since it has to work long after the message was forgotten.
"""

from typing import Final
from uuid import UUID

import msgspec

from core import addresses
from core.core import Policy
from core.messages.message import Delivery, Message
from core.tokens import Signer

_PURPOSE: Final = "unsubscribe"
_PACK: Final = msgspec.msgpack.Encoder()


class _Payload(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """What a token holds, in few bytes: ids as their 16."""

    workspace: bytes
    message: bytes
    position: int
    email: str
    stream: str = ""
    topic: bytes = b""


_PAYLOAD: Final = msgspec.msgpack.Decoder(_Payload)


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Whose link it is, in which message it came, and to what it says no.

    With a ``topic_id`` to the topic, else with a ``stream`` to the stream, else to all of the workspace's mail.
    """

    workspace_id: str
    message_id: str
    position: int
    email: str
    stream: str = ""
    topic_id: str = ""


def of(message: Message, recipient: Delivery) -> Link:
    """The link of one recipient's letter."""
    asked = message.draft.opt_out
    return Link(
        workspace_id=message.workspace_id,
        message_id=message.id,
        position=recipient.position,
        email=addresses.key(recipient.email),
        stream=message.stream if asked is not None and asked.managed else message.draft.suppressed_stream,
        topic_id=asked.topic_id if asked is not None else "",
    )


def url(policy: Policy, signer: Signer, link: Link) -> str:
    """Where the link leads."""
    payload = _Payload(
        _bytes(link.workspace_id),
        _bytes(link.message_id),
        link.position,
        link.email,
        link.stream,
        _bytes(link.topic_id),
    )
    return f"{policy.public_url}/_/u/{signer.sign(_PURPOSE, _PACK.encode(payload))}"


def read(signer: Signer, token: str) -> Link | None:
    """The link of a token, None for a text that is none of ours."""
    packed = signer.open(_PURPOSE, token)
    if packed is None:
        return None
    held = _PAYLOAD.decode(packed)
    return Link(
        workspace_id=_id(held.workspace),
        message_id=_id(held.message),
        position=held.position,
        email=held.email,
        stream=held.stream,
        topic_id=_id(held.topic),
    )


def _bytes(id: str) -> bytes:
    return bytes.fromhex(id.replace("-", ""))


def _id(packed: bytes) -> str:
    return str(UUID(bytes=packed)) if packed else ""
