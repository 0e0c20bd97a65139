import asyncio
import base64

import httpx
import pytest

from core import inbound
from core.clock import HOUR
from core.inbound.downloads import link
from tests.core.post import alter, letter_in

PNG = b"\x89PNG\r\n"
RAW = (
    b"From: Ann <Ann@example.org>\r\nTo: Help <help@in.example>, b@example.net\r\nReply-To: re@example.org\r\n"
    b"Message-ID: <1@example.org>\r\nX-A: 1\r\nx-a: 2\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"Received: from a by b for <help@in.example>; now\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b'--b\r\nContent-Type: text/html\r\n\r\n<img src="cid:x%40y"><img src="cid:other">\r\n'
    b"--b\r\nContent-Type: image/png; name=a.png\r\nContent-ID: <x@y>\r\nContent-Disposition: inline\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(PNG) + b"\r\n"
    b'--b\r\nContent-Type: text/html; name="=?utf-8?q?b=C3=B6=22se?="\r\nContent-Disposition: attachment\r\n\r\n'
    b"<script>\r\n--b--\r\n"
)


@pytest.fixture
async def client(house):
    """A client with a full key."""
    return await house.client("resend")


async def brought(house, raw=RAW):
    """Let a letter come in for the tests' workspace."""
    return await letter_in(house.core, await house.caller(), raw)


async def test_what_came_in_is_read(house, client):
    """Everything in the shape of the contract; images stand in the HTML unless they are wanted apart."""
    held = await brought(house)
    answer = (await client.get(f"/emails/receiving/{held.id}")).json()
    image = base64.b64encode(PNG).decode()
    files = answer.pop("attachments")
    assert f'<img src="data:image/png;base64,{image}"><img src="cid:other">' == answer.pop("html")
    assert answer.pop("raw")["download_url"].startswith("http")
    headers = answer.pop("headers")
    assert ("1, 2", "Ann <Ann@example.org>") == (headers["x-a"], headers["from"])
    assert answer.pop("created_at").endswith("Z")
    assert {
        "object": "email",
        "id": held.id,
        "to": ["help@in.example", "b@example.net"],
        "from": "Ann@example.org",
        "subject": "Grüße",
        "text": None,
        "html_format": "data_uri",
        "bcc": [],
        "cc": [],
        "reply_to": ["re@example.org"],
        "received_for": ["help@in.example"],
        "authentication": None,
        "message_id": "<1@example.org>",
    } == answer
    assert [("a.png", "image/png", "inline", 6), ('bö"se', "text/html", "attachment", 8)] == [
        (each["filename"], each["content_type"], each["content_disposition"], each["size"]) for each in files
    ]
    assert ["x@y", None] == [each.get("content_id") for each in files]
    plain = (await client.get(f"/emails/receiving/{held.id}?html_format=cid")).json()
    assert ("cid", '<img src="cid:x%40y"><img src="cid:other">') == (plain["html_format"], plain["html"])
    assert 422 == (await client.get(f"/emails/receiving/{held.id}?html_format=x")).status_code


async def test_images_need_no_second_room(house, client):
    """They are put into the HTML although nothing else is free: a caller who waits for itself would wait for ever."""
    held = await brought(house)
    async with house.core.bodies.hold(house.settings.in_flight_body_bytes - 4 * len(PNG)):
        answer = await asyncio.wait_for(client.get(f"/emails/receiving/{held.id}"), 20)
    assert "data_uri" == answer.json()["html_format"]


async def test_lists(house, client):
    """All without a limit, by cursor with one; a foreign or unknown id is not there."""
    made = [(await brought(house)).id for _ in range(25)][::-1]
    answer = (await client.get("/emails/receiving")).json()
    assert (made, False) == ([each["id"] for each in answer["data"]], answer["has_more"])
    assert {"id", "to", "from", "created_at", "subject", "bcc", "cc", "reply_to", "message_id", "received_for",
            "attachments"} == answer["data"][0].keys()  # fmt: skip
    answer = (await client.get(f"/emails/receiving?limit=2&after={made[1]}")).json()
    assert (made[2:4], True) == ([each["id"] for each in answer["data"]], answer["has_more"])
    stranger = await house.client("resend", workspace="other")
    for path in ("", "/attachments", f"/attachments/{made[0]}"):
        refused = await stranger.get(f"/emails/receiving/{made[0]}{path}")
        assert (404, "Email not found") == (refused.status_code, refused.json()["message"])
    assert 404 == (await client.get(f"/emails/{made[0]}")).status_code


async def test_files_by_page(house, client):
    """In their order; a file by itself says what it is."""
    held = await brought(house)
    path = f"/emails/receiving/{held.id}/attachments"
    first, second = (await client.get(path)).json()["data"]
    answer = (await client.get(f"{path}?limit=1")).json()
    assert ([first["id"]], True) == ([each["id"] for each in answer["data"]], answer["has_more"])
    answer = (await client.get(f"{path}?after={first['id']}")).json()
    assert ([second["id"]], False) == ([each["id"] for each in answer["data"]], answer["has_more"])
    answer = (await client.get(f"{path}?limit=1&before={second['id']}")).json()
    assert ([first["id"]], False) == ([each["id"] for each in answer["data"]], answer["has_more"])
    assert 404 == (await client.get(f"{path}?after={held.id}")).status_code
    alone = (await client.get(f"{path}/{second['id']}")).json()
    assert ("attachment", second["filename"]) == (alone["object"], alone["filename"])
    refused = await client.get(f"{path}/{held.id}")
    assert (404, "Attachment not found") == (refused.status_code, refused.json()["message"])


async def test_links_hand_over_what_they_name(house, client):
    """Without a key, as a file to be saved, until they end; a letter's own words change nothing about that."""
    held = await brought(house)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(house.app), base_url="http://x.test"
    ) as anybody:
        files = (await client.get(f"/emails/receiving/{held.id}/attachments")).json()["data"]
        image, page = [await anybody.get(httpx.URL(each["download_url"]).path) for each in files]
        assert (200, PNG, "image/png") == (image.status_code, image.content, image.headers["content-type"])
        assert (b"<script>", "attachment; filename*=utf-8''b%C3%B6%22se") == (
            page.content,
            page.headers["content-disposition"],
        )
        assert ("nosniff", "default-src 'none'; sandbox") == (
            page.headers["x-content-type-options"],
            page.headers["content-security-policy"],
        )
        raw = (await client.get(f"/emails/receiving/{held.id}")).json()["raw"]["download_url"]
        path = httpx.URL(raw).path
        assert await inbound.source(house.core, held) == (await anybody.get(path)).content
        middle = "a" if path[20] != "a" else "b"
        for forged in (path[:20] + middle + path[21:], "/_/f/x", "/_/f/%FF"):
            assert 404 == (await anybody.get(forged)).status_code
        await alter(house.core, "DELETE FROM inbound_sources")
        assert 404 == (await anybody.get(path)).status_code


async def test_links_end(house, monkeypatch):
    """An hour after they were made."""
    held = await brought(house)
    made = link(house.core, held, 0)

    class Later:
        def now(self):
            return made.expires_at

    assert made.expires_at <= house.core.clock.now() + HOUR
    object.__setattr__(house.core, "clock", Later())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(house.app), base_url="http://x.test"
    ) as anybody:
        assert 404 == (await anybody.get(f"/_/f/{made.token}")).status_code
