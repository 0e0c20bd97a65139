"""Nothing a template says reaches Python, and nothing it does is without bounds."""

import sys

import pytest
from jinja2.exceptions import SecurityError

from core.errors import RenderFailed
from core.render import Options, Value, compile_text
from core.render.compiled import SANDBOX

QUICK = Options(time_limit_s=0.3, max_output_bytes=100_000)

NOTHING: list[tuple[str, dict[str, Value]]] = [
    ("{{ x.__class__ }}{{ x.__class__.__mro__ }}", {"x": "a"}),
    ("{{ x['__class__'] }}{{ x|first.__class__ }}", {"x": "a"}),
    ("{{ x.format }}{{ x.upper }}{{ x.keys }}{{ x.append }}", {"x": "a"}),
    ("{{ l.append }}{{ l.sort }}{{ d.keys }}{{ d.items }}", {"l": [1], "d": {"a": 1}}),
    ("{{ cycler }}{{ lipsum }}{{ namespace }}{{ dict }}{{ _self }}{{ _context }}{{ self }}{{ caller }}", {}),
    (
        "{{ scope }}{{ item }}{{ context }}{{ environment }}{{ resolve }}{{ undefined }}{{ missing }}{{ t_1 }}",
        {},
    ),
    ("{{ loop.__class__ }}{% for i in [1] %}{{ loop.__class__ }}{{ loop.cycle }}{% endfor %}", {}),
    ("{{ (1..3).__len__ }}{{ date().__class__ }}{{ 'x'|raw.__html__ }}{{ ('x'|raw).__class__ }}", {}),
]


@pytest.mark.parametrize(("text", "variables"), NOTHING)
def test_attributes_of_python_are_not_there(text: str, variables: dict[str, Value]) -> None:
    """Only keys and positions of JSON values can be read; all else is empty, like any unknown name."""
    assert compile_text("twig", text, escape=False).render(variables, QUICK) == ""


@pytest.mark.parametrize(
    "text",
    [
        "{{ x.format('a') }}",
        "{{ ''.__class__() }}",
        "{{ x() }}",
        "{{ x|attr('__class__') }}",
        "{{ x|map('upper') }}",
        "{{ lipsum() }}",
        "{{ attribute(x, 'y') }}",
        "{% import 'os' as os %}",
        "{% from 'x' import y %}",
        "{% call x() %}{% endcall %}",
        "{{ x|tojson }}",
        "{{ constant('PHP_VERSION') }}{{ source('x') }}{{ system('ls') }}",
    ],
)
def test_calls_and_foreign_filters_are_refused(text: str) -> None:
    """What could lead anywhere does not compile."""
    with pytest.raises(RenderFailed):
        compile_text("twig", text, escape=False)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "__class__",
            "x.__class__.__mro__",
            "l.append",
            "d.keys",
            "d.items",
            "x.format",
            "self",
            "scope",
            "item",
        ),
        *(
            "context",
            "environment",
            "cycler",
            "lipsum",
            "namespace",
            "l.0",
            "x.0",
            "../__class__",
            ".__class__",
        ),
    ],
)
def test_upward_paths_lead_to_json_alone(path: str) -> None:
    """Keys of objects are all that a path can name; nothing of Python's is one."""
    variables: dict[str, Value] = {"x": "a", "l": [1], "d": {"a": 1}}
    assert "[]" == compile_text("mustachio", f"[{{{{{path}}}}}]", escape=True).render(variables, QUICK)


def test_the_sandbox_refuses_what_no_syntax_emits() -> None:
    """Should a syntax ever emit an attribute or a call, Jinja itself has nothing to offer it."""
    assert (False, False) == (SANDBOX.is_safe_attribute("", "upper", str), SANDBOX.is_safe_callable(len))
    with pytest.raises(SecurityError):
        SANDBOX.from_string("{{ x.upper() }}").render(x="a")
    assert ({}, {}) == (SANDBOX.globals, SANDBOX.tests)


@pytest.mark.parametrize("syntax", ["tokens", "triple"])
def test_jinja_in_other_syntaxes_is_text(syntax: str) -> None:
    """Jinja's own marks are literal text to a syntax that does not have them."""
    text = "{% for i in range(9) %}{{ 1 + 1 }}{% endfor %}{# x #}{{ ''.__class__ }}# for x\n## y\n"
    assert text == compile_text(syntax, text, escape=True).render({}, Options())


NESTED_LOOPS = "{% for a in 1..9999 %}{% for b in 1..9999 %}{% for c in 1..9999 %}"
BOMBS: list[tuple[str, str, dict[str, Value]]] = [
    ("twig", NESTED_LOOPS + "{% endfor %}" * 3, {}),
    ("twig", NESTED_LOOPS + "{{ a }}" + "{% endfor %}" * 3, {}),
    ("twig", "{% set x %}" + NESTED_LOOPS + "long text {{ a }}" + "{% endfor %}" * 3 + "{% endset %}", {}),
    ("twig", "{{ (1..100000000)|length }}", {}),
    ("twig", "{{ range(0, 99999, 1)|join }}", {}),
    ("twig", "{{ range(-9223372036854775807, 9223372036854775807)|length }}", {}),
    ("twig", "{% set s = 'aaaaaaaa' %}{% for i in 1..60 %}{% set s = s ~ s %}{% endfor %}{{ s|length }}", {}),
    (
        "twig",
        "{% set s = 'ab' %}{% for i in 1..60 %}{% set s = s|replace({'a': s, 'b': s}) %}{% endfor %}",
        {},
    ),
    ("twig", "{% set s = 'ab' %}{% for i in 1..60 %}{% set s %}{{ s }}{{ s }}{% endset %}{% endfor %}", {}),
    ("twig", "{% set l = [1] %}{% for i in 1..60 %}{% set l = l|merge(l) %}{% endfor %}", {}),
    ("twig", "{% set l = [1] %}{% for i in 1..60 %}{% set l = [l, l] %}{% endfor %}{{ l|json_encode }}", {}),
    (
        "twig",
        "{% set l = 1 %}{% set m = 1 %}{% for i in 1..60 %}{% set l, m = [l, l], [m, m] %}{% endfor %}{{ l == m }}",
        {},
    ),
    ("twig", "{% set l = 1 %}{% for i in 1..9000 %}{% set l = [l] %}{% endfor %}{{ l|json_encode }}", {}),
    ("twig", "{{ x|number_format(999999999) }}", {"x": 1}),
    ("twig", "{{ x|round(999999999) }}", {"x": 1}),
    ("twig", "{{ '%999999999d'|format(1) }}", {}),
    ("twig", "{{ '%.999999999f'|format(1) }}", {}),
    (
        "twig",
        "{% set l = [] %}{% for i in 1..9999 %}{% set l = l|merge([x ~ i]) %}{% endfor %}",
        {"x": "a" * 50_000},
    ),
    ("twig", "{% for i in 1..9999 %}{% set l = [l, " + "1," * 9000 + "] %}{% endfor %}", {}),
    ("twig", "{{ x" + "|e('html_attr')|lower" * 20 + " }}", {"x": "'"}),
    ("twig", "{{ x|join(x|join) }}", {"x": ["a" * 5000] * 900}),
    ("twig", "{{ x|trim(x) }}", {"x": "ab" * 50_000}),
    ("twig", "{{ x + 1 }}", {"x": "9" * 10_000 + "x"}),
    ("twig", "{% for i in x %}{{ i }}{% endfor %}", {"x": ["a" * 1000] * 1000}),
    ("twig", "{{ x }}", {"x": "é" * 60_000}),
    ("twig", "{{ x }}", {"x": 10**5000}),
    ("twig", "{{ x * x }}", {"x": 10**400}),
    ("twig", "{{ 0|date_modify('+999999 year') }}", {}),
    ("twig", "{{ x|date }}", {"x": 10**30}),
    ("twig", "{{ x|date('" + "c" * 4000 + "') }}", {"x": 0}),
    ("tokens", "{{:l}}{{:l}}{{:l}}{{:l}}{{:l}}x{{/}}{{/}}{{/}}{{/}}{{/}}", {"l": [{}] * 500}),
    ("tokens", "{{:l}}{{x}}{{/}}", {"l": [{}] * 500, "x": "a" * 1000}),
    ("triple", "{{{X}}}" * 500, {"X": "a" * 1000}),
    (
        "mustachio",
        "{{#each l}}{{#each ../../l}}{{#each ../../../../l}}{{/each}}{{/each}}{{/each}}",
        {"l": [1] * 9_000},
    ),
    (
        "mustachio",
        "{{#each l}}{{#each ../../l}}{{#each ../../../../l}}.{{/each}}{{/each}}{{/each}}",
        {"l": [1] * 9_000},
    ),
    (
        "mustachio",
        "{{#each l}}{{#each ../../l}}" + "{{../}}" * 999 + "{{/each}}{{/each}}",
        {"l": [1] * 9_000},
    ),
    ("mustachio", "{{#each l}}{{../../x}}{{/each}}", {"l": [{}] * 500, "x": "a" * 1000}),
    ("mustachio", "{{x}}" * 500, {"x": "a" * 1000}),
    ("mustachio", "{{x}}", {"x": "é" * 60_000}),
    ("mustachio", "{{x}}", {"x": 10**5000}),
]


@pytest.mark.parametrize(("syntax", "text", "variables"), BOMBS)
def test_bombs_are_refused(syntax: str, text: str, variables: dict[str, Value]) -> None:
    """Loops, ranges, doublings, widths and floods end as a refusal."""
    with pytest.raises(RenderFailed):
        compile_text(syntax, text, escape=False).render(variables, QUICK)


def test_wide_lists_are_told_for_what_they_are() -> None:
    """A rendering that would not end says so."""
    text = "{{#each l}}{{#each ../../l}}{{#each ../../../../l}}{{/each}}{{/each}}{{/each}}"
    with pytest.raises(RenderFailed) as failed:
        compile_text("mustachio", text, escape=True).render({"l": [1] * 9_000}, QUICK)
    assert ("rendering takes too long", 1) == (failed.value.reason, failed.value.line)
    with pytest.raises(RenderFailed, match="the output is larger than 100000 bytes"):
        compile_text("mustachio", "{{#each l}}....{{/each}}", escape=True).render({"l": [1] * 90_000}, QUICK)


def test_large_powers_become_floats() -> None:
    """No whole number is made that does not fit 64 bits."""
    text = "{{ 10 ** 10 ** 10 }} {{ 9 ** 99 > 1 }} {{ (2 ** 62) * 4 }} {{ 2 ** 61 }}"
    shown = compile_text("twig", text, escape=False).render({}, QUICK)
    assert "INF 1 1.8446744073709552E+19 2305843009213693952" == shown


TOO_DEEP = [
    ("twig", "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}"),
    ("twig", "{{ " + "[" * 500 + "]" * 500 + " }}"),
    ("twig", "{{ " + "not " * 5000 + "x }}"),
    ("twig", "{{ " + "-" * 5000 + "1 }}"),
    ("twig", "{{ x" + "|upper" * 5000 + " }}"),
    ("twig", "{{ x" + ".a" * 5000 + " }}"),
    ("twig", "{{ 1" + " + 1" * 5000 + " }}"),
    ("twig", "{{ 1" + " or 1" * 5000 + " }}"),
    ("twig", "{{ 1" + " ** 1" * 5000 + " }}"),
    ("twig", "{{ x" + " ? 1 : x" * 5000 + " }}"),
    ("twig", "{% if x %}" * 5000 + "{% endif %}" * 5000),
    ("twig", "{% for i in x %}" * 25 + "{% endfor %}" * 25),
    ("twig", "{% apply upper %}" * 5000 + "{% endapply %}" * 5000),
    ("twig", "{{ x }}" * 30_000),
    ("twig", "{{ [" + "1," * 60_000 + "] }}"),
    ("tokens", "{{?x}}" * 5000 + "{{/}}" * 5000),
    ("tokens", "{{:x}}" * 25 + "{{/}}" * 25),
    ("triple", "x" * 2_000_000),
    ("mustachio", "{{#a.b}}{{#b}}" * 5000 + "{{/b}}{{/a.b}}" * 5000),
    ("mustachio", "{{#each a}}" * 60 + "{{/each}}" * 60),
    ("mustachio", "{{#a}}{{^b}}" * 40 + "{{/b}}{{/a}}" * 40),
    ("mustachio", "{{" + "a." * 5000 + "b}}"),
    ("mustachio", "{{" + "../" * 100_000 + "b}}"),
    ("mustachio", "{{a}}" * 30_000),
    ("mustachio", "x" * 2_000_000),
]


@pytest.mark.parametrize(
    ("syntax", "text"), TOO_DEEP, ids=[f"{syntax} {text[:16]}" for syntax, text in TOO_DEEP]
)
def test_depth_and_size_of_a_template_are_bounded(syntax: str, text: str) -> None:
    """What would exhaust the compiler's stack or time is refused before it does."""
    with pytest.raises(RenderFailed):
        compile_text(syntax, text, escape=True)


def test_reasonable_depth_is_fine() -> None:
    """The bounds are far from what people write."""
    text = "{% if x %}" * 30 + "{% for i in [1] %}" * 10 + "{{ 1" + " + 1" * 40 + " }}"
    text += "{% endfor %}" * 10 + "{% endif %}" * 30 + "{{ 'a'" + " ~ 'a'" * 500 + " }}"
    assert "41" + "a" * 501 == compile_text("twig", text, escape=True).render({"x": 1}, QUICK)


HOSTILE = [
    ("tokens", "{" * 49_000),
    ("tokens", "{{" + " " * 200_000),
    ("tokens", "{{{a" * 16_000),
    ("tokens", "{{a" + "b" * 200_000),
    ("triple", "{" * 49_000),
    ("triple", "{{{" + " " * 200_000),
    ("triple", "{{{" + "a." * 100_000),
    ("mustachio", "{" * 49_000),
    ("mustachio", "{{" + " " * 200_000),
    ("mustachio", "{{{a" * 16_000),
    ("mustachio", "{{" + "../" * 100_000),
    ("mustachio", "{{{ pm:unsubscribe" + " " * 200_000),
    ("mustachio", "{{{ pm:unsubscribe " + " " * 200_000 + "label=}}}"),
    ("mustachio", "{{" + "." * 200_000 + "}}"),
    ("twig", "{{ '" + "\\'" * 100_000),
    ("twig", "{{" + " " * 200_000),
    ("twig", "{%" + " " * 200_000 + "verbatim"),
]


@pytest.mark.parametrize(
    ("syntax", "text"), HOSTILE, ids=[f"{syntax} {text[:8]}" for syntax, text in HOSTILE]
)
def test_unfinished_tags_are_read_once(syntax: str, text: str) -> None:
    """A text made to send a pattern back and forth ends, as literal text or as a refusal."""
    try:
        assert text == compile_text(syntax, text, escape=True).render({}, Options())
    except RenderFailed as failed:
        assert failed.reason  # noqa: PT017  # either end is fine, hanging is not


def test_filters_are_linear_on_hostile_values() -> None:
    """Patterns over values do not go back and forth either."""
    text = "{{ a|striptags|length }}{{ b|title|length }}{{ c|nl2br|length }}{{ d == d ? 1 : 0 }}"
    variables: dict[str, Value] = {
        "a": "<" * 90_000,
        "b": "'" * 90_000,
        "c": "\r" * 9_000,
        "d": "1" * 90_000 + "x",
    }
    assert "9000090000630001" == compile_text("twig", text, escape=False).render(variables, Options())


def test_a_failure_says_nothing_of_python() -> None:
    """The reason is safe to show to the caller."""
    with pytest.raises(RenderFailed) as failed:
        compile_text("twig", "{{ x }}", escape=True).render({"x": 10 ** sys.get_int_max_str_digits()}, QUICK)
    assert "a value does not fit its use" == failed.value.reason


def test_a_reason_stays_short() -> None:
    """However long the text is that a reason quotes."""
    with pytest.raises(RenderFailed) as failed:
        compile_text("twig", "{{ x '" + "a" * 5000 + "' }}", escape=True)
    assert (200, "…") == (len(failed.value.reason), failed.value.reason[-1])
