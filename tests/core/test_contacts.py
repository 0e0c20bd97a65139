"""Contacts: one for an address in a segment, whatever the case and whoever saves at once."""

import asyncio

import pytest

from core import contacts
from core.contacts import Change
from core.paging import PageRequest
from tests.core.post import ANN, caller_in

PAGE = PageRequest()


async def test_a_contact_is_made_and_changed(core, caller, clock):
    """Properties are merged; address, status, origin and beginning stay as they were first."""
    first = await contacts.save(
        core, caller, "s", Change(email="Ann@Example.com", source="form", properties={"a": "1", "b": "2"})
    )
    clock.pass_s(1)
    second = await contacts.save(
        core, caller, "s", Change(email=ANN, status="unsubscribed", properties={"b": "3", "c": "4"})
    )

    assert ("Ann@Example.com", "confirmed", "form", first.created_at) == (
        second.email,
        second.status,
        second.source,
        second.created_at,
    )
    assert (first.id, {"a": "1", "b": "3", "c": "4"}) == (second.id, second.properties)
    assert second.updated_at > first.updated_at


async def test_saves_at_once_lose_nothing(core, caller):
    """Ten that save the same new contact at once make one, with all its properties."""
    await asyncio.gather(
        *[contacts.save(core, caller, "s", Change(email=ANN, properties={f"p{n}": "x"})) for n in range(10)]
    )
    (found,) = (await contacts.page(core, caller, "s", PAGE)).items

    assert {f"p{n}": "x" for n in range(10)} == found.properties


async def test_contacts_are_listed_from_the_oldest_on(core, caller):
    """By offset, with the total, and only those of the segment and the workspace."""
    for n in range(5):
        await contacts.save(core, caller, "s", Change(email=f"p{n}@example.com"))
    await contacts.save(core, caller, "t", Change(email=ANN))
    await contacts.save(core, await caller_in(core, "other"), "s", Change(email=ANN))
    page = await contacts.page(core, caller, "s", PageRequest(limit=2, offset=2))

    assert (["p2@example.com", "p3@example.com"], True, 5) == (
        [e.email for e in page.items],
        page.more,
        page.total,
    )
    assert (0, ()) == ((empty := await contacts.page(core, caller, "unknown", PAGE)).total, empty.items)


@pytest.mark.parametrize(
    ("segment", "email", "expected"), [("s", "ANN@example.com", True), ("t", ANN, False)]
)
async def test_a_contact_is_forgotten(core, caller, segment, email, expected):
    """In its own segment and workspace alone, whatever the case."""
    await contacts.save(core, caller, "s", Change(email=ANN))
    assert not await contacts.delete(core, await caller_in(core, "other"), segment, email)

    assert expected == await contacts.delete(core, caller, segment, email)
    assert (not expected) == bool((await contacts.page(core, caller, "s", PAGE)).total)
