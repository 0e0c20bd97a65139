"""Files of sent emails: listed, read, and saved by whoever has a link."""

import base64

import httpx
import pytest

from core.messages import downloads, get
from tests.core.post import alter

_UNKNOWN = "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"
_MAIL = {"from": "a@acme.example", "to": "b@acme.example", "subject": "s", "html": "<img src=cid:logo>"}
_FILES = [
    {"filename": "ä.txt", "content": base64.b64encode(b"hello").decode(), "content_type": "text/html; x=y"},
    {"filename": "b.png", "content": base64.b64encode(b"png").decode(), "content_id": "logo"},
]


@pytest.fixture
async def client(house):
    """A client with a full key."""
    return await house.client("resend")


@pytest.fixture
def anybody(house):
    """Somebody without a key."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(house.app), base_url="http://gateway.test")


async def sent(client):
    """An email with two files; its id."""
    mail = _MAIL | {"attachments": _FILES}
    return (await client.post("/emails", json=mail)).json()["id"]


async def test_listed_and_read(house, client):
    """Everything in the shape of the contract; without a limit all of them, in the order they were given."""
    id_ = await sent(client)

    answer = (await client.get(f"/emails/{id_}/attachments")).json()

    assert ("list", False) == (answer["object"], answer["has_more"])
    text, image = answer["data"]
    assert text["download_url"].startswith(f"{house.core.policy.public_url}/_/f/sent/")
    assert text["expires_at"].endswith("Z")
    assert {
        "id": text["id"],
        "filename": "ä.txt",
        "size": 5,
        "content_type": "text/html; x=y",
        "content_disposition": "attachment",
        "download_url": text["download_url"],
        "expires_at": text["expires_at"],
    } == text
    assert ("inline", "logo", 3) == (image["content_disposition"], image["content_id"], image["size"])
    alone = (await client.get(f"/emails/{id_}/attachments/{image['id']}")).json()
    assert image.keys() | {"object"} == alone.keys()
    assert ("attachment", image["id"], "b.png") == (alone["object"], alone["id"], alone["filename"])


async def test_pages(client):
    """In both directions."""
    id_ = await sent(client)
    first, second = [each["id"] for each in (await client.get(f"/emails/{id_}/attachments")).json()["data"]]

    for query, expected in (
        ("limit=1", ([first], True)),
        (f"limit=1&after={first}", ([second], False)),
        (f"before={second}", ([first], False)),
    ):
        answer = (await client.get(f"/emails/{id_}/attachments?{query}")).json()
        assert expected == ([each["id"] for each in answer["data"]], answer["has_more"])


async def test_whoever_has_the_link_saves_the_file(house, client, anybody):
    """To be saved and never shown, under its own name."""
    id_ = await sent(client)
    files = (await client.get(f"/emails/{id_}/attachments")).json()["data"]

    text, image = [await anybody.get(httpx.URL(each["download_url"]).path) for each in files]

    assert (200, b"hello", b"png") == (text.status_code, text.content, image.content)
    assert "attachment; filename*=utf-8''%C3%A4.txt" == text.headers["content-disposition"]
    assert ("text/html", "nosniff") == (text.headers["content-type"], text.headers["x-content-type-options"])
    assert "sandbox" in text.headers["content-security-policy"]


async def test_links_end(house, client, anybody):
    """Nobody makes one up or takes one of another kind, and nothing is behind one once the file is gone."""
    id_ = await sent(client)
    (file, _) = (await client.get(f"/emails/{id_}/attachments")).json()["data"]
    path = httpx.URL(file["download_url"]).path
    message = await get(house.core, await house.caller(), id_)

    assert 404 == (await anybody.get(path.replace("/sent", ""))).status_code
    assert 404 == (await anybody.get(path[:-5] + "aaaaa")).status_code
    assert 404 == (await anybody.get("/_/f/sent/" + downloads.link(house.core, message, 2).token)).status_code
    assert 200 == (await anybody.get(path)).status_code
    await alter(house.core, "UPDATE attachments SET data = NULL")
    assert 404 == (await anybody.get(path)).status_code


async def test_refused(house, client):
    """Unknown emails and files, ids that are none, and another workspace's."""
    id_ = await sent(client)
    (file, _) = (await client.get(f"/emails/{id_}/attachments")).json()["data"]
    stranger = await house.client("resend", workspace="other")

    for asked, status, message in (
        (client.get(f"/emails/{_UNKNOWN}/attachments"), 404, "Email not found"),
        (client.get("/emails/1/attachments"), 422, "The `emailId` must be a valid UUID."),
        (client.get(f"/emails/{id_}/attachments/{_UNKNOWN}"), 404, "Attachment not found"),
        (client.get(f"/emails/{id_}/attachments/1"), 422, "The `attachmentId` must be a valid UUID."),
        (stranger.get(f"/emails/{id_}/attachments"), 404, "Email not found"),
        (stranger.get(f"/emails/{id_}/attachments/{file['id']}"), 404, "Email not found"),
    ):
        answer = await asked
        assert (status, message) == (answer.status_code, answer.json()["message"])
