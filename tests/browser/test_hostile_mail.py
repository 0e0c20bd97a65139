"""Mail that would run and fetch whatever it can, looked at in the console with a real browser."""

import asyncio
import smtplib
from email import policy
from email.message import EmailMessage

import pytest

from tests.browser.stranger import ALL, FILMS, FRAMES, PICTURES, SCRIPTS, STYLES

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# longer than the trap waits before it leads elsewhere
_PATIENCE_MS = 1500


def received(dev, html):
    """Hand in a letter from another server."""
    letter = EmailMessage(policy=policy.SMTP)
    letter["From"], letter["To"], letter["Subject"] = "eve@example.org", dev.inbound_address, "You won"
    letter.set_content(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", int(dev.inbound_smtp.rpartition(":")[2]), timeout=20) as client:
        client.send_message(letter)


async def shown(reader, direction, html):
    """Have a mail with this HTML, and look at it."""
    if direction == "sent":
        (id,) = await reader.send("You won", HtmlBody=html)
        await reader.look(id)
    else:
        await asyncio.to_thread(received, reader.dev, html)
        await reader.open("/_/console")
        await reader.page.get_by_role("link", name="Received").click()
        await reader.page.get_by_role("link", name="You won").first.click()
    await reader.page.frame_locator("iframe").get_by_role("heading", name="You won").wait_for()


async def test_the_trap_is_one(reader, stranger):
    """Where nothing guards a page the trap catches its reader in every way that the other tests look for."""
    await reader.open(stranger.url)
    await stranger.hears(ALL)


@pytest.mark.parametrize("direction", ["sent", "received"])
async def test_a_mail_that_is_looked_at_runs_and_fetches_nothing(reader, stranger, direction):
    """Its text is shown; its sender does not learn of it, not even by a connection, and the page stays what it was."""
    pages = len(reader.page.context.pages)
    await shown(reader, direction, stranger.trap)
    address = reader.page.url
    await reader.page.wait_for_timeout(_PATIENCE_MS)

    assert 0 == stranger.connections
    assert (address, "You won · Babelpost") == (reader.page.url, await reader.page.title())
    assert pages == len(reader.page.context.pages)

    await reader.page.frame_locator("iframe").get_by_role("link", name="Your prize").click()
    await reader.page.wait_for_timeout(_PATIENCE_MS)
    assert [] == stranger.heads
    assert address == reader.page.url


async def test_pictures_from_elsewhere_come_where_they_are_asked_for(reader, stranger):
    """With films, fonts and styles; still nothing runs, frames or leads elsewhere, and nobody is told who asks."""
    await shown(reader, "sent", stranger.trap)
    await reader.page.get_by_role("link", name="Load pictures from elsewhere").click()
    await stranger.hears(PICTURES | STYLES | FILMS)
    await reader.page.wait_for_timeout(_PATIENCE_MS)

    assert set() == stranger.paths & (SCRIPTS | FRAMES | {"/refreshed"})
    assert [] == [
        head for head in stranger.heads if "\nreferer:" in head.lower() or "\ncookie:" in head.lower()
    ]


async def test_a_mail_opened_alone_is_as_harmless_and_its_links_can_be_followed(reader, stranger):
    """In a page of its own its policy holds by itself; a link leads away without telling from where."""
    await shown(reader, "sent", stranger.trap)
    async with reader.page.expect_popup() as opening:
        await reader.page.get_by_role("link", name="Open alone").click()
    alone = await opening.value
    await alone.get_by_role("heading", name="You won").wait_for()
    await alone.wait_for_timeout(_PATIENCE_MS)
    assert 0 == stranger.connections
    assert alone.url.endswith("/html")

    await alone.get_by_role("link", name="And another").click()
    await stranger.hears({"/followed-too"})
    assert [] == [head for head in stranger.heads if reader.dev.url in head]
