"""Twig's tags and printed expressions into statements."""

from collections.abc import Callable

from jinja2 import nodes

from core.render import emit
from core.render.runtime import Flaw
from core.render.syntax import Block, Include, Unit
from core.render.twig.cursor import Cursor
from core.render.twig.expressions import Expressions
from core.render.twig.lexer import Token

DEPTH_LIMIT = 60
_STRATEGIES = ("html", "js", "css", "url", "html_attr")


def parse(text: str, escape: bool) -> Unit:  # noqa: FBT001  # the shape of every syntax's parser
    """One text as a unit. Raises Flaw."""
    return _Parser(text, "html" if escape else "").unit()


class _Parser:
    def __init__(self, text: str, strategy: str) -> None:
        self._cursor = Cursor(text)
        self._expressions = Expressions(self._cursor)
        self._strategy = strategy
        self._depth = 0
        self._assigned: set[str] = set()
        self._includes: list[Include] = []
        self._blocks: dict[str, Block] = {}
        self._open_blocks: list[Block] = []
        self._extends: Token | None = None
        self._tags: dict[str, Callable[[int], emit.Statements]] = {
            "apply": self._apply,
            "autoescape": self._autoescape,
            "block": self._block,
            "do": self._do,
            "extends": self._parent,
            "for": self._for,
            "if": self._if,
            "include": self._include,
            "set": self._set,
            "with": self._with,
        }

    def unit(self) -> Unit:
        body = self._body()
        names = frozenset(self._expressions.names - self._assigned - {"locale", "loop"})
        unit = Unit(body=body, names=names, includes=self._includes, blocks=self._blocks)
        if self._extends is not None:
            unit.extends, unit.extends_line = self._extends.text, self._extends.line
            unit.body = _child_body(body)
        return unit

    def _body(self, *stops: str) -> emit.Statements:
        """Statements up to a tag named in ``stops``, whose name comes next; without stops, all."""
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise Flaw("the template is nested too deeply", self._cursor.line)
        body: emit.Statements = []
        while not self._cursor.at("end"):
            token = self._cursor.take()
            if token.kind == "text":
                body.append(emit.text(token.text, token.line))
            elif token.kind == "{{":
                body.append(self._print(token.line))
            elif self._cursor.at("name", *stops) and stops:
                self._depth -= 1
                return body
            else:
                body.extend(self._tag(token.line))
        if stops:
            raise Flaw(f'"{stops[-1]}" is missing', self._cursor.line)
        return body

    def _tag(self, line: int) -> emit.Statements:
        name = self._cursor.expect("name")
        if name.text not in self._tags:
            raise Flaw(f'unknown tag "{name.text}"', name.line)
        return self._tags[name.text](line)

    def _close(self) -> None:
        self._cursor.expect("close")

    def _end(self, name: str) -> None:
        self._cursor.expect("name", name)
        self._close()

    def _print(self, line: int) -> nodes.Node:
        if self._cursor.at("name", "parent") and self._cursor.ahead().text == "(":
            return self._parent_body(line)
        if self._cursor.at("name", "include") and self._cursor.ahead().text == "(":
            return self._printed_include(line)
        expression = self._expressions.parse()
        self._close()
        return emit.show(_shown(expression, self._strategy), line)

    def _parent_body(self, line: int) -> nodes.Node:
        self._cursor.take()
        self._cursor.expect("op", "(")
        self._cursor.expect("op", ")")
        self._close()
        if not self._open_blocks or self._open_blocks[-1].hole is not None:
            raise Flaw("parent() stands once in a block, and only there", line)
        hole = self._open_blocks[-1].hole = emit.group([], line)
        return hole

    def _printed_include(self, line: int) -> nodes.Node:
        self._cursor.take()
        self._cursor.expect("op", "(")
        slug = self._slug()
        extra = self._expressions.parse() if self._cursor.accept("op", ",") else emit.const(None)
        self._cursor.expect("op", ")")
        self._close()
        return self._included(slug, line, extra, only=False, optional=False)

    def _slug(self) -> Token:
        if not self._cursor.at("string"):
            raise Flaw("a template is named by a plain string", self._cursor.line)
        return self._cursor.take()

    def _apply(self, line: int) -> emit.Statements:
        calls = [self._expressions.filter_call(emit.const(""))]
        while self._cursor.accept("op", "|"):
            calls.append(self._expressions.filter_call(emit.const("")))
        self._close()
        body = self._body("endapply")
        self._end("endapply")
        for name, arguments, named in calls:
            pairs = nodes.Dict([nodes.Pair(emit.const(key), value) for key, value in named.items()])
            body = [
                emit.captured("twig.apply", body, line, emit.const(name), nodes.List(arguments), pairs),
            ]
        return body

    def _autoescape(self, line: int) -> emit.Statements:
        outer, strategy = self._strategy, "html"
        if self._cursor.accept("name", "false"):
            strategy = ""
        elif not self._cursor.at("close"):
            strategy = self._cursor.expect("string").text
        if strategy and strategy not in _STRATEGIES:
            raise Flaw(f'unknown escaping strategy "{strategy}"', line)
        self._close()
        self._strategy = strategy
        body = self._body("endautoescape")
        self._end("endautoescape")
        self._strategy = outer
        return body

    def _block(self, line: int) -> emit.Statements:
        name = self._cursor.expect("name")
        if name.text in self._blocks:
            raise Flaw(f'the block "{name.text}" is defined twice', name.line)
        block = self._blocks[name.text] = Block(slot=emit.group([], line))
        self._open_blocks.append(block)
        if self._cursor.accept("close"):
            block.slot.body = self._body("endblock")
            self._cursor.take()
            if self._cursor.at("name"):
                self._cursor.expect("name", name.text)
        else:
            shown = _shown(self._expressions.parse(), self._strategy)
            block.slot.body = [emit.show(shown, line)]
        self._close()
        self._open_blocks.pop()
        return [_inside("twig.enter", block.slot, line)]

    def _do(self, line: int) -> emit.Statements:
        expression = self._expressions.parse()
        self._close()
        return [emit.run(expression, line)]

    def _parent(self, line: int) -> emit.Statements:
        if self._depth > 1 or self._extends is not None:
            raise Flaw('"extends" stands once, outside of everything', line)
        self._extends = self._slug()
        self._close()
        return []

    def _target(self) -> str:
        name = self._cursor.expect("name").text
        self._assigned.add(name)
        return name

    def _for(self, line: int) -> emit.Statements:
        key, value = "", self._target()
        if self._cursor.accept("op", ","):
            key, value = value, self._target()
        self._cursor.expect("name", "in")
        items = emit.call("twig.each", self._expressions.parse(), emit.const(key), emit.const(value))
        self._close()
        body = self._body("else", "endfor")
        otherwise: emit.Statements = []
        if self._cursor.accept("name", "else"):
            self._close()
            otherwise = self._body("endfor")
        self._end("endfor")
        return [emit.each(items, body, otherwise, line)]

    def _if(self, line: int) -> emit.Statements:
        branches: list[nodes.If] = []
        otherwise: emit.Statements = []
        while True:
            test = self._expressions.truth()
            self._close()
            branches.append(emit.when(test, self._body("elseif", "else", "endif"), [], line))
            line = self._cursor.line
            if not self._cursor.accept("name", "elseif"):
                break
        if self._cursor.accept("name", "else"):
            self._close()
            otherwise = self._body("endif")
        self._end("endif")
        branches[0].elif_ = branches[1:]
        branches[0].else_ = otherwise
        return [branches[0]]

    def _include(self, line: int) -> emit.Statements:
        slug = self._slug()
        optional = self._cursor.accept("name", "ignore")
        if optional:
            self._cursor.expect("name", "missing")
        extra = self._expressions.parse() if self._cursor.accept("name", "with") else emit.const(None)
        only = self._cursor.accept("name", "only")
        self._close()
        return [self._included(slug, line, extra, only=only, optional=optional)]

    def _included(
        self, slug: Token, line: int, extra: nodes.Expr, *, only: bool, optional: bool
    ) -> nodes.Scope:
        hole = emit.group([], line)
        self._includes.append(Include(slug=slug.text, line=slug.line, hole=hole, optional=optional))
        return _inside("twig.enter", hole, line, extra, emit.const(only))

    def _set(self, line: int) -> emit.Statements:
        names = [self._target()]
        while self._cursor.accept("op", ","):
            names.append(self._target())
        if self._cursor.accept("op", "="):
            values = [self._expressions.parse()]
            while self._cursor.accept("op", ","):
                values.append(self._expressions.parse())
            self._close()
            if len(names) != len(values):
                raise Flaw("as many values as names are needed", line)
            return [emit.run(emit.call("twig.assign", emit.names(names), nodes.List(values)), line)]
        self._close()
        if len(names) > 1:
            raise Flaw("one name takes one body", line)
        body = self._body("endset")
        self._end("endset")
        safe = emit.const(bool(self._strategy))
        return [emit.captured("twig.keep", body, line, emit.const(names[0]), safe)]

    def _with(self, line: int) -> emit.Statements:
        extra = emit.const(None) if self._cursor.at("close") else self._expressions.parse()
        only = self._cursor.accept("name", "only")
        self._close()
        body = self._body("endwith")
        self._end("endwith")
        return [_inside("twig.enter", emit.group(body, line), line, extra, emit.const(only))]


def _inside(operation: str, held: nodes.Scope, line: int, *arguments: nodes.Expr) -> nodes.Scope:
    """Statements with variables of their own, forgotten afterwards."""
    opening = emit.run(emit.call(operation, *arguments), line)
    return emit.group([opening, held, emit.run(emit.call("twig.leave"), line)], line)


def _shown(expression: nodes.Expr, strategy: str) -> nodes.Expr:
    """An expression as text; what the template itself spells out is never escaped."""
    match expression:
        case nodes.CondExpr():
            otherwise = _shown(expression.expr2 or emit.const(""), strategy)
            return nodes.CondExpr(expression.test, _shown(expression.expr1, strategy), otherwise)
        case nodes.Const():
            strategy = ""
    return emit.call(f"twig.show_{strategy or 'text'}", expression)


def _child_body(body: emit.Statements) -> emit.Statements:
    """What a child does before its parent starts: assignments; its blocks are taken up by the parent."""
    kept: emit.Statements = []
    for node in body:
        if isinstance(node, nodes.Output):
            data = node.nodes[0]
            if not isinstance(data, nodes.TemplateData) or data.data.strip():
                raise Flaw("a template that extends another has content only in blocks", node.lineno)
        elif not isinstance(node, nodes.Scope):
            kept.append(node)
    return [emit.captured("twig.discard", kept, kept[0].lineno)] if kept else []
