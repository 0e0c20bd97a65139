"""What SMTP's clients are told of refusals and crashes: a reply of one line, in the provider's words where it has some.

Source: RFC 5321 4.2 (codes), RFC 3463 (enhanced codes).
"""

import re
from typing import Final

from core import errors
from core.errors import Refusal
from core.store.database import StoreUnavailable
from dialects.refusals import RefusalTable, Row, text
from dialects.submission import Say

_REPLIES: Final = RefusalTable(
    {
        errors.Refusal: Row(554, "5.6.0"),
        errors.Unauthenticated: Row(535, "5.7.8", "Authentication credentials invalid"),
        errors.Forbidden: Row(535, "5.7.8", "Authentication credentials invalid"),
        (errors.Forbidden, "inbound_stream"): Row(550, "5.7.1"),
        errors.Invalid: Row(550, "5.6.0", "Invalid {field}: {reason}"),
        (errors.Invalid, "recipient"): Row(553, "5.1.3", "Not an address that mail can be sent to: {value}"),
        errors.Conflict: Row(550, "5.6.0"),
        errors.Suppressed: Row(550, "5.7.1"),
        errors.Unverified: Row(550, "5.7.1"),
        errors.TooLarge: Row(552, "5.3.4"),
        errors.RateLimited: Row(450, "4.7.1", "{text} Try again in {retry_after} s"),
        errors.QuotaExceeded: Row(450, "4.7.1"),
        errors.Unsupported: Row(554, "5.6.0", "{what} is not supported yet"),
        StoreUnavailable: Row(451, "4.3.0", "The store is not available, try again later"),
        Exception: Row(451, "4.3.0", "Something broke here, try again later"),
    }
)
_UNPRINTABLE: Final = re.compile(r"[^ -~]+")
# 220 greets, and has none
_BARE: Final = re.compile(r"((?!220)[245][0-9]{2}) (?![245]\.[0-9]{1,3}\.[0-9]{1,3}(?: |$))")
_ENHANCED: Final = {
    "500": "5.5.2", "501": "5.5.4", "502": "5.5.1", "503": "5.5.1", "504": "5.5.4", "552": "5.3.4", "553": "5.1.3",
    "555": "5.5.4",
}  # fmt: skip  # one a line would be a page
# RFC 5321 4.5.3.1.5 has 512 octets for a reply
_LONGEST: Final = 400
# a provider's API has other words for these, or none
_OF_SMTP: Final = frozenset({450, 535, 552, 553})


def reply(error: Exception, say: Say | None = None) -> str:
    """A refusal or a crash in one line of ASCII; ``say`` has the words of a provider's API for it."""
    row = _REPLIES.row(error)
    if say is not None and isinstance(error, Refusal) and row.status not in _OF_SMTP:
        return line(row.status, str(row.code), say(error))
    return line(row.status, str(row.code), text(row, error))


def line(status: int, enhanced: str, said: str) -> str:
    """A whole reply."""
    return printable(f"{status} {enhanced} {said}")


def printable(reply: str) -> str:
    """A reply on one line of ASCII, whatever of a client's words is in it."""
    return _UNPRINTABLE.sub("?", reply)[:_LONGEST]


def enhanced(reply: str) -> str:
    """A reply with an enhanced code, put in where one belongs and is missing (RFC 2034 4)."""
    found = _BARE.match(reply)
    if found is None:
        return reply
    code = found[1]
    return f"{code} {_ENHANCED.get(code, f'{code[0]}.0.0')} {reply[4:]}"


def wrong_login(words: str) -> str:
    """The reply to a login that is not right."""
    return line(535, "5.7.8", words)
