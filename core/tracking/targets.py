"""Where a tracked link may lead: absolute addresses of the web alone. Pure."""

import re
from typing import Final
from urllib.parse import quote, urlsplit

import idna

# an address beyond this stays as it is, untracked: the token that carries it is 1.6 times as long, and what is between
# a mail and us (proxies, clients) gives up on addresses of several thousand letters
_MOST_BYTES: Final = 2000
# what the URL standard takes off the ends of an address and out of its middle
_ENDS: Final = "".join(map(chr, range(0x21)))
_INSIDE: Final = {ord(each): None for each in "\t\n\r"}
_WEB: Final = re.compile(
    r"https?://[^\s/?#\\@<>\"{}|^`%\x00-\x20\x7f]+(?:[/?#][^\s\x00-\x1f\x7f]*)?", re.IGNORECASE
)
# everything that RFC 3986 lets stand, and the percent sign of what is encoded already
_LEFT: Final = "!#$%&'()*+,/:;=?@[]~"


def target(address: str) -> str | None:
    """The address as a browser would follow it; None where it is not tracked.

    That is what is no web address, what is malformed, what names a user, and what is longer than 2,000 bytes.
    """
    told = address.strip(_ENDS).translate(_INSIDE)
    if _WEB.fullmatch(told) is None:
        return None
    try:
        if len(told.encode()) > _MOST_BYTES or not urlsplit(told).hostname:
            return None
        # read for the error that it raises
        _ = urlsplit(told).port
    except ValueError:
        return None
    return told


def location(address: str) -> str:
    """A target as a Location header has it (RFC 9110 10.2.2): in ASCII, without anything that could end the line."""
    if not address.isascii():
        address = _with_ascii_host(address)
    return quote(address, safe=_LEFT)


def _with_ascii_host(address: str) -> str:
    parts = urlsplit(address)
    try:
        host = idna.encode(parts.hostname or "", uts46=True).decode()
    except idna.IDNAError:
        return address
    port = "" if parts.port is None else f":{parts.port}"
    return parts._replace(netloc=host + port).geturl()
