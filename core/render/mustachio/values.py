"""How values print and what counts as nothing; pure.

Source: the open engine of ActiveCampaign (github.com/ActiveCampaign/mustachio) and .NET's formatting of numbers and
its HtmlEncode, read 2026-11.
"""

import re

from core.render.source import Value

_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_ENCODED = re.compile("[&<>\"'\u00a0-\u00ff\U00010000-\U0010ffff]")


def text(value: Value) -> str:
    """How a value prints; null, lists and objects are empty."""
    match value:
        case str():
            return value
        case bool():
            return "True" if value else "False"
        case int():
            return str(value)
        case float():
            return _float_text(value)
    return ""


def _float_text(value: float) -> str:
    """The shortest digits that read back the same, without an exponent from 1e-5 up to 1e15."""
    if value == 0:
        return "0"
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    mantissa, mark, exponent = repr(value).partition("e")
    if mark:
        return f"{mantissa.removesuffix('.0')}E{int(exponent):+03d}"
    return _scientific(value) if abs(value) >= 1e15 else mantissa


def _scientific(value: float) -> str:
    digits = str(abs(int(value)))
    fraction = digits[1:].rstrip("0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[0]}{'.' if fraction else ''}{fraction}E{len(digits) - 1:+03d}"


def is_there(value: Value) -> bool:
    """Whether a value is something: null, false, zero and whatever is empty are not."""
    return bool(value)


def html(value: str) -> str:
    """Text for an HTML body or a quoted attribute, as .NET encodes it."""
    return _ENCODED.sub(lambda found: _NAMED.get(found[0]) or f"&#{ord(found[0])};", value)
