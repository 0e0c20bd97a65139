"""A letter opened without trust: its fields, its parts as text, up to a bound; no letter is too broken."""

import re
from collections.abc import Iterator
from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import compat32
from typing import Final

import msgspec

from core import headers, words
from core.parts import has_too_many
from core.returned.notice import Fields

# reports stand before the letter that they give back, which may be as large as mail gets
_MOST_BYTES: Final = 256 * 1024
_MOST_PARTS: Final = 50
_MOST_TEXT: Final = 64 * 1024
_MOST_FIELDS: Final = 500
_LONGEST_FIELD: Final = 4096
# NUL, and halves of characters, that no store takes
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_FOLD: Final = re.compile(r"(?:\r\n|\r|\n)[ \t]+")
_END_OF_HEADER: Final = re.compile(rb"\r?\n\r?\n")
# the parser takes malformed parameters for granted in a few places and has no error of its own
_PARSER_FAULTS: Final = (AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Part(msgspec.Struct, frozen=True):
    """A part that is no multipart: its media type in lower case, and what it holds."""

    media: str
    text: str


class Letter(msgspec.Struct, frozen=True):
    """Fields in order, names in lower case, values decoded; the leaves of the structure in order."""

    fields: Fields
    parts: tuple[Part, ...]

    def value(self, name: str) -> str:
        """The first field of a name, or empty."""
        return next((value for each, value in self.fields if each == name), "")

    def part(self, *media: str) -> str | None:
        """The text of the first part of these types."""
        return next((part.text for part in self.parts if part.media in media), None)


class _Leaf(Message):
    """To the parser everything but a multipart is a leaf: reports and inner letters stay as they are."""

    def get_content_type(self) -> str:
        found = super().get_content_type()
        return found if found.startswith("multipart/") else "text/plain"


def opened(raw: bytes) -> Letter:
    """Read what can be read of it."""
    raw = raw[:_MOST_BYTES]
    if has_too_many(raw):
        return _unstructured(raw)
    try:
        parser = BytesFeedParser(_Leaf, policy=compat32)
        parser.feed(raw)
        top: Message = parser.close()
        leaves = (part for part in top.walk() if not part.is_multipart())
        parts = tuple(_part(part) for part, _ in zip(leaves, range(_MOST_PARTS), strict=False))
        return Letter(_fields(top), parts)
    except _PARSER_FAULTS:
        return _unstructured(raw)


def _unstructured(raw: bytes) -> Letter:
    head = _END_OF_HEADER.split(raw, maxsplit=1)
    body = head[1] if len(head) > 1 else b""
    return Letter(fields(head[0].decode("utf-8", "replace")), (Part("text/plain", _text(body, "")),))


def _fields(message: Message) -> Fields:
    found = [(name, value) for name, value in message.items()[:_MOST_FIELDS]]
    return tuple((name.lower(), _clean(str(value))) for name, value in found)


def _part(part: Message) -> Part:
    media, parameters = headers.media_type(str(part.get("content-type") or "text/plain"))
    body = part.get_payload(decode=True)
    text = _text(body if isinstance(body, bytes) else b"", dict(parameters).get("charset", ""))
    return Part(media, text)


def _text(body: bytes, charset: str) -> str:
    try:
        text = words.read(charset.lower() or "utf-8", body)
    except (LookupError, ValueError):
        text = body.decode("utf-8", "replace")
    return _UNSTORABLE.sub("", text[:_MOST_TEXT].replace("\r\n", "\n").replace("\r", "\n"))


def _clean(value: str) -> str:
    return _UNSTORABLE.sub("", words.decode(_FOLD.sub(" ", value[:_LONGEST_FIELD]))).strip()


def fields(text: str) -> Fields:
    """A text as the header of a letter or a block of a report, read leniently: what is no field ends nothing."""
    return tuple(_each_field(text))


def _each_field(text: str) -> Iterator[tuple[str, str]]:
    unfolded = _FOLD.sub(" ", text)
    for line in unfolded.splitlines()[:_MOST_FIELDS]:
        name, colon, value = line.partition(":")
        if colon and name and not name[0].isspace() and " " not in name.rstrip():
            yield name.strip().lower(), _clean(value)


def inner_fields(text: str) -> Fields:
    """The header of a letter that stands in another as text."""
    head, _, _ = text.lstrip("\n").partition("\n\n")
    return fields(head)
