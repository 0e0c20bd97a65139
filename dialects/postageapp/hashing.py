"""A uid for calls that bring none: the same content to the same recipients is known again by it.

Source: PostageApp knowledge base, "UID" (identical content gives an identical hash, and is refused), read 2026-11. How
the provider computes it is not told; here it is SHA-256 over the arguments in canonical JSON and the project's number.
"""

import hashlib
import re
from typing import Any, Final

import msgspec

from dialects.endpoint import decode

_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY: Final = msgspec.json.Decoder(Any, float_hook=str)
_SORTED: Final = msgspec.json.Encoder(order="sorted").encode
# a JSON text in which nothing has a second way of being written
_PLAIN: Final = re.compile(rb'"[ !#-\[\]-~]*+"')
_SLICE: Final = 64 * 1024
# the deepest that is taken apart: arguments, files, one file's fields
_LEVELS: Final = 3


class ContentHash:
    """A hash that still waits for the project."""

    __slots__ = ("_hash",)

    def __init__(self, arguments: msgspec.Raw) -> None:
        """Take everything but the uid in; raises Mistyped."""
        self._hash = hashlib.sha256(b'{"arguments":')
        self._object(arguments, 1)

    def uid(self, project_number: int) -> str:
        """Sixty-four hexadecimal digits, lower-case."""
        whole = self._hash.copy()
        whole.update(b',"project":%d}' % project_number)
        return whole.hexdigest()

    def _object(self, raw: msgspec.Raw, level: int) -> None:
        held: dict[str, msgspec.Raw] = decode(_FIELDS.decode, raw)
        if level == 1:
            held.pop("uid", None)
        for position, name in enumerate(sorted(held)):
            self._hash.update(b"," if position else b"{")
            self._hash.update(_SORTED(name) + b":")
            self._value(held[name], level)
        self._hash.update(b"}" if held else b"{}")

    def _value(self, raw: msgspec.Raw, level: int) -> None:
        """A large file goes in as it stands in the body: decoding and encoding it would take it twice more."""
        if level < _LEVELS and bytes(memoryview(raw)[:1]) == b"{":
            self._object(raw, level + 1)
        elif _PLAIN.fullmatch(memoryview(raw)):
            self._hash.update(raw)
        elif isinstance(held := decode(_ANY.decode, raw), str):
            self._text(held)
        else:
            self._hash.update(_SORTED(held))

    def _text(self, text: str) -> None:
        """In slices, since each letter is escaped by itself."""
        self._hash.update(b'"')
        for at in range(0, len(text), _SLICE):
            self._hash.update(_SORTED(text[at : at + _SLICE])[1:-1])
        self._hash.update(b'"')
