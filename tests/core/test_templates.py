"""Templates: versions that never change under what was sent with them."""

import asyncio

import msgspec
import pytest

from core import templates
from core.errors import Conflict, NotFound
from core.paging import PageRequest
from core.templates import Body, NewTemplate, Variant
from tests.core.post import caller_in


def new(slug="s", **body):
    """A template to make."""
    return NewTemplate(slug=slug, name=f"The {slug}", syntax="twig", body=Body(**{"subject": "one", **body}))


async def test_a_template_is_found_by_id_and_slug(core, caller):
    """With its newest version, whole."""
    made = await templates.create(core, caller, new(html="<p>", sample={"a": [1]}, defaults={"b": None}))

    assert made == await templates.get(core, caller, made.id) == await templates.find(core, caller, "s")
    assert made == await templates.find(core, caller, made.id)
    assert (1, new(html="<p>", sample={"a": [1]}, defaults={"b": None}).body) == (made.version, made.body)


async def test_a_change_is_a_new_version(core, caller):
    """The old ones stay as they were."""
    made = await templates.create(core, caller, new())
    changed = await templates.save(core, caller, made.id, Body(subject="two"))

    assert (2, "two") == (changed.version, changed.body.subject)
    assert ["one", "two"] == [(await templates.version(core, changed, n)).body.subject for n in (1, 2)]
    with pytest.raises(NotFound):
        await templates.version(core, changed, 3)


async def test_changes_at_once_are_versions_each(core, caller):
    """Ten at once make ten versions, numbered without a gap."""
    made = await templates.create(core, caller, new())
    await asyncio.gather(*[templates.save(core, caller, made.id, Body(subject=str(n))) for n in range(10)])
    found = await templates.get(core, caller, made.id)
    page = await templates.versions(core, found, PageRequest(limit=100))

    assert list(range(11, 0, -1)) == [each.version for each in page.items]
    assert {"one", *map(str, range(10))} == {each.body.subject for each in page.items}


async def test_versions_are_paged(core, caller):
    """From the newest on; the cursor is a version's id."""
    made = await templates.create(core, caller, new())
    for n in range(4):
        made = await templates.save(core, caller, made.id, Body(subject=str(n)))
    first = await templates.versions(core, made, PageRequest(limit=2))
    second = await templates.versions(core, made, PageRequest(limit=2, after=first.items[-1].id))
    third = await templates.versions(core, made, PageRequest(limit=2, after=second.items[-1].id))

    assert [[5, 4], [3, 2], [1]] == [[each.version for each in page.items] for page in (first, second, third)]
    assert [True, True, False] == [page.more for page in (first, second, third)]
    with pytest.raises(NotFound):
        await templates.versions(core, made, PageRequest(after="nothing"))


async def test_a_slug_is_one_templates(core, caller):
    """Taken in the workspace, also by ten at once, free in others."""
    results = await asyncio.gather(
        *[templates.create(core, caller, new()) for _ in range(10)], return_exceptions=True
    )

    refused = [(each.kind, each.id) for each in results if isinstance(each, Conflict)]
    assert [("slug", "s")] * 9 == refused
    assert 1 == (await templates.create(core, await caller_in(core, "other"), new())).version


async def test_an_id_wins_over_a_slug(core, caller):
    """Whoever names a template after another's id gets no other's mail."""
    made = await templates.create(core, caller, new("a"))
    await templates.create(core, caller, new(made.id))

    assert made == await templates.find(core, caller, made.id)


async def test_others_see_nothing(core, caller):
    """Neither by id nor by slug, nor in a list; and change nothing."""
    made = await templates.create(core, caller, new())
    other = await caller_in(core, "other")
    for call in (
        templates.get(core, other, made.id),
        templates.find(core, other, made.id),
        templates.find(core, other, "s"),
        templates.save(core, other, made.id, Body()),
        templates.page(core, other, PageRequest(after=made.id)),
    ):
        with pytest.raises(NotFound):
            await call

    assert () == (await templates.page(core, other, PageRequest())).items
    assert made == await templates.get(core, caller, made.id)


async def test_lists_are_paged_and_filtered(core, caller):
    """From the newest on, by slug and by syntax."""
    made = [await templates.create(core, caller, new(f"s{n}")) for n in range(3)]
    odd = await templates.create(core, caller, msgspec.structs.replace(new("odd"), syntax="mustache"))

    async def listed(after=None, limit=9, **wanted):
        return (await templates.page(core, caller, PageRequest(limit=limit, after=after), **wanted)).items

    assert (odd, *made[::-1]) == await listed()
    assert (made[2], made[1]) == await listed(after=odd.id, limit=2)
    assert ((made[1],), (odd,), ()) == (
        await listed(slug="s1"),
        await listed(syntax="mustache"),
        await listed(slug="x"),
    )


@pytest.mark.parametrize(
    ("locale", "subject"),
    [("de-AT", "Servus"), ("de-CH", "Hallo"), ("de", "Hallo"), ("fr", "Hello"), ("", "Hello")],
)
def test_what_is_said_in_a_locale(locale, subject):
    """The locale's own words, else its language's, else those without any."""
    body = Body(
        subject="Hello",
        text="t",
        variants={"de": Variant(subject="Hallo"), "de-AT": Variant(subject="Servus")},
    )

    assert (subject, "t") == ((said := body.said_in(locale)).subject, said.text)
