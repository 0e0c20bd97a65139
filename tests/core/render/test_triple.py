"""The syntax of names in three braces."""

import pytest

from core.render import Options, Value, compile_text, names, needs

CASES: list[tuple[str, dict[str, Value], str]] = [
    ("Hi {{{NAME}}} {{{ NAME }}}", {"NAME": "Al"}, "Hi Al Al"),
    ("{{{X}}}", {"X": "<b>&"}, "<b>&"),
    ("{{{N}}} {{{F}}}", {"N": 5, "F": 0.5}, "5 0.5"),
    ("{{X}}", {"X": "<b>"}, "&lt;b&gt;"),
    ("{{{A|there}}} {{{B | x y }}} {{{C|z}}} {{{D|}}}", {"A": "", "C": 0}, "there x y 0 "),
    ("{{A|<i>}}", {}, "&lt;i&gt;"),
    ("{{{contact.first_name|there}}} {{{contact.email}}}", {"contact": {"email": "a@b"}}, "there a@b"),
    ("{{{contact.a.b}}}", {"contact": "text"}, ""),
    ("{{{MISSING}}}", {}, ""),
    ("{{{{X}}}}", {"X": 1}, "{1}"),
    (
        "{{{a b}}} {{{}}} {{a-b}} {% if %} {# #} {{{X}} {{{A|{}}}",
        {"X": 1},
        "{{{a b}}} {{{}}} {{a-b}} {% if %} {# #} {1 {{{A|{}}}",
    ),
    ("\n{{{X}}}\n", {"X": "\n"}, "\n\n\n"),
]


@pytest.mark.parametrize(("text", "variables", "expected"), CASES)
def test_it_renders(text: str, variables: dict[str, Value], expected: str) -> None:
    """Three braces print a value as it is, two escape it, everything else is literal."""
    assert expected == compile_text("triple", text, escape=True).render(variables, Options())


def test_outside_of_html_nothing_is_escaped() -> None:
    """Two braces are as good as three in a subject or a text part."""
    assert "<b>" == compile_text("triple", "{{X}}", escape=False).render({"X": "<b>"}, Options())


def test_a_name_without_fallback_is_needed() -> None:
    """The caller can refuse what is missing; one use without a fallback is enough."""
    text = "{{{A}}} {{{B|b}}} {{{C|c}}} {{C}} {{{contact.email}}}"
    assert {"A", "B", "C", "contact"} == names("triple", text)
    assert {"A", "C", "contact"} == needs("triple", text)
