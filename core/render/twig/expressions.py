"""Twig's expressions, by precedence, into operations.

Source: Twig 3 documentation, "Twig Extensions" and "Operators"; precedences as its lexer has them.
"""

import inspect
import keyword
from collections.abc import Callable
from typing import Any, NamedTuple

from jinja2 import nodes

from core.render import emit
from core.render.runtime import Flaw
from core.render.twig import filters, functions
from core.render.twig.cursor import Cursor

# Python's compiler takes 200 nested parentheses; one level here makes at most three of them.
DEPTH_LIMIT = 60


class _Infix(NamedTuple):
    precedence: int
    operation: str
    right: bool = False


_INFIX = {
    "or": _Infix(10, "or"),
    "xor": _Infix(12, "xor"),
    "and": _Infix(15, "and"),
    "==": _Infix(20, "equal"),
    "!=": _Infix(20, "unequal"),
    "<": _Infix(20, "less"),
    ">": _Infix(20, "greater"),
    "<=": _Infix(20, "at_most"),
    ">=": _Infix(20, "at_least"),
    "<=>": _Infix(20, "compare"),
    "in": _Infix(20, "in"),
    "not in": _Infix(20, "not_in"),
    "starts with": _Infix(20, "starts_with"),
    "ends with": _Infix(20, "ends_with"),
    "..": _Infix(25, "range"),
    "+": _Infix(30, "add"),
    "-": _Infix(30, "subtract"),
    "~": _Infix(40, "concat"),
    "*": _Infix(60, "multiply"),
    "/": _Infix(60, "divide"),
    "//": _Infix(60, "floor_divide"),
    "%": _Infix(60, "modulo"),
    "is": _Infix(100, "is"),
    "**": _Infix(200, "power", right=True),
    "??": _Infix(300, "coalesce", right=True),
}
_TWO_WORDS = {"not": "in", "starts": "with", "ends": "with", "same": "as", "divisible": "by"}
_PREFIX = {"not": 50, "-": 500, "+": 500}
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "none": None}
_TESTS = {
    "defined": 0,
    "empty": 0,
    "null": 0,
    "none": 0,
    "even": 0,
    "odd": 0,
    "iterable": 0,
    "sequence": 0,
    "mapping": 0,
    "same as": 1,
    "divisible by": 1,
}


class Expressions:
    """Reads expressions from a cursor; ``names`` are the variables they look up."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._depth = 0
        self.names: set[str] = set()

    def parse(self, floor: int = 0) -> nodes.Expr:
        """One expression, up to the first operator that binds less than ``floor``."""
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise Flaw("the expression is nested too deeply", self._cursor.line)
        left = self._prefixed()
        while (word := self._infix_word()) and _INFIX[word].precedence >= floor:
            left = self._infix(word, left)
        if floor == 0:
            left = self._conditional(left)
        self._depth -= 1
        return left

    def truth(self) -> nodes.Expr:
        """One expression as a condition."""
        return truth(self.parse())

    def _infix_word(self) -> str:
        token = self._cursor.token
        if token.kind not in {"op", "name"}:
            return ""
        word = self._two_words(token.text)
        return word if word in _INFIX else ""

    def _two_words(self, word: str) -> str:
        following = self._cursor.ahead()
        if following.kind == "name" and _TWO_WORDS.get(word) == following.text:
            return f"{word} {following.text}"
        return word

    def _word(self) -> str:
        word = self._two_words(self._cursor.token.text)
        for _ in word.split():
            self._cursor.take()
        return word

    def _infix(self, word: str, left: nodes.Expr) -> nodes.Expr:
        precedence, operation, right_first = _INFIX[word]
        line = self._cursor.line
        self._word()
        if operation == "is":
            return self._test(left)
        right = self.parse(precedence if right_first else precedence + 1)
        if operation == "concat" and isinstance(left, nodes.Filter) and left.name == "twig.concat":
            left.args.append(right)
            return left
        if _chain(left) > DEPTH_LIMIT:
            raise Flaw("the expression is nested too deeply", line)
        return _joined(operation, left, right)

    def _conditional(self, test: nodes.Expr) -> nodes.Expr:
        while self._cursor.at("op", "?", "?:"):
            if self._cursor.take().text == "?:" or self._cursor.accept("op", ":"):
                test = emit.call("twig.elvis", test, self.parse())
                continue
            then = self.parse()
            otherwise = self.parse() if self._cursor.accept("op", ":") else emit.const("")
            test = nodes.CondExpr(truth(test), then, otherwise)
        return test

    def _prefixed(self) -> nodes.Expr:
        token = self._cursor.token
        if token.kind in {"op", "name"} and token.text in _PREFIX:
            self._cursor.take()
            operand = self.parse(_PREFIX[token.text])
            if token.text == "not":
                return nodes.Not(truth(operand))
            return emit.call("twig.minus" if token.text == "-" else "twig.plus", operand)
        return self._postfixed(self._primary())

    def _primary(self) -> nodes.Expr:
        token = self._cursor.take()
        match token.kind:
            case "name":
                return self._named(token.text)
            case "number":
                return emit.const(_number(token.text, token.line))
            case "string":
                return emit.const(token.text)
            case "op" if token.text in "([{":
                return {"(": self._parenthesis, "[": self._list, "{": self._hash}[token.text]()
        raise Flaw(f'unexpected "{token.text}"' if token.text else "an expression is missing", token.line)

    def _named(self, name: str) -> nodes.Expr:
        if name.lower() in _CONSTANTS:
            return emit.const(_CONSTANTS[name.lower()])
        if self._cursor.at("op", "("):
            return self._function(name)
        self.names.add(name)
        return emit.call("twig.locale") if name == "locale" else emit.call("twig.variable", emit.const(name))

    def _function(self, name: str) -> nodes.Expr:
        line = self._cursor.line
        if (run := functions.FUNCTIONS.get(name)) is None:
            raise Flaw(f'unknown function "{name}"', line)
        arguments, named = self._arguments()
        _fits("function", name, run, [None, *arguments], named, line)
        return emit.call(f"twig.function_{name}", *arguments, named=named)

    def _parenthesis(self) -> nodes.Expr:
        inner = self.parse()
        self._cursor.expect("op", ")")
        return inner

    def _list(self) -> nodes.Expr:
        items: list[nodes.Expr] = []
        while not self._cursor.accept("op", "]"):
            if items:
                self._cursor.expect("op", ",")
                if self._cursor.accept("op", "]"):
                    break
            items.append(self.parse())
        return emit.call("twig.made", nodes.List(items))

    def _hash(self) -> nodes.Expr:
        pairs: list[nodes.Pair] = []
        while not self._cursor.accept("op", "}"):
            if pairs:
                self._cursor.expect("op", ",")
                if self._cursor.accept("op", "}"):
                    break
            pairs.append(self._pair())
        return emit.call("twig.made", nodes.Dict(pairs))

    def _pair(self) -> nodes.Pair:
        token = self._cursor.take()
        if token.kind == "op" and token.text == "(":
            key: nodes.Expr = emit.call("twig.key", self._parenthesis())
        elif token.kind in {"name", "string", "number"}:
            key = emit.const(token.text)
            if token.kind == "name" and not self._cursor.at("op", ":"):
                return nodes.Pair(key, self._named(token.text))
        else:
            raise Flaw(f'unexpected "{token.text}"', token.line)
        self._cursor.expect("op", ":")
        return nodes.Pair(key, self.parse())

    def _postfixed(self, base: nodes.Expr) -> nodes.Expr:
        steps = {".": self._attribute, "[": self._subscript, "|": self._filter}
        count = 0
        while self._cursor.at("op", ".", "[", "|"):
            count += 1
            if count > DEPTH_LIMIT:
                raise Flaw("the expression is nested too deeply", self._cursor.line)
            base = steps[self._cursor.take().text](base)
        if self._cursor.at("op", "("):
            raise Flaw("calling a value is not supported", self._cursor.line)
        return base

    def _attribute(self, base: nodes.Expr) -> nodes.Expr:
        token = self._cursor.take()
        if token.kind not in {"name", "number"}:
            raise Flaw(f'unexpected "{token.text}" after "."', token.line)
        return emit.call("twig.attribute", base, emit.const(token.text))

    def _subscript(self, base: nodes.Expr) -> nodes.Expr:
        start: nodes.Expr = emit.const(0)
        if not self._cursor.at("op", ":"):
            start = self.parse()
            if self._cursor.accept("op", "]"):
                return emit.call("twig.attribute", base, start)
        self._cursor.expect("op", ":")
        length = emit.const(None) if self._cursor.at("op", "]") else self.parse()
        self._cursor.expect("op", "]")
        return emit.call("twig.filter_slice", base, start, length)

    def _filter(self, base: nodes.Expr) -> nodes.Expr:
        name, arguments, named = self.filter_call(base)
        return emit.call(f"twig.filter_{name}", base, *arguments, named=named)

    def filter_call(self, base: nodes.Expr) -> tuple[str, list[nodes.Expr], dict[str, nodes.Expr]]:
        """A filter's name with its arguments, which must be ones that it takes."""
        token = self._cursor.expect("name")
        if token.text not in filters.FILTERS:
            raise Flaw(f'unknown filter "{token.text}"', token.line)
        arguments, named = self._arguments() if self._cursor.at("op", "(") else ([], {})
        _fits("filter", token.text, filters.FILTERS[token.text], [None, base, *arguments], named, token.line)
        return token.text, arguments, named

    def _arguments(self) -> tuple[list[nodes.Expr], dict[str, nodes.Expr]]:
        arguments: list[nodes.Expr] = []
        named: dict[str, nodes.Expr] = {}
        self._cursor.expect("op", "(")
        while not self._cursor.accept("op", ")"):
            if arguments or named:
                self._cursor.expect("op", ",")
            following = self._cursor.ahead()
            if self._cursor.at("name") and following.kind == "op" and following.text in {"=", ":"}:
                name = self._cursor.take().text
                self._cursor.take()
                named[f"{name}_" if keyword.iskeyword(name) else name] = self.parse()
            elif named:
                raise Flaw("an argument without a name after one with a name", self._cursor.line)
            else:
                arguments.append(self.parse())
        return arguments, named

    def _test(self, operand: nodes.Expr) -> nodes.Expr:
        negated = self._cursor.accept("name", "not")
        line = self._cursor.line
        if not self._cursor.at("name"):
            raise self._cursor.unexpected("a test")
        name = self._word()
        if name not in _TESTS:
            raise Flaw(f'unknown test "{name}"', line)
        arguments: list[nodes.Expr] = []
        if self._cursor.at("op", "("):
            arguments, _ = self._arguments()
        if len(arguments) != _TESTS[name]:
            raise Flaw(f'wrong arguments for the test "{name}"', line)
        found = _tested(name, operand, arguments)
        return nodes.Not(found) if negated else found


def truth(expression: nodes.Expr) -> nodes.Expr:
    """An expression as Twig sees it in a condition."""
    match expression:
        case nodes.And() | nodes.Or() | nodes.Not():
            return expression
    return emit.call("twig.truth", expression)


def _joined(operation: str, left: nodes.Expr, right: nodes.Expr) -> nodes.Expr:
    match operation:
        case "and":
            return nodes.And(truth(left), truth(right))
        case "or":
            return nodes.Or(truth(left), truth(right))
        case "range":
            return emit.call("twig.function_range", left, right)
    return emit.call(f"twig.{operation}", left, right)


def _tested(name: str, operand: nodes.Expr, arguments: list[nodes.Expr]) -> nodes.Expr:
    if name == "defined":
        match operand:
            case nodes.Filter(name="twig.variable" | "twig.attribute"):
                return emit.call(f"{operand.name}_defined", *operand.args)
        return emit.const(True)
    return emit.call("twig.test_" + name.replace(" ", "_"), operand, *arguments)


def _number(text: str, line: int) -> int | float:
    if len(text) > 40:
        raise Flaw("the number is too long", line)
    if "." in text or int(text) >= 2**63:
        return float(text)
    return int(text)


def _fits(
    what: str,
    name: str,
    run: Callable[..., Any],
    arguments: list[nodes.Expr | None],
    named: dict[str, nodes.Expr],
    line: int,
) -> None:
    try:
        inspect.signature(run).bind(*arguments, **named)
    except TypeError as error:
        raise Flaw(f'wrong arguments for the {what} "{name}"', line) from error


def _chain(node: nodes.Node) -> int:
    """How deep a left-leaning chain of operators already is."""
    depth = 0
    while True:
        match node:
            case nodes.And() | nodes.Or():
                node = node.left
            case nodes.Filter() if node.args:
                node = node.args[0]
            case _:
                return depth
        depth += 1
