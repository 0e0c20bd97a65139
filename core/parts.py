"""The parts of a letter that was read: which are its bodies, and which travel with it as files. Pure."""

import mimetypes
import re
from email.message import Message
from itertools import count
from typing import Final, Self
from urllib.parse import unquote_to_bytes

from core import headers, words
from core.errors import Invalid, Unsupported
from core.messages.draft import Attachment

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_BOUNDARY: Final = re.compile(rb"boundary[*0 \t]*=", re.IGNORECASE)
# each nesting costs the parser a look at every line; nobody's mail comes near
_MOST_MULTIPARTS: Final = 100
# each becomes a row
MOST_FILES: Final = 1000
# parameters that do not describe the data
_OF_THE_WRAPPING: Final = re.compile(r"(?:name|boundary)(?:\*.*)?", re.IGNORECASE)
# taking these apart makes them worthless
_SEALED: Final = frozenset({"multipart/signed", "multipart/encrypted"})
_BODIES: Final = {"text/plain": "text", "text/html": "html"}
# an invitation: readers find it among the files as well
_FILE_ALTERNATIVES: Final = frozenset({"text/calendar"})


def has_too_many(raw: bytes) -> bool:
    """Whether a letter nests more multiparts than any honest one."""
    return multiparts(raw) > _MOST_MULTIPARTS


def multiparts(raw: bytes) -> int:
    """How many there may be: of text that only looks like one too."""
    return sum(1 for _ in _BOUNDARY.finditer(raw))


class Bodies:
    """What is shown of a letter, ``text`` and ``html`` or None, and its files.

    Of several texts in a row one is made; a text that belongs to neither alternative is a file.
    """

    def __init__(self) -> None:
        # joined once: a hostile letter has ten thousand of them, and a text that grew by each would be copied as often
        self._texts: dict[str, list[str]] = {"text": [], "html": []}
        self._lengths = {"text": 0, "html": 0}
        self._files: list[tuple[Attachment, bool]] = []
        self._kept = 0

    @classmethod
    def of(cls, letter: Message) -> Self:
        """Sort a letter's parts; raises Unsupported, and Invalid for too many."""
        made = cls()
        made._add(letter, (), "")
        return made

    @property
    def text(self) -> str | None:
        """The plain body."""
        return self._said("text")

    @property
    def html(self) -> str | None:
        """The HTML body."""
        return self._said("html")

    def _said(self, slot: str) -> str | None:
        return "\n".join(self._texts[slot]) if self._texts[slot] else None

    def length(self, slot: str) -> int:
        """How many characters of a body there are so far."""
        return self._lengths[slot]

    def files(self) -> tuple[Attachment, ...]:
        """The files in their order; one that is marked as an attachment is inline only where the HTML shows it."""
        html = self.html or ""
        return tuple(
            _loose(file) if loose and f"cid:{file.content_id}" not in html else file
            for file, loose in self._files
        )

    def _add(self, part: Message, ancestors: tuple[str, ...], parent: str) -> None:
        media, parameters = headers.media_type(_value(part, "content-type") or _implied(parent))
        children = part.get_payload() if part.is_multipart() else None
        if isinstance(children, list):
            if media in _SEALED:
                self.refuse(f"A {media} message")
            for child in (each for each in children if isinstance(each, Message)):
                self._add(child, (*ancestors, media), media)
            return
        if media.startswith("multipart/"):
            # without its boundaries there is only its text
            media = "text/plain"
        disposition, named = _disposition(part)
        name = _parameter(named, "filename") or _parameter(parameters, "name")
        is_file = disposition == "attachment" or bool(name)
        if not is_file and self._take(part, media, parameters, ancestors):
            return
        if not is_file and parent == "multipart/alternative" and media not in {*_BODIES, *_FILE_ALTERNATIVES}:
            self.refuse(f"An alternative of type {media}")
        self._keep(part, name, headers.with_parameters(media, _describing(parameters)), disposition)

    def refuse(self, what: str) -> None:
        """Say no to what cannot be sent on as it came; raises Unsupported."""
        raise Unsupported(what)

    def belongs(self, slot: str, ancestors: tuple[str, ...], data: bytes) -> bool:
        """Whether a text without a name is part of a body."""
        del data
        other = "html" if slot == "text" else "text"
        return not self._texts[other] or "multipart/alternative" in ancestors

    def keep(self, file: Attachment, disposition: str) -> None:
        """Add a file; raises Invalid for too many."""
        if len(self._files) >= MOST_FILES:
            raise Invalid("body", f"has more than {MOST_FILES} parts")
        self._files.append((file, disposition == "attachment"))

    def _take(
        self, part: Message, media: str, parameters: list[tuple[str, str]], ancestors: tuple[str, ...]
    ) -> bool:
        """Make it part of a body, if it is one."""
        slot = _BODIES.get(media)
        data = _data(part) if slot is not None else b""
        if slot is None or not self.belongs(slot, ancestors, data):
            return False
        text = _decoded(data, _parameter(parameters, "charset"))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        self._lengths[slot] += len(text) + bool(self._texts[slot])
        self._texts[slot].append(text)
        return True

    def _keep(self, part: Message, name: str, content_type: str, disposition: str) -> None:
        plain_type = content_type.partition(";")[0]
        ending = mimetypes.guess_extension(plain_type) or ".bin"
        content_id = _clean(_value(part, "content-id").strip().strip("<>"))
        file = Attachment(
            filename=name or f"part-{self._kept + 1}{ending}",
            content_type=content_type,
            content_id=content_id,
            data=_data(part),
        )
        self._kept += 1
        self.keep(file, disposition)


def _implied(parent: str) -> str:
    """The type of a part that names none (RFC 2046 5.1.5)."""
    return "message/rfc822" if parent == "multipart/digest" else "text/plain"


def _loose(file: Attachment) -> Attachment:
    return Attachment(filename=file.filename, content_type=file.content_type, data=file.data)


def _value(part: Message, name: str) -> str:
    """A field of a part on one line, empty where it has none."""
    found = next((value for key, value in part.raw_items() if key.lower() == name), "")
    data = str(found).encode("utf-8", "surrogateescape")
    return re.sub(r"[\r\n]+", "", _decoded(data, "utf-8"))


def _data(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _disposition(part: Message) -> tuple[str, list[tuple[str, str]]]:
    text = _value(part, "content-disposition")
    # the reader of media types knows parameters; a type is put before them for it
    _, parameters = headers.media_type(f"x/x;{text.partition(';')[2]}")
    return text.partition(";")[0].strip().lower(), parameters


def _describing(parameters: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(key, _clean(value)) for key, value in parameters if _OF_THE_WRAPPING.fullmatch(key) is None]


def _parameter(parameters: list[tuple[str, str]], name: str) -> str:
    """A parameter in any form it has: RFC 2231 in one piece or several, plain, or encoded words against the rules."""
    held = {key.lower(): value for key, value in parameters}
    if f"{name}*" in held:
        return _clean(_extended(held[f"{name}*"]))
    if f"{name}*0" in held or f"{name}*0*" in held:
        return _clean(_joined(held, name))
    return _clean(words.decode(held.get(name, "")))


def _joined(held: dict[str, str], name: str) -> str:
    """The continuations of RFC 2231 section 3, as one extended value where any of them is one."""
    pieces = []
    for number in count():
        piece = held.get(f"{name}*{number}*", held.get(f"{name}*{number}"))
        if piece is None:
            break
        pieces.append(piece)
    return _extended("".join(pieces)) if f"{name}*0*" in held else "".join(pieces)


def _extended(text: str) -> str:
    charset, quote, rest = text.partition("'")
    if not quote:
        return text
    return _decoded(unquote_to_bytes(rest.partition("'")[2]), charset)


def _decoded(data: bytes, charset: str) -> str:
    """A text in its charset; where it lies, in UTF-8, else in the charset of western mail."""
    for each in (charset or "utf-8", "utf-8"):
        try:
            text = words.read(each.lower(), data)
            # some codecs give half of a pair, which no encoder takes
            text.encode()
        except (LookupError, ValueError):
            continue
        return text
    return data.decode("cp1252", "replace")


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)
