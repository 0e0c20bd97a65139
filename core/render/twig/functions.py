"""Twig's functions."""

from collections.abc import Callable, Mapping
from functools import cmp_to_key
from typing import Any

from core.render.runtime import Flaw, Scope
from core.render.source import Value
from core.render.twig import dates, filters, php

RANGE_LIMIT = 10_000


def _range(scope: Scope, low: Value, high: Value, step: Value = 1) -> Value:  # noqa: ARG001  # the shape of a function
    """Both ends included, downward where the first is greater; of numbers or of letters."""
    if isinstance(low, str) and isinstance(high, str) and len(low) == len(high) == 1 and not low.isdigit():
        return [chr(code) for code in _steps(ord(low), ord(high), php.integer(step))]
    return list(_steps(php.integer(low), php.integer(high), php.integer(step)))


def _steps(low: int, high: int, step: int) -> range:
    width = abs(step)
    if width == 0:
        raise Flaw("a range needs a step")
    found = range(low, high + 1, width) if low <= high else range(low, high - 1, -width)
    if abs(high - low) // width >= RANGE_LIMIT:
        raise Flaw(f"a range has more than {RANGE_LIMIT} items")
    return found


def _extreme(scope: Scope, values: tuple[Value, ...], pick: Callable[..., Any]) -> Value:
    only = values[0]
    items = (list(only.values()) if isinstance(only, dict) else only) if len(values) == 1 else list(values)
    if not isinstance(items, list) or not items:
        raise Flaw("several values are needed")

    def compare(one: Value, other: Value) -> int:
        scope.meter.tick()
        return php.compare(scope, one, other)

    found: Value = pick(items, key=cmp_to_key(compare))
    return found


def _max(scope: Scope, value: Value, *values: Value) -> Value:
    return _extreme(scope, (value, *values), max)


def _min(scope: Scope, value: Value, *values: Value) -> Value:
    return _extreme(scope, (value, *values), min)


def _date(scope: Scope, date: Value = None, timezone: Value = None) -> Value:
    """A moment in seconds since 1970, for comparing and for the filter of the same name."""
    return int(dates.moment(scope, date, timezone).timestamp())


def _cycle(scope: Scope, values: Value, position: Value) -> Value:  # noqa: ARG001
    if not isinstance(values, list) or not values:
        raise Flaw("cycle takes a list")
    return values[php.integer(position) % len(values)]


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "cycle": _cycle,
    "date": _date,
    "max": _max,
    "min": _min,
    "range": _range,
}

OPERATIONS: Mapping[str, Callable[..., Any]] = {
    f"function_{name}": filters.metered(run) for name, run in FUNCTIONS.items()
}
