"""Addresses that customers give for calls to them."""

from typing import Final

import httpx

from core.errors import Invalid

WEB: Final = frozenset({"http", "https"})
SECURE: Final = frozenset({"https"})
_LONGEST: Final = 2048
_LAST_PORT: Final = 65535
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_target(url: str, schemes: frozenset[str] = WEB) -> bool:
    """Whether a text is a URL that can be called: a scheme, a host, a port that there is, printable ASCII alone.

    Where its name leads is only known, and checked, at each call.
    """
    if len(url) > _LONGEST or not all("!" <= letter <= "~" for letter in url):
        return False
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    # httpx lets escapes in the host and any number as a port pass
    has_host = bool(parsed.raw_host) and b"%" not in parsed.raw_host
    return parsed.scheme in schemes and has_host and (parsed.port is None or 0 < parsed.port <= _LAST_PORT)


def require_target(url: str) -> str:
    """The same text, where it is a target; raises Invalid("url")."""
    if not is_target(url):
        raise Invalid("url", f"{url!r} is no http or https URL that can be called.")
    return url


def is_local(url: str) -> bool:
    """Whether a target names this very machine, where nobody can listen on the way."""
    return is_target(url) and httpx.URL(url).host in _LOCAL
