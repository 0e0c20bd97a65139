"""What a receiver does with the signature of a call, in each of the schemes; pure, and in constant time."""

import hmac
from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from dialects import signing

# the clocks of two machines differ, and a call that is older may be somebody else's repetition
_TOLERANCE_S: Final = 300
# more digits than a moment has in seconds
_LONGEST: Final = 18

# "none" is what is not signed at all
Verdict = Literal["valid", "wrong", "none"]


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A call as it came: header names in lower case."""

    headers: Mapping[str, str]
    body: bytes


def standard(secret: str, call: Received, now_s: int) -> Verdict:
    """Svix's three fields: one of several signatures has to fit."""
    names = ("svix-id", "svix-timestamp", "svix-signature")
    id, at, signatures = (call.headers.get(name, "") for name in names)
    if not signatures:
        return "none"
    at_s = _seconds(at)
    if at_s is None or abs(now_s - at_s) > _TOLERANCE_S:
        return "wrong"
    return _one_of(signatures.split(), signing.standard([secret], id, at_s, call.body))


def stamped(secret: str, text: str, body: bytes, now_s: int) -> Verdict:
    """A moment, and one of several signatures, in one field."""
    if not text:
        return "none"
    parts = [part.partition("=")[::2] for part in text.split(",")]
    at_s = _seconds(next((value for name, value in parts if name == "t"), ""))
    if at_s is None or abs(now_s - at_s) > _TOLERANCE_S:
        return "wrong"
    expected = signing.stamped([secret], at_s, body).partition(",v1=")[2]
    return _one_of([value for name, value in parts if name == "v1"], expected)


def tokened(secret: str, at: object, token: object, signature: object) -> Verdict:
    """A moment and a token in the body itself, which say when it happened and not when it was told."""
    if not signature:
        return "none"
    at_s = _seconds(str(at))
    if at_s is None:
        return "wrong"
    return _one_of([str(signature)], signing.tokened(secret, at_s, str(token)))


def swapped(secret: str, signature: str, body: bytes) -> Verdict:
    """One field for the whole body."""
    return _one_of([signature], signing.swapped(secret, body)) if signature else "none"


def _seconds(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST else None


def _one_of(given: Iterable[str], expected: str) -> Verdict:
    is_valid = False
    for each in given:
        is_valid |= hmac.compare_digest(each.encode(), expected.encode())
    return "valid" if is_valid else "wrong"
