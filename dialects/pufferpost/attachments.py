"""Files that travel with a message.

Source: PufferPost guide "Sending email", "Attachments", read 2026-11: three files of about 1 MB, no inline ones.
"""

import re
from typing import ClassVar, Final

import msgspec

from core.messages import Attachment
from dialects.endpoint import MIB
from dialects.pufferpost.violations import BLANK, NOT_VALID, Violations

_MOST: Final = 3
_LONGEST_NAME: Final = 255
_MEDIA_TYPE: Final = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:\s*;[^\r\n\x00]*)?", re.ASCII)


class File(msgspec.Struct, rename="camel", kw_only=True):
    """A file as clients send it; ``content`` is base64."""

    parts: ClassVar[dict[str, type[msgspec.Struct]]] = {}

    filename: str | None = None
    content_type: str | None = None
    content: bytes | None = None

    def attachment(self, at: str, found: Violations) -> Attachment:
        """As core keeps it; notes what is wrong."""
        name = found.text(f"{at}.filename", self.filename, _LONGEST_NAME)
        if "/" in name or "\\" in name or not name.isprintable():
            found.add(f"{at}.filename", NOT_VALID)
        media = found.text(f"{at}.contentType", self.content_type, _LONGEST_NAME)
        if media and _MEDIA_TYPE.fullmatch(media) is None:
            found.add(f"{at}.contentType", NOT_VALID)
        if self.content is None:
            found.add(f"{at}.content", BLANK)
        elif len(self.content) > MIB:
            found.add(f"{at}.content", "The file is too large. Allowed maximum size is 1 MiB.")
        return Attachment(filename=name, content_type=media, data=self.content)


def attachments(files: list[File] | None, found: Violations) -> tuple[Attachment, ...]:
    """Every file of a message."""
    if not files:
        return ()
    found.count("attachments", len(files), _MOST)
    return tuple([file.attachment(f"attachments[{index}]", found) for index, file in enumerate(files)])
