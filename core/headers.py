"""Header lines of a message: folded, in ASCII, safe to write. Pure."""

import re
from typing import Final

from core import words

# RFC 5322 2.1.1: lines should be no longer than this, without the line end
_LINE: Final = 78
_LONGEST: Final = 998
_CONTROL: Final = re.compile("[\r\n\x00\ud800-\udfff]")
_WORD: Final = re.compile(r"[ \t]*[^ \t]+")
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]+"
_TYPE: Final = re.compile(rf"\s*({_ATOM}/{_ATOM})\s*(?:;(.*))?", re.DOTALL)
_PARAMETER: Final = re.compile(
    rf'\s*({_ATOM})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))\s*(?:;|\Z)', re.DOTALL
)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_TO_ESCAPE: Final = re.compile(r'(["\\])')
# RFC 2231 7: attribute-char; every other byte is written as %XX
_ATTRIBUTE: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~")
_PERCENT: Final = [chr(byte) if byte in _ATTRIBUTE else f"%{byte:02X}" for byte in range(256)]
_EXTENDED: Final = re.compile(r"[!#-:<-~]+")
# some readers know no RFC 2231 continuations, so an ASCII value stays whole as long as its line may be long
_WHOLE: Final = 200
_SEGMENT: Final = 50


def is_safe(value: str) -> bool:
    """Whether a value neither ends its line nor breaks the encoding: no CR, LF, NUL or lone surrogate."""
    return _CONTROL.search(value) is None


def line(name: str, value: str) -> str:
    """One field, folded and without the last line end; a printable ASCII value stands as it is.

    Raises ValueError for a value that would break out of its line.
    """
    _check(name, value)
    value = value.strip(" \t")
    if not value.isascii() or not value.replace("\t", " ").isprintable() or _has_long_word(value):
        value = words.encode(value)
    return fold(f"{name}: {value}")


def _check(name: str, value: str) -> None:
    if not is_safe(value):
        raise ValueError(f"a line break or NUL in the {name} header")


def _has_long_word(value: str) -> bool:
    return len(value) > words.LONGEST_WORD and max(map(len, value.split())) > words.LONGEST_WORD


def text_line(name: str, value: str) -> str:
    """Likewise for a text of ours, such as a subject: what looks like an encoded word is protected."""
    _check(name, value)
    return line(name, words.encode(value))


def fold(text: str) -> str:
    """A line broken before blanks where it grows too long; undoing it gives the same line again."""
    if len(text) <= _LINE:
        return text
    lines: list[str] = []
    current = ""
    for word in _WORD.findall(text):
        # a name alone on its line would be legal, but not every reader knows it
        if " " in current and len(current) + len(word) > _LINE:
            lines.append(current)
            current = ""
        current += word
    return "\r\n".join([*lines, current])


def media_type(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Type and parameters of a Content-Type value.

    What nobody can read as one is ``application/octet-stream``, which RFC 2046 4.5.1 has for unknown data.
    """
    found = _TYPE.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return "application/octet-stream", []
    parameters = [
        (name, _ESCAPE.sub(r"\1", quoted) if quoted else plain)
        for name, quoted, plain in _PARAMETER.findall(found[2] or "")
    ]
    return found[1].lower(), parameters


def with_parameters(value: str, parameters: list[tuple[str, str]]) -> str:
    """A value with its parameters behind it, each in whatever form of RFC 2045 or RFC 2231 it needs."""
    return "; ".join([value, *(_parameter(name, text) for name, text in parameters)])


def _parameter(name: str, text: str) -> str:
    if name.endswith("*") and _EXTENDED.fullmatch(
        text
    ):  # as RFC 2231 has it already, where quotes are not allowed
        return f"{name}={text}"
    name = name.rstrip("*")
    if text.isascii() and text.isprintable() and len(text) <= _WHOLE:
        return f'{name}="' + _TO_ESCAPE.sub(r"\\\1", text) + '"'
    # cut between characters: some readers decode each piece by itself
    letters = ["".join([_PERCENT[byte] for byte in character.encode()]) for character in text]
    if sum(map(len, letters)) <= _SEGMENT:
        return f"{name}*=utf-8''{''.join(letters)}"
    return "; ".join([f"{name}*{number}*={part}" for number, part in enumerate(_segments(letters))])


def _segments(letters: list[str]) -> list[str]:
    """Pieces for the continuations of RFC 2231 section 3; the first one names the charset."""
    segments = ["utf-8''"]
    for letter in letters:
        if len(segments[-1]) + len(letter) > _SEGMENT:
            segments.append("")
        segments[-1] += letter
    return segments
