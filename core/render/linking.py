"""Joins a parsed text with the templates it includes, extends and takes in, before anything is compiled.

Names are fixed when a template is written, so all joining happens once, and the compiled whole needs no
loader.
"""

from collections.abc import Mapping, Sequence

from jinja2 import nodes

from core.render import emit
from core.render.runtime import Flaw
from core.render.syntax import Include, Syntax, Unit

# A layout, its base, and a few partials: five templates are usual, a hundred are a mistake or an attack.
PIECES_LIMIT = 100
DEPTH_LIMIT = 10
# Compiling costs about 20 microseconds a node and a usual tag has ten, so these bound it to about a second.
BRACES_LIMIT = 50_000
NODES_LIMIT = 50_000
# Line numbers of the n-th piece are kept as n * STRIDE + line, so that a failing line names its template.
STRIDE = 10_000_000


class Linker:
    """Assembles one compiled text; ``pieces`` are the names of what went in, the asked one first."""

    def __init__(
        self,
        syntax: Syntax,
        *,
        escape: bool,
        library: Mapping[str, str] | None,
        inner: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Without a library nothing is joined, and the text is taken by itself.

        ``inner`` are names and texts of what goes to the places for content, the outermost first.
        """
        self._syntax = syntax
        self._inner = list(inner)
        self._escape = escape
        self._library = library
        self._nodes = 0
        self.pieces: list[str] = []

    def assemble(self, name: str, text: str, depth: int = 0) -> Unit:
        """Parse a text and everything it names."""
        if depth > DEPTH_LIMIT or len(self.pieces) >= PIECES_LIMIT:
            raise Flaw("templates include or extend each other too deeply", template=name)
        unit = self._parse(name, text)
        if self._library is None:
            return unit
        if unit.content is not None and self._inner:
            unit.content.body = self.assemble(*self._inner.pop(0), depth + 1).body
        for include in unit.includes:
            include.hole.body = self._included(include, name, depth)
        return self._extended(unit, name, depth) if unit.extends else unit

    def _parse(self, name: str, text: str) -> Unit:
        if text.count("{") > BRACES_LIMIT:
            raise Flaw("the template has too many tags", template=name)
        try:
            unit = self._syntax.parse(text, self._escape)
        except Flaw as flaw:
            raise Flaw(flaw.reason, flaw.line, name) from flaw
        self._mark(unit, len(self.pieces) * STRIDE)
        self.pieces.append(name)
        return unit

    def _mark(self, unit: Unit, offset: int) -> None:
        for top in unit.body:
            for node in (top, *top.find_all(nodes.Node)):
                self._nodes += 1
                if node.lineno is not None:
                    node.lineno += offset
        if self._nodes > NODES_LIMIT:
            raise Flaw("the template has too many tags")

    def _included(self, include: Include, name: str, depth: int) -> emit.Statements:
        text = (self._library or {}).get(include.slug)
        if text is not None:
            return self.assemble(include.slug, text, depth + 1).body
        if include.optional:
            return []
        raise Flaw(f'unknown template "{include.slug}"', include.line, name)

    def _extended(self, unit: Unit, name: str, depth: int) -> Unit:
        text = (self._library or {}).get(unit.extends)
        if text is None:
            raise Flaw(f'unknown template "{unit.extends}"', unit.extends_line, name)
        parent = self.assemble(unit.extends, text, depth + 1)
        _replace(parent, unit)
        return Unit(body=[*unit.body, *parent.body], blocks=unit.blocks | parent.blocks)


def _replace(parent: Unit, child: Unit) -> None:
    for name, block in child.blocks.items():
        if held := parent.blocks.get(name):
            if block.hole is not None:
                block.hole.body = held.slot.body
            held.slot.body = block.slot.body
