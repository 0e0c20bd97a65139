"""The parts of a letter that came in: sorted like those of one to be sent, but nothing is refused. Pure."""

from typing import Final

from core.inbound.letter import File
from core.messages.draft import Attachment
from core.parts import MOST_FILES, Bodies

# a longer text is a file: bodies are read whole, and shown
_MOST_TEXT_BYTES: Final = 4 * 1024 * 1024
_LONGEST_NAME: Final = 255


def clean(text: str) -> str:
    """A text in characters that every encoder takes."""
    return text.encode("utf-8", "replace").decode()


class Parts(Bodies):
    """Every text without a name belongs to a body, sealed letters are opened, and what is left is a file."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[File] = []
        self.contents: list[bytes] = []
        self.left_out = 0

    def refuse(self, what: str) -> None:
        """Refuse nothing."""

    def belongs(self, slot: str, ancestors: tuple[str, ...], data: bytes) -> bool:
        """Take every text up to a length."""
        del ancestors
        return len(data) + self.length(slot) <= _MOST_TEXT_BYTES

    def keep(self, file: Attachment, disposition: str) -> None:
        """Keep a file, up to a number of them; the source has the rest."""
        if len(self.kept) >= MOST_FILES:
            self.left_out += 1
            return
        data = file.data or b""
        self.contents.append(data)
        self.kept.append(
            File(
                name=clean(file.filename[:_LONGEST_NAME]),
                content_type=clean(file.content_type),
                content_id=clean(file.content_id),
                disposition=disposition if disposition in {"inline", "attachment"} else "",
                size_bytes=len(data),
            )
        )
