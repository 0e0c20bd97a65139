"""What holds for every text and every model of the syntax of upward paths."""

import re
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RenderFailed
from core.render import Options, Source, Value, render, review

OPTIONS = Options(time_limit_s=0.5, max_output_bytes=200_000)
KEYS = st.sampled_from("abcd")
TEXTS = st.text(st.sampled_from("<>&\"'{}/#^!@.é😀 a\n\u00a0"), max_size=6)
VALUES: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
MODELS = st.dictionaries(KEYS, VALUES, max_size=4)
PATHS = st.builds(
    lambda ups, words: "../" * ups + ".".join(words),
    st.integers(0, 4),
    st.lists(KEYS, min_size=1, max_size=3),
)
PRINTS = PATHS.map(lambda path: f"{{{{{path}}}}}") | st.just("{{.}}")
LITERAL = st.text(st.sampled_from("xyz \n"), max_size=3)


def _sections(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, max_size=3).map("".join)
    scopes = st.builds(
        lambda mark, path, held: f"{{{{{mark}{path}}}}}{held}{{{{/{path}}}}}",
        st.sampled_from("#^"),
        PATHS,
        body,
    )
    either = st.builds(
        lambda path, one, other: f"{{{{#{path}}}}}{one}{{{{^{path}}}}}{other}{{{{/{path}}}}}",
        PATHS,
        body,
        body,
    )
    return (
        scopes
        | either
        | st.builds(lambda path, held: f"{{{{#each {path}}}}}{held}{{{{/each}}}}", PATHS, body)
    )


TEMPLATES = st.lists(st.recursive(PRINTS | LITERAL, _sections, max_leaves=6), max_size=4).map("".join)
SOUP = st.lists(
    st.sampled_from(
        [
            *(
                "{{",
                "}}",
                "{{{",
                "}}}",
                "{",
                "}",
                "{{#",
                "{{^",
                "{{/",
                "{{&",
                "{{!",
                "{{#each ",
                "{{/each}}",
                "{{.}}",
            ),
            *(
                "a",
                "b",
                "a}}",
                "b}}",
                "a.b",
                "../",
                "../../a",
                "..",
                "...",
                ".",
                "@content",
                "pm:unsubscribe",
            ),
            *("{{{ @content }}}", "{{{ pm:unsubscribe }}}", ' label="x"', "-", " ", "\n", "é", "😀", "each"),
        ]
    )
    | st.text(max_size=3),
    max_size=25,
).map("".join)


def source(html: str, *, layout: str = "") -> Source:
    """A template, or a layout."""
    return Source(name="l" if not layout else "t", syntax="mustachio", html=html, text=html, layout=layout)


@settings(deadline=None)
@given(text=SOUP, outer=SOUP, model=MODELS)
def test_anything_is_judged(text: str, outer: str, model: dict[str, Value]) -> None:
    """Whatever a template, its layout and a model are, there is an answer, with positions within the text."""
    lines = text.count("\n") + 1
    for found in (
        review(source(text), model=model),
        review(source(text), layout=source(outer), model=model),
        review(source(text), is_layout=True, model=model),
    ):
        assert all(fault.line <= max(lines, outer.count("\n") + 1) for fault in found.faults)
    with suppress(RenderFailed):
        render(source(text, layout="l"), [source(outer)], model, OPTIONS)


@settings(deadline=None)
@given(template=TEMPLATES, model=MODELS)
def test_no_markup_of_a_value_gets_through(template: str, model: dict[str, Value]) -> None:
    """Where every value is escaped, a browser finds no mark of HTML in what comes of a template without any."""
    with suppress(RenderFailed):
        made = render(Source(name="t", syntax="mustachio", html=template), [], model, OPTIONS).html or ""
        assert re.search("[<>\"'\u00a0]", made) is None
        assert made.count("&") == len(re.findall("&(?:amp|lt|gt|quot|#[0-9]+);", made))


@settings(deadline=None)
@given(template=TEMPLATES, model=MODELS)
def test_escaping_is_all_that_sets_the_parts_apart(template: str, model: dict[str, Value]) -> None:
    """The text is the HTML before it was escaped, and three braces in HTML are two in text."""
    braced = re.sub(
        r"\{\{([\w./]+)\}\}", lambda tag: tag[0] if tag[1][0] == "/" else f"{{{{&{tag[1]}}}}}", template
    )
    with suppress(RenderFailed):
        plain = render(Source(name="t", syntax="mustachio", text=template), [], model, OPTIONS).text
        assert plain == render(Source(name="t", syntax="mustachio", html=braced), [], model, OPTIONS).html


@settings(deadline=None)
@given(template=TEMPLATES, before=LITERAL, after=TEMPLATES, model=MODELS)
def test_a_layout_adds_what_is_around(
    template: str, before: str, after: str, model: dict[str, Value]
) -> None:
    """At the top of a layout a template becomes what it is alone."""
    with suppress(RenderFailed):
        alone = render(source(template), [], model, OPTIONS)
        around = render(source(after), [], model, OPTIONS)
        made = render(
            source(template, layout="l"), [source(f"{before}{{{{{{@content}}}}}}{after}")], model, OPTIONS
        )
        assert f"{before}{alone.html}{around.html}" == made.html


@settings(deadline=None)
@given(template=TEMPLATES)
def test_a_suggested_model_fits(template: str) -> None:
    """What was made to be filled can be filled with what is suggested."""
    found = review(source(template))
    assert not [fault for fault in found.faults if fault.kind == "rendering"]
    again = review(source(template), model=found.model)
    assert (found.model, found.html) == (again.model, again.html)
