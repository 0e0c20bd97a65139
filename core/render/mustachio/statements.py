"""A text as statements of the runtime, and the operations they call.

``scope.stack`` holds the places that the open sections are at, the innermost last.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import nodes

from core.render import emit
from core.render.mustachio import paths, suggesting, values
from core.render.mustachio.paths import Place
from core.render.mustachio.tokens import Token, quoting, read
from core.render.runtime import Flaw, Scope
from core.render.syntax import Unit

_NOT_A_LIST = "'%s' is used like an array by the template, but is a scalar value or object in your model."


def parse(text: str, escape: bool) -> Unit:  # noqa: FBT001  # the shape of every syntax's parser
    """One text as a unit. Raises Flaw for the first thing that is wrong with it."""
    reading = read(text)
    if reading.faults:
        raise Flaw(reading.faults[0].reason, reading.faults[0].line)
    suggestion = suggesting.Suggestion()
    suggestion.read(reading.tokens)
    builder = _Builder(escape=escape)
    for token in reading.tokens:
        builder.take(token)
    return Unit(
        body=builder.body,
        names=frozenset(suggestion.model()),
        takes_content=builder.content is not None,
        content=builder.content,
    )


class _Builder:
    """Takes tokens that fit together; the last of ``opened`` takes the statements."""

    def __init__(self, *, escape: bool) -> None:
        self._shown = {"escaped": "mustachio.html" if escape else "mustachio.text", "raw": "mustachio.text"}
        self._opened: list[tuple[Token, emit.Statements]] = []
        self.body: emit.Statements = []
        self.content: nodes.Scope | None = None

    def take(self, token: Token) -> None:
        """Add one token."""
        match token.kind:
            case "text":
                self._add(emit.text(token.text, token.line))
            case "content":
                self._take_content(token)
            case "close":
                self._close()
            case "each" | "scope" | "inverted":
                self._opened.append((token, []))
            case _:
                self._add(emit.show(emit.call(self._shown[token.kind], _path(token)), token.line))

    def _add(self, node: nodes.Node) -> None:
        (self._opened[-1][1] if self._opened else self.body).append(node)

    def _take_content(self, token: Token) -> None:
        shown = emit.show(emit.call("mustachio.content"), token.line)
        self.content = emit.group([shown], token.line)
        self._add(self.content)

    def _close(self) -> None:
        opened, body = self._opened.pop()
        if opened.kind == "each":
            items = emit.call("mustachio.each", _path(opened), emit.const(opened.text))
            self._add(emit.each(items, body, [], opened.line))
            return
        entered = emit.call("mustachio.enter", _path(opened), emit.const(opened.kind == "scope"))
        leave = emit.run(emit.call("mustachio.leave"), opened.line)
        self._add(emit.when(entered, [*body, leave], [], opened.line))


def _path(token: Token) -> nodes.List:
    return emit.names(paths.steps(token.text))


def _at(scope: Scope, steps: list[str]) -> Place:
    scope.meter.tick()
    here = scope.stack[-1] if scope.stack else Place(scope.values, None)
    return paths.walk(here, steps)  # type: ignore[arg-type]  # the stack is this syntax's own, and holds places


def _text(scope: Scope, steps: list[str]) -> str:
    return values.text(_at(scope, steps).value)


def _html(scope: Scope, steps: list[str]) -> str:
    return values.html(values.text(_at(scope, steps).value))


def _content(scope: Scope) -> str:
    return scope.content


def _enter(scope: Scope, steps: list[str], wanted: bool) -> bool:  # noqa: FBT001  # called by generated code
    """Whether a section is shown; if so, it is entered."""
    place = _at(scope, steps)
    if values.is_there(place.value) != wanted:
        return False
    scope.stack.append(place)  # type: ignore[arg-type]
    return True


def _leave(scope: Scope) -> None:
    scope.stack.pop()


def _each(scope: Scope, steps: list[str], path: str) -> Iterator[None]:
    """Each element in turn; what is not there has none."""
    place = _at(scope, steps)
    if not values.is_there(place.value):
        return
    if not isinstance(place.value, list):
        raise Flaw(quoting(_NOT_A_LIST, path))
    for element in place.value:
        scope.meter.tick()
        scope.stack.append(Place(element, place))  # type: ignore[arg-type]
        yield
        scope.stack.pop()


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "mustachio.text": _text,
    "mustachio.html": _html,
    "mustachio.content": _content,
    "mustachio.enter": _enter,
    "mustachio.leave": _leave,
    "mustachio.each": _each,
}
