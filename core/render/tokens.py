"""``{{name}}``: lower-case names in two braces, with at most one modifier before the name.

Nothing is escaped unless the modifier says so, and what is missing is empty. A tag that is not exactly one of
these is literal text, as is anything in three or more braces, which loses the outermost pair.
"""

import re
from collections.abc import Iterator

import msgspec
from jinja2 import nodes

from core.render import emit, escaping
from core.render.runtime import Flaw, Scope
from core.render.source import Value
from core.render.syntax import Include, Syntax, Unit

# modifier → operation; "=" is the literal form, which is what a bare name is as well
_PRINTS = {
    "": "tokens.text",
    "=": "tokens.text",
    "&": "tokens.html",
    "%": "tokens.url",
    "$": "tokens.script",
    ".": "tokens.style",
}
# possessive, so that a run of braces or blanks is looked at once
_TAG = re.compile(
    r"""
    (?P<braced> (?<!\{) \{{3,}+ [^{}]*+ \}{3,} )
    | \{\{ \s*+ (?:
          (?P<print> [&%$.=]? ) \s* (?P<name> [a-z0-9_]+ )
        | : \s* (?P<section> [a-z0-9_]+ )
        | \? \s* (?P<negated> !? ) \s* (?P<condition> [a-z0-9_]+ )
        | (?P<content> \* )
        | \* \s* (?P<include> [A-Za-z0-9_-]+ )
        | (?P<close> / ) \s* (?P<closed> [a-z0-9_]* )
    ) \s* \}\}
    """,
    re.VERBOSE,
)


class _Open:
    """A section or condition not closed yet; ``names`` in the order in which they first occur inside."""

    def __init__(self, tag: str, line: int, names: dict[str, None]) -> None:
        self.tag = tag
        self.line = line
        self.names = names
        self.body: emit.Statements = []


class _Parser:
    """Builds the statements tag by tag; the last of ``opened`` takes them."""

    def __init__(self, text: str) -> None:
        self.line = 1
        self.names: set[str] = set()
        self.includes: list[Include] = []
        self.takes_content = False
        self._text = text
        self._opened = [_Open("", 1, {})]

    def parse(self) -> emit.Statements:
        end = 0
        for found in _TAG.finditer(self._text):
            self._literal(self._text[end : found.start()])
            self._tag(found)
            self.line += found[0].count("\n")
            end = found.end()
        self._literal(self._text[end:])
        if len(self._opened) > 1:
            raise Flaw(f"{{{{{self._opened[-1].tag}}}}} is not closed", self._opened[-1].line)
        return self._opened[0].body

    def _literal(self, text: str) -> None:
        if text:
            self._add(emit.text(text, self.line))
            self.line += text.count("\n")

    def _add(self, node: nodes.Node) -> None:
        self._opened[-1].body.append(node)

    def _name(self, name: str) -> nodes.Const:
        if not any(opened.tag.startswith(":") for opened in self._opened):
            self.names.add(name)
        self._opened[-1].names.setdefault(name)
        return emit.const(name)

    def _tag(self, found: re.Match[str]) -> None:
        if found["braced"]:
            self._add(emit.text(found[0][1:-1], self.line))
        elif found["name"]:
            self._add(emit.show(emit.call(_PRINTS[found["print"]], self._name(found["name"])), self.line))
        elif found["content"]:
            self.takes_content = True
            self._add(emit.show(emit.call("tokens.content"), self.line))
        elif found["include"]:
            self._include(found["include"])
        elif found["close"]:
            self._close(found["closed"])
        else:
            self._open(found)

    def _include(self, slug: str) -> None:
        hole = emit.group([], self.line)
        self.includes.append(Include(slug=slug, line=self.line, hole=hole, optional=True))
        self._add(hole)

    def _open(self, found: re.Match[str]) -> None:
        if name := found["section"]:
            self._name(name)
            self._opened.append(_Open(f":{name}", self.line, {}))
            return
        self._name(found["condition"])
        # a condition is no scope of its own: names inside it count for the section around it
        tag = f"?{found['negated']}{found['condition']}"
        self._opened.append(_Open(tag, self.line, self._opened[-1].names))

    def _close(self, name: str) -> None:
        done = self._opened.pop()
        if not self._opened:
            raise Flaw("{{/}} closes nothing", self.line)
        if done.tag.startswith(":"):
            if name not in {"", done.tag[1:]}:
                raise Flaw(f"{{{{/{name}}}}} closes {{{{{done.tag}}}}}", self.line)
            items = emit.call("tokens.section", emit.const(done.tag[1:]), emit.names(list(done.names)))
            self._add(emit.each(items, done.body, [], done.line))
            return
        wanted = not done.tag.startswith("?!")
        test = emit.call("tokens.test", emit.const(done.tag.lstrip("?!")), emit.const(wanted))
        self._add(emit.when(test, done.body, [], done.line))


def _parse(text: str, escape: bool) -> Unit:  # noqa: ARG001, FBT001  # the same text goes into every part
    parser = _Parser(text)
    body = parser.parse()
    return Unit(
        body=body,
        names=frozenset(parser.names),
        includes=parser.includes,
        takes_content=parser.takes_content,
    )


def _text(scope: Scope, name: str) -> str:
    value = scope.values.get(name)
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _html(scope: Scope, name: str) -> str:
    return escaping.html(_text(scope, name))


def _url(scope: Scope, name: str) -> str:
    return escaping.url(_text(scope, name))


def _script(scope: Scope, name: str) -> str:
    """A JavaScript literal, quotes included, that cannot end the script element around it."""
    value = scope.values.get(name)
    return "" if value is None else msgspec.json.encode(value).decode().replace("<", "\\u003c")


def _style(scope: Scope, name: str) -> str:
    """A CSS value; the items of a list stand beside each other."""
    value = scope.values.get(name)
    if isinstance(value, list):
        value = " ".join(item if isinstance(item, str) else str(item) for item in value)
    return escaping.style_value(value if isinstance(value, str) else _text(scope, name))


def _content(scope: Scope) -> str:
    return scope.content


def _test(scope: Scope, name: str, wanted: bool) -> bool:  # noqa: FBT001  # called by generated code
    """Only what is missing, null or false is untrue: an empty text and a zero are there."""
    value = scope.values.get(name)
    return (value is not None and value is not False) == wanted


def _section(scope: Scope, name: str, names: list[str]) -> Iterator[None]:
    """Each item in turn: an object over the names around it, anything else as the names in their order."""
    outer = scope.values
    value = outer.get(name)
    if value is None or value is False:
        return
    for item in value if isinstance(value, list) else [value]:
        scope.meter.tick()
        scope.values = {**outer, **item} if isinstance(item, dict) else _positional(item, names)
        yield
    scope.values = outer


def _positional(item: Value, names: list[str]) -> dict[str, Value]:
    return dict(zip(names, item if isinstance(item, list) else [item], strict=False))


SYNTAX = Syntax(
    name="tokens",
    parse=_parse,
    operations={
        "tokens.text": _text,
        "tokens.html": _html,
        "tokens.url": _url,
        "tokens.script": _script,
        "tokens.style": _style,
        "tokens.content": _content,
        "tokens.test": _test,
        "tokens.section": _section,
    },
    layouts=True,
    bare_parent_wins=True,
)
