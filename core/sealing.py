"""Secrets in the store, which the store alone does not give away where the operator set a secret to seal them with."""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_PLAIN: Final = b"\0"
_SEALED: Final = b"\1"
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_INFO: Final = b"babelpost sealing 1"


class SealBroken(Exception):  # noqa: N818  # said of the seal
    """What is sealed cannot be read with the secret that is set now."""


class Seal:
    """Seals and opens (AES-256-GCM). Without a secret it keeps what it is given as it is."""

    def __init__(self, secret: str) -> None:
        """``secret`` is any text that nobody can guess; "" for none."""
        derived = HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=_INFO)
        self._cipher = AESGCM(derived.derive(secret.encode())) if secret else None

    @property
    def hides(self) -> bool:
        """Whether there is a secret: without one nothing is hidden from whoever reads the store."""
        return self._cipher is not None

    def close(self, data: bytes, context: str) -> bytes:
        """Seal; ``context`` says what it belongs to and is needed to open it, so that rows cannot be exchanged."""
        if self._cipher is None:
            return _PLAIN + data
        nonce = os.urandom(_NONCE_BYTES)
        return _SEALED + nonce + self._cipher.encrypt(nonce, data, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """What was sealed; raises SealBroken."""
        if sealed[:1] == _PLAIN:
            return sealed[1:]
        if self._cipher is None:
            raise SealBroken("it is sealed, and no secret is set")
        nonce, held = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, held, context.encode())
        except InvalidTag as error:
            raise SealBroken("it was sealed with another secret") from error
