"""Variables: looked up, assigned, put into loops, printed."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from markupsafe import Markup

from core.render import escaping
from core.render.runtime import Flaw, Scope
from core.render.source import Value
from core.render.twig import filters, php


def _variable(scope: Scope, name: str) -> Value:
    return scope.values.get(name)


def _variable_defined(scope: Scope, name: str) -> bool:
    return name in scope.values


def _locale(scope: Scope) -> Value:
    return scope.values.get("locale", scope.options.locale)


def _attribute(scope: Scope, base: Value, key: Value) -> Value:  # noqa: ARG001  # the shape of an operation
    match base:
        case dict():
            return base.get(key if isinstance(key, str) else php.text(key))
        case list():
            at = _index(key)
            return base[at] if at is not None and 0 <= at < len(base) else None
    return None


def _attribute_defined(scope: Scope, base: Value, key: Value) -> bool:  # noqa: ARG001
    match base:
        case dict():
            return (key if isinstance(key, str) else php.text(key)) in base
        case list():
            at = _index(key)
            return at is not None and 0 <= at < len(base)
    return False


def _index(key: Value) -> int | None:
    found = php.numeric(key) if isinstance(key, str) else key
    return int(found) if isinstance(found, int) else None


def _key(scope: Scope, value: Value) -> str:  # noqa: ARG001
    return php.text(value)


def _assign(scope: Scope, names: list[str], values: list[Value]) -> None:
    """Values under names; a text loses its mark of being safe, as in Twig."""
    for name, value in zip(names, values, strict=True):
        scope.values[name] = str(value) if isinstance(value, str) else value


def _keep(body: str, scope: Scope, name: str, safe: bool) -> str:  # noqa: FBT001  # called by generated code
    """Captured output under a name; it was escaped while it was made."""
    scope.meter.spend(body)
    scope.values[name] = Markup(body) if safe else body  # noqa: S704
    return ""


def _discard(body: str, scope: Scope) -> str:  # noqa: ARG001
    return ""


def _apply(body: str, scope: Scope, name: str, arguments: list[Value], named: dict[str, Value]) -> str:
    return php.text(filters.OPERATIONS[f"filter_{name}"](scope, body, *arguments, **named))


def _made(scope: Scope, value: Value) -> Value:
    """A list or hash that the template spells out."""
    scope.meter.spend(value)
    return value


def _enter(scope: Scope, extra: Value = None, only: bool = False) -> None:  # noqa: FBT001, FBT002
    if extra is not None and not isinstance(extra, dict):
        raise Flaw("variables come as a hash")
    scope.stack.append(scope.values)
    scope.values = {} if only else dict(scope.values)
    if isinstance(extra, dict):
        scope.values.update(extra)


def _leave(scope: Scope) -> None:
    scope.values = cast("dict[str, Value]", scope.stack.pop())


def _each(scope: Scope, items: Value, key: str, value: str) -> Iterator[None]:
    """Each item in turn under its names.

    Afterwards a variable that was there before keeps what the loop made of it, and all others are gone.
    """
    pairs: list[tuple[Value, Value]]
    match items:
        case list():
            pairs = list(enumerate(items))
        case dict():
            pairs = list(items.items())
        case _:
            return
    outer = dict(scope.values)
    for at, (name, item) in enumerate(pairs):
        scope.meter.tick()
        if key:
            scope.values[key] = name
        scope.values[value] = item
        scope.values["loop"] = _loop(at, len(pairs), outer)
        yield
    own = {key, value, "loop"}
    scope.values = {name: held if name in own else scope.values[name] for name, held in outer.items()}


def _loop(at: int, length: int, outer: dict[str, Value]) -> Value:
    return {
        "index": at + 1,
        "index0": at,
        "revindex": length - at,
        "revindex0": length - at - 1,
        "first": at == 0,
        "last": at == length - 1,
        "length": length,
        "parent": outer,
    }


def _show_text(scope: Scope, value: Value) -> str:
    scope.meter.tick()
    return php.text(value)


def _shown(escape: Callable[[str], str]) -> Callable[[Scope, Value], str]:
    def show(scope: Scope, value: Value) -> str:
        scope.meter.tick()
        shown = php.text(value)
        return shown if isinstance(value, Markup) else escape(shown)

    return show


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "variable": _variable,
    "variable_defined": _variable_defined,
    "locale": _locale,
    "attribute": _attribute,
    "attribute_defined": _attribute_defined,
    "key": _key,
    "assign": _assign,
    "keep": _keep,
    "discard": _discard,
    "apply": _apply,
    "made": _made,
    "enter": _enter,
    "leave": _leave,
    "each": _each,
    "show_text": _show_text,
    "show_html": _shown(escaping.html),
    "show_js": _shown(escaping.script),
    "show_css": _shown(escaping.style),
    "show_url": _shown(escaping.url),
    "show_html_attr": _shown(escaping.attribute),
}
