"""Templates: versions that never change under what was sent with them."""

import asyncio

import msgspec
import pytest

from core import templates
from core.errors import Conflict, NotFound
from core.messages.rendering import parents_of, template_source
from core.paging import PageRequest
from core.templates import Body, Change, NewTemplate, Variant
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


def _renamed(held, **change):
    """The template as it is, with another name, slug or body."""
    kept = {"name": held.name, "slug": held.slug, "body": None}
    return Change(**(kept | change))


async def test_a_change_is_made_of_how_it_stands(core, caller):
    """Ten at once that each add a letter lose none; a name alone makes no version."""
    made = await templates.create(core, caller, new())

    def longer(held):
        return _renamed(held, name=held.name + "!", body=Body(subject=held.body.subject + "!"))

    await asyncio.gather(*[templates.change(core, caller, made.id, longer) for _ in range(10)])
    found = await templates.get(core, caller, made.id)

    assert ("The s" + 10 * "!", "one" + 10 * "!", 11) == (found.name, found.body.subject, found.version)
    named = await templates.change(core, caller, made.id, lambda held: _renamed(held, slug="other"))
    assert ("other", 11, found.body) == (named.slug, named.version, named.body)


async def test_a_change_may_be_refused(core, caller):
    """For a slug that is taken, by whoever makes it, or because there is no such template; nothing is kept."""
    made = await templates.create(core, caller, new("a"))
    await templates.create(core, caller, new("b"))

    with pytest.raises(Conflict) as taken:
        await templates.change(core, caller, made.id, lambda held: _renamed(held, slug="b", name="x"))
    with pytest.raises(ZeroDivisionError):
        await templates.change(core, caller, made.id, lambda held: _renamed(held, name=str(1 / 0)))
    with pytest.raises(NotFound):
        await templates.change(core, await caller_in(core, "other"), made.id, _renamed)

    assert ("slug", "b") == (taken.value.kind, taken.value.id)
    assert made == await templates.get(core, caller, made.id)


async def test_what_others_nest_in_stays(core, caller):
    """By id, whatever becomes of its slug; and nothing nests in what is gone."""
    layout = await templates.create(core, caller, msgspec.structs.replace(new("frame"), kind="layout"))
    inner = await templates.create(core, caller, new("inner", layout=layout.id))
    await templates.change(core, caller, layout.id, lambda held: _renamed(held, slug="frame-2"))

    assert "frame-2" == (await templates.get(core, caller, inner.id)).layout_slug
    with pytest.raises(Conflict) as used:
        await templates.delete(core, caller, layout.id)
    assert "nesting" == used.value.kind
    await templates.delete(core, caller, inner.id)
    await templates.delete(core, caller, layout.id)
    for call in (
        templates.delete(core, caller, layout.id),
        templates.get(core, caller, layout.id),
        templates.find(core, caller, "frame-2"),
        templates.create(core, caller, new("late", layout=layout.id)),
    ):
        with pytest.raises(NotFound):
            await call
    gone = await templates.numbered(core, caller, layout.number)
    assert (layout.id, True) == (gone.id, gone.deleted_at is not None)
    assert 1 == (await templates.create(core, caller, new("frame-2"))).version


async def test_what_was_accepted_finds_its_layout(core, caller):
    """Under the name it is known by, also once it is taken away."""
    layout = await templates.create(core, caller, new("frame", html="<b>"))
    inner = await templates.create(core, caller, new("inner", layout=layout.id))
    source = template_source(inner)
    await templates.delete(core, caller, inner.id)
    await templates.delete(core, caller, layout.id)

    found = await parents_of(core.db, caller.workspace_id, source)

    assert [(layout.id, "<b>")] == [(each.name, each.html) for each in found]


async def test_there_is_room_for_so_many(core, caller):
    """Of one syntax, however many are made at once; what is taken away makes room."""
    results = await asyncio.gather(
        *[templates.create(core, caller, new(f"s{n}"), most=3) for n in range(6)], return_exceptions=True
    )
    made = [each for each in results if not isinstance(each, BaseException)]

    assert 3 == len(made)
    assert {"template_limit"} == {each.kind for each in results if isinstance(each, Conflict)}
    other = msgspec.structs.replace(new("o"), syntax="triple")
    assert 1 == (await templates.create(core, caller, other, most=3)).version
    await templates.delete(core, caller, made[0].id)
    assert 1 == (await templates.create(core, caller, new("again"), most=3)).version


async def test_entries_are_in_the_order_they_were_made(core, caller):
    """Of a syntax, of a kind, nested in one layout; by offset, and counted."""
    layout = await templates.create(core, caller, msgspec.structs.replace(new("frame"), kind="layout"))
    nested = [await templates.create(core, caller, new(f"n{n}", layout=layout.id)) for n in range(3)]
    alone = await templates.create(core, caller, new("alone"))
    await templates.create(core, caller, msgspec.structs.replace(new("odd"), syntax="triple"))

    async def listed(limit=9, offset=0, **wanted):
        request = PageRequest(limit=limit, offset=offset, total=True)
        page = await templates.entries(core, caller, request, syntax="twig", **wanted)
        return [each.slug for each in page.items], page.total

    assert (["frame", "n0", "n1", "n2", "alone"], 5) == await listed()
    assert (["n1", "n2"], 5) == await listed(limit=2, offset=2)
    assert (["frame"], 1) == await listed(kind="layout")
    assert (["n0", "n1", "n2"], 3) == await listed(layout=layout.id)
    entries = (await templates.entries(core, caller, PageRequest(), syntax="twig")).items
    assert [(nested[0].number, "frame"), (alone.number, "")] == [
        (entries[n].number, entries[n].layout_slug) for n in (1, 4)
    ]
