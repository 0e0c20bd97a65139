"""PHP's idea of values, which is Twig's: how they print, count as true, compare and calculate; pure.

Source: PHP manual, "Type juggling", "Comparison", "Numeric strings" (PHP 8 rules).
"""

import math
import re

from core.render.runtime import Flaw, Scope
from core.render.source import Value

Number = int | float
_NUMERIC = re.compile(r"\s*+[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?\s*+")
_INTEGER = re.compile(r"\s*+[+-]?\d{1,18}\s*+")


def text(value: Value) -> str:
    """How a value prints."""
    match value:
        case str():
            return str(value)
        case None | False:
            return ""
        case True:
            return "1"
        case float():
            return _float_text(value)
        case int():
            return str(value)
        case _:
            return "Array"


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value)) if value else "0"
    mantissa, mark, exponent = repr(value).partition("e")
    if not mark:
        return mantissa
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent):+d}"


def truth(value: Value) -> bool:
    """Whether a value counts as true; the text "0" does not."""
    return bool(value) and str(value) != "0" if isinstance(value, str) else bool(value)


def empty(value: Value) -> bool:
    """Whether there is nothing to print or walk over; zero is something."""
    return value is None or value is False or (isinstance(value, str | list | dict) and len(value) == 0)


def numeric(value: str) -> Number | None:
    """The number a text spells, if it spells one."""
    if _INTEGER.fullmatch(value):
        return int(value)
    return float(value) if _NUMERIC.fullmatch(value) else None


def number(value: Value) -> Number:
    """A value in a calculation. Raises Flaw where PHP throws."""
    match value:
        case None:
            return 0
        case bool():
            return int(value)
        case int() | float():
            return value
        case str() if (found := numeric(value)) is not None:
            return found
    raise Flaw("a number is needed")


def integer(value: Value) -> int:
    """A value where a whole number is needed, cut off toward zero."""
    found = number(value)
    if isinstance(found, float) and not math.isfinite(found):
        raise Flaw("a number is needed")
    return int(found)


def bounded(value: Number) -> Number:
    """A result: what leaves 64 bits becomes a float."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return float(value)
    return value


def equal(scope: Scope, left: Value, right: Value) -> bool:
    """Loose equality, ``==``."""
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return _equal_collections(scope, left, right)
    return compare(scope, left, right) == 0


def _equal_collections(scope: Scope, left: Value, right: Value) -> bool:
    scope.meter.tick()
    match left, right:
        case list(), list():
            return len(left) == len(right) and all(
                equal(scope, one, other) for one, other in zip(left, right, strict=True)
            )
        case dict(), dict():
            return left.keys() == right.keys() and all(equal(scope, left[key], right[key]) for key in left)
        case (None | bool(), _) | (_, None | bool()):
            return truth(left) == truth(right)
    return not left and not right and isinstance(left, list | dict) and isinstance(right, list | dict)


def compare(scope: Scope, left: Value, right: Value) -> int:  # noqa: PLR0911  # one case for each pair of types
    """Loose order, ``<=>``: negative, zero or positive."""
    match left, right:
        case str(), str():
            return _compare_texts(left, right)
        case None, str():
            return -bool(right)
        case str(), None:
            return int(bool(left))
        case (None | bool(), _) | (_, None | bool()):
            return _order(truth(left), truth(right))
        case (int() | float(), int() | float()):
            return _order(left, right)
        case (int() | float(), str()):
            found = numeric(right)
            return _order(text(left), right) if found is None else _order(left, found)
        case (str(), int() | float()):
            return -compare(scope, right, left)
        case (list() | dict(), list() | dict()):
            return 0 if equal(scope, left, right) else _order(len(left), len(right)) or 1
    # a collection is greater than anything else
    return 1 if isinstance(left, list | dict) else -1


def _compare_texts(left: str, right: str) -> int:
    one, other = numeric(left), numeric(right)
    if one is not None and other is not None:
        return _order(one, other)
    return _order(str(left), str(right))


def _order(left: str | float, right: str | float) -> int:
    return (left > right) - (left < right)  # type: ignore[operator]  # callers give two of a kind
