"""Letters that came in, in Postmark's form: search, details, source, and those that were held up."""

import base64
from uuid import uuid4

import pytest

from core import retention
from core.clock import DAY, SystemClock
from tests.core.post import alter, letter_in

_PNG = b"\x89PNG\r\n"
_RAW = (
    b"Received: from a by b; now\r\nFrom: Ann <Ann@example.org>\r\n"
    b"To: Help <help+t77@in.example>, b@example.net\r\nCc: c@example.net\r\nReply-To: re@example.org\r\n"
    b"Date: Sat, 24 May 2025 22:17:24 +0200\r\nMessage-ID: <1@example.org>\r\nX-A: 1\r\nX-A: 2\r\n"
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n"
    b"--b\r\nContent-Type: image/png; name=a.png\r\nContent-ID: <x@y>\r\nContent-Disposition: inline\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(_PNG) + b"\r\n--b--\r\n"
)
_PLAIN = b"From: bob@example.org\r\nTo: help@in.example\r\nSubject: Hi 100%\r\n\r\nHi\r\n"
_LIST = "messages/inbound"
_PAGE = {"count": 10, "offset": 0}


class _Later:
    """The machine's clock, and fifty days more."""

    def now(self):
        """Microseconds since 1970 UTC."""
        return SystemClock().now() + 50 * DAY


async def _brought(house, raw=_RAW, to=("help+t77@in.example",), state="processed"):
    held = await letter_in(house.core, await house.caller(), raw, to=to)
    await alter(house.core, "UPDATE inbound SET state = :state WHERE id = :id", state=state, id=held.id)
    return held.id


@pytest.fixture
async def client(house):
    """A client of a server."""
    return await house.client("postmark")


async def test_a_letter_whole(house, client):
    """Every key of a list's item and of the details, of files what they are and not what is in them."""
    id = await _brought(house)
    listed = (await client.get(_LIST, params=_PAGE)).json()
    told = (await client.get(f"{_LIST}/{id}/details")).json()

    assert 1 == listed["TotalCount"]
    assert ("Hello", "<p>Hello</p>", None) == (
        told.pop("TextBody").strip(),
        told.pop("HtmlBody").strip(),
        told.pop("BlockedReason"),
    )
    names = [each["Name"] for each in told.pop("Headers")]
    assert ["Message-ID", "X-A", "X-A", "MIME-Version"] == names[-4:]
    assert not {"From", "To", "Subject", "Date", "Content-Type"} & set(names)
    assert [told] == listed["InboundMessages"]
    assert {
        "From": "Ann@example.org",
        "FromName": "Ann",
        "FromFull": {"Email": "Ann@example.org", "Name": "Ann", "MailboxHash": ""},
        "To": '"Help" <help+t77@in.example>, <b@example.net>',
        "ToFull": [
            {"Email": "help+t77@in.example", "Name": "Help", "MailboxHash": "t77"},
            {"Email": "b@example.net", "Name": "", "MailboxHash": ""},
        ],
        "Cc": "c@example.net",
        "CcFull": [{"Email": "c@example.net", "Name": "", "MailboxHash": ""}],
        "Bcc": "",
        "BccFull": [],
        "ReplyTo": "re@example.org",
        "OriginalRecipient": "help+t77@in.example",
        "Subject": "Grüße",
        "Date": "Sat, 24 May 2025 22:17:24 +0200",
        "MailboxHash": "t77",
        "Tag": "",
        "Attachments": [
            {"Name": "a.png", "ContentType": "image/png", "ContentLength": len(_PNG), "ContentID": "x@y"}
        ],
        "MessageID": id,
        "MessageStream": "inbound",
        "Status": "Processed",
    } == told


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({}, 2),
        ({"recipient": "B@example.net"}, 1),
        ({"recipient": "help+t77@in.example"}, 1),
        ({"fromemail": "ann@EXAMPLE.org"}, 1),
        ({"subject": "100%"}, 1),
        ({"subject": "nothing"}, 0),
        ({"mailboxhash": "t77"}, 1),
        ({"tag": "none"}, 0),
        ({"status": "Blocked"}, 1),
        ({"status": "processed"}, 2),
        ({"status": "failed"}, 0),
        ({"fromdate": "2020-01-01", "todate": "2999-01-01"}, 2),
        ({"todate": "2020-01-01"}, 0),
    ],
)
async def test_search(house, client, wanted, count):
    """What was processed, or what is in another state that is asked for."""
    await _brought(house)
    await _brought(house, _PLAIN, ("help@in.example",))
    await _brought(house, _PLAIN, ("help@in.example",), "blocked")

    found = (await client.get(_LIST, params=_PAGE | wanted)).json()

    assert (count, count) == (found["TotalCount"], len(found["InboundMessages"]))


async def test_a_source(house, client):
    """As it came, below its trace; empty when it is kept no more."""
    id = await _brought(house)

    assert (await client.get(f"{_LIST}/{id}/dump")).json()["Body"].endswith(_RAW.decode())
    await alter(house.core, "DELETE FROM inbound_sources")
    assert {"Body": ""} == (await client.get(f"{_LIST}/{id}/dump")).json()


async def test_what_is_forgotten_is_still_answered_for(house, client):
    """After a letter's days the details are there, without its bodies."""
    id = await _brought(house)
    object.__setattr__(house.core, "clock", _Later())
    await retention.run(house.core)

    told = (await client.get(f"{_LIST}/{id}/details")).json()

    assert (id, "", "", []) == (told["MessageID"], told["TextBody"], told["HtmlBody"], told["Headers"])
    assert {"Body": ""} == (await client.get(f"{_LIST}/{id}/dump")).json()


@pytest.mark.parametrize(
    ("state", "action", "said", "refused"),
    [
        ("blocked", "bypass", "Successfully bypassed message: {}.", "bypassed"),
        ("failed", "retry", "Successfully rescheduled failed message: {}.", "retried"),
    ],
)
async def test_moved_on(house, client, state, action, said, refused):
    """Once, from the one state that it can be moved from, by whoever's it is."""
    id = await _brought(house, state=state)
    stranger = await house.client("postmark", workspace="other")
    no = {"ErrorCode": 701, "Message": f"This message was not found or cannot be {refused}."}
    other = {"bypass": "retry", "retry": "bypass"}[action]

    for who, path in (
        (stranger, f"{_LIST}/{id}/{action}"),
        (client, f"{_LIST}/{uuid4()}/{action}"),
    ):
        answer = await who.put(path)
        assert (422, no) == (answer.status_code, answer.json())
    assert 701 == (await client.put(f"{_LIST}/{id}/{other}")).json()["ErrorCode"]
    answer = await client.put(f"{_LIST}/{id}/{action}", json={})
    assert (200, {"ErrorCode": 0, "Message": said.format(id)}) == (answer.status_code, answer.json())
    assert no == (await client.put(f"{_LIST}/{id}/{action}")).json()


async def test_a_rule_blocks(house, client):
    """What it holds up is found, says why, and can be let through."""
    assert 200 == (await client.post("/triggers/inboundrules", json={"Rule": "example.org"})).status_code
    id = (await letter_in(house.core, await house.caller(), _PLAIN)).id

    assert 0 == (await client.get(_LIST, params=_PAGE)).json()["TotalCount"]
    (found,) = (await client.get(_LIST, params=_PAGE | {"status": "blocked"})).json()["InboundMessages"]
    details = (await client.get(f"{_LIST}/{id}/details")).json()
    assert (id, "Blocked", "The sender matches the rule example.org.") == (
        found["MessageID"],
        found["Status"],
        details["BlockedReason"],
    )
    await client.put(f"{_LIST}/{id}/bypass")
    (found,) = (await client.get(_LIST, params=_PAGE)).json()["InboundMessages"]
    assert (id, "Processed") == (found["MessageID"], found["Status"])


async def test_the_test_token_has_no_letters(house):
    """Nobody's server gets none, and wants nobody's not to come."""
    client = await house.client("postmark", authorized=False)
    client.headers["X-Postmark-Server-Token"] = "POSTMARK_API_TEST"

    assert {"TotalCount": 0, "InboundMessages": []} == (await client.get(_LIST, params=_PAGE)).json()
    answer = await client.post("/triggers/inboundrules", json={"Rule": "example.org"})
    assert (401, 10) == (answer.status_code, answer.json()["ErrorCode"])
