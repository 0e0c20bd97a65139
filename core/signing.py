"""Puts the signatures of the sender's domain before a message that is about to leave."""

import asyncio
from typing import Final

from core import dkim
from core.clock import SECOND
from core.core import Core
from core.identities import Identity
from core.messages.message import Message
from core.sealing import SealBroken

# Hashing lets go of the interpreter only for large pieces, and signing never does: a thread of its own pays for
# itself where much is hashed. An RSA signature is 0.3 ms of the loop either way.
_THREAD_FROM_BYTES: Final = 256 * 1024


async def signed(core: Core, identity: Identity, mime: bytes) -> bytes:
    """A message with its sender's signatures; as it is where the sender's domain has no key that signs.

    Raises SealBroken: what is to be signed and cannot be waits.
    """
    keys = identity.keys
    if identity.broken:
        raise SealBroken(identity.broken)
    if not keys:
        return mime
    at_s = core.clock.now() // SECOND
    if len(mime) < _THREAD_FROM_BYTES:
        return dkim.signature(mime, keys, at_s=at_s) + mime
    return await asyncio.to_thread(dkim.signature, mime, keys, at_s=at_s) + mime


async def identity_of(core: Core, message: Message) -> Identity:
    """Whom a message is from, as it is sent now."""
    return await core.identities.of(message.workspace_id, message.draft.sender.email)
