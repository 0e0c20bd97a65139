"""What templates would say: in a language, within their parents, with their defaults."""

import pytest

from core import templates
from core.errors import RenderFailed
from core.messages.rendering import preview
from core.render import Options
from core.templates import Body, NewTemplate, Variant

BODY = Body(
    subject="Hi {{ name }}",
    html="<p>Hi {{ name }}</p>",
    defaults={"name": "you"},
    variants={"de": Variant(subject="Hallo {{ name }}", html="<p>Hallo {{ name }}</p>")},
)


async def made(core, caller, slug, body):
    """A template of the caller's."""
    return await templates.create(core, caller, NewTemplate(slug=slug, name=slug, syntax="twig", body=body))


@pytest.mark.parametrize(
    ("locale", "variables", "expected"),
    [
        ("", {"name": "A"}, "Hi A"),
        ("", {}, "Hi you"),
        ("de", {"name": "A"}, "Hallo A"),
        ("de-CH", {}, "Hallo you"),
        ("fr", {"name": "A"}, "Hi A"),
    ],
)
async def test_a_preview_is_in_the_wanted_language(core, caller, locale, variables, expected):
    """The language's own words, else the template's; defaults fill what was left out."""
    template = await made(core, caller, "hello", BODY)

    shown = await preview(core, caller, template, variables, Options(locale=locale))

    assert (expected, f"<p>{expected}</p>", None) == (shown.subject, shown.html, shown.text)


async def test_a_preview_nests_in_what_it_extends(core, caller):
    """Parents are the caller's own newest versions; a missing one is told."""
    body = Body(subject="s", html='{% extends "parent" %}{% block a %}child{% endblock %}')
    child = await made(core, caller, "child", body)
    with pytest.raises(RenderFailed):
        await preview(core, caller, child, {}, Options())

    await made(core, caller, "parent", Body(html="<i>{% block a %}{% endblock %}</i>"))

    assert "<i>child</i>" == (await preview(core, caller, child, {}, Options())).html
