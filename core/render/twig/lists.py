"""Twig's filters on lists and hashes, several of which take texts as well."""

from collections.abc import Callable, Mapping
from functools import cmp_to_key
from typing import Any

from core.render.runtime import Flaw, Scope, join
from core.render.source import Value
from core.render.twig import php

ITEMS_LIMIT = 100_000


def _items(value: Value) -> list[Value]:
    match value:
        case list():
            return value
        case dict():
            return list(value.values())
        case None:
            return []
    raise Flaw("a list or a hash is needed")


def _bounded(items: list[Value]) -> list[Value]:
    if len(items) > ITEMS_LIMIT:
        raise Flaw("a list grows too long")
    return items


def _default(scope: Scope, value: Value, default: Value = "") -> Value:  # noqa: ARG001  # the shape of a filter
    return default if php.empty(value) else value


def _length(scope: Scope, value: Value) -> int:  # noqa: ARG001
    return len(value) if isinstance(value, list | dict) else len(php.text(value))


def _join(scope: Scope, value: Value, glue: Value = "", and_: Value = None) -> str:  # noqa: ARG001
    texts = [php.text(item) for item in (_items(value) if isinstance(value, list | dict) else [value])]
    between = php.text(glue)
    last = between if and_ is None else php.text(and_)
    if len(texts) < 2:
        return join(texts)
    pieces = [piece for text in texts[:-1] for piece in (text, between)][:-1]
    return join([*pieces, last, texts[-1]])


def _first(scope: Scope, value: Value) -> Value:
    found = _slice(scope, value, 0, 1)
    return found if isinstance(found, str) else next(iter(_items(found)), None)


def _last(scope: Scope, value: Value) -> Value:
    found = _slice(scope, value, -1, 1)
    return found if isinstance(found, str) else next(iter(_items(found)), None)


def _slice(
    scope: Scope,  # noqa: ARG001
    value: Value,
    start: Value,
    length: Value = None,
    preserve_keys: Value = False,  # noqa: ARG001, FBT002  # a list has no keys to keep
) -> Value:
    """A part by PHP's rules: a negative start counts from the end, a negative length stops before it."""
    held = value if isinstance(value, list | dict) else php.text(value)
    size = len(held)
    begin = php.integer(start)
    begin = max(0, size + begin) if begin < 0 else min(begin, size)
    count = size if length is None else php.integer(length)
    end = size + count if count < 0 else min(size, begin + count)
    end = max(begin, end)
    if isinstance(held, dict):
        return dict(list(held.items())[begin:end])
    return held[begin:end]


def _sort(scope: Scope, value: Value) -> Value:
    def compare(one: Value, other: Value) -> int:
        scope.meter.tick()
        return php.compare(scope, one, other)

    if isinstance(value, dict):
        order = cmp_to_key(lambda one, other: compare(one[1], other[1]))  # type: ignore[index]  # pairs
        return dict(sorted(value.items(), key=order))
    return sorted(_items(value), key=cmp_to_key(compare))


def _reverse(scope: Scope, value: Value, preserve_keys: Value = False) -> Value:  # noqa: ARG001, FBT002
    match value:
        case dict():
            return dict(reversed(value.items()))
        case list() | None:
            return _items(value)[::-1]
    return php.text(value)[::-1]


def _keys(scope: Scope, value: Value) -> Value:  # noqa: ARG001
    return list(value) if isinstance(value, dict) else list(range(len(_items(value))))


def _merge(scope: Scope, value: Value, *others: Value) -> Value:  # noqa: ARG001
    """Lists one after the other, hashes over each other."""
    held = value
    for other in others:
        if isinstance(held, dict) and isinstance(other, dict):
            held = {**held, **other}
            _bounded(list(held))
        else:
            held = _bounded([*_items(held), *_items(other)])
    return held


def _column(scope: Scope, value: Value, name: Value) -> Value:  # noqa: ARG001
    key = php.text(name)
    return [item[key] for item in _items(value) if isinstance(item, dict) and key in item]


def _batch(scope: Scope, value: Value, size: Value, fill: Value = None) -> Value:  # noqa: ARG001
    items, width = _items(value), php.integer(size)
    if not 1 <= width <= ITEMS_LIMIT:
        raise Flaw("a batch has at least one item")
    rows: list[Value] = [items[at : at + width] for at in range(0, len(items), width)]
    if rows and fill is not None and isinstance(last := rows[-1], list):
        rows[-1] = last + [fill] * (width - len(last))
    return rows


def _split(scope: Scope, value: Value, delimiter: Value, limit: Value = None) -> Value:  # noqa: ARG001
    text, between = php.text(value), php.text(delimiter)
    count = 0 if limit is None else php.integer(limit)
    if not between:
        width = max(1, count)
        return _bounded([text[at : at + width] for at in range(0, len(text), width)])
    if count > 0:
        return _bounded([*text.split(between, count - 1)])
    pieces: list[Value] = [*text.split(between)]
    return _bounded(pieces[:count] if count < 0 else pieces)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "batch": _batch,
    "column": _column,
    "default": _default,
    "first": _first,
    "join": _join,
    "keys": _keys,
    "last": _last,
    "length": _length,
    "merge": _merge,
    "reverse": _reverse,
    "slice": _slice,
    "sort": _sort,
    "split": _split,
}
