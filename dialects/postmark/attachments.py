"""Attachments: base64 in JSON, a few extensions forbidden.

Source: Postmark developer docs, "Email", and user guide, "Attachments", read 2026-11.
"""

from typing import Final

import msgspec

from core import headers, mime
from core import messages as core_messages
from core.errors import Invalid

_FORBIDDEN: Final = frozenset(
    {
        "vbs", "exe", "bin", "bat", "chm", "com", "cpl", "crt", "hlp", "hta", "inf", "ins", "isp", "jse", "lnk",
        "mdb", "pcd", "pif", "reg", "scr", "sct", "shs", "vbe", "vba", "wsf", "wsh", "wsl", "msc", "msi", "msp", "mst",
    }
)  # fmt: skip  # one word a line would be a page
_ANY_TYPE: Final = "application/octet-stream"
_CID: Final = "cid:"


class Attachment(msgspec.Struct, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """A file as the SDKs write it. One with a ``ContentID`` is shown inside the HTML."""

    name: str | None = None
    content: bytes | None = None
    content_type: str | None = None
    content_id: str | None = msgspec.field(default=None, name="ContentID")

    def attachment(self) -> core_messages.Attachment:
        """The file; raises Invalid."""
        if not self.name or not self.content:
            missing = "Content" if self.name else "Name"
            raise Invalid("Attachments", f"An attachment needs a '{missing}'.", kind="message")
        content_type, content_id = self.content_type or _ANY_TYPE, self.content_id or ""
        if not headers.is_safe(self.name + content_type + content_id):
            raise Invalid("Attachments", "An attachment's fields may not hold line breaks.", kind="message")
        check_extension(self.name)
        if content_id[: len(_CID)].lower() == _CID:
            content_id = content_id[len(_CID) :]
        if not mime.fits_content_id(content_id):
            raise Invalid("Attachments", "The 'ContentID' of an attachment is too long.", kind="message")
        return core_messages.Attachment(
            filename=self.name, content_type=content_type, content_id=content_id, data=self.content
        )


def check_extension(name: str) -> None:
    """Refuse files that mail should not carry; raises Invalid("attachment")."""
    if _extension(name) in _FORBIDDEN:
        reason = f"The attachment '{name}' is of a type that is not allowed."
        raise Invalid("Attachments", reason, kind="attachment")


def _extension(name: str) -> str:
    stem, dot, extension = name.rstrip(". ").rpartition(".")
    del stem
    return extension.lower() if dot else ""
