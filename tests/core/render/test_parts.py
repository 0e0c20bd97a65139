"""A source's parts, their layouts, and what they include and extend."""

import pytest

from core.errors import RenderFailed
from core.render import Options, Rendered, Source, Value, check, references, render

OPTIONS = Options()


def twig(name: str, html: str | None, *, subject: str = "", text: str | None = None) -> Source:
    """A template of one syntax."""
    return Source(name=name, syntax="twig", subject=subject, html=html, text=text)


def tokens(
    name: str,
    html: str | None,
    *,
    layout: str = "",
    subject: str = "",
    text: str | None = None,
    css: str | None = None,
) -> Source:
    """A template of the other."""
    return Source(name=name, syntax="tokens", subject=subject, html=html, text=text, css=css, layout=layout)


def shown(source: Source, *parents: Source, **variables: Value) -> Rendered:
    """Render with these parents and variables."""
    return render(source, parents, variables, OPTIONS)


def test_each_part_is_rendered_in_its_own_way() -> None:
    """HTML is escaped, subject and text are not."""
    source = twig("t", "<p>{{ x }}</p>\n", subject="Re: {{ x }}", text="{{ x }}\n")
    assert Rendered(subject="Re: <&", html="<p>&lt;&amp;</p>\n", text="<&\n") == shown(source, x="<&")


def test_missing_parts_stay_missing() -> None:
    """A template of text only makes no HTML."""
    assert Rendered(subject="", html=None, text="a") == shown(twig("t", None, text="a"))


BASE = twig("base", "<{% block title %}T{% endblock %}|{% block body %}B{{ x }}{% endblock %}>\n")
MIDDLE = twig(
    "middle",
    "{% extends 'base' %}{% block body %}m{{ parent() }}{% block inner %}i{% endblock %}{% endblock %}",
)

INHERITED = [
    ("{% extends 'base' %}", "<T|B1>\n"),
    ("{% extends 'base' %}\n\n{% block title %}child{% endblock %}\n", "<child|B1>\n"),
    ("{% extends 'base' %}{% block body %}[{{ parent() }}]{% endblock %}", "<T|[B1]>\n"),
    ("{% extends 'base' %}{% set x = 2 %}{% block title x %}", "<2|B2>\n"),
    ("{% extends 'base' %}{% set x %}y{% endset %}", "<T|By>\n"),
    ("{% extends 'base' %}{% block unknown %}u{% endblock %}", "<T|B1>\n"),
    ("{% extends 'middle' %}{% block inner %}I{% endblock %}{% block title %}t{% endblock %}", "<t|mB1I>\n"),
    ("{% extends 'middle' %}{% block body %}({{ parent() }}){% endblock %}", "<T|(mB1i)>\n"),
    ("a{% include 'part' %}b", "a[1]b"),
    ("{{ include('part') }}{{ include('part', {x: 3}) }}", "[1][3]"),
    (
        "{% include 'part' with {x: 2} %}{% include 'part' with {x: 2} only %}{% include 'part' only %}{{ x }}",
        "[2][2][]1",
    ),
    ("{% include 'nosuch' ignore missing %}.", "."),
    ("{% for x in [5, 6] %}{% include 'part' %}{% endfor %}", "[5][6]"),
    ("{% include 'setter' %}{{ x }}", "1"),
    ("{% include 'middle' %}", "<T|mB1i>\n"),
]


@pytest.mark.parametrize(("html", "expected"), INHERITED)
def test_templates_extend_and_include_each_other(html: str, expected: str) -> None:
    """Blocks replace blocks, includes see the variables, and nothing leaks back."""
    parents = (BASE, MIDDLE, twig("part", "[{{ x }}]"), twig("setter", "{% set x = 9 %}"))
    assert expected == shown(twig("t", html), *parents, x=1).html


UNJOINABLE = [
    ("\n{% extends 'nosuch' %}", "t", 'unknown template "nosuch"', 2),
    ("{% include 'nosuch' %}", "t", 'unknown template "nosuch"', 1),
    ("{% include 'broken' %}", "broken", 'unknown filter "nosuch"', 2),
    ("{% include 'failing' %}", "failing", "division by zero", 3),
    (
        "{% extends 'base' %}\ntext outside",
        "t",
        "a template that extends another has content only in blocks",
        2,
    ),
    ("{% extends 'base' %}\n\n{{ x }}", "t", "a template that extends another has content only in blocks", 3),
    ("{% extends 'loop' %}", "loop", "templates include or extend each other too deeply", 0),
    ("{% include 'loop' %}", "loop", "templates include or extend each other too deeply", 0),
    ("{% include 'double' %}", "double", "templates include or extend each other too deeply", 0),
    ("{% extends 'base' %}{% extends 'base' %}", "t", '"extends" stands once, outside of everything', 1),
    ("{% if x %}{% extends 'base' %}{% endif %}", "t", '"extends" stands once, outside of everything', 1),
    (
        "{% extends 'base' %}{% block body %}{{ parent() }}{{ parent() }}{% endblock %}",
        "t",
        "parent() stands once in a block, and only there",
        1,
    ),
]


@pytest.mark.parametrize(("html", "template", "reason", "line"), UNJOINABLE)
def test_the_template_at_fault_is_named(html: str, template: str, reason: str, line: int) -> None:
    """A failure inside of another template carries that one's name and line."""
    parents = (
        BASE,
        twig("broken", "\n{{ x|nosuch }}"),
        twig("failing", "\n\n{{ 1 / 0 }}"),
        twig("loop", "{% extends 'loop' %}"),
        twig("double", "{% include 'double' %}{% include 'double' %}"),
        twig("textless", None, text="x"),
    )
    with pytest.raises(RenderFailed) as failed:
        shown(twig("t", html), *parents)
    found = failed.value
    assert ("html", template, reason, line) == (found.kind, found.template, found.reason, found.line)


NESTED = [
    (tokens("c", "child {{x}}", layout="outer"), "<o 1 child 1>"),
    (tokens("c", "child", layout="inner"), "<o 1 {i child}>"),
    (tokens("c", "child", layout="bare"), "alone"),
    (tokens("c", "child", layout="textual"), "child"),
    (tokens("c", None, layout="outer"), None),
    (tokens("c", None, layout="bare"), "alone"),
    (tokens("c", "a{{*}}b{{*part}}{{*nosuch}}"), "abpart 1"),
]


@pytest.mark.parametrize(("source", "expected"), NESTED)
def test_a_body_goes_into_its_layouts(source: Source, expected: str | None) -> None:
    """Upward from child to parent; a parent without a place for its child stands alone."""
    parents = (
        tokens("outer", "<o {{x}} {{*}}>"),
        tokens("inner", "{i {{*}}}", layout="outer"),
        tokens("bare", "alone"),
        tokens("textual", None, text="t {{*}}"),
        tokens("part", "part {{x}}"),
    )
    assert expected == shown(source, *parents, x=1).html


def test_text_and_html_nest_apart() -> None:
    """Text goes into the layout's text, and a layout's text needs no text of the child's."""
    layout = tokens("l", "<{{*}}>", text="-{{*}}-", subject="From {{x}}")
    assert Rendered(subject="From 1", html="<h>", text="-t-") == shown(
        tokens("c", "h", layout="l", text="t"), layout, x=1
    )
    assert Rendered(subject="own", html="<h>", text=None) == shown(
        tokens("c", "h", layout="l", subject="own"), layout
    )


def test_a_nested_output_is_no_template() -> None:
    """What a child prints is put in as it is, whatever it looks like."""
    layout = tokens("l", "<{{*}}>")
    assert "<{{x}}>" == shown(tokens("c", "{{v}}", layout="l"), layout, v="{{x}}", x="no").html


LAYOUT_FAILURES = [
    (tokens("c", "x", layout="nosuch"), 'unknown template "nosuch"'),
    (tokens("c", "x", layout="self"), "layouts are nested too deeply"),
    (
        Source(name="c", syntax="twig", html="x", layout="self"),
        "a twig template names its parent in its own text",
    ),
    (Source(name="c", syntax="nosuch", html="x"), 'unknown template syntax "nosuch"'),
]


@pytest.mark.parametrize(("source", "reason"), LAYOUT_FAILURES)
def test_impossible_layouts_are_refused(source: Source, reason: str) -> None:
    """A layout that is unknown, endless or not of this syntax."""
    with pytest.raises(RenderFailed) as failed:
        shown(source, tokens("self", "{{*}}", layout="self"))
    assert reason == failed.value.reason


STYLED = [
    (
        "<html><head><title>t</title></HEAD><body>",
        "<html><head><title>t</title><style>\na{}\nb{}\n</style>\n</HEAD><body>",
    ),
    ("<p>x", "<style>\na{}\nb{}\n</style>\n<p>x"),
]


@pytest.mark.parametrize(("html", "expected"), STYLED)
def test_a_stylesheet_goes_into_the_head(html: str, expected: str) -> None:
    """The layout's rules first, so that the child's win; without a head they stand in front."""
    child = tokens("c", html, layout="l", css="b{}")
    assert expected == shown(child, tokens("l", "{{*}}", css="a{}")).html


def test_a_stylesheet_cannot_end_its_element() -> None:
    """An end tag inside of the rules is escaped the CSS way."""
    assert "<style>\n<\\/style><script>\n</style>\nx" == shown(tokens("c", "x", css="</style><script>")).html


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("subject", Source(name="t", syntax="twig", subject="a {{")),
        ("html", Source(name="t", syntax="twig", subject="ok", html="\n{% if %}", text="ok")),
        ("text", Source(name="t", syntax="tokens", html="ok", text="\n{{/}}")),
    ],
)
def test_check_names_the_part(part: str, source: Source) -> None:
    """Who saves a template learns which field is wrong."""
    with pytest.raises(RenderFailed) as failed:
        check(source)
    assert (part, "t", 1 if part == "subject" else 2) == (
        failed.value.kind,
        failed.value.template,
        failed.value.line,
    )


def test_check_asks_for_no_other_template() -> None:
    """A parent may be saved later, and values play no part."""
    check(twig("t", "{% extends 'later' %}{% block a %}{% include 'other' %}{{ 1 / x }}{% endblock %}"))
    check(tokens("t", "{{*later}}", layout="later"))


def test_references_are_what_must_be_at_hand() -> None:
    """Layout, parents and includes of every part."""
    source = twig(
        "t", "{% extends 'a' %}{% block x %}{% include 'b' %}{% endblock %}", text="{{ include('c') }}"
    )
    assert {"a", "b", "c"} == references(source)
    assert {"l", "p"} == references(tokens("t", "{{*p}}{{*}}", layout="l"))
