"""A text as tokens, with everything that is wrong with it.

What comes after the opening braces decides, in this order: ``#each``, ``/each``, ``#``, ``^``, ``/``, ``&`` or a third
brace, ``!``; anything else is a value. Opening the section again that is open, straight or inverted, closes it first,
which makes ``{{#x}}a{{^x}}b{{/x}}`` an either-or. Newlines around tags stay. Source as in ``values``.
"""

import re
from collections.abc import Callable
from typing import ClassVar, NamedTuple

from core.render.mustachio import paths
from core.render.runtime import REASON_LIMIT
from core.render.syntax import Fault

FAULTS_LIMIT = 100
# a suggested model is as deep as its template, and must still be readable JSON
LEVELS_LIMIT = 60
# possessive, so that text between braces is looked at once
_TAG = re.compile(r"\{\{[^{}]++\}\}|\{\{\{[^{}]++\}\}\}")
_CONTENT = re.compile(r"\{{3}\s*@content\s*\}{3}")
# filled when a letter is made out to its recipient, not here
_LATER = re.compile(r"\{{2,3}\s*pm:(?:unsubscribe_url|unsubscribe(?:\s+label=\"[^\"]*\")?)\s*\}{2,3}")

_EACH_NEEDS_A_PATH = (
    "The 'each' block being opened requires a model path to be specified in the form '{{#each <name>}}'."
)
_EACH_CLOSES_SO = "The syntax to close the 'each' block should be: '{{/each}}'."
_EACH_NOT_OPEN = (
    "An 'each' block is being closed, but no corresponding opening element ('{{#each <name>}}') was detected."
)
_MISMATCHED = "It appears that open and closing elements are mismatched."
_UNCLOSED = (
    "A scope block to the following path was opened but not closed: '%s', "
    "please close it using the appropriate syntax."
)
_BAD_PATH = "The path '%s' is not valid. Please see documentation for examples of valid paths."
_TOO_DEEP = "The path '%s' leads too deep."
CONTENT_PATH = "@content"


class Token(NamedTuple):
    """``kind`` is text, escaped, raw, each, scope, inverted, close or content; ``text`` is literal or a path.

    ``line`` and ``character`` count from 1; ``level`` says how deep a section leads.
    """

    kind: str
    text: str
    line: int
    character: int
    level: int = 0


class Reading(NamedTuple):
    """What a text is made of; the tokens fit together where nothing is wrong."""

    tokens: list[Token]
    faults: list[Fault]


def read(source: str) -> Reading:
    """The whole text."""
    return _Reader(source).run()


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at, self._line, self._character = 0, 1, 1
        self._tokens: list[Token] = []
        self._faults: list[Fault] = []
        self._opened: list[Token] = []

    def run(self) -> Reading:
        for found in _TAG.finditer(self._source):
            self._literal(found.start())
            self._tag(found[0])
            self._advance(found.end())
        self._literal(len(self._source))
        for opened in self._opened:
            reason = quoting(_UNCLOSED, opened.text or "each")
            self._faults.append(Fault(reason=reason, line=opened.line, character=opened.character))
        return Reading(self._tokens, self._faults[:FAULTS_LIMIT])

    def _advance(self, to: int) -> None:
        passed = self._source[self._at : to]
        if newlines := passed.count("\n"):
            self._line += newlines
            self._character = 1
            passed = passed[passed.rindex("\n") + 1 :]
        # positions are in UTF-16 units, as the engine's own
        units = len(passed) if passed.isascii() else len(passed.encode("utf-16-le", "surrogatepass")) // 2
        self._character += units
        self._at = to

    def _literal(self, end: int) -> None:
        if end > self._at:
            self._add("text", self._source[self._at : end])
            self._advance(end)

    def _add(self, kind: str, text: str = "", level: int = 0) -> Token:
        token = Token(kind, text, self._line, self._character, level)
        self._tokens.append(token)
        return token

    def _fault(self, reason: str) -> None:
        self._faults.append(Fault(reason=reason, line=self._line, character=self._character))

    def _tag(self, tag: str) -> None:
        if tag.startswith("{{{"):
            self._braced(tag)
            return
        inner = tag[2:-2]
        opening = next((mark for mark in self._TAGS if inner.startswith(mark)), "")
        self._TAGS[opening](self, inner)

    def _braced(self, tag: str) -> None:
        if _CONTENT.fullmatch(tag):
            self._add("content", CONTENT_PATH)
        elif _LATER.fullmatch(tag):
            self._add("text", tag)
        else:
            self._value("raw", tag[3:-3].lstrip("&"))

    def _raw(self, inner: str) -> None:
        self._value("raw", inner.lstrip("&"))

    def _escaped(self, inner: str) -> None:
        if _LATER.fullmatch(tag := f"{{{{{inner}}}}}"):
            self._add("text", tag)
        else:
            self._value("escaped", inner)

    def _comment(self, inner: str) -> None:
        pass

    def _value(self, kind: str, inner: str) -> None:
        path = inner.strip()
        self._level(path)
        self._add(kind, path)

    def _level(self, path: str) -> int:
        """How deep a path leads from here; notes what is wrong with it."""
        level = self._opened[-1].level if self._opened else 0
        if not paths.is_path(path):
            self._fault(bad_path(path))
            return level
        level += max(1, sum(step != paths.UP for step in paths.steps(path)))
        if level > LEVELS_LIMIT:
            self._fault(quoting(_TOO_DEEP, path))
        return level

    def _each(self, inner: str) -> None:
        path = inner.removeprefix("#each")
        if path.startswith(" ") and path.strip():
            self._open("each", path.strip())
        else:
            self._fault(_EACH_NEEDS_A_PATH)
            self._opened.append(Token("each", "", self._line, self._character))

    def _open(self, kind: str, path: str) -> None:
        level = self._level(path) + (kind == "each")
        self._opened.append(self._add(kind, path, level))

    def _scope(self, inner: str) -> None:
        self._section("scope", inner.lstrip("#").strip())

    def _inverted(self, inner: str) -> None:
        self._section("inverted", inner.lstrip("^").strip())

    def _section(self, kind: str, path: str) -> None:
        if self._is_open(path):
            self._opened.pop()
            self._add("close")
        self._open(kind, path)

    def _is_open(self, path: str) -> bool:
        return bool(self._opened) and self._opened[-1].kind != "each" and self._opened[-1].text == path

    def _close(self, inner: str) -> None:
        if self._is_open(inner.lstrip("/").strip()):
            self._opened.pop()
            self._add("close")
        else:
            self._fault(_MISMATCHED)

    def _close_each(self, inner: str) -> None:
        if inner != "/each":
            self._fault(_EACH_CLOSES_SO)
        elif self._opened and self._opened[-1].kind == "each":
            self._opened.pop()
            self._add("close")
        else:
            self._fault(_EACH_NOT_OPEN)

    # tried in this order; a value begins with none of them
    _TAGS: ClassVar[dict[str, Callable[["_Reader", str], None]]] = {
        "#each": _each,
        "/each": _close_each,
        "#": _scope,
        "^": _inverted,
        "/": _close,
        "&": _raw,
        "!": _comment,
        "": _escaped,
    }


def bad_path(path: str) -> str:
    """The reason for refusing a path."""
    return quoting(_BAD_PATH, path)


def quoting(reason: str, path: str) -> str:
    """A reason with the path it speaks of, which is cut where it is too long to be shown."""
    room = REASON_LIMIT - len(reason % "")
    return reason % (path if len(path) <= room else path[: room - 1] + "…")
