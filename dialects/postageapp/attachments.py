"""Files in a call: an object by file name, with the content in base64.

Source: PostageApp developer pages, "send_message", read 2026-11; line breaks in the base64 as its Ruby and PHP clients
write them.
"""

import binascii
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from core.errors import Invalid, Mistyped
from core.messages import Attachment
from dialects.postageapp.envelope import NOTHING

_BLANKS: Final = b" \t\r\n"
_ESCAPES: Final = (
    (rb"\n", b""),
    (rb"\r", b""),
    (rb"\t", b""),
    (rb"\/", b"/"),
    (rb"\u003d", b"="),
    (rb"\u002b", b"+"),
)
_CONTROL: Final = re.compile(r"[\r\n\x00]")


class File(msgspec.Struct):
    """One file as it came. What else clients add, such as a transfer encoding, says nothing new."""

    content_type: str | None = None
    content: msgspec.Raw = NOTHING


class Upload(msgspec.Struct, frozen=True):
    """A file out of its base64. ``data`` is None where that failed, which is said in its turn."""

    filename: str
    content_type: str
    data: bytes | None
    given: bool

    def attachment(self) -> Attachment:
        """The file to send; raises Invalid."""
        if not self.given:
            raise Invalid("attachments", f'Attachment "{self.filename}" has no content.')
        if self.data is None:
            raise Invalid("attachments", f'The content of attachment "{self.filename}" is not valid base64.')
        if _CONTROL.search(self.filename) or _CONTROL.search(self.content_type):
            raise Invalid("attachments", "Name and type of an attachment may not contain line breaks.")
        return Attachment(
            filename=self.filename,
            content_type=self.content_type or "application/octet-stream",
            data=self.data,
        )


def uploads(given: Mapping[str, File | list[Any]]) -> tuple[Upload, ...]:
    """Decode every file, so that the body they came in can be let go of; raises Mistyped."""
    return tuple(_upload(name, file) for name, file in given.items())


def _upload(name: str, file: File | list[Any]) -> Upload:
    if isinstance(file, list):
        if file:
            raise Mistyped(f"$.attachments.{name}", "Expected `object`, got `array`")
        file = File()
    given = bytes(memoryview(file.content)[:1]) == b'"'
    return Upload(name, file.content_type or "", _decoded(file.content) if given else None, given)


def _decoded(content: msgspec.Raw) -> bytes | None:
    """The bytes of a JSON text in base64; of a clean one no copy is made, of another one at a time."""
    letters = memoryview(content)[1:-1]
    try:
        return binascii.a2b_base64(letters, strict_mode=True)
    except binascii.Error:
        cleaned = _cleaned(bytes(letters))
    try:
        return binascii.a2b_base64(cleaned, strict_mode=True)
    except binascii.Error:
        return None


def _cleaned(letters: bytes) -> bytes:
    """Without blanks, and without escapes of them; base64 holds one other letter that some clients escape."""
    for escape, letter in _ESCAPES:
        letters = letters.replace(escape, letter)
    return letters.translate(None, _BLANKS)
