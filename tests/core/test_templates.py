"""Templates: versions that never change, languages, and what they would say."""

import pytest

from core import templates
from core.core import Caller
from core.errors import Conflict, NotFound, RenderFailed
from core.messages.rendering import preview
from core.paging import PageRequest
from core.render import Options
from core.templates import Body, NewTemplate, Variant

BODY = Body(
    subject="Hi {{ name }}",
    html="<p>Hi {{ name }}</p>",
    defaults={"name": "you"},
    variants={
        "de": Variant(subject="Hallo {{ name }}", html="<p>Hallo {{ name }}</p>"),
        "de-AT": Variant(subject="Servus {{ name }}", html="<p>Servus {{ name }}</p>"),
    },
)


def new(slug="hello", body=BODY):
    """A template to make."""
    return NewTemplate(slug=slug, name=slug, syntax="twig", body=body)


async def test_versions_are_numbered_and_stay(core, caller):
    """Saving adds one, which is the template's from then on; the old ones can be read."""
    made = await templates.create(core, caller, new())
    saved = await templates.save(core, caller, made.id, Body(subject="2"))

    first = await templates.version(core, saved, 1)
    newest = await templates.versions(core, saved, PageRequest(limit=1))
    older = await templates.versions(core, saved, PageRequest(limit=1, after=newest.items[0].id))

    assert (1, 2, "2") == (made.version, saved.version, saved.body.subject)
    assert BODY == first.body
    assert [(2,), (1,)] == [tuple(each.version for each in page.items) for page in (newest, older)]
    assert (True, False) == (newest.more, older.more)


async def test_a_slug_is_taken_once_in_a_workspace(core, caller):
    """By whatever syntax; another workspace has its own."""
    await templates.create(core, caller, new())

    with pytest.raises(Conflict) as caught:
        await templates.create(core, caller, new())

    assert ("slug", "hello") == (caught.value.kind, caught.value.id)
    other = Caller(account_id=caller.account_id, workspace_id="00000000-0000-7000-8000-000000000000")
    assert "hello" == (await templates.create(core, other, new())).slug


async def test_what_is_not_the_callers_is_not_found(core, caller):
    """By id, by slug, for saving; and a version that was never saved."""
    made = await templates.create(core, caller, new())
    other = Caller(account_id=caller.account_id, workspace_id="00000000-0000-7000-8000-000000000000")

    for asked in (
        templates.get(core, other, made.id),
        templates.find(core, other, "hello"),
        templates.save(core, other, made.id, Body()),
        templates.version(core, made, 2),
        templates.page(core, other, PageRequest(after=made.id)),
    ):
        with pytest.raises(NotFound):
            await asked


async def test_pages_run_from_the_newest_and_can_be_of_one_syntax(core, caller):
    """The cursor is the last id seen."""
    made = [(await templates.create(core, caller, new(f"t{number}"))).id for number in range(3)]

    first = await templates.page(core, caller, PageRequest(limit=2), syntax="twig")
    second = await templates.page(core, caller, PageRequest(limit=2, after=first.items[-1].id), syntax="twig")
    others = await templates.page(core, caller, PageRequest(), syntax="triple")

    assert made[::-1] == [each.id for each in (*first.items, *second.items)]
    assert (True, False, ()) == (first.more, second.more, others.items)


@pytest.mark.parametrize(
    ("locale", "variables", "expected"),
    [
        ("", {"name": "A"}, "Hi A"),
        ("", {}, "Hi you"),
        ("de", {"name": "A"}, "Hallo A"),
        ("de-CH", {"name": "A"}, "Hallo A"),
        ("de-AT", {"name": "A"}, "Servus A"),
        ("fr", {"name": "A"}, "Hi A"),
    ],
)
async def test_a_preview_is_in_the_wanted_language(core, caller, locale, variables, expected):
    """The locale's own words, else the language's, else the template's; defaults fill what was left out."""
    made = await templates.create(core, caller, new())

    shown = await preview(core, caller, made, variables, Options(locale=locale))

    assert (expected, f"<p>{expected}</p>", None) == (shown.subject, shown.html, shown.text)


async def test_a_preview_nests_in_what_it_extends(core, caller):
    """Parents are the caller's own newest versions; a missing one is told."""
    child = Body(subject="s", html='{% extends "parent" %}{% block a %}child{% endblock %}')
    made = await templates.create(core, caller, new("child", child))
    with pytest.raises(RenderFailed):
        await preview(core, caller, made, {}, Options())

    await templates.create(core, caller, new("parent", Body(html="<i>{% block a %}{% endblock %}</i>")))

    assert "<i>child</i>" == (await preview(core, caller, made, {}, Options())).html
