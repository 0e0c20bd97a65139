"""Opens and clicks through the providers' own APIs: asked for in each one's way, told in each one's words."""

import asyncio
import re

import httpx
import pytest

from core import accounts, messages
from core.paging import PageRequest
from core.tracking.choice import Tracking
from tests.contract.surfaces import DRIVERS, NAMES, send
from tests.core.post import parsed
from tests.dialects.driver import Mail

LINK = "https://shop.example/a?b=1&c=2"
MAIL = Mail(html=f'<p>Hello, <a href="{LINK.replace("&", "&amp;")}">shop</a></p>')
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"


async def habit(house, *, opens=True, links="html"):
    """Let the test's workspace track what its messages do not say."""
    await accounts.track(house.core, (await house.workspace()).id, opens=opens, links=links)


async def only(house):
    """The one message of the workspace, and its HTML as it left."""
    await house.settle()
    caller = await house.caller()
    (found,) = (await messages.page(house.core, caller, messages.Filter(), PageRequest())).items
    body = parsed(await messages.source(house.core, found)).get_body(("html",))
    assert body is not None
    return await messages.get(house.core, caller, found.id), body.get_content()


async def read_by_somebody(house, html):
    """Load the pixel twice, follow the link, and wait until that is written."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(house.app), headers={"user-agent": AGENT}
    ) as client:
        for address in re.findall(r'src="([^"]+/_/t/o/[^"]+)"', html):
            await client.get(address)
            await client.get(address)
        for address in re.findall(r'href="([^"]+/_/t/c/[^"]+)"', html):
            assert LINK == (await client.get(address)).headers["location"]
    async with asyncio.timeout(20):
        while house.core.sightings._waiting:  # noqa: ASYNC110  # nobody else waits for it
            await asyncio.sleep(0.01)


async def answer(house, dialect, method, path, **options):
    """What a dialect answers with success."""
    client = await house.client(dialect)
    answered = await client.request(method, path, **options)
    assert 200 == answered.status_code, answered.text
    return answered.json()


@pytest.mark.parametrize("name", NAMES)
async def test_a_workspaces_habit_holds_in_every_dialect(house, name):
    """Whatever carries a mail in, its letter is tracked, and its HTML reads as it was given."""
    await habit(house)
    DRIVERS[name].accepted(await send(house, name, await house.key(name), MAIL))
    held, html = await only(house)
    assert (1, 1) == (html.count("/_/t/o/"), html.count("/_/t/c/"))
    assert MAIL.html == held.html


async def test_every_dialect_tells_of_it(house):
    """One open and one click, as each provider's clients expect them."""
    await habit(house)
    await send(house, "postageapp", await house.key("postageapp"), MAIL)
    held, html = await only(house)
    assert "delivered" == (await answer(house, "resend", "GET", f"emails/{held.id}"))["last_event"]
    await read_by_somebody(house, html)

    assert "clicked" == (await answer(house, "resend", "GET", f"emails/{held.id}"))["last_event"]
    assert ["clicked"] == [
        each["last_event"] for each in (await answer(house, "resend", "GET", "emails"))["data"]
    ]

    (listed,) = (await answer(house, "pufferpost", "GET", "v1/messages"))["data"]
    told = (await answer(house, "pufferpost", "GET", f"v1/messages/{listed['id']}/events"))["data"]
    assert [("opened", None), ("opened", None), ("clicked", LINK)] == [
        (each["type"], each.get("url")) for each in told[-3:]
    ]

    details = await answer(house, "postmark", "GET", f"messages/outbound/{held.id}/details")
    assert [
        ("bob@example.net", "Opened", {"Summary": "Email opened with Mobile Safari UI/WKWebView"}),
        (
            "bob@example.net",
            "LinkClicked",
            {"Summary": "Tracked link clicked", "Link": LINK, "ClickLocation": "HTML"},
        ),
    ] == [(each["Recipient"], each["Type"], each["Details"]) for each in details["MessageEvents"][-2:]]
    assert (True, "HtmlOnly") == (details["TrackOpens"], details["TrackLinks"])

    key = await house.key("postageapp")
    found = await answer(
        house,
        "postageapp",
        "POST",
        "v.1.0/get_message_transmissions.json",
        json={"api_key": key, "uid": held.id},
    )
    (transmission,) = found["data"]["transmissions"].values()
    assert None not in (transmission["opened_at"], transmission["clicked_at"])


@pytest.mark.parametrize(
    ("fields", "workspace", "expected"),
    [
        ({}, Tracking(), (0, 0)),
        ({"TrackOpens": True}, Tracking(), (1, 0)),
        ({"TrackOpens": False}, Tracking(opens=True, links="both"), (1, 1)),
        ({"TrackLinks": "None"}, Tracking(opens=True, links="both"), (1, 0)),
        ({"TrackOpens": True, "TrackLinks": "HtmlOnly"}, Tracking(links="text"), (1, 1)),
    ],
)
async def test_postmarks_fields(house, fields, workspace, expected):
    """A server that tracks opens does so whatever a message says; its links are the message's to decide."""
    await habit(house, opens=workspace.opens, links=workspace.links)
    body = {"From": "a@acme.example", "To": "b@acme.example", "Subject": "s", "HtmlBody": MAIL.html} | fields
    await answer(house, "postmark", "POST", "email", json=body)
    _, html = await only(house)
    assert expected == (html.count("/_/t/o/"), html.count("/_/t/c/"))


async def test_what_is_worse_than_delivered_stays(house):
    """A message nobody took is not opened, whatever fetched its pixel."""
    body = {"From": "a@acme.example", "To": "HardBounce@bounce-testing.postmarkapp.com", "Subject": "s"}
    await answer(house, "postmark", "POST", "email", json=body | {"HtmlBody": MAIL.html, "TrackOpens": True})
    held, html = await only(house)
    await read_by_somebody(house, html)
    assert "bounced" == (await answer(house, "resend", "GET", f"emails/{held.id}"))["last_event"]


async def test_a_domain_has_a_habit_of_its_own(house):
    """What a team tracks in one domain's mail it does not in another's."""
    place = await house.workspace()
    await accounts.track(house.core, place.id, opens=True, domain="acme.example")
    for sender, expected in (("a@news.acme.example", 1), ("a@other.example", 0)):
        body = {"from": sender, "to": ["b@example.net"], "subject": "s", "html": MAIL.html}
        id = (await answer(house, "resend", "POST", "emails", json=body))["id"]
        held = await messages.get(house.core, await house.caller(), id)
        assert expected == (await messages.source(house.core, held)).count(b"/_/t/o/")
