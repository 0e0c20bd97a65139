"""Templates as the domain uses them: previews, parents by their slugs, defaults and languages."""

import pytest

from core import messages, templates
from core.errors import RenderFailed
from core.messages import Content, TemplateUse
from core.messages.message import Rendering
from core.messages.rendering import parents_of, preview, render, template_source
from core.render import Options
from core.templates import Body, NewTemplate, Variant
from tests.core.post import caller_in, draft


async def made(core, caller, slug, syntax="twig", **body):
    """A template."""
    return await templates.create(
        core, caller, NewTemplate(slug=slug, name=slug, syntax=syntax, body=Body(**body))
    )


async def rendered(core, caller, template, **fields):
    """What a message with a template says."""
    use = TemplateUse(id=template.id, version=template.version, slug=template.slug)
    asked = draft(template=use, **{"subject": "", "text": None, **fields})
    receipt = await messages.submit(core, caller, asked)
    return await render(core, await messages.get(core, caller, receipt.id))


async def test_a_preview_is_what_would_be_sent(core, caller):
    """The same words for the same variables, layouts and includes of the workspace among them."""
    await made(core, caller, "base", html="<{% block b %}{% endblock %}>{% include 'part' %}")
    await made(core, caller, "part", html="[{{ x }}]")
    template = await made(
        core,
        caller,
        "t",
        subject="S {{ x }}",
        html="{% extends 'base' %}{% block b %}{{ y }}{% endblock %}",
        defaults={"y": 2},
    )
    shown = await preview(core, caller, template, {"x": 1}, Options())

    assert Rendering(subject="S 1", html="<2>[1]", text=None) == shown
    assert shown == await rendered(core, caller, template, variables={"x": 1})


async def test_another_workspaces_templates_are_not_found(core, caller):
    """A parent counts in its own workspace alone."""
    await made(core, await caller_in(core, "other"), "part", html="secret")
    template = await made(core, caller, "t", html="{% include 'part' %}")
    with pytest.raises(RenderFailed, match="part"):
        await preview(core, caller, template, {}, Options())

    assert [] == await parents_of(core.db, caller.workspace_id, template_source(template))


async def test_templates_that_name_each_other_end(core, caller):
    """A circle is refused, and does not go on for ever."""
    template = await made(core, caller, "a", html="{% include 'b' %}")
    await made(core, caller, "b", html="{% include 'a' %}")
    with pytest.raises(RenderFailed):
        await preview(core, caller, template, {}, Options())


@pytest.mark.parametrize(("locale", "subject"), [("de-AT", "Hallo"), ("fr", "Hello"), ("", "Hello")])
async def test_a_message_speaks_its_language(core, caller, locale, subject):
    """The version's words in the message's locale, else those it has for all."""
    template = await made(
        core, caller, "t", subject="Hello", html="h", variants={"de": Variant(subject="Hallo", html="d")}
    )

    assert subject == (await rendered(core, caller, template, locale=locale)).subject


async def test_what_was_accepted_is_said(core, caller):
    """The version of the acceptance counts, whatever became of the template."""
    template = await made(core, caller, "t", subject="one")
    await templates.save(core, caller, template.id, Body(subject="two"))

    assert "one" == (await rendered(core, caller, template)).subject


async def test_a_call_outweighs_the_template(core, caller):
    """Its variables outweigh the defaults, its subject the template's."""
    template = await made(core, caller, "t", subject="S", html="{{ a }}{{ b }}", defaults={"a": 1, "b": 2})
    shown = await rendered(core, caller, template, subject="Own {{ a }}", variables={"b": 3})

    assert ("Own 1", "13") == (shown.subject, shown.html)


@pytest.mark.parametrize("value", ["a\r\nBcc: eve@example.com", "a\nb", "a\x00b"])
async def test_a_variable_cannot_end_a_header_line(core, caller, value):
    """A subject is one line, whatever is put into it."""
    template = await made(core, caller, "t", subject="{{ x }}", html="h")

    assert not set("\r\n\x00") & set((await rendered(core, caller, template, variables={"x": value})).subject)


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
    german = Variant(subject="Hallo {{ name }}", html="<p>Hallo {{ name }}</p>")
    said = {"subject": "Hi {{ name }}", "html": "<p>Hi {{ name }}</p>"}
    template = await made(core, caller, "t", **said, defaults={"name": "you"}, variants={"de": german})
    shown = await preview(core, caller, template, variables, Options(locale=locale))

    assert (expected, f"<p>{expected}</p>", None) == (shown.subject, shown.html, shown.text)


async def test_styles_are_inlined_where_the_call_wants_it(core, caller):
    """After the template stood in its layout; of a message with a template's own words as well."""
    await made(core, caller, "l", "mustachio", html="<style>p{color:red}</style>{{{ @content }}}")
    template = await made(core, caller, "t", "mustachio", subject="s", html="<p>{{x}}</p>", layout="l")
    plain = await rendered(core, caller, template, variables={"x": "<"})
    done = await rendered(core, caller, template, variables={"x": "<"}, inline_css=True)

    assert "<style>p{color:red}</style><p>&lt;</p>" == plain.html
    assert '<style>p{color:red}</style><p style="color: red;">&lt;</p>' == done.html

    said = Content(subject="{{x}}", html="<style>p{color:red}</style><p>{{x}}</p>", syntax="mustachio")
    asked = draft(content=said, variables={"x": "y"}, inline_css=True)
    receipt = await messages.submit(core, caller, asked)
    own = await render(core, await messages.get(core, caller, receipt.id))

    assert ("y", '<style>p{color:red}</style><p style="color: red;">y</p>') == (own.subject, own.html)
