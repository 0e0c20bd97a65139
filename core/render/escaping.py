"""Values made safe for the place they go to; pure."""

import re
from urllib.parse import quote

_SCRIPT = re.compile(r"[^A-Za-z0-9,._]")
_STYLE = re.compile(r"[^A-Za-z0-9]")
_STYLE_BREAKING = re.compile(r"[\x00-\x1f<>\"'\\;{}]")
_ATTRIBUTE = re.compile(r"[^A-Za-z0-9,.\-_]")


def html(text: str) -> str:
    """Text for an HTML body or a quoted attribute."""
    return (
        text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&quot;")
        .replace("'", "&#039;")
    )


def attribute(text: str) -> str:
    """Text for an attribute without quotes: all but letters, digits and ``,.-_``."""
    return _ATTRIBUTE.sub(lambda found: f"&#x{ord(found[0]):02X};", text)


def url(text: str) -> str:
    """Text for one segment or parameter of an address (RFC 3986, 2.3)."""
    return quote(text, safe="", errors="surrogatepass")


def script(text: str) -> str:
    """Text for the inside of a JavaScript string literal."""
    return _SCRIPT.sub(lambda found: _utf16(found[0]), text)


def _utf16(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex().upper()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def style(text: str) -> str:
    """Text for a CSS identifier or string: all but letters and digits (CSS Syntax, 4.3.7)."""
    return _STYLE.sub(lambda found: f"\\{ord(found[0]):X} ", text)


def style_value(text: str) -> str:
    """A CSS value such as ``#fff`` or ``12px``, which cannot end its declaration, rule or element."""
    return _STYLE_BREAKING.sub(lambda found: f"\\{ord(found[0]):X} ", text)
