"""Syntax trees for the runtime, in the few shapes that the syntaxes need."""

from collections.abc import Mapping, Sequence

from jinja2 import nodes

Statements = list[nodes.Node]
Constant = str | int | float | bool | None


def const(value: Constant) -> nodes.Const:
    """A literal of the template."""
    return nodes.Const(value)


def names(held: Sequence[str]) -> nodes.List:
    """A literal list of names."""
    return nodes.List([nodes.Const(name) for name in held])


def call(
    operation: str, *arguments: nodes.Expr, named: Mapping[str, nodes.Expr] | None = None
) -> nodes.Filter:
    """``operation(scope, *arguments, **named)``."""
    keywords = [nodes.Keyword(name, value) for name, value in (named or {}).items()]
    return nodes.Filter(nodes.Name("scope", "load"), operation, list(arguments), keywords, None, None)


def text(data: str, line: int) -> nodes.Output:
    """Literal text, byte for byte."""
    return nodes.Output([nodes.TemplateData(data, lineno=line)], lineno=line)


def show(expression: nodes.Expr, line: int) -> nodes.Output:
    """The output of an expression that yields a string."""
    # Jinja takes the line of a failure from the printed expression, not from the statement
    expression.lineno = line
    return nodes.Output([expression], lineno=line)


def run(expression: nodes.Expr, line: int) -> nodes.ExprStmt:
    """An operation for its effect on the scope."""
    return nodes.ExprStmt(expression, lineno=line)


def when(test: nodes.Expr, then: Statements, otherwise: Statements, line: int) -> nodes.If:
    """A branch on an expression that yields a bool."""
    return nodes.If(test, then, [], otherwise, lineno=line)


def each(items: nodes.Expr, body: Statements, otherwise: Statements, line: int) -> nodes.For:
    """A loop over an operation that puts each item into the scope as it yields."""
    return nodes.For(nodes.Name("item", "store"), items, body, otherwise, None, False, lineno=line)


def captured(operation: str, body: Statements, line: int, *arguments: nodes.Expr) -> nodes.FilterBlock:
    """The output of ``operation(output of body, scope, *arguments)``."""
    taken = [nodes.Name("scope", "load"), *arguments]
    return nodes.FilterBlock(body, nodes.Filter(None, operation, taken, [], None, None), lineno=line)


def group(body: Statements, line: int) -> nodes.Scope:
    """Statements that stand together; the body may be filled in later."""
    return nodes.Scope(body, lineno=line)
