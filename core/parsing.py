"""From the bytes of a letter to the draft it asks for. Pure; tolerant of everything that can be understood.

What carries no wish is left out: the structure that is built anew when sending (Date, MIME-Version, Content-…), the
traces of the way (Received, Return-Path), signatures over bytes that will not leave as they came, and Bcc.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import Compat32, compat32
from email.utils import getaddresses
from itertools import count
from typing import Final

from core import addresses, words
from core.addresses import Address, AddressError
from core.errors import Invalid
from core.messages.draft import Content, Draft, Party
from core.parts import Bodies, has_too_many, multiparts

_BREAK: Final = re.compile(r"[\r\n\x00]+")
# what decoding may bring about and no field can hold
_UNSAFE: Final = re.compile("[\r\n\x00\ud800-\udfff]+")
_FOLD: Final = re.compile(r"(?:\r\n|\r|\n)(?=[ \t])")
# what a msg-id may hold (RFC 5322 3.6.4), in a length that fits on a line
_ID: Final = re.compile(r"<[!-;=?-~]{1,900}>")
MOST_FIELDS: Final = 1000
_MOST_PARTS: Final = 10_000
# 50 MB in base64 have 700,000
_MOST_LINES: Final = 1_000_000
# it looks at each line for each multipart around it, five million times a second; 50 MB in thirty of them are less
_MOST_LOOKS: Final = 25_000_000
_SLICE_BYTES: Final = 64 * 1024
_LONGEST_LIST: Final = 100_000
# the parser takes malformed parameters for granted in a few places and has no error of its own
_PARSER_FAULTS: Final = (AttributeError, LookupError, RecursionError, TypeError, ValueError)

_READ: Final = frozenset({"from", "to", "cc", "bcc", "reply-to", "subject", "message-id"})
_LEFT_OUT: Final = frozenset(
    {
        "date", "mime-version", "received", "return-path", "dkim-signature", "domainkey-signature", "arc-seal",
        "arc-message-signature", "arc-authentication-results",
    }
)  # fmt: skip  # one word a line would be a page

Fields = list[tuple[str, str]]


class _Letter(Message):
    """A part for the standard parser, to which everything is a leaf but a multipart: inner messages stay bytes."""

    def get_content_type(self) -> str:
        found = super().get_content_type()
        return found if found.startswith("multipart/") else "text/plain"


def read(raw: bytes, recipients: Sequence[Address]) -> Draft:
    """The draft of a letter for the recipients of its envelope.

    They get it, whatever its header says: those that To and Cc do not name are bcc, and whom To and Cc name beside
    them is shown only. Raises Invalid, and Unsupported for a structure that a draft cannot hold.
    """
    letter = parsed(raw)
    fields = [(name, unfolded(value)) for name, value in letter.raw_items()]
    if len(fields) > MOST_FIELDS:
        raise Invalid("header", f"has more than {MOST_FIELDS} fields")
    content = _content(letter, fields)
    wanted = {addresses.key(each.email): each for each in recipients}
    named_to, named_cc = _people(fields, "To"), _people(fields, "Cc")
    to, cc = _taken(named_to, wanted), _taken(named_cc, wanted)
    return Draft(
        sender=_sender(fields),
        to=to,
        cc=cc,
        bcc=tuple(Party(address) for address in wanted.values()),
        reply_to=_people(fields, "Reply-To"),
        shown_to=named_to if named_to != to else (),
        shown_cc=named_cc if named_cc != cc else (),
        content=content,
        message_id=_message_id(fields),
    )


def parsed(raw: bytes) -> Message:
    """The tree of a letter's parts; raises Invalid where it cannot be told, or would take too much to tell."""
    if has_too_many(raw):
        raise Invalid("body", "has too many nested parts")
    # the parser holds each line and each part by itself
    lines = raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")
    if lines > _MOST_LINES:
        raise Invalid("body", "has too many lines")
    if lines * multiparts(raw) > _MOST_LOOKS:
        raise Invalid("body", "has too many lines in too many nested parts")
    parser = BytesFeedParser(_counted(), policy=compat32)
    try:
        for start in range(0, len(raw), _SLICE_BYTES):
            # the parser spreads what it is given to four bytes a letter
            parser.feed(raw[start : start + _SLICE_BYTES])
        return parser.close()
    except _PARSER_FAULTS as error:
        raise Invalid("body", "cannot be read as a message") from error


def _counted() -> Callable[..., Message]:
    """What makes parts, up to the most that a letter may have."""
    numbers = count()

    def make(*, policy: Compat32) -> Message:
        if next(numbers) > _MOST_PARTS:
            raise ValueError("too many parts")
        return _Letter(policy=policy)

    return make


def unfolded(value: str) -> str:
    """A field's value on one line; bytes that are no ASCII are UTF-8, else the charset of western mail."""
    line = _BREAK.sub(" ", _FOLD.sub("", str(value))).strip()
    if line.isascii():
        return line
    data = line.encode("utf-8", "surrogateescape")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _content(letter: Message, fields: Fields) -> Content:
    bodies = Bodies.of(letter)
    kept = [
        (name, value)
        for name, value in fields
        if (lower := name.lower()) not in _READ
        and lower not in _LEFT_OUT
        and not lower.startswith("content-")
    ]
    return Content(
        subject=decoded(next(values(fields, "Subject"), "")),
        html=bodies.html,
        text=bodies.text,
        headers=tuple(kept),
        attachments=bodies.files(),
    )


def decoded(text: str) -> str:
    """A field's text with its encoded words undone, in characters that can be kept and sent."""
    return _UNSAFE.sub(" ", words.decode(text))


def values(fields: Fields, name: str) -> Iterator[str]:
    """Every value of a field, in order."""
    return (value for key, value in fields if key.lower() == name.lower())


def _sender(fields: Fields) -> Party:
    found = _people(fields, "From")
    if len(found) != 1:
        raise Invalid("From", "names more than one sender" if found else "is missing")
    return found[0]


def _people(fields: Fields, name: str) -> tuple[Party, ...]:
    """Everybody a field names, each once; raises Invalid."""
    text = ", ".join(value for value in values(fields, name) if value)
    if len(text) > _LONGEST_LIST:
        raise Invalid(name, "is too long")
    try:
        found: Iterable[Address] = addresses.parse_list(text)
    except AddressError:
        found = _odd(name, text)
    once: dict[str, Party] = {}
    for each in found:
        given = addresses.display(each) if each.name else ""
        once.setdefault(addresses.key(each.email), Party(each, given))
    return tuple(once.values())


def _odd(field: str, text: str) -> list[Address]:
    """Likewise for groups and comments (RFC 5322 3.4), which hardly anybody writes."""
    try:
        pairs = [(name, bare) for name, bare in getaddresses([text]) if bare]
        # nobody at all is fine ("undisclosed-recipients:;"); Python from 3.13 on says so of broken lists too
        if not pairs and ("@" in text or text.count("(") != text.count(")")):
            raise Invalid(field, "holds an address that cannot be read")
        return [Address(addresses.parse(bare).email, decoded(name)) for name, bare in pairs]
    except (AddressError, RecursionError, IndexError) as error:
        raise Invalid(field, "holds an address that cannot be read") from error


def _taken(named: tuple[Party, ...], wanted: dict[str, Address]) -> tuple[Party, ...]:
    """Those of the named that are wanted, who are wanted no more then."""
    return tuple(each for each in named if wanted.pop(addresses.key(each.email), None) is not None)


def _message_id(fields: Fields) -> str:
    found = _ID.search(next(values(fields, "Message-ID"), ""))
    return found[0] if found else ""
