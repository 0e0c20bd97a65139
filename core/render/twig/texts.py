"""Twig's filters on texts and on numbers as text.

Each takes the scope, the value and Twig's own parameters under Twig's names.
"""

import json
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import quote, urlencode

from markupsafe import Markup

from core.render import escaping
from core.render.runtime import TEXT_LIMIT, Flaw, Scope, join
from core.render.source import Value
from core.render.twig import php

_WORD = re.compile(r"\w[\w'’]*+")  # noqa: RUF001  # the apostrophe people type
# a "<" that opens nothing ends the attempt, so the time stays linear
_MARKUP = re.compile(r"<[^<>]*+>")
_NEWLINE = re.compile(r"\r\n|\n\r|\n|\r")
_DIRECTIVE = re.compile(r"%(?:%|(\d+\$)?([-+ 0]|'.)*(\d*)(?:\.(\d*))?([a-zA-Z]))")
_WIDTH_LIMIT = 1000
_ESCAPES: dict[str, Callable[[str], str]] = {
    "html": escaping.html,
    "js": escaping.script,
    "css": escaping.style,
    "url": escaping.url,
    "html_attr": escaping.attribute,
}


def _upper(scope: Scope, value: Value) -> str:  # noqa: ARG001  # the shape of a filter
    return php.text(value).upper()


def _lower(scope: Scope, value: Value) -> str:  # noqa: ARG001
    return php.text(value).lower()


def _capitalize(scope: Scope, value: Value) -> str:  # noqa: ARG001
    return php.text(value).capitalize()


def _title(scope: Scope, value: Value) -> str:  # noqa: ARG001
    return _WORD.sub(lambda found: found[0].capitalize(), php.text(value))


def _nl2br(scope: Scope, value: Value) -> Markup:  # noqa: ARG001
    """Escaped here unless it was before, since the result counts as safe."""
    text = php.text(value) if isinstance(value, Markup) else escaping.html(php.text(value))
    return Markup(_NEWLINE.sub(lambda found: f"<br />{found[0]}", text))  # noqa: S704


def _raw(scope: Scope, value: Value) -> Markup:  # noqa: ARG001
    return Markup(php.text(value))  # noqa: S704


def _escape(scope: Scope, value: Value, strategy: Value = "html") -> Markup:  # noqa: ARG001
    if isinstance(value, Markup):
        return value
    escape = _ESCAPES.get(php.text(strategy))
    if escape is None:
        raise Flaw("unknown escaping strategy")
    return Markup(escape(php.text(value)))  # noqa: S704


def _trim(scope: Scope, value: Value, character_mask: Value = None, side: Value = "both") -> str:  # noqa: ARG001
    mask = " \t\n\r\0\x0b" if character_mask is None else php.text(character_mask)
    if len(mask) > 256:
        raise Flaw("too many characters to trim")
    sides: dict[str, Callable[[str, str], str]] = {"both": str.strip, "left": str.lstrip, "right": str.rstrip}
    if (trim := sides.get(php.text(side))) is None:
        raise Flaw('trim knows the sides "both", "left" and "right"')
    return trim(php.text(value), mask)


def _striptags(scope: Scope, value: Value) -> str:  # noqa: ARG001
    return _MARKUP.sub("", php.text(value))


def _url_encode(scope: Scope, value: Value) -> str:  # noqa: ARG001
    if isinstance(value, dict):
        return urlencode({key: php.text(held) for key, held in value.items()}, quote_via=quote)
    return escaping.url(php.text(value))


def _replace(scope: Scope, value: Value, from_: Value) -> str:
    """All pairs at once, the longest first, never twice over the same text."""
    if not isinstance(from_, dict):
        raise Flaw("replace takes a hash")
    pairs = {key: php.text(held) for key, held in from_.items() if key}
    text = php.text(value)
    if not pairs:
        return text
    found = re.compile("|".join(map(re.escape, sorted(pairs, key=len, reverse=True))))
    pieces: list[str] = []
    end = size = 0
    for match in found.finditer(text):
        scope.meter.tick()
        pieces += (text[end : match.start()], pairs[match[0]])
        size += len(pieces[-1])
        if size > TEXT_LIMIT:
            raise Flaw("a text grows too large")
        end = match.end()
    return join([*pieces, text[end:]])


def _json_encode(scope: Scope, value: Value) -> str:
    """As PHP writes it: no blanks, ASCII, slashes escaped."""
    pieces: list[str] = []
    size = 0
    for piece in json.JSONEncoder(separators=(",", ":")).iterencode(value):
        scope.meter.tick()
        size += len(piece)
        if size > TEXT_LIMIT:
            raise Flaw("a text grows too large")
        pieces.append(piece)
    return "".join(pieces).replace("/", "\\/")


def _decimal(value: Value) -> Decimal:
    found = Decimal(repr(php.number(value)))
    if not found.is_finite() or abs(found) > Decimal(10) ** 30:
        raise Flaw("the number is too large")
    return found


def _places(value: Value) -> int:
    places = php.integer(value)
    if abs(places) > 20:
        raise Flaw("too many decimal places")
    return places


def _round(scope: Scope, value: Value, precision: Value = 0, method: Value = "common") -> int | float:  # noqa: ARG001
    """Half away from zero, unless ``method`` says ceil or floor."""
    ways = {"common": ROUND_HALF_UP, "ceil": ROUND_CEILING, "floor": ROUND_FLOOR}
    if (way := ways.get(php.text(method))) is None:
        raise Flaw('round knows the methods "common", "ceil" and "floor"')
    shift = Decimal(10) ** _places(precision)
    return php.bounded(float((_decimal(value) * shift).quantize(Decimal(1), rounding=way) / shift))


def _number_format(
    scope: Scope,  # noqa: ARG001
    value: Value,
    decimal: Value = 0,
    decimal_point: Value = ".",
    thousand_sep: Value = ",",
) -> str:
    places = max(0, _places(decimal))
    rounded = _decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    whole, _, fraction = f"{abs(rounded):,f}".partition(".")
    sign = "-" if rounded < 0 else ""
    shown = sign + whole.replace(",", php.text(thousand_sep))
    return shown + php.text(decimal_point) + fraction if fraction else shown


def _abs(scope: Scope, value: Value) -> int | float:  # noqa: ARG001
    return php.bounded(abs(php.number(value)))


def _format(scope: Scope, value: Value, *values: Value) -> str:  # noqa: ARG001
    """The directives of PHP's sprintf."""
    rest = iter(values)

    def fill(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        held = values[int(found[1][:-1]) - 1] if found[1] else next(rest, None)
        return _padded(_directive(held, found[5], found[4], plus="+" in found[0]), found)

    return join([_DIRECTIVE.sub(fill, php.text(value))])


def _directive(value: Value, kind: str, precision: str | None, *, plus: bool) -> str:
    places = _places(precision or 0) if precision is not None else 6
    match kind:
        case "s":
            return php.text(value)[: places if precision is not None else None]
        case "d" | "i" | "u":
            return f"{php.integer(value):{'+' if plus else ''}d}"
        case "f" | "F" | "e" | "E" | "g" | "G":
            return f"{float(php.number(value)):{'+' if plus else ''}.{places}{kind}}"
        case "x" | "X" | "o" | "b":
            return f"{php.integer(value):{kind}}"
        case "c":
            return chr(php.integer(value))
    raise Flaw(f'unknown format directive "{kind}"')


def _padded(shown: str, found: re.Match[str]) -> str:
    width = int(found[3] or 0) if len(found[3]) < 5 else _WIDTH_LIMIT + 1
    if width > _WIDTH_LIMIT:
        raise Flaw("the format is too wide")
    flags = found[0][1 + len(found[1] or "") :]
    fill = flags[flags.index("'") + 1] if "'" in flags else "0" if flags.startswith(("0", "+0")) else " "
    if "-" in flags:
        return shown.ljust(width, fill if fill != "0" else " ")
    if fill == "0" and shown[:1] in {"-", "+"}:
        return shown[0] + shown[1:].rjust(width - 1, fill)
    return shown.rjust(width, fill)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "abs": _abs,
    "capitalize": _capitalize,
    "e": _escape,
    "escape": _escape,
    "format": _format,
    "json_encode": _json_encode,
    "lower": _lower,
    "nl2br": _nl2br,
    "number_format": _number_format,
    "raw": _raw,
    "replace": _replace,
    "round": _round,
    "striptags": _striptags,
    "title": _title,
    "trim": _trim,
    "upper": _upper,
    "url_encode": _url_encode,
}
