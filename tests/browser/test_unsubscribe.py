"""The page behind the link to unsubscribe by, as recipients meet it."""

import re

import pytest

from tests.browser.person import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def invited(person, to):
    """Send a newsletter and open the link that its header has."""
    (id,) = await person.send("News", To=to, MessageStream="broadcast")
    link = await person.link(id)
    await person.open(link)
    return link


async def held_back(person, to):
    """Whether the console lists the address among those that are not written to."""
    await person.open("/_/console")
    await person.page.get_by_role("link", name="Suppressed", exact=True).click()
    await person.page.get_by_label("Whole address").fill(to)
    await person.page.get_by_role("button", name="Search").click()
    await person.page.wait_for_url(re.compile("email="))
    return await person.page.get_by_role("cell", name=to).count() == 1


async def test_leaving_and_coming_back(sit):
    """Looking changes nothing, one button unsubscribes, one subscribes again; the browser has nothing against it."""
    person, to = await sit(), "carol@example.net"
    link = await invited(person, to)
    await person.page.reload()
    assert not await held_back(person, to)

    await person.open(link)
    await person.page.get_by_role("button", name="Unsubscribe", exact=True).click()
    await person.page.get_by_role("heading", name="You are unsubscribed").wait_for()
    assert f"{to} gets no more" in await person.page.get_by_role("status").inner_text()
    assert await held_back(person, to)

    await person.open(link)
    await person.page.get_by_role("button", name="Subscribe again").click()
    await person.page.get_by_role("button", name="Unsubscribe", exact=True).wait_for()
    assert not await held_back(person, to)
    assert [] == person.complaints


async def test_all_by_keyboard(sit):
    """The first thing that Tab reaches is the button, seen to be reached; Enter and Space press it."""
    person = await sit()
    await invited(person, "dan@example.net")
    button = person.page.locator("button:focus-visible")
    for key, says in (("Enter", "Unsubscribe"), ("Space", "Subscribe again")):
        await person.page.get_by_role("button", name=says, exact=True).wait_for()
        await person.page.keyboard.press("Tab")
        assert says == await button.inner_text()
        assert "solid" == await button.evaluate("element => getComputedStyle(element).outlineStyle")
        await person.page.keyboard.press(key)
    await person.page.get_by_role("button", name="Unsubscribe", exact=True).wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone(sit, scheme):
    """It fits, can be read and hit; before and after."""
    person = await sit(color_scheme=scheme, **PHONE)
    await invited(person, f"{'very-long-' * 5}{scheme}@example.net")
    assert [] == await person.faults()
    await person.page.get_by_role("button", name="Unsubscribe", exact=True).tap()
    await person.page.get_by_role("heading", name="You are unsubscribed").wait_for()
    assert [] == await person.faults()
