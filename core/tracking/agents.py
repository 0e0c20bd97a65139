"""What a User-Agent says about program, system and platform, in the words of ua-parser's public table. Pure.

Its first use reads that table, which takes a tenth of a second, and a text never seen before takes about a millisecond:
call it on a thread.
"""

from functools import lru_cache
from typing import Final

import ua_parser

from core.tracking.machines import machine
from core.tracking.sighting import Agent, Platform, Software

# honest ones have 150 letters or so; the table's patterns are tried one after the other, on as much as is given
_MOST_LETTERS: Final = 500
_MOST_HELD: Final = 4096

_APPLE: Final = "Apple Computer, Inc."
_MICROSOFT: Final = "Microsoft Corporation"
# the beginning of a family's name to who makes it; systems and programs together
_COMPANIES: Final = {
    "Android": "Google",
    "Apple": _APPLE,
    "Chrome": "Google",
    "Edge": _MICROSOFT,
    "Firefox": "Mozilla",
    "Gmail": "Google",
    "IE": _MICROSOFT,
    "Mac OS": _APPLE,
    "Mobile Safari": _APPLE,
    "Opera": "Opera Software ASA",
    "Outlook": _MICROSOFT,
    "Safari": _APPLE,
    "Samsung": "Samsung",
    "Thunderbird": "Mozilla",
    "Ubuntu": "Canonical Ltd.",
    "Windows": _MICROSOFT,
    "Yahoo": "Yahoo",
    "iOS": _APPLE,
}
_MOBILE: Final = ("Android", "BlackBerry", "iOS", "KaiOS", "Tizen", "Windows Phone")
_DESKTOP: Final = (
    *("Chrome OS", "Debian", "Fedora", "FreeBSD", "Linux", "Mac OS", "OpenBSD", "Red Hat", "Ubuntu"),
    "Windows",
)


def shortened(user_agent: str) -> str:
    """As much of a User-Agent as is looked at and kept."""
    return user_agent[:_MOST_LETTERS]


@lru_cache(maxsize=_MOST_HELD)
def agent(user_agent: str) -> Agent:
    """What it says; the last few thousand different ones are remembered."""
    known = machine(user_agent)
    if known is not None:
        return known
    found = ua_parser.parse(user_agent)
    client = os = Software()
    if found.user_agent is not None:
        client = _software(found.user_agent.family, found.user_agent.major, found.user_agent.minor)
    if found.os is not None:
        os = _software(found.os.family, found.os.major, found.os.minor)
    return Agent(client=client, os=os, platform=_platform(os.family))


def _software(family: str, major: str | None, minor: str | None) -> Software:
    name = " ".join(part for part in (family, ".".join(part for part in (major, minor) if part)) if part)
    company = next((maker for start, maker in _COMPANIES.items() if family.startswith(start)), "")
    return Software(name, company, family)


def _platform(family: str) -> Platform:
    if family.startswith(_MOBILE):
        return "mobile"
    return "desktop" if family.startswith(_DESKTOP) else "unknown"
