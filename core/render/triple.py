"""``{{{KEY}}}``: names in three braces, put in as they are; in two braces, escaped in HTML.

Blanks inside the braces are ignored. ``{{{KEY|text}}}`` prints the text where the value is missing or empty.
Dots lead into objects. Anything else between braces is literal.
"""

import re
from collections.abc import Iterator

import msgspec
from jinja2 import nodes

from core.render import emit, escaping
from core.render.runtime import Scope
from core.render.source import Value
from core.render.syntax import Syntax, Unit

_KEY = r"\s*([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)\s*(?:\|([^{}]*))?"
_PLACEHOLDER = re.compile(rf"\{{\{{\{{{_KEY}\}}\}}\}}|\{{\{{{_KEY}\}}\}}")


def _parse(text: str, escape: bool) -> Unit:  # noqa: FBT001  # the shape of every syntax's parser
    names: set[str] = set()
    needs: set[str] = set()
    body = list(_statements(text, names, needs, escape=escape))
    return Unit(body=body, names=frozenset(names), needs=frozenset(needs))


def _statements(text: str, names: set[str], needs: set[str], *, escape: bool) -> Iterator[nodes.Node]:
    end, line = 0, 1
    for found in _PLACEHOLDER.finditer(text):
        if found.start() > end:
            yield emit.text(text[end : found.start()], line)
        line += text.count("\n", end, found.start())
        raw, raw_fallback, escaped, escaped_fallback = found.groups()
        path, fallback = (raw, raw_fallback) if raw else (escaped, escaped_fallback)
        names.add(path.partition(".")[0])
        if fallback is None:
            needs.add(path.partition(".")[0])
        operation = "triple.escaped" if escaped and escape else "triple.raw"
        yield emit.show(
            emit.call(operation, emit.names(path.split(".")), emit.const((fallback or "").strip())), line
        )
        line += text.count("\n", found.start(), found.end())
        end = found.end()
    if end < len(text):
        yield emit.text(text[end:], line)


def _raw(scope: Scope, path: list[str], fallback: str) -> str:
    value: Value = scope.values
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if value is None or value == "":
        return fallback
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _escaped(scope: Scope, path: list[str], fallback: str) -> str:
    return escaping.html(_raw(scope, path, fallback))


SYNTAX = Syntax(name="triple", parse=_parse, operations={"triple.raw": _raw, "triple.escaped": _escaped})
