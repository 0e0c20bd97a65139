"""Twig text as tokens: literal text, the marks of tags, and what stands between them."""

import re
from collections.abc import Callable
from typing import NamedTuple

from core.render.runtime import Flaw

_OPENING = re.compile(r"\{([{%#])([-~]?)")
_COMMENT_END = re.compile(r"([-~]?)#\}")
_CLOSING = {"{": re.compile(r"\s*+([-~]?)\}\}"), "%": re.compile(r"\s*+([-~]?)%\}")}
_VERBATIM = re.compile(r"\s*+verbatim\s*+([-~]?)%\}")
_VERBATIM_END = re.compile(r"\{%([-~]?)\s*+endverbatim\s*+([-~]?)%\}")
_INNER = re.compile(
    r"""\s*+(?:
      (?P<name> [^\W\d]\w* )
    | (?P<number> \d+ (?: \.\d+ )? )
    | (?P<string> "(?: [^"\\] | \\. )*" | '(?: [^'\\] | \\. )*' )
    | (?P<op> \*\* | // | \.\.\. | \.\. | <=> | == | != | <= | >= | => | \?\? | \?:
            | [-+*/%~<>=()\[\]{},:.|?] )
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_PAIRS = {")": "(", "]": "[", "}": "{"}


class Token(NamedTuple):
    """``kind`` is text, name, number, string, op, ``{{``, ``{%``, ``close`` or end."""

    kind: str
    text: str
    line: int


def lex(source: str) -> list[Token]:
    """The whole text; the last token is ``end``. Raises Flaw."""
    return _Lexer(source).run()


class _Lexer:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._line = 1
        # what the tag before does to the text after it
        self._trim: Callable[[str], str] | None = None
        self._tokens: list[Token] = []

    def run(self) -> list[Token]:
        while found := _OPENING.search(self._source, self._at):
            self._text(found.start(), found[2])
            self._advance(found.end())
            if found[1] == "#":
                self._comment()
            elif found[1] == "%" and (verbatim := _VERBATIM.match(self._source, self._at)):
                self._verbatim(verbatim)
            else:
                self._tag(found[1])
        self._text(len(self._source), "")
        self._add("end", "")
        return self._tokens

    def _add(self, kind: str, text: str) -> None:
        self._tokens.append(Token(kind, text, self._line))

    def _advance(self, to: int) -> None:
        self._line += self._source.count("\n", self._at, to)
        self._at = to

    def _text(self, end: int, modifier: str) -> None:
        text = self._source[self._at : end]
        start = self._line
        if self._trim is not None:
            kept = self._trim(text)
            start += text.count("\n", 0, len(text) - len(kept))
            text = kept
        if modifier:
            text = text.rstrip() if modifier == "-" else text.rstrip(" \t\0\v")
        if text:
            self._tokens.append(Token("text", text, start))
        self._advance(end)
        self._trim = None

    def _closed(self, end: int, modifier: str, *, tag: bool) -> None:
        """Go behind a closing mark; the first newline after a tag or a comment belongs to it."""
        self._advance(end)
        if modifier:
            self._trim = str.lstrip if modifier == "-" else _without_blanks
        elif tag:
            self._trim = _without_newline

    def _comment(self) -> None:
        if (found := _COMMENT_END.search(self._source, self._at)) is None:
            raise Flaw("unclosed comment", self._line)
        self._closed(found.end(), found[1], tag=True)

    def _verbatim(self, opening: re.Match[str]) -> None:
        self._closed(opening.end(), opening[1], tag=True)
        if (found := _VERBATIM_END.search(self._source, self._at)) is None:
            raise Flaw("unclosed verbatim", self._line)
        self._text(found.start(), found[1])
        self._closed(found.end(), found[2], tag=True)

    def _tag(self, mark: str) -> None:
        opened_line = self._line
        self._add("{" + mark, "")
        brackets: list[str] = []
        while True:
            if not brackets and (end := _CLOSING[mark].match(self._source, self._at)):
                self._advance(end.end(1))
                self._add("close", "")
                self._closed(end.end(), end[1], tag=mark == "%")
                return
            if (found := _INNER.match(self._source, self._at)) is None:
                rest = self._source[self._at :].lstrip()
                raise Flaw(
                    f'unexpected "{rest[0]}"' if rest else "unclosed tag", self._line if rest else opened_line
                )
            self._inner(found, brackets)

    def _inner(self, found: re.Match[str], brackets: list[str]) -> None:
        kind = str(found.lastgroup)
        text = found[kind]
        self._advance(found.start(kind))
        if kind == "number" and self._tokens[-1].text == ".":
            # a.0.1 is two steps, not a fraction
            text = text.partition(".")[0]
        if kind == "op":
            self._bracket(text, brackets)
        self._add(kind, self._unquoted(text) if kind == "string" else text)
        self._advance(found.start(kind) + len(text))

    def _bracket(self, text: str, brackets: list[str]) -> None:
        if text in "([{":
            brackets.append(text)
        elif text in _PAIRS and (not brackets or brackets.pop() != _PAIRS[text]):
            raise Flaw(f'unexpected "{text}"', self._line)

    def _unquoted(self, text: str) -> str:
        if text[0] == '"' and "#{" in text:
            raise Flaw("interpolation in strings is not supported; use ~", self._line)
        return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text[1:-1])


def _without_blanks(text: str) -> str:
    return text.lstrip(" \t\0\v")


def _without_newline(text: str) -> str:
    return text[1:] if text.startswith("\n") else text.removeprefix("\r\n")
