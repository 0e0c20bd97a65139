"""What holds for every text and every value."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RenderFailed
from core.render import Options, Source, Value, check, compile_text, names, render
from core.render.syntaxes import SYNTAXES

OPTIONS = Options(time_limit_s=0.5, max_output_bytes=200_000, now=0)
VALUES: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abxy"), inner, max_size=3),
    max_leaves=6,
)
VARIABLES = st.dictionaries(
    st.sampled_from(["a", "b", "x", "items", "loop", "self", "scope"]), VALUES, max_size=4
)
PIECES = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "{{{",
        "}}}",
        "{{?",
        "{{?!",
        "{{:",
        "{{/}}",
        "{{*",
        "{{*}}",
        "{{&",
        "{{%",
        "{{$",
        "{{.",
        "a",
        "b",
        "x",
        "items",
        "loop",
        "self",
        "scope",
        "A",
        "|",
        ".",
        "..",
        ",",
        ":",
        "?\n",
        "",
        "",
        "",
        "??",
        "?:",
        "~",
        "+",
        "-",
        "*",
        "/",
        "//",
        "**",
        "%",
        "==",
        "!=",
        "<",
        ">",
        "<=",
        "<=>",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "'",
        '"',
        "\\",
        "\n",
        "=",
        "=>",
        "if",
        "elseif",
        "else",
        "endif",
        "for",
        "in",
        "endfor",
        "set",
        "endset\n",
        "",
        "",
        "",
        "block",
        "endblock",
        "extends",
        "include",
        "with",
        "only",
        "apply",
        "endapply",
        "autoescape",
        "endautoescape",
        "verbatim",
        "endverbatim",
        "do",
        "is",
        "not\n",
        "",
        "",
        "",
        "defined",
        "empty",
        "even",
        "and",
        "or",
        "xor",
        "date",
        "upper",
        "lower",
        "default",
        "length",
        "join",
        "first",
        "last",
        "round",
        "number_format",
        "nl2br",
        "raw",
        "e",
        "trim\n",
        "",
        "",
        "",
        "striptags",
        "url_encode",
        "replace",
        "slice",
        "sort",
        "reverse",
        "keys",
        "merge",
        "json_encode",
        "format",
        "split",
        "batch",
        "max",
        "min",
        "range",
        "cycle\n",
        "",
        "",
        "",
        "parent",
        "date_modify",
        "0",
        "1",
        "2.5",
        "99999999999999999999",
        "é",
        "😀",
    ]
)
SOUP = st.lists(PIECES | st.text(max_size=3), max_size=25).map(" ".join)
OPERATORS = [
    "+",
    "-",
    "*",
    "/",
    "//",
    "**",
    "%",
    "~",
    "==",
    "<",
    "<=>",
    "in",
    "..",
    "??",
    "?:",
    "and",
    "starts with",
]
FILTERS = sorted(SYNTAXES["twig"].operations.keys())


@pytest.mark.parametrize("syntax", sorted(SYNTAXES))
@given(text=st.text(st.characters(exclude_characters="{}")))
def test_literal_text_survives(syntax: str, text: str) -> None:
    """A text without braces comes out byte for byte."""
    assert text == compile_text(syntax, text, escape=True).render({}, OPTIONS)


@pytest.mark.parametrize("syntax", ["tokens", "triple"])
@given(
    text=st.text(st.sampled_from("{%#}-~ A\n")).filter(lambda text: "{{{" not in text and "{{A" not in text)
)
def test_foreign_marks_survive(syntax: str, text: str) -> None:
    """So do braces, percent signs and hashes that are no tag of the syntax."""
    if syntax == "triple" and any(mark in text for mark in ("{{ ", "{{\n")):
        return
    assert text == compile_text(syntax, text, escape=True).render({}, OPTIONS)


@pytest.mark.parametrize("syntax", sorted(SYNTAXES))
@settings(deadline=None)
@given(text=SOUP, variables=VARIABLES)
def test_any_text_renders_or_is_refused(syntax: str, text: str, variables: dict[str, Value]) -> None:
    """Whatever is thrown at a syntax, nothing but a refusal comes back."""
    with suppress(RenderFailed):
        assert isinstance(compile_text(syntax, text, escape=True).render(variables, OPTIONS), str)
    with suppress(RenderFailed):
        names(syntax, text)
    source = Source(name="t", syntax=syntax, subject=text, html=text)
    with suppress(RenderFailed):
        check(source)
    with suppress(RenderFailed):
        render(source, [source, Source(name="a", syntax=syntax, html=text)], variables, OPTIONS)


@settings(deadline=None)
@given(
    left=VALUES,
    right=VALUES,
    operator=st.sampled_from(OPERATORS),
)
def test_operators_take_any_values(left: Value, right: Value, operator: str) -> None:
    """Two values and an operator give a text or a refusal."""
    with suppress(RenderFailed):
        compile_text("twig", f"{{{{ a {operator} b }}}}", escape=True).render(
            {"a": left, "b": right}, OPTIONS
        )


@settings(deadline=None)
@given(
    value=VALUES,
    arguments=st.lists(VALUES, max_size=3),
    name=st.sampled_from([name.removeprefix("twig.filter_") for name in FILTERS if ".filter_" in name]),
)
def test_filters_take_any_values(value: Value, arguments: list[Value], name: str) -> None:
    """A value, a filter and any arguments give a text or a refusal."""
    called = ", ".join(f"args[{at}]" for at in range(len(arguments)))
    with suppress(RenderFailed):
        compile_text("twig", f"{{{{ a|{name}({called}) }}}}", escape=True).render(
            {"a": value, "args": arguments}, OPTIONS
        )


@given(one=VALUES, other=VALUES)
def test_equal_is_the_same_both_ways(one: Value, other: Value) -> None:
    """One side compared with the other gives what the other gives with the one."""
    shown = compile_text("twig", "{{ (a == b) == (b == a) ? 1 : 0 }}", escape=True)
    assert "1" == shown.render({"a": one, "b": other}, OPTIONS)
