"""Attachments as the SDKs send them: base64, arrays of bytes, Buffers as node prints them, or an address to fetch.

Source: Resend docs, attachments, and its knowledge base on blocked file types, read 2026-11. The Go SDK sends arrays of
integers and ``inline_content_id``; node before 6.30 sends Buffers; Ruby and Python send arrays where told so.
"""

import binascii
import re
from typing import Annotated, Final
from urllib.parse import unquote, urlsplit

import msgspec

from core import messages, mime
from core.errors import Invalid, TooLarge
from dialects.endpoint import MIB

LIMIT_BYTES: Final = 40 * MIB

_MOST_CONTENT_ID: Final = 127
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_SPACE: Final = b" \t\r\n"
_NEITHER: Final = "Attachment must have either a `content` or `path`."
_NO_URL: Final = "Attachment `path` must be an http or https URL."
_BLOCKED: Final = frozenset({
    "adp", "app", "asp", "bas", "bat", "cer", "chm", "cmd", "com", "cpl", "crt", "csh", "der", "exe", "fxp",
    "gadget", "hlp", "hta", "inf", "ins", "isp", "its", "js", "jse", "ksh", "lib", "lnk", "mad", "maf", "mag",
    "mam", "maq", "mar", "mas", "mat", "mau", "mav", "maw", "mda", "mdb", "mde", "mdt", "mdw", "mdz", "msc",
    "msh", "msh1", "msh2", "mshxml", "msh1xml", "msh2xml", "msi", "msp", "mst", "ops", "pcd", "pif", "plg",
    "prf", "prg", "reg", "scf", "scr", "sct", "shb", "shs", "sys", "ps1", "ps1xml", "ps2", "ps2xml", "psc1",
    "psc2", "tmp", "url", "vb", "vbe", "vbs", "vps", "vsmacros", "vss", "vst", "vsw", "vxd", "ws", "wsc",
    "wsf", "wsh", "xnk",
})  # fmt: skip  # one word a line would be a page

_Byte = Annotated[int, msgspec.Meta(ge=0, le=255)]


class _Buffer(msgspec.Struct):
    data: list[_Byte]


_BASE64: Final = msgspec.json.Decoder(bytes)
_TEXT: Final = msgspec.json.Decoder(str)
_ARRAY: Final = msgspec.json.Decoder(list[_Byte])
_BUFFER: Final = msgspec.json.Decoder(_Buffer)


class File(msgspec.Struct, kw_only=True):
    """One attachment; ``filename`` may be false, which some clients send for none."""

    content: msgspec.Raw = msgspec.Raw()
    path: str | None = None
    filename: str | bool | None = None
    content_type: str | None = None
    content_id: str | None = None
    inline_content_id: str | None = None

    def attachment(self) -> messages.Attachment:
        """The file in the domain's words; raises Invalid. Its encoded text is let go."""
        data = _data(self.content)
        # the raw text is a view that keeps the whole request's body in memory
        self.content = msgspec.Raw()
        url, segment = ("", "") if data is not None else _target(self.path or "")
        filename = self._filename(segment)
        return messages.Attachment(
            filename=filename,
            content_type=_plain(self.content_type or mime.guess_type(filename), "content_type"),
            content_id=self._content_id(),
            data=data,
            url=url,
        )

    def _filename(self, segment: str) -> str:
        name = self.filename if isinstance(self.filename, str) else ""
        name = name or segment
        if not name:
            raise _refused("Attachment must have a `filename`.")
        # Windows takes no account of dots and blanks at the end
        _, dot, extension = name.rstrip(". ").rpartition(".")
        if dot and extension.lower() in _BLOCKED:
            raise _refused("Attachment has a file type that is not allowed.")
        return _plain(name, "filename")

    def _content_id(self) -> str:
        content_id = self.content_id or self.inline_content_id or ""
        if len(content_id) > _MOST_CONTENT_ID:
            raise _refused("Attachment `content_id` must have less than 128 characters.")
        if not mime.fits_content_id(content_id):
            raise _refused("Attachment `content_id` is too long once it is written in ASCII.")
        return _plain(content_id, "content_id")


def attachments(files: list[File] | None) -> tuple[messages.Attachment, ...]:
    """Every file of a mail; raises Invalid, and TooLarge for what could not be sent together."""
    if not files:
        return ()
    made = tuple([file.attachment() for file in files])
    # three bytes become four letters on the way
    if sum((each.size_bytes + 2) // 3 * 4 for each in made) > LIMIT_BYTES:
        raise TooLarge("message", LIMIT_BYTES)
    return made


def _data(raw: msgspec.Raw) -> bytes | None:
    """The bytes of a content in any of its forms; None for none: nothing, null, or an empty text."""
    view = memoryview(raw)
    if bytes(view[:5]) in (b"", b"null", b'""'):
        return None
    first = view[0]
    try:
        if first == ord('"'):
            return _from_base64(raw)
        return bytes(_ARRAY.decode(raw) if first == ord("[") else _BUFFER.decode(raw).data)
    except (msgspec.DecodeError, binascii.Error, ValueError) as error:
        raise _refused("Attachment `content` must be base64, an array of bytes, or a Buffer.") from error


def _from_base64(raw: msgspec.Raw) -> bytes:
    try:
        return _BASE64.decode(raw)
    except msgspec.ValidationError:
        # line breaks inside, as `base64` and PHP's chunk_split make them
        packed = _TEXT.decode(raw).encode("ascii", "replace").translate(None, _SPACE)
        return binascii.a2b_base64(packed, strict_mode=True)


def _target(path: str) -> tuple[str, str]:
    """The address to fetch, and the file name that its last segment suggests; raises Invalid."""
    if not path:
        raise _refused(_NEITHER)
    try:
        parts = urlsplit(path)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError as error:
        raise _refused(_NO_URL) from error
    if not usable:
        raise _refused(_NO_URL)
    return _plain(path, "path"), unquote(parts.path.rpartition("/")[2]) or "attachment"


def _plain(text: str, field: str) -> str:
    if _CONTROL.search(text):
        raise _refused(f"Attachment `{field}` may not contain control characters.")
    return text


def _refused(reason: str) -> Invalid:
    return Invalid("attachments", reason, kind="attachment")
