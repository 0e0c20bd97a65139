"""Ids of what is told to webhooks and of its attempts: a prefix and 27 letters and digits, as Svix prints them.

Source: Resend docs, "Verify webhooks requests" and "List webhook events", read 2026-11. The letters say the 128 bits of
our own id in base 62, with 32 zero bits behind them; so they keep the order of time.
"""

import string
from typing import Final

_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_VALUES: Final = {letter: value for value, letter in enumerate(_DIGITS)}
_LENGTH: Final = 27
_PADDING: Final = 32
_BITS: Final = 128

EVENT: Final = "msg_"
ATTEMPT: Final = "atmpt_"


def shown(prefix: str, id: str) -> str:
    """An id of ours as it is printed."""
    rest = int(id.replace("-", ""), 16) << _PADDING
    letters = ""
    for _ in range(_LENGTH):
        rest, digit = divmod(rest, len(_DIGITS))
        letters = _DIGITS[digit] + letters
    return prefix + letters


def held(prefix: str, text: str) -> str:
    """The id that was printed so; empty, which is nobody's, where it is none."""
    letters = text.removeprefix(prefix)
    if not text.startswith(prefix) or len(letters) != _LENGTH or not _VALUES.keys() >= set(letters):
        return ""
    bits = 0
    for letter in letters:
        bits = bits * len(_DIGITS) + _VALUES[letter]
    if bits & ((1 << _PADDING) - 1) or bits >> (_PADDING + _BITS):
        return ""
    text = f"{bits >> _PADDING:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
