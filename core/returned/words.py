"""What servers' words have in common, whatever system wrote them: addresses, reply codes, blanks."""

import re
from typing import Final

_CODE: Final = re.compile(r"(?<![\d.])([245]\d\d)(?=[ -]|$)")
_ENHANCED: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_BLANKS: Final = re.compile(r"\s+")
_LONGEST: Final = 1000

# as notices write them, between quotes or behind "smtp=": narrower than what an address may be
ADDRESS: Final = (
    r"[A-Za-z0-9!#$%&*+/?^_`{|}~][A-Za-z0-9!#$%&'*+/?^_`{|}~.-]{0,63}"
    r"@(?:[A-Za-z0-9-]{1,63}\.){1,20}[A-Za-z0-9-]{2,63}"
)


def code(text: str) -> int:
    """The first SMTP reply code in a text, 0 where there is none."""
    found = _CODE.search(text)
    return int(found[1]) if found else 0


def enhanced(text: str) -> str:
    """The first RFC 3463 code in a text, or empty."""
    found = _ENHANCED.search(text)
    return found[1] if found else ""


def reply(text: str, code: int) -> str:
    """A server's words as the SMTP session would have told them: on one line, without the code of each."""
    return re.sub(rf"(?<!\S){code}[ -]", "", flat(text)) if code else flat(text)


def flat(text: str) -> str:
    """A text on one line, cut to a bound."""
    return _BLANKS.sub(" ", text[: 2 * _LONGEST]).strip()[:_LONGEST]
