"""A template looked at before it is kept."""

from typing import Any

import pytest

from core.render import Fault, PartReview, Source, Value, review

PLACEHOLDER = "The layout content placeholder must be present exactly once: '{{{ @content }}}'."


def source(**parts: Any) -> Source:
    """A template of the syntax that knows most about itself."""
    return Source(**({"name": "t", "syntax": "mustachio"} | parts))


def test_all_parts_make_one_answer() -> None:
    """The provider's own example: parts are filled from one model, which holds what was given and what was missing."""
    found = review(
        source(
            subject="{{#company}}{{name}}{{/company}} {{subjectHeadline}}",
            html="{{#company}}{{address}}{{/company}}{{#each person}} {{name}} {{/each}}",
            text="{{#company}}{{phone}}{{/company}}{{#each person}} {{name}} {{/each}}",
        ),
        model={"userName": "bobby joe"},
        inline_css=True,
    )
    assert PartReview(rendered="address_Value name_Value ") == found.html
    assert PartReview(rendered="phone_Value name_Value ") == found.text
    assert PartReview(rendered="name_Value subjectHeadline_Value") == found.subject
    assert {
        "userName": "bobby joe",
        "company": {"address": "address_Value", "phone": "phone_Value", "name": "name_Value"},
        "person": [{"name": "name_Value"}],
        "subjectHeadline": "subjectHeadline_Value",
    } == found.model
    assert (True, ()) == (found.is_valid, found.faults)


SUGGESTED = [
    ("no tags", {}),
    (
        "{{name}}{{{name}}}{{&other}}{{.}}{{!no}}{{{ pm:unsubscribe }}}",
        {"name": "name_Value", "other": "other_Value"},
    ),
    ("{{a.b}}", {"a": {"b": "b_Value"}}),
    ("{{a}}{{a.b}}", {"a": {"b": "b_Value"}}),
    ("{{#person}}{{first}}{{/person}}", {"person": {"first": "first_Value"}}),
    ("{{^person}}{{../other}}{{/person}}", {"person": "person_Value", "other": "other_Value"}),
    ("{{#flag}}x{{/flag}}", {"flag": "flag_Value"}),
    ("{{#flag}}{{.}}{{^flag}}{{../no}}{{/flag}}", {"flag": "flag_Value", "no": "no_Value"}),
    ("{{#each items}}{{sku}}{{/each}}", {"items": [{"sku": "sku_Value"}]}),
    ("{{#each tags}}{{.}}{{/each}}", {"tags": ["tags_1", "tags_2", "tags_3"]}),
    ("{{#each tags}}x{{/each}}{{#tags}}y{{/tags}}", {"tags": ["tags_1", "tags_2", "tags_3"]}),
    ("{{#each rows}}{{#each .}}{{x}}{{/each}}{{/each}}", {"rows": [[{"x": "x_Value"}]]}),
    (
        "{{#each a.b}}{{../../c}}{{../../../d}}{{/each}}",
        {"a": {"b": ["b_1", "b_2", "b_3"], "c": "c_Value"}, "d": "d_Value"},
    ),
    (
        "{{#Person}}{{Name}}{{#each ../Person.Colors}}{{.}}{{/each}}{{/Person}}",
        {"Person": {"Name": "Name_Value", "Colors": ["Colors_1", "Colors_2", "Colors_3"]}},
    ),
    (
        "{{#each Staff}}{{person.name}}{{#each colors}}{{hue}}{{/each}}{{#each places}}{{.}}{{/each}}{{/each}}",
        {
            "Staff": [
                {
                    "person": {"name": "name_Value"},
                    "colors": [{"hue": "hue_Value"}],
                    "places": ["places_1", "places_2", "places_3"],
                }
            ]
        },
    ),
]


@pytest.mark.parametrize(("text", "expected"), SUGGESTED)
def test_a_model_is_suggested(text: str, expected: dict[str, Value]) -> None:
    """Every reference finds something in the model, and every section that is not inverted shows what it holds."""
    found = review(source(text=text))
    assert expected == found.model
    assert found.is_valid


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"a": {"b": "b_Value", "c": "c_Value"}, "l": ["l_1", "l_2", "l_3"]}),
        ({"a": {"b": "B"}}, {"a": {"b": "B", "c": "c_Value"}, "l": ["l_1", "l_2", "l_3"]}),
        ({"a": {}, "l": []}, {"a": {}, "l": []}),
        ({"a": None, "l": ["x"], "more": 1}, {"a": None, "l": ["x"], "more": 1}),
        ({"a": "text", "l": None}, {"a": "text", "l": None}),
    ],
)
def test_given_values_win(given: dict[str, Value], expected: dict[str, Value]) -> None:
    """Key by key; what was given empty stays empty."""
    assert expected == review(source(text="{{a.b}}{{a.c}}{{#each l}}{{/each}}"), model=given).model


EACH_PATH = (
    "The 'each' block being opened requires a model path to be specified in the form '{{#each <name>}}'."
)
EACH_CLOSE = "The syntax to close the 'each' block should be: '{{/each}}'."
EACH_NOT_OPEN = (
    "An 'each' block is being closed, but no corresponding opening element ('{{#each <name>}}') was detected."
)
MISMATCHED = "It appears that open and closing elements are mismatched."


def unclosed(path: str) -> str:
    """The reason for a section without an end."""
    return (
        f"A scope block to the following path was opened but not closed: '{path}', "
        "please close it using the appropriate syntax."
    )


def bad(path: str) -> str:
    """The reason for what is no path."""
    return f"The path '{path}' is not valid. Please see documentation for examples of valid paths."


FAULTS: list[tuple[str, list[tuple[str, int, int]]]] = [
    ("{{#each}}x{{/each}}", [(EACH_PATH, 1, 1)]),
    ("{{#each }}{{/each}}", [(EACH_PATH, 1, 1)]),
    ("ab{{#eachs}}{{name}}{{/each}}", [(EACH_PATH, 1, 3)]),
    ("{{#each}}", [(EACH_PATH, 1, 1), (unclosed("each"), 1, 1)]),
    ("{{#each x}}{{/each x}}", [(EACH_CLOSE, 1, 12), (unclosed("x"), 1, 1)]),
    ("{{#each x}}\n {{/each }}{{/each}}", [(EACH_CLOSE, 2, 2)]),
    ("a{{name}}dd\ndd{{/each}}dd", [(EACH_NOT_OPEN, 2, 3)]),
    ("{{#x}}{{/each}}{{/x}}", [(EACH_NOT_OPEN, 1, 7)]),
    ("{{#a}}{{/b}}{{/a}}", [(MISMATCHED, 1, 7)]),
    ("{{#a}}{{#b}}{{/a}}{{/b}}{{/a}}", [(MISMATCHED, 1, 13)]),
    ("{{/a}}", [(MISMATCHED, 1, 1)]),
    ("{{/}}", [(MISMATCHED, 1, 1)]),
    ("{{#a}}\n{{^b}}", [(unclosed("a"), 1, 1), (unclosed("b"), 2, 1)]),
    ("ss{{#each company.name}}\nasdf", [(unclosed("company.name"), 1, 3)]),
    (
        "xzyhj{{#company.address_line_1}}\nasdf{{dsadskl-sasa@}}\n{{/each}}",
        [(bad("dsadskl-sasa@"), 2, 5), (EACH_NOT_OPEN, 3, 1), (unclosed("company.address_line_1"), 1, 6)],
    ),
    ("1{{first name}}", [(bad("first name"), 1, 2)]),
    ("é😀{{x-y}}\n\n\t{{{$}}}", [(bad("x-y"), 1, 4), (bad("$"), 3, 2)]),
    ("{{> partial}}{{=<% %>=}}", [(bad("> partial"), 1, 1), (bad("=<% %>="), 1, 14)]),
    ("{{ #x }}", [(bad("#x"), 1, 1)]),
    ("{{# each x}}{{/ each x}}", [(bad("each x"), 1, 1)]),
    ("{{#x y}}{{/x y}}", [(bad("x y"), 1, 1)]),
    ("{{{ @content }}}", [(bad("@content"), 1, 1)]),
    ("{{ @content }}", [(bad("@content"), 1, 1)]),
    ("{{{ pm:other }}}", [(bad("pm:other"), 1, 1)]),
    *(
        (f"{{{{{path}}}}}", [(bad(path), 1, 1)])
        for path in [".../asdf", "./", "..", "@", "[", ")", "~", "$", "%", "a/b"]
    ),
    ("{{" + "x-" * 500 + "}}", [(bad(("x-" * 500)[: 199 - len(bad(""))] + "…"), 1, 1)]),
    ("{{" + "a." * 60 + "b}}", [(f"The path '{'a.' * 60}b' leads too deep.", 1, 1)]),
]


@pytest.mark.parametrize(("text", "expected"), FAULTS)
def test_everything_wrong_is_told(text: str, expected: list[tuple[str, int, int]]) -> None:
    """Each fault has its text, line and character; the part is not rendered."""
    found = review(source(html=text))
    assert expected == [(fault.reason, fault.line, fault.character) for fault in found.faults]
    assert found.html is not None
    assert (None, False, {}) == (found.html.rendered, found.is_valid, found.model)


def test_the_positions_of_a_thousand_faults_take_no_time() -> None:
    """Only the first hundred are told, and finding them costs one look at the text."""
    found = review(source(html="{{-}}" * 20_000))
    assert 100 == len(found.faults)
    assert 1 + 99 * 5 == found.faults[-1].character


def test_a_faulty_part_leaves_the_others_alone() -> None:
    """Each part is judged and shown by itself."""
    found = review(source(html="{{a}}", text="{{a-b}}", subject="{{b}}"))
    assert ("a_Value", "b_Value") == (
        found.html and found.html.rendered,
        found.subject and found.subject.rendered,
    )
    assert [bad("a-b")] == [fault.reason for fault in found.faults]


def test_a_part_that_is_not_there_is_not_judged() -> None:
    """An empty body is one, a missing one is none."""
    found = review(source(html=""))
    assert (PartReview(rendered=""), None, None) == (found.html, found.text, found.subject)


def test_a_template_is_shown_in_its_layout() -> None:
    """And the layout's own variables are suggested as well, seen from where it has the template."""
    layout = source(name="l", html="<{{title}}>{{#user}}{{{ @content }}}{{/user}}", text="({{{ @content }}})")
    found = review(source(html="{{name}}", text="{{x}}", subject="{{s}}"), layout=layout)
    assert PartReview(rendered="<title_Value>name_Value") == found.html
    assert PartReview(rendered="(x_Value)") == found.text
    assert {
        "title": "title_Value",
        "user": {"name": "name_Value"},
        "x": "x_Value",
        "s": "s_Value",
    } == found.model


def test_a_layout_is_shown_with_something_in_it() -> None:
    """Its one place holds a sample."""
    found = review(source(name="", html="<{{{@content}}}>{{x}}"), is_layout=True)
    assert (PartReview(rendered="<Content>x_Value"), {"x": "x_Value"}) == (found.html, found.model)


@pytest.mark.parametrize(
    ("html", "line", "character"),
    [("none", 0, 0), ("{{{@content}}}\n {{{ @content }}}", 2, 2), ("{{content}}", 0, 0)],
)
def test_a_layout_has_one_place(html: str, line: int, character: int) -> None:
    """None is too few and two are too many, in each part."""
    found = review(source(html=html, text="{{{@content}}}"), is_layout=True)
    assert (Fault(kind="placeholder", reason=PLACEHOLDER, line=line, character=character),) == found.faults
    assert found.text is not None
    assert found.text.rendered == "Content"


def test_a_model_that_does_not_fit_is_a_fault_of_rendering() -> None:
    """What parses and cannot be rendered is told as that."""
    found = review(source(html="\n{{#each x}}{{/each}}", text="{{x}}"), model={"x": 5})
    reason = "'x' is used like an array by the template, but is a scalar value or object in your model."
    assert (Fault(kind="rendering", reason=reason, line=2),) == found.faults
    assert PartReview(rendered="5") == found.text


def test_styles_are_inlined_where_asked_for() -> None:
    """After everything is in its place."""
    layout = source(name="l", html="<style>p{color:red}</style>{{{@content}}}")
    child = source(html="<p>{{x}}</p>")
    plain, inlined = (review(child, layout=layout, inline_css=asked).html for asked in (False, True))
    assert PartReview(rendered="<style>p{color:red}</style><p>x_Value</p>") == plain
    assert PartReview(rendered='<style>p{color:red}</style><p style="color: red;">x_Value</p>') == inlined


def test_other_syntaxes_tell_the_first_fault() -> None:
    """Each knows what it knows; an unknown one is a fault itself."""
    found = review(source(syntax="twig", html="a\n{{ x|nosuch }}", text="{{ x }}"))
    assert (Fault(reason='unknown filter "nosuch"', line=2),) == found.faults
    assert (PartReview(rendered=""), {}) == (found.text, found.model)
    assert ['unknown template syntax "nosuch"'] == [
        fault.reason for fault in review(source(syntax="nosuch", text="x")).faults
    ]
