"""Twig's operators and tests."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from core.render.runtime import Flaw, Scope, join
from core.render.source import Value
from core.render.twig import php
from core.render.twig.php import Number


def _truth(scope: Scope, value: Value) -> bool:  # noqa: ARG001  # the shape of an operation
    return php.truth(value)


def _xor(scope: Scope, left: Value, right: Value) -> bool:  # noqa: ARG001
    return php.truth(left) != php.truth(right)


def _equal(scope: Scope, left: Value, right: Value) -> bool:
    return php.equal(scope, left, right)


def _unequal(scope: Scope, left: Value, right: Value) -> bool:
    return not php.equal(scope, left, right)


def _less(scope: Scope, left: Value, right: Value) -> bool:
    return php.compare(scope, left, right) < 0


def _greater(scope: Scope, left: Value, right: Value) -> bool:
    return php.compare(scope, left, right) > 0


def _at_most(scope: Scope, left: Value, right: Value) -> bool:
    return php.compare(scope, left, right) <= 0


def _at_least(scope: Scope, left: Value, right: Value) -> bool:
    return php.compare(scope, left, right) >= 0


def _in(scope: Scope, needle: Value, haystack: Value) -> bool:
    match haystack:
        case str():
            return not isinstance(needle, list | dict) and php.text(needle) in haystack
        case list():
            return any(_same_member(scope, needle, item) for item in haystack)
        case dict():
            return any(_same_member(scope, needle, item) for item in haystack.values())
    return False


def _same_member(scope: Scope, needle: Value, item: Value) -> bool:
    scope.meter.tick()
    return php.equal(scope, needle, item)


def _not_in(scope: Scope, needle: Value, haystack: Value) -> bool:
    return not _in(scope, needle, haystack)


def _starts_with(scope: Scope, text: Value, start: Value) -> bool:  # noqa: ARG001
    return isinstance(text, str) and isinstance(start, str) and text.startswith(start)


def _ends_with(scope: Scope, text: Value, end: Value) -> bool:  # noqa: ARG001
    return isinstance(text, str) and isinstance(end, str) and text.endswith(end)


def _concat(scope: Scope, *values: Value) -> str:
    scope.meter.tick()
    text = join(map(php.text, values))
    scope.meter.spend(text)
    return text


def _add(scope: Scope, left: Value, right: Value) -> Number:  # noqa: ARG001
    return php.bounded(php.number(left) + php.number(right))


def _subtract(scope: Scope, left: Value, right: Value) -> Number:  # noqa: ARG001
    return php.bounded(php.number(left) - php.number(right))


def _multiply(scope: Scope, left: Value, right: Value) -> Number:  # noqa: ARG001
    return php.bounded(_small(left) * _small(right))


def _small(value: Value) -> Number:
    return php.bounded(php.number(value))


def _divide(scope: Scope, left: Value, right: Value) -> Number:  # noqa: ARG001
    one, other = _small(left), _small(right)
    if other == 0:
        raise Flaw("division by zero")
    if isinstance(one, int) and isinstance(other, int) and one % other == 0:
        return php.bounded(one // other)
    return one / other


def _floor_divide(scope: Scope, left: Value, right: Value) -> Number:
    found = _divide(scope, left, right)
    return found if isinstance(found, int) else php.bounded(math.floor(found))


def _modulo(scope: Scope, left: Value, right: Value) -> int:  # noqa: ARG001
    """The remainder with the sign of the left side."""
    one, other = php.integer(left), php.integer(right)
    if other == 0:
        raise Flaw("division by zero")
    return int(math.copysign(1, one)) * (abs(one) % abs(other))


def _power(scope: Scope, left: Value, right: Value) -> Number:  # noqa: ARG001
    """Calculated with floats first, so that a whole result is only made where it fits 64 bits."""
    base, exponent = _small(left), _small(right)
    try:
        rough = math.pow(base, exponent)
    except OverflowError:
        return math.inf
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0 and abs(rough) < 2**62:
        return int(base**exponent)
    return rough


def _minus(scope: Scope, value: Value) -> Number:  # noqa: ARG001
    return php.bounded(-php.number(value))


def _plus(scope: Scope, value: Value) -> Number:  # noqa: ARG001
    return php.number(value)


def _coalesce(scope: Scope, value: Value, other: Value) -> Value:  # noqa: ARG001
    return other if value is None else value


def _elvis(scope: Scope, value: Value, other: Value) -> Value:  # noqa: ARG001
    return value if php.truth(value) else other


def _test_empty(scope: Scope, value: Value) -> bool:  # noqa: ARG001
    return php.empty(value)


def _test_null(scope: Scope, value: Value) -> bool:  # noqa: ARG001
    return value is None


def _test_even(scope: Scope, value: Value) -> bool:  # noqa: ARG001
    return php.integer(value) % 2 == 0


def _test_odd(scope: Scope, value: Value) -> bool:  # noqa: ARG001
    return php.integer(value) % 2 == 1


def _test_iterable(scope: Scope, value: Value) -> bool:  # noqa: ARG001
    return isinstance(value, list | dict)


def _test_sequence(scope: Scope, value: Value) -> bool:  # noqa: ARG001
    return isinstance(value, list)


def _test_mapping(scope: Scope, value: Value) -> bool:  # noqa: ARG001
    return isinstance(value, dict)


def _test_same_as(scope: Scope, value: Value, other: Value) -> bool:
    if isinstance(value, str) and isinstance(other, str):
        return str(value) == str(other)
    return type(value) is type(other) and php.equal(scope, value, other)


def _test_divisible_by(scope: Scope, value: Value, by: Value) -> bool:
    return _modulo(scope, value, by) == 0


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "truth": _truth,
    "xor": _xor,
    "equal": _equal,
    "unequal": _unequal,
    "less": _less,
    "greater": _greater,
    "at_most": _at_most,
    "at_least": _at_least,
    "compare": php.compare,
    "in": _in,
    "not_in": _not_in,
    "starts_with": _starts_with,
    "ends_with": _ends_with,
    "concat": _concat,
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "floor_divide": _floor_divide,
    "modulo": _modulo,
    "power": _power,
    "minus": _minus,
    "plus": _plus,
    "coalesce": _coalesce,
    "elvis": _elvis,
    "test_empty": _test_empty,
    "test_null": _test_null,
    "test_none": _test_null,
    "test_even": _test_even,
    "test_odd": _test_odd,
    "test_iterable": _test_iterable,
    "test_sequence": _test_sequence,
    "test_mapping": _test_mapping,
    "test_same_as": _test_same_as,
    "test_divisible_by": _test_divisible_by,
}
