"""Text in header fields: RFC 2047 encoded words, out and in. Pure."""

import binascii
import re
from typing import Final

# "=?utf-8?q?" and "?=" around it make 64 characters, so that a field name fits before it on the line
_PAYLOAD: Final = 52
_BASE64_BYTES: Final = _PAYLOAD // 4 * 3
# the longest run without a blank that stays as it is; RFC 5322 2.1.1 allows 998 on a line
LONGEST_WORD: Final = 900

# what RFC 2047 section 5 (3) allows in a phrase is right in every other place too
_SAFE: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_Q: Final = ["_" if byte == 0x20 else chr(byte) if byte in _SAFE else f"={byte:02X}" for byte in range(256)]

_BLANKS: Final = re.compile(r"([ \t]+)")
_WORD: Final = r"=\?[^?*\s]{1,64}(?:\*[^?\s]{0,64})?\?[bBqQ]\?[^?\s]{0,2000}\?="
# blanks between two encoded words are not part of the text (RFC 2047 6.2)
_WORDS: Final = re.compile(rf"{_WORD}(?:\s+{_WORD})*")
_PIECES: Final = re.compile(r"=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?\s]*)\?=")
# codecs that turn text into text, or cost far more than their input is worth
_NO_CHARSETS: Final = frozenset({"idna", "punycode", "raw_unicode_escape", "unicode_escape"})


def is_plain(text: str) -> bool:
    """Whether a header field may hold a text as it is: printable ASCII, nothing like an encoded word."""
    return text.isascii() and text.isprintable() and "=?" not in text and len(text) <= LONGEST_WORD


def encode(text: str) -> str:
    """ASCII for an unstructured field: only the words that need it are encoded, blanks between them with them."""
    if is_plain(text):
        return text
    tokens = _BLANKS.split(text)
    return "".join(_joined(tokens))


def _joined(tokens: list[str]) -> list[str]:
    """Words and blanks in turn, each run of words in need made one text before it is encoded."""
    out: list[str] = []
    run = ""
    for blank, word in zip(["", *tokens[1::2]], tokens[::2], strict=True):
        if is_plain(word):
            out += [encode_all(run), blank, word] if run else [blank, word]
            run = ""
        elif run:
            run += blank + word
        else:
            out.append(blank)
            run = word
    if run:
        out.append(encode_all(run))
    return out


def encode_all(text: str) -> str:
    """The whole text as encoded words with a space between them, in whichever encoding is the shorter."""
    data = text.encode()
    quoted = "".join([_Q[byte] for byte in data])
    if len(quoted) <= _PAYLOAD:
        return f"=?utf-8?q?{quoted}?="
    if len(quoted) * 3 <= len(data) * 4:
        return " ".join([f"=?utf-8?q?{piece}?=" for piece in _quoted_pieces(text)])
    return " ".join([f"=?utf-8?b?{piece}?=" for piece in _base64_pieces(data)])


def _quoted_pieces(text: str) -> list[str]:
    """Payloads cut between characters: RFC 2047 section 5 forbids half of one in a word."""
    pieces: list[str] = []
    piece = ""
    for character in text:
        letters = "".join([_Q[byte] for byte in character.encode()])
        if len(piece) + len(letters) > _PAYLOAD:
            pieces.append(piece)
            piece = ""
        piece += letters
    return [*pieces, piece]


def _base64_pieces(data: bytes) -> list[str]:
    pieces: list[str] = []
    start = 0
    while start < len(data):
        end = min(start + _BASE64_BYTES, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:  # inside a UTF-8 character
            end -= 1
        pieces.append(binascii.b2a_base64(data[start:end], newline=False).decode())
        start = end
    return pieces


def decode(text: str) -> str:
    """A text with its encoded words undone; a word nobody can read stays as it came."""
    return _WORDS.sub(_decoded, text) if "=?" in text else text


def _decoded(run: re.Match[str]) -> str:
    # senders cut characters in half between words, so neighbours of one charset are joined as bytes
    joined: list[tuple[str, bytes]] = []
    try:
        for charset, encoding, payload in _PIECES.findall(run[0]):
            data = _unwrapped(encoding, payload)
            if joined and joined[-1][0] == charset.lower():
                joined[-1] = (joined[-1][0], joined[-1][1] + data)
            else:
                joined.append((charset.lower(), data))
        return "".join([read(charset, data) for charset, data in joined])
    except (LookupError, ValueError):
        return run[0]


def _unwrapped(encoding: str, payload: str) -> bytes:
    if encoding in "qQ":
        return binascii.a2b_qp(payload.encode(), header=True)
    return binascii.a2b_base64(payload.encode() + b"=" * (-len(payload) % 4))


def read(charset: str, data: bytes) -> str:
    """The text that bytes stand for in a charset by its MIME name; raises LookupError and ValueError."""
    if charset.replace("-", "_") in _NO_CHARSETS:
        raise LookupError(charset)
    return data.decode(charset)
