"""The console as somebody meets it who looks after a server."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.person import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_message_is_found_and_read(sit):
    """From its first page to the list, to the message, to each view of it; the browser has nothing against any."""
    person = await sit()
    page = person.page
    await person.send("Your order", TextBody="Hello in words")
    await person.open("/_/console")
    await page.get_by_role("link", name="Your order").first.click()
    await page.frame_locator("iframe").get_by_role("heading", name="Hello Bob").wait_for()
    for view, says in (
        ("Text", "Hello in words"),
        ("Headers", "Subject: Your order"),
        ("Source", "<h1>Hello"),
    ):
        await page.get_by_role("link", name=view, exact=True).click()
        await page.locator("pre", has_text=says).wait_for()
    async with page.expect_download() as loading:
        await page.get_by_role("link", name="Download the source").click()
    assert (await loading.value).suggested_filename.endswith(".eml")
    assert [] == person.complaints


async def test_pages_lead_on_and_back(sit):
    """Fifty at a time, and what is looked for stays."""
    person = await sit()
    rows = person.page.locator("tbody tr")
    await person.send(*(f"Leaf {number}" for number in range(60)))
    await person.open("/_/console")
    await person.page.get_by_label("In the subject").fill("leaf")
    await person.page.get_by_role("button", name="Search").click()
    for way, expected in (("", 50), ("Older", 10), ("Newer", 50)):
        if way:
            await person.page.get_by_role("link", name=way).click()
        await expect(rows).to_have_count(expected)
        assert "leaf" == await person.page.get_by_label("In the subject").input_value()
    assert [] == person.complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone(sit, scheme):
    """Each page fits, can be read and hit, however long what it shows."""
    person = await sit(color_scheme=scheme, **PHONE)
    (id,) = await person.send("Unbroken" * 30, To=f"{'very-long-' * 5}@example.net", Tag="t" * 200)
    await person.look(id)
    assert [] == await person.faults()
    await person.look(id, "?view=source")
    assert [] == await person.faults()
    await person.open("/_/console?all=1")
    assert [] == await person.faults()
    await person.open("/_/console")
    places = ("inbound", "suppressions", "webhooks", "messages")
    for name, path in zip(("Received", "Suppressed", "Webhooks", "Sent"), places, strict=True):
        await person.page.get_by_role("link", name=name, exact=True).tap()
        await person.page.wait_for_url(re.compile(f"/{path}$"))
        assert [] == await person.faults()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_webhook_is_looked_at(sit, scheme):
    """Which there are, what one was told, and why a call has failed; on a phone too each page fits and can be read."""
    person = await sit(color_scheme=scheme, **PHONE)
    page = person.page
    # nobody listens there
    await person.hook("http://127.0.0.1:1/" + "very-long/" * 30, "email.delivered")
    await person.send("Told of")
    await person.open("/_/console")
    await page.get_by_role("link", name="Webhooks", exact=True).tap()
    await page.wait_for_url(re.compile("/webhooks$"))
    assert [] == await person.faults()
    await page.get_by_role("link", name="http://127.0.0.1:1").first.tap()
    await page.wait_for_url(re.compile("/webhooks/[^/]+$"))
    while not await page.locator("td .failed").count():
        await page.wait_for_timeout(50)
        await page.reload()
    assert [] == await person.faults()
    await page.get_by_role("link", name="email.delivered").first.tap()
    await page.wait_for_url(re.compile("/calls/"))
    await page.get_by_text("The server could not be reached").first.wait_for()
    await page.locator("pre", has_text="Told of").wait_for()
    assert [] == await person.faults()
    assert [] == person.complaints


async def test_all_by_keyboard(sit):
    """Tab leads to the content first, past what stands above it."""
    person = await sit()
    await person.open("/_/console")
    await person.page.keyboard.press("Tab")
    assert "Skip to the content" == await person.page.locator(":focus-visible").inner_text()
    await person.page.keyboard.press("Enter")
    await person.page.keyboard.press("Tab")
    assert "recipient" == await person.page.locator(":focus").get_attribute("name")
