"""Signed tokens: what leaves in a mail and comes back from anybody, so that nobody can make one up.

A token is text of ``A-Z a-z 2-7`` in lower case (base32 without padding): it survives an address's local part, where
case is not kept, as well as a path. It names nothing that its payload does not, and the payload is readable.
"""

import base64
import hashlib
import hmac
import os
from binascii import Error
from typing import Final

from core.store.database import Database, write
from core.store.statements import sql

# 80 bits: who guesses has one chance in 10^24, and an address's local part has 64 letters for everything
_TAG_BYTES: Final = 10
_SECRET_BYTES: Final = 32


class Signer:
    """Makes and opens tokens with the installation's own secret."""

    def __init__(self, secret: bytes) -> None:
        """``secret`` is the same in every process of the installation, and for good: tokens live in sent mail."""
        self._secret = secret

    def sign(self, purpose: str, payload: bytes) -> str:
        """A token of ``payload`` that ``open`` takes for this purpose alone."""
        return base64.b32encode(self._tag(purpose, payload) + payload).decode().rstrip("=").lower()

    def open(self, purpose: str, token: str) -> bytes | None:
        """The payload of a token of ours for this purpose, whatever its case; None for any other text."""
        try:
            held = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
        except (Error, ValueError):
            return None
        tag, payload = held[:_TAG_BYTES], held[_TAG_BYTES:]
        return payload if hmac.compare_digest(tag, self._tag(purpose, payload)) else None

    def blind(self, purpose: str, text: str) -> str:
        """What a text can be told by again without being kept: nobody without the secret can try texts out."""
        return hmac.digest(self._secret, purpose.encode() + b"\0" + text.encode(), hashlib.sha256).hex()

    def _tag(self, purpose: str, payload: bytes) -> bytes:
        return hmac.digest(self._secret, purpose.encode() + b"\0" + payload, hashlib.sha256)[:_TAG_BYTES]


async def signer(db: Database) -> Signer:
    """The installation's signer; its secret is made where the store has none yet. Safe to run at once with itself."""
    await write(db, sql.secret_ensure(name="tokens", value=os.urandom(_SECRET_BYTES)))
    return Signer((await db.fetch(sql.secret_get(name="tokens")))[0][0])
