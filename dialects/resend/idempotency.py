"""Idempotency keys: read before the body, claimed for method and endpoint, compared by what the body says.

Source: Resend docs, idempotency keys, read 2026-11.
"""

import hashlib
from collections.abc import Callable
from typing import Any, Final

import msgspec

from core.errors import Invalid
from core.messages import Claim, Draft
from dialects.endpoint import Codec
from dialects.request import Request

_HEADER: Final = b"idempotency-key"
_MOST: Final = 256
_LENGTH: Final = "Idempotency keys, if present, must have between 1 and 256 characters."
# the order of keys says nothing, so it may not tell two bodies apart
_canonical: Final = msgspec.json.Encoder(order="sorted").encode
_pack: Final = msgspec.msgpack.Encoder(order="sorted").encode


class KeyedCodec(Codec):
    """Bodies of some kinds may come with a key, whose length is looked at before the body's syntax."""

    def __init__(self, keyed: tuple[Any, ...]) -> None:
        """``keyed`` are the types of those bodies."""
        self._keyed = keyed

    def body(self, kind: type[Any]) -> Callable[[Request], Any]:
        """A reader of bodies; raises Invalid for a key of a wrong length, then as every reader does."""
        read = super().body(kind)
        if kind not in self._keyed:
            return read

        def read_after_key(request: Request) -> Any:  # an instance of kind
            _key(request)
            return read(request)

        return read_after_key


def _key(request: Request) -> str | None:
    key = request.header(_HEADER)
    if key is not None:
        _check(key)
    return key


def _check(key: str) -> None:
    if not 1 <= len(key) <= _MOST:
        raise Invalid("idempotency-key", _LENGTH, kind="idempotency_key")


def claim(request: Request, endpoint: str, body: Callable[[], object]) -> Claim | None:
    """The claim of a request with a key; ``body`` gives what it asks for, only where that is needed."""
    key = _key(request)
    if key is None:
        return None
    fingerprint = hashlib.sha256(_canonical(body())).hexdigest()
    return Claim(scope=f"idempotency:{endpoint}", key=key, fingerprint=fingerprint)


def letter_claim(key: str, draft: Draft) -> Claim:
    """The claim of a letter with a key; raises Invalid for a wrong length.

    Its Message-ID is new each time a client makes the letter again, and says nothing of what is asked.
    """
    _check(key)
    asked = msgspec.structs.replace(draft, message_id="")
    fingerprint = hashlib.sha256(_pack(asked)).hexdigest()
    return Claim(scope="idempotency:SMTP", key=key, fingerprint=fingerprint)


def meaning(raw: msgspec.Raw) -> bytes:
    """What a JSON text says, in a form to compare; where no decoder takes it, the text itself."""
    try:
        return _canonical(msgspec.json.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return bytes(raw)
