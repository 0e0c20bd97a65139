"""New ids: 128 bits, time-ordered (RFC 9562, UUID version 7), printed as a UUID or as a ULID of the same bits.

Ids made by one process rise strictly, so that rows made in one millisecond keep their order in lists.
"""

import os
import time
from collections.abc import Iterator
from typing import Final

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(first + second for first in _CROCKFORD for second in _CROCKFORD)
_CROCKFORD_VALUE: Final = {letter: value for value, letter in enumerate(_CROCKFORD)}
_ULID_LETTERS: Final = 26
_UUID_LENGTH: Final = 36
_POOL_BYTES: Final = 4096

# RFC 9562 6.2, method 3: the 12 bits after the milliseconds hold a fraction of it (1/4096 ms), raised by one
# where two ids would fall into the same fraction. No lock: two threads in one fraction still differ in the tail.
_last = 0
_tails: list[str] = []


def new() -> str:
    """A new id as a lower-case UUID text of 36 characters."""
    global _last  # noqa: PLW0603  # a monotonic sequence is process-wide by its nature
    tick = (time.time_ns() << 12) // 1_000_000
    _last = tick = tick if tick > _last else _last + 1
    head = f"{tick >> 12:012x}"
    try:
        tail = _tails.pop()
    except IndexError:  # asked this way, as another thread may take the last one after a look
        _tails.extend(_random_tails())
        tail = _tails.pop()
    return f"{head[:8]}-{head[8:]}-7{tick & 0xFFF:03x}-{tail}"


def _random_tails() -> Iterator[str]:
    """The last two groups of many ids: the variant's bits and 62 random ones each."""
    pool = os.urandom(_POOL_BYTES).hex()
    for at in range(0, len(pool), 16):
        variant = "89ab"[int(pool[at], 16) & 3]
        yield f"{variant}{pool[at + 1 : at + 4]}-{pool[at + 4 : at + 16]}"


def _print(bits: int) -> str:
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def moment(id: str) -> int:
    """The microseconds since 1970 UTC in which an id of ours was made, to the millisecond."""
    return int(id[:8] + id[9:13], 16) * 1000


def floor(at: int) -> str:
    """The smallest id that could have been made at a moment: a bound for searches by time."""
    return _print((at // 1000) << 80)


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID in its usual form, whatever the case."""
    if len(text) != _UUID_LENGTH or text[8] != "-" or text[13] != "-" or text[18] != "-" or text[23] != "-":
        return False
    digits = text.replace("-", "")
    return len(digits) == 32 and digits.isascii() and digits.isalnum() and _is_hex(digits)


def _is_hex(digits: str) -> bool:
    try:
        int(digits, 16)
    except ValueError:
        return False
    return True


def ulid(id: str) -> str:
    """The 26 Crockford letters that say the same 128 bits."""
    bits = int(id.replace("-", ""), 16)
    # two letters at a time: half the steps, and answers print several of these
    return "".join([_PAIRS[(bits >> shift) & 1023] for shift in range(120, -1, -10)])


def from_ulid(text: str) -> str | None:
    """The UUID text of a ULID, or None where it is not one."""
    if len(text) != _ULID_LETTERS or text[0] > "7":
        return None
    bits = 0
    for letter in text.upper():
        value = _CROCKFORD_VALUE.get(letter)
        if value is None:
            return None
        bits = bits << 5 | value
    return _print(bits)
