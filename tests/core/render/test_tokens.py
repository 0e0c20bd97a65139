"""The syntax of lower-case names in two braces."""

import pytest

from core.errors import RenderFailed
from core.render import Options, Value, compile_text, names

CASES: list[tuple[str, dict[str, Value], str]] = [
    ("Hi {{name}}, {{ name }}!", {"name": "Al"}, "Hi Al, Al!"),
    ("{{a_1}}", {"a_1": "x"}, "x"),
    ("{{missing}}{{null}}", {"null": None}, ""),
    ("{{n}} {{f}} {{t}} {{l}}", {"n": 3, "f": 1.5, "t": True, "l": [1, "a"]}, '3 1.5 true [1,"a"]'),
    ("{{x}}", {"x": "<b>&"}, "<b>&"),
    ("{{&x}} {{& x }}", {"x": "<b>&\"'"}, "&lt;b&gt;&amp;&quot;&#039; &lt;b&gt;&amp;&quot;&#039;"),
    ("{{%x}}", {"x": "a b&c/é"}, "a%20b%26c%2F%C3%A9"),
    ("{{$x}};{{$n}};{{$no}}", {"x": 'a"</script>\n', "n": 5}, r'"a\"\u003c/script>\n";5;'),
    (
        "{{.x}} {{.c}} {{.n}} {{.l}}",
        {"x": "red;}</style>", "c": "#ff0", "n": 5, "l": ["a", 1]},
        r"red\3B \7D \3C /style\3E  #ff0 5 a 1",
    ),
    ("{{=x}}", {"x": "<b>"}, "<b>"),
    (
        "{{Name}} {{firstName}} {{ a b }} {{a-b}} {{}} {{!x}}",
        {"Name": 1},
        "{{Name}} {{firstName}} {{ a b }} {{a-b}} {{}} {{!x}}",
    ),
    ("{{{x}}} {{{{x}}}} {{{ A b }}}", {"x": 1}, "{{x}} {{{x}}} {{ A b }}"),
    ('{"a":{{x}}}', {"x": 1}, '{"a":1}'),
    (
        "{% if x %} {# x #} {{% x %}} #x",
        {},
        "{% if x %} {# x #} {{% x %}} #x",
    ),
    ("{{?x}}yes{{/}}{{?!x}}no{{/}}", {"x": True}, "yes"),
    ("{{?x}}yes{{/}}{{?!x}}no{{/}}", {"x": False}, "no"),
    ("{{?x}}yes{{/x}}{{?!x}}no{{/}}", {}, "no"),
    ("{{?x}}yes{{/}}{{?y}}yes{{/}}", {"x": "", "y": 0}, "yesyes"),
    ("{{:l}}<{{tag}}>{{/}}", {"l": "meta"}, "<meta>"),
    ("{{:l}}<{{tag}}>{{/l}}", {"l": ["meta", "link"]}, "<meta><link>"),
    ("{{:l}}<{{tag}}{{a}}{{up}}>{{/}}", {"l": [{"tag": 1}, {"a": 2}], "up": "u"}, "<1u><2u>"),
    ("{{:l}}<{{a}}-{{b}}-{{a}}>{{/}}", {"l": [["x", "y"], "z"]}, "<x-y-x><z--z>"),
    ("{{:l}}x{{/}}", {"l": []}, ""),
    ("{{:l}}x{{/}}", {"l": None}, ""),
    ("{{:l}}x{{/}}", {"l": False}, ""),
    ("{{:l}}{{a}}{{/}}{{a}}", {"l": {"a": 1}, "a": 2}, "12"),
    (
        "{{:l}}{{:m}}{{a}}{{b}}{{/}};{{/}}",
        {"l": [{"m": [{"a": 1}, {"a": 2}], "b": "x"}, {"m": {}}]},
        "1x2x;;",
    ),
    ("{{:l}}{{?on}}{{a}}{{/}}{{/}}", {"l": [{"on": True, "a": 1}, {"a": 2}]}, "1"),
    ("a{{*}}b{{*other}}", {}, "ab"),
    ("line\n", {}, "line\n"),
]


@pytest.mark.parametrize(("text", "variables", "expected"), CASES)
def test_it_renders(text: str, variables: dict[str, Value], expected: str) -> None:
    """Each token gives its value in its modifier's form; everything else is literal."""
    assert expected == compile_text("tokens", text, escape=True).render(variables, Options())


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("\n{{:l}}x", "{{:l}} is not closed", 2),
        ("{{?x}}", "{{?x}} is not closed", 1),
        ("a\n\n{{/}}", "{{/}} closes nothing", 3),
        ("{{:l}}{{/m}}", "{{/m}} closes {{:l}}", 1),
    ],
)
def test_unbalanced_sections_are_refused(text: str, reason: str, line: int) -> None:
    """A section without its end, or an end without its section, is told with its line."""
    with pytest.raises(RenderFailed) as failed:
        compile_text("tokens", text, escape=False)
    assert (reason, line) == (failed.value.reason, failed.value.line)


def test_names_are_those_outside_of_sections() -> None:
    """Inside a section names belong to its items."""
    assert {"a", "b", "c", "d"} == names("tokens", "{{a}}{{&b}}{{?c}}{{d}}{{/}}{{Not}}")
    assert {"l"} == names("tokens", "{{:l}}{{inner}}{{/}}")
