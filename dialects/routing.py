"""Operations found by method and path in constant time: whole paths in a dict, others in a tree of segments."""

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar
from urllib.parse import unquote

import msgspec

from core.errors import NotAllowed, NotFound

T = TypeVar("T")


class Paths(msgspec.Struct, frozen=True, kw_only=True):
    """How a provider compares paths.

    ``by_method``: a literal path hides a placeholder's only for the methods that it answers, because a thing may be
    named like an operation of its collection.
    """

    fold_case: bool = False
    trailing_slash: bool = True
    by_method: bool = False

    def canonical(self, path: str) -> str:
        """The form that paths are compared in: one leading slash, and none at the end where that is ignored."""
        if path.startswith("//"):
            path = "/" + path.lstrip("/")
        if self.trailing_slash and len(path) > 1 and path[-1] == "/":
            path = path.rstrip("/") or "/"
        return path


class _Node(Generic[T]):
    __slots__ = ("branches", "held", "names", "wild")

    def __init__(self) -> None:
        self.branches: dict[str, _Node[T]] = {}
        self.wild: _Node[T] | None = None
        self.held: dict[str, tuple[T, tuple[str, ...]]] = {}


class Table(Generic[T]):
    """What to run for a method and a path; literal segments win over ``{placeholders}``."""

    def __init__(self, paths: Paths, rows: Iterable[tuple[str, str, T]]) -> None:
        """Take rows of method, path, thing; two for one method and path are refused."""
        self._paths = paths
        self._whole: dict[tuple[str, str], T] = {}
        self._root: _Node[T] = _Node()
        for method, path, held in rows:
            self._add(method, path, held)

    def _add(self, method: str, path: str, held: T) -> None:
        node, names = self._root, []
        for segment in self._segments(path):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.wild = node.wild or _Node()
                node = node.wild
            else:
                node = node.branches.setdefault(self._fold(segment), _Node())
        if method in node.held:
            message = f"two operations answer {method} {path}"
            raise ValueError(message)
        node.held[method] = (held, tuple(names))
        if not names:
            self._whole[method, self._fold(self._paths.canonical(path))] = held

    def find(self, method: str, path: str) -> tuple[T, dict[str, str]]:
        """The thing and the placeholders' values, decoded; raises NotFound("path") and NotAllowed."""
        canonical = self._paths.canonical(path)
        whole = self._whole.get((method, self._fold(canonical)))
        if whole is not None:
            return whole, {}
        allowed: set[str] = set()
        for node, values in self._nodes(self._root, self._segments(canonical), ()):
            if (found := node.held.get(method)) is not None:
                held, names = found
                return held, dict(zip(names, values, strict=True))
            allowed.update(node.held)
            if not self._paths.by_method:
                break
        if allowed:
            raise NotAllowed(method, sorted(allowed))
        raise NotFound("path", path)

    def _nodes(
        self, node: _Node[T], segments: list[str], values: tuple[str, ...]
    ) -> Iterator[tuple[_Node[T], tuple[str, ...]]]:
        """Where the segments lead, the most literal first, with what stood in the placeholders on the way."""
        if not segments:
            if node.held:
                yield node, values
            return
        first, *rest = segments
        if (branch := node.branches.get(self._fold(first))) is not None:
            yield from self._nodes(branch, rest, values)
        if node.wild is not None and first:
            yield from self._nodes(node.wild, rest, (*values, unquote(first)))

    def _segments(self, path: str) -> list[str]:
        return path[1:].split("/")

    def _fold(self, text: str) -> str:
        return text.lower() if self._paths.fold_case else text
