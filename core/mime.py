"""A letter as the bytes that leave: header, bodies and attachments. Pure; the same letter, the same bytes.

Everything is 7-bit clean and ends its lines with CRLF, so that no server on the way has a reason to
rewrite what was signed. Bcc is never written.
"""

import binascii
import io
import mimetypes
import re
import time
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from core import addresses, headers
from core.addresses import Address

_FIELD_NAME: Final = re.compile(r"[!-9;-~]{1,76}")
_OURS: Final = frozenset({"from", "to", "cc", "bcc", "subject", "date", "message-id", "mime-version"})

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# RFC 2046 5.1.1, less what would need an escape; a suffix of ours still fits into its 70 letters
_BOUNDARY: Final = re.compile(r"[A-Za-z0-9'()+_,./:=?-]{1,60}")
# what a message id and a cid: address (RFC 2392) may hold; everything else is written as %XX
_ID_SAFE: Final = "!#$%&'*+-/=?^_`{|}~.@:;,()[]"
_LONGEST_LINE: Final = 998
_CLEAN: Final = bytes([0x09, 0x0A, *range(0x20, 0x7F)])
_ASCII: Final = bytes(range(0x80))
# 57 bytes fill a line of 76 letters (RFC 2045 6.8)
_BASE64_LINE: Final = 76
_SLICE_BYTES: Final = 57 * 1024


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A file that travels with a letter; one with a ``content_id`` is shown inside the HTML.

    ``content_type`` may carry parameters.
    """

    filename: str = ""
    content_type: str = "application/octet-stream"
    data: bytes
    content_id: str = ""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What is written in a message and on it.

    ``message_id`` has its angle brackets, ``date`` is in microseconds since 1970 UTC, ``boundary`` is any word
    nobody else can guess; the dividers between parts are made from it. A Reply-To among ``headers`` stands
    instead of ``reply_to``.
    """

    message_id: str
    date: int
    sender: Address
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    text: str | None
    html: str | None
    parts: tuple[Part, ...] = ()
    boundary: str


def header_problem(name: str, value: str) -> str | None:
    """Why a header of the caller's own cannot be written, or None."""
    if _FIELD_NAME.fullmatch(name) is None:
        return "is not the name of a header field"
    if name.lower() in _OURS or name.lower().startswith("content-"):
        return "is written by the server"
    if not headers.is_safe(value):
        return "may not contain line breaks or NUL"
    return None


def fits_content_id(content_id: str) -> bool:
    """Whether a content id fits on its line once it is written in ASCII."""
    return len(_content_id_line(content_id)) <= _LONGEST_LINE


def guess_type(filename: str) -> str:
    """The media type that a file name suggests."""
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


def build(letter: Letter) -> bytes:
    """The whole letter; raises ValueError where ``header_problem`` had something to say."""
    # a join would hold every chunk beside the whole
    whole = io.BytesIO()
    whole.writelines(chunks(letter))
    return whole.getvalue()


def chunks(letter: Letter) -> Iterator[bytes]:
    """The same bytes one after another; of an attachment only a slice is encoded at a time."""
    if _BOUNDARY.fullmatch(letter.boundary) is None:
        raise ValueError("not a boundary")
    yield _head(letter)
    last = b""
    for last in _content(letter):
        yield last
    if not last.endswith(b"\r\n"):
        yield b"\r\n"


def _head(letter: Letter) -> bytes:
    lines = [_mailboxes("From", (letter.sender,))]
    if letter.to:
        lines.append(_mailboxes("To", letter.to))
    if letter.cc:
        lines.append(_mailboxes("Cc", letter.cc))
    if letter.reply_to and not any(name.lower() == "reply-to" for name, _ in letter.headers):
        lines.append(_mailboxes("Reply-To", letter.reply_to))
    lines.append(headers.text_line("Subject", letter.subject))
    lines.append(f"Date: {_date(letter.date)}")
    lines.append(headers.line("Message-ID", letter.message_id))
    for name, value in letter.headers:
        if problem := header_problem(name, value):
            raise ValueError(f"{name!r} {problem}")
        lines.append(headers.line(name, value))
    lines.append("MIME-Version: 1.0\r\n")
    return "\r\n".join(lines).encode("ascii")


def _mailboxes(name: str, people: Sequence[Address]) -> str:
    return headers.line(name, ", ".join([addresses.header(person) for person in people]))


def _date(at: int) -> str:
    moment = time.gmtime(at // 1_000_000)
    return (
        f"{_DAYS[moment.tm_wday]}, {moment.tm_mday:02} {_MONTHS[moment.tm_mon - 1]} {moment.tm_year:04} "
        f"{moment.tm_hour:02}:{moment.tm_min:02}:{moment.tm_sec:02} +0000"
    )


def _content(letter: Letter) -> Iterator[bytes]:
    """Everything from the first Content-Type on: the bodies, and the attachments where there are any."""
    attached = [part for part in letter.parts if not _is_inline(letter, part)]
    if not attached:
        return _bodies(letter)
    bodies = [_bodies(letter)] if letter.text is not None or letter.html is not None else []
    return _multipart(letter, "mixed", [*bodies, *(_file(letter, part) for part in attached)])


def _is_inline(letter: Letter, part: Part) -> bool:
    return bool(part.content_id) and letter.html is not None


def _bodies(letter: Letter) -> Iterator[bytes]:
    if letter.html is None:
        return _text(letter, "plain", letter.text or "")
    if letter.text is None:
        return _html(letter, letter.html)
    return _multipart(
        letter, "alternative", [_text(letter, "plain", letter.text), _html(letter, letter.html)]
    )


def _html(letter: Letter, html: str) -> Iterator[bytes]:
    inline = [_file(letter, part) for part in letter.parts if _is_inline(letter, part)]
    body = _text(letter, "html", html)
    return _multipart(letter, "related", [body, *inline]) if inline else body


def _multipart(letter: Letter, kind: str, children: Sequence[Iterator[bytes]]) -> Iterator[bytes]:
    boundary = f"=_{kind[0]}{letter.boundary}"
    # RFC 2387 3.1 wants the type of the part that is shown
    root = ' type="text/html";' if kind == "related" else ""
    yield f'Content-Type: multipart/{kind};{root}\r\n boundary="{boundary}"\r\n'.encode()
    divider = f"\r\n--{boundary}\r\n".encode()
    for child in children:
        yield divider
        yield from child
    yield divider[:-2] + b"--\r\n"


def _text(letter: Letter, kind: str, text: str) -> Iterator[bytes]:
    """One body, with its own header, in the transfer encoding that costs least and arrives unharmed."""
    data = _with_plain_line_ends(text).encode()
    foreign = len(data.translate(None, _ASCII))
    if not foreign and _is_clean(data, letter.boundary):
        encoding, body = "7bit", data.replace(b"\n", b"\r\n")
    # every such byte takes three letters in quoted-printable, in base64 all take four thirds; the former stays
    # readable as long as it is not much longer
    elif foreign * 4 > len(data):
        encoding, body = "base64", b"".join(_base64(data.replace(b"\n", b"\r\n")))
    else:
        # the encoder ends its soft breaks like the first line it meets: one kind in, one kind out
        encoding, body = "quoted-printable", binascii.b2a_qp(data).replace(b"\n", b"\r\n")
    yield f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    yield body


def _with_plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _is_clean(data: bytes, boundary: str) -> bool:
    """Whether ASCII may travel as it is: no control characters, no long lines, nothing like a divider of ours."""
    return (
        not data.translate(None, _CLEAN)
        and (len(data) <= _LONGEST_LINE or max(map(len, data.split(b"\n"))) <= _LONGEST_LINE)
        and (b"--=_" not in data or boundary.encode() not in data)
    )


def _file(letter: Letter, part: Part) -> Iterator[bytes]:
    media, parameters = headers.media_type(part.content_type)
    text = _as_it_is(part.data, letter.boundary) if media.startswith(("message/", "multipart/")) else None
    if text is None and media.startswith(("message/", "multipart/")):
        # RFC 2046 5.2.1 allows base64 for neither
        media, parameters = "application/octet-stream", []
    yield _file_head(
        letter, part, headers.with_parameters(media, parameters), "7bit" if text is not None else "base64"
    )
    if text is not None:
        yield text
    else:
        yield from _base64(part.data)


def _file_head(letter: Letter, part: Part, content_type: str, encoding: str) -> bytes:
    kind = "inline" if _is_inline(letter, part) else "attachment"
    named = [("filename", part.filename)] if part.filename else []
    lines = [
        headers.fold(f"Content-Type: {content_type}"),
        f"Content-Transfer-Encoding: {encoding}",
        headers.fold(f"Content-Disposition: {headers.with_parameters(kind, named)}"),
    ]
    if part.content_id:
        lines.append(_content_id_line(part.content_id))
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _content_id_line(content_id: str) -> str:
    return f"Content-ID: <{quote(content_id.strip('<>'), safe=_ID_SAFE)}>"


def _as_it_is(data: bytes, boundary: str) -> bytes | None:
    """A message or multipart as 7bit, where it can be."""
    text = data.replace(b"\r\n", b"\n")
    return text.replace(b"\n", b"\r\n") if _is_clean(text, boundary) else None


def _base64(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), _SLICE_BYTES):
        letters = binascii.b2a_base64(data[start : start + _SLICE_BYTES], newline=False)
        lines = [letters[at : at + _BASE64_LINE] for at in range(0, len(letters), _BASE64_LINE)]
        yield b"\r\n".join([*lines, b""])
