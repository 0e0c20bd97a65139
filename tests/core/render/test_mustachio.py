"""The syntax of scopes and upward paths."""

import json
import tomllib
from pathlib import Path

import msgspec
import pytest

from core.errors import RenderFailed
from core.render import Options, Source, Value, check, compile_text, names, render
from core.render.compiled import compile_joined
from core.render.mustachio import is_reserved


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """A row of the table."""

    source: str
    template: str
    model: str
    expected: str
    text: bool = False


_TABLE = tomllib.loads(Path(__file__).with_name("mustachio.toml").read_text())
CASES = msgspec.convert(_TABLE["case"], list[Case])


@pytest.mark.parametrize("case", CASES, ids=[f"{at}-{case.source}" for at, case in enumerate(CASES)])
def test_it_renders(case: Case) -> None:
    """Every text of the table becomes what its source says."""
    made = compile_text("mustachio", case.template, escape=not case.text)
    assert case.expected == made.render(json.loads(case.model), Options())


@pytest.mark.parametrize("value", ["text", 1, True, {"a": 1}, 0.5])
def test_what_is_no_list_is_not_repeated(value: Value) -> None:
    """A value that is there and is no list is refused, at the line of the section."""
    made = compile_text("mustachio", "\n{{#each a.items}}x{{/each}}", escape=True)
    reason = "'a.items' is used like an array by the template, but is a scalar value or object in your model."
    with pytest.raises(RenderFailed) as failed:
        made.render({"a": {"items": value}}, Options())
    assert (reason, 2) == (failed.value.reason, failed.value.line)


def test_a_fault_refuses_the_text() -> None:
    """The first thing that is wrong is told with its line and part."""
    with pytest.raises(RenderFailed) as failed:
        check(Source(name="t", syntax="mustachio", subject="ok", html="a\n{{b-c}}{{/each}}"))
    reason = "The path 'b-c' is not valid. Please see documentation for examples of valid paths."
    assert ("html", reason, 2) == (failed.value.kind, failed.value.reason, failed.value.line)


def test_names_are_those_at_the_top() -> None:
    """What is looked up within a section is no name of its own, and what is above is."""
    text = "{{a}}{{b.x}}{{#c}}{{y}}{{../d}}{{/c}}{{#each e}}{{z}}{{../../f}}{{/each}}"
    assert {"a", "b", "c", "d", "e", "f"} == names("mustachio", text)


def source(name: str, html: str | None, text: str | None = None, *, layout: str = "") -> Source:
    """A template or a layout."""
    return Source(name=name, syntax="mustachio", html=html, text=text, layout=layout)


LAYOUTS = [
    ("[{{{ @content }}}]{{x}}", "{{x}}{{a.b}}", "[XB]X"),
    ("[{{{@content}}}]", "plain", "[plain]"),
    # rendered at its place: within the layout's section the template sees what the section sees
    ("{{#a}}[{{{ @content }}}]{{/a}}", "{{b}}{{../x}}", "[BX]"),
    ("{{#each list}}<{{{ @content }}}>{{/each}}", "{{.}}", "<1><2>"),
    ("{{^no}}{{{ @content }}}{{/no}}", "{{../x}}", "X"),
    ("{{#no}}{{{ @content }}}{{/no}}", "{{x}}", ""),
    # a value is no template, wherever it stands
    ("<{{{raw}}}{{{ @content }}}>", "{{{raw}}}", "<{{{ @content }}}{{{ @content }}}>"),
]


@pytest.mark.parametrize(("layout", "html", "expected"), LAYOUTS)
def test_a_template_stands_at_its_place_in_the_layout(layout: str, html: str, expected: str) -> None:
    """Layout and template share one model, and are rendered in one go."""
    model: dict[str, Value] = {"x": "X", "a": {"b": "B"}, "list": [1, 2], "raw": "{{{ @content }}}"}
    child = source("t", html, layout="l")
    assert expected == render(child, [source("l", layout)], model, Options()).html


def test_each_part_goes_into_its_own() -> None:
    """A part that the layout has not stands alone, and one that the template has not is not made."""
    both = source("l", "<{{{@content}}}>", "({{{@content}}})")
    made = render(source("t", "{{x}}", "{{x}}", layout="l"), [both], {"x": "&"}, Options())
    assert ("<&amp;>", "(&)") == (made.html, made.text)
    made = render(source("t", "h", "t", layout="l"), [source("l", "<{{{@content}}}>")], {}, Options())
    assert ("<h>", "t") == (made.html, made.text)
    made = render(source("t", None, "t", layout="l"), [both], {}, Options())
    assert (None, "(t)") == (made.html, made.text)


def test_layouts_stand_in_layouts() -> None:
    """The outermost is around all others."""
    inner = source("inner", "({{{@content}}}{{x}})", layout="outer")
    chain = [inner, source("outer", "[{{{@content}}}]")]
    assert "[(tX)]" == render(source("t", "t", layout="inner"), chain, {"x": "X"}, Options()).html


def test_a_layout_without_a_place_is_refused() -> None:
    """What a template says is never left out in silence."""
    with pytest.raises(RenderFailed, match="the layout has no place for its content"):
        render(source("t", "x", layout="l"), [source("l", "bare")], {}, Options())


def test_a_failure_within_a_layout_names_its_template() -> None:
    """Of two texts made into one, the one at fault is told."""
    child = source("t", "\n{{#each x}}{{/each}}", layout="l")
    with pytest.raises(RenderFailed) as failed:
        render(child, [source("l", "\n\n\n{{{@content}}}")], {"x": 1}, Options())
    assert ("t", 2, "html") == (failed.value.template, failed.value.line, failed.value.kind)


def test_a_layout_of_another_syntax_takes_what_was_rendered() -> None:
    """Where the two cannot be one, the layout gets the template's output."""
    layout = Source(name="l", syntax="tokens", html="[{{*}}]{{x}}")
    assert "[&amp;]&" == render(source("t", "{{x}}", layout="l"), [layout], {"x": "&"}, Options()).html
    child = Source(name="t", syntax="tokens", html="{{x}}", layout="l")
    assert "<&>&amp;" == render(child, [source("l", "<{{{@content}}}>{{x}}")], {"x": "&"}, Options()).html


def test_jinja_and_foreign_marks_are_text() -> None:
    """What is no tag of the syntax comes out byte for byte."""
    text = "{% for i in range(9) %}{# x #}{%- raw -%} #x\n## y\n{} }} {{ {a} \\ \r\n\t\0"
    assert text == compile_text("mustachio", text, escape=True).render({}, Options())


def test_a_text_is_compiled_once() -> None:
    """And once more where it stands in another layout, or is another part."""
    first = compile_joined("mustachio", "l", "<{{{@content}}}>", escape=True, library={}, inner=[("t", "x")])
    same = compile_joined("mustachio", "l", "<{{{@content}}}>", escape=True, library={}, inner=[("t", "x")])
    other = compile_joined("mustachio", "l", "<{{{@content}}}>", escape=True, library={}, inner=[("t", "y")])
    bare = compile_joined("mustachio", "l", "<{{{@content}}}>", escape=True, library={})
    assert first is same
    assert ["<x>", "<y>", "<>"] == [each.render({}, Options()) for each in (first, other, bare)]


@pytest.mark.parametrize(
    ("key", "expected"),
    [("@content", True), ("pm:unsubscribe", True), ("name", False), ("a@b", False), ("pm", False)],
)
def test_some_keys_are_the_syntaxs_own(key: str, expected: bool) -> None:  # noqa: FBT001  # a parameter
    """A model may not bring them."""
    assert expected == is_reserved(key)
