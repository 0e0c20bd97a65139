"""A model that fits a text: what its references would find.

The suggestion for ``{{name}}`` is ``name_Value``; a section with something in it is an object, ``each`` a list of one
such object, or of three texts where the element itself is printed. Contrary to the engine, a section that is only
asked for gets a text, so that what it holds is shown, and ``each`` is a level of its own, as it is when rendering.
"""

from collections.abc import Sequence

from core.render.mustachio import paths
from core.render.mustachio.tokens import Token
from core.render.source import Value


class _Spot:
    """A place in the model that is spoken of."""

    def __init__(self, key: str, parent: "_Spot | None") -> None:
        self.key = key
        self.parent = parent
        self.children: dict[str, _Spot] = {}
        self.element: _Spot | None = None

    def walk(self, path: str) -> "_Spot":
        spot = self
        for step in paths.steps(path):
            spot = (spot.parent or spot) if step == paths.UP else spot._child(step)
        return spot

    def _child(self, key: str) -> "_Spot":
        if key not in self.children:
            self.children[key] = _Spot(key, self)
        return self.children[key]

    def item(self) -> "_Spot":
        if self.element is None:
            self.element = _Spot(self.key, self)
        return self.element

    def shown(self) -> Value:
        if self.element is not None:
            if self.element.children or self.element.element:
                return [self.element.shown()]
            return [f"{self.key}_{count}" for count in (1, 2, 3)]
        return self.object() if self.children else f"{self.key}_Value"

    def object(self) -> dict[str, Value]:
        return {key: child.shown() for key, child in self.children.items()}


class Suggestion:
    """A model in the making; every text read adds to it."""

    def __init__(self) -> None:
        self._root = _Spot("", None)

    def read(self, tokens: Sequence[Token], content: Sequence[Token] = ()) -> None:
        """Take in a text; ``content`` are the tokens of what stands at its place for content."""
        self._read(self._root, tokens, content)

    def model(self) -> dict[str, Value]:
        """As JSON has it."""
        return self._root.object()

    def _read(self, spot: _Spot, tokens: Sequence[Token], content: Sequence[Token]) -> None:
        within = [spot]
        for token in tokens:
            match token.kind:
                case "escaped" | "raw":
                    within[-1].walk(token.text)
                case "scope" | "inverted":
                    within.append(within[-1].walk(token.text))
                case "each":
                    within.append(within[-1].walk(token.text).item())
                case "close":
                    within.pop()
                case "content":
                    self._read(within[-1], content, ())
