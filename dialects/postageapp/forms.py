"""Bodies in the form encoding, with brackets for what nests: ``arguments[recipients][]=a@example.org``.

Source: the provider's Objective-C client, whose HTTP library posts so by default, read 2026-11.
"""

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from core.errors import Malformed, Mistyped

_KEY: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_INSIDE: Final = re.compile(r"\[([^\[\]]*)\]")
# the deepest of the API is arguments[recipients][address][variable]; a list within may stand below
_DEEPEST: Final = 8
_MOST_FIELDS: Final = 20_000

Nested = dict[str, Any]


def decode(raw: bytes) -> Nested:
    """Objects, lists and texts; raises Malformed, and Mistyped where one name is used as two sorts of thing."""
    try:
        # the percent signs hide what the body's own check for UTF-8 cannot see
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except UnicodeDecodeError as error:
        raise Malformed("a value is not UTF-8", kind="utf8", offset=error.start) from error
    except ValueError as error:
        raise Malformed("too many fields") from error
    whole: Nested = {}
    for key, value in pairs:
        _put(whole, _path(key), value)
    return whole


def _path(key: str) -> list[str]:
    found = _KEY.fullmatch(key)
    if found is None:
        raise Mistyped(f"$.{key}", "brackets do not match")
    path = [found[1], *_INSIDE.findall(found[2])]
    if len(path) > _DEEPEST or "" in path[:-1]:
        raise Mistyped(f"$.{key}", "no such nesting")
    return path


def _put(whole: Nested, path: list[str], value: str) -> None:
    """Set one value; an empty last word appends to a list."""
    *way, last = path
    if not last:
        *way, name = way
        held = _inner(whole, way).setdefault(name, [])
        if not isinstance(held, list):
            raise Mistyped(f"$.{name}", "is no list")
        held.append(value)
        return
    inner = _inner(whole, way)
    if isinstance(inner.get(last), dict | list):
        raise Mistyped(f"$.{last}", "is no text")
    inner[last] = value


def _inner(whole: Nested, way: list[str]) -> Nested:
    for name in way:
        held = whole.setdefault(name, {})
        if not isinstance(held, dict):
            raise Mistyped(f"$.{name}", "is no object")
        whole = held
    return whole
