"""The one sandboxed Jinja2 runtime that every syntax compiles to.

Template text never becomes Jinja source: a syntax hands over syntax trees whose only moving parts are the
operations of that syntax, called as ``operation(scope, …)``. The generated code therefore has no attribute
access, no subscript, no call of a value and no operator; the sandbox below refuses them all the same.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.clock import SystemClock
from core.render.source import Options, Value

REASON_LIMIT = 200
# No string that a template builds, captured or computed, may become longer.
TEXT_LIMIT = 5 * 1024 * 1024
# Characters and list items that one rendering may make in all, thrown away or not.
MEMORY_LIMIT = 64 * 1024 * 1024


class Flaw(Exception):  # noqa: N818  # what is wrong with a template, not an error of ours
    """What is wrong with a template, before it is known to whom it must be said.

    ``line`` counts from 1, 0 where unknown; ``template`` is empty for the one that was asked for. A reason may
    quote the template, so it is cut to a length that can be shown.
    """

    def __init__(self, reason: str, line: int = 0, template: str = "") -> None:
        self.reason = reason if len(reason) <= REASON_LIMIT else reason[: REASON_LIMIT - 1] + "…"
        super().__init__(self.reason)
        self.line = line
        self.template = template


class Meter:
    """What one rendering may still use: time, by a stopwatch, and memory for what it computes."""

    __slots__ = ("_deadline", "_left")

    def __init__(self, time_limit_s: float) -> None:
        self._deadline = time.monotonic() + time_limit_s
        self._left = MEMORY_LIMIT

    def tick(self) -> None:
        """Stop a rendering that has used up its time."""
        if time.monotonic() > self._deadline:
            raise Flaw("rendering takes too long")

    def spend(self, value: Value) -> None:
        """Count a value that was made, kept or not; what it holds was counted when that was made."""
        if isinstance(value, str):
            size = len(value)
            if size > TEXT_LIMIT:
                raise Flaw("a text grows too large")
        elif isinstance(value, list | dict):
            size = 64 + 8 * len(value)
        else:
            return
        self._left -= size
        if self._left < 0:
            raise Flaw("rendering takes too much memory")


class Scope:
    """What one rendering can see: variables, the content nested into a layout, limits.

    ``stack`` belongs to the syntax, for whatever it must come back to or reach from within.
    """

    __slots__ = ("content", "meter", "options", "stack", "values")

    def __init__(self, variables: Mapping[str, Value], options: Options, content: str = "") -> None:
        self.values: dict[str, Value] = dict(variables)
        self.stack: list[Value] = []
        self.options = options
        self.content = content
        self.meter = Meter(options.time_limit_s)

    def now(self) -> int:
        """The moment this rendering takes for the present, in microseconds."""
        return SystemClock().now() if self.options.now is None else self.options.now


def join(pieces: Iterable[str]) -> str:
    """Pieces as one text, refused before it is built if it would be too long."""
    held = list(pieces)
    if sum(map(len, held)) > TEXT_LIMIT:
        raise Flaw("a text grows too large")
    return "".join(held)


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 with nothing in it but our operations."""

    concat = staticmethod(join)

    def __init__(self, operations: Mapping[str, Callable[..., Any]]) -> None:
        # optimized=False: nothing of a template runs while it is compiled
        super().__init__(autoescape=False, optimized=False, cache_size=0)
        self.filters = dict(operations)
        self.tests = {}
        self.globals = {}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002
        """No Python attribute is ever read for a template."""
        return False

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ARG002
        """No value is ever called for a template."""
        return False
