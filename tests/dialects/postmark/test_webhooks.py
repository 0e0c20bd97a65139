"""Webhooks of Postmark's from end to end: made by the API, and told to a real socket by the worker."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from core import bounces, ids, inbound, suppressions, webhooks
from core.inbound import Arrival, Place
from core.inbound.parsing import read
from core.paging import PageRequest
from dialects.dialect import Listener
from dialects.postmark.listening import listen
from tests.consumer import Consumer, Heard, status
from tests.core.post import select
from tests.house import House

MAIL = {
    "From": "a@acme.example",
    "To": "Bob <Bob@example.net>",
    "Subject": "Hi",
    "TextBody": "t",
    "Tag": "welcome",
    "Metadata": {"order": "77"},
}
LOOP = "loop@isp.example"
REPORT = """\
Content-Type: multipart/report; boundary=B

--B
Content-Type: message/feedback-report

Feedback-Type: abuse

--B
Content-Type: text/rfc822-headers

Message-ID: <{id}@babelpost.local>
--B--
"""
LETTER = b"From: ann@example.com\r\nTo: x@acme.example\r\nSubject: Hi\r\n\r\nHello\r\n"
HARD = "HardBounce@bounce-testing.postmarkapp.com"
EVERYTHING = {
    name: {"Enabled": True}
    for name in ("Open", "Click", "Delivery", "Bounce", "SpamComplaint", "SubscriptionChange")
}
# whatever has a place in a payload and is another one each time
_LAST = {"BouncedAt", "DeliveredAt", "ChangedAt"}


@pytest.fixture
def settings(settings):
    """Let webhooks be on this machine, and have an address that complaints come to."""
    return msgspec.structs.replace(settings, allow_private_targets=True, complaint_addresses=(LOOP,))


@pytest.fixture
async def consumer() -> AsyncIterator[Consumer]:
    """An application."""
    async with Consumer() as made:
        yield made


async def made(house: House, consumer: Consumer, **wish: Any) -> tuple[httpx.AsyncClient, dict[str, Any]]:
    """A client, and a webhook of everything at the consumer."""
    client = await house.client("postmark")
    body = {"Url": consumer.url, "Triggers": EVERYTHING} | wish
    answer = await client.post("/webhooks", json=body)
    assert 200 == answer.status_code, answer.text
    return client, answer.json()


def told(heard: Heard) -> dict[str, Any]:
    """A call's body, without its moments, each of which is one in UTC with seven digits."""
    body: dict[str, Any] = json.loads(heard.body)
    for name in _LAST & body.keys():
        assert body.pop(name).endswith("0Z")
    return body


async def test_a_delivery_is_told(house, consumer):
    """An accepted mail is told field by field, with the header fields and the credentials of the webhook."""
    client, hook = await made(
        house,
        consumer,
        HttpAuth={"Username": "u", "Password": "p"},
        HttpHeaders=[{"Name": "X-Key", "Value": "v"}, {"Name": "User-Agent", "Value": "Mine"}],
    )
    sent = (await client.post("/email", json=MAIL)).json()

    (heard,) = await consumer.wait(1)

    assert ("POST", "/hook") == (heard.method, heard.target)
    assert {
        "RecordType": "Delivery",
        "ServerID": (await house.workspace()).number,
        "MessageStream": "outbound",
        "MessageID": sent["MessageID"],
        "Recipient": "Bob@example.net",
        "Tag": "welcome",
        "Details": "250 captured",
        "Metadata": {"order": "77"},
    } == told(heard)
    assert ("application/json", "application/json", "Mine", "v", "9") == tuple(
        heard.headers[name]
        for name in ("content-type", "accept", "user-agent", "x-key", "x-pm-retries-remaining")
    )
    assert f"Basic {b64encode(b'u:p').decode()}" == heard.headers["authorization"]
    assert {36} == {len(heard.headers[f"x-pm-webhook-{name}-id"]) for name in ("trace", "event")}
    await _until_counted(client, hook, 1)


async def _until_counted(client: httpx.AsyncClient, hook: dict[str, Any], count: int) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            figures: dict[str, Any] = (await client.get(f"/webhooks/{hook['ID']}/statistics")).json()
            if figures["Metrics"]["TotalRequests"] >= count:
                return figures
            await asyncio.sleep(0.02)


async def test_a_bounce_and_what_follows_from_it(house, consumer):
    """A hard bounce is told, then that its address is out of use; taking it into use again is told with nulls."""
    client, _ = await made(house, consumer)
    id = (await client.post("/email", json=MAIL | {"To": HARD})).json()["MessageID"]

    calls = {told(each)["RecordType"]: told(each) for each in await consumer.wait(2)}
    bounce, change = calls["Bounce"], calls["SubscriptionChange"]

    api = (await client.get(f"/bounces/{bounce['ID']}")).json()
    for held in (api, bounce):
        held.pop("BouncedAt", None)
    assert bounce == {name: value for name, value in api.items() if name != "Content"} | {
        "Metadata": {"order": "77"}
    }
    number = (await house.workspace()).number
    assert {
        "RecordType": "SubscriptionChange",
        "MessageID": id,
        "ServerID": number,
        "MessageStream": "outbound",
        "Recipient": HARD,
        "Origin": "Recipient",
        "SuppressSending": True,
        "SuppressionReason": "HardBounce",
        "Tag": "welcome",
        "Metadata": {"order": "77"},
    } == change

    await client.put(f"/bounces/{bounce['ID']}/activate")
    released = told((await consumer.wait(3))[-1])
    assert (None, False, None, None, {}) == tuple(
        released[name] for name in ("MessageID", "SuppressSending", "SuppressionReason", "Tag", "Metadata")
    )


async def test_a_suppression_by_hand(house, consumer):
    """What a customer suppresses has no message."""
    await made(house, consumer)
    await suppressions.suppress(house.core, await house.caller(), "x@example.net", stream="outbound")

    (heard,) = await consumer.wait(1)

    body = told(heard)
    assert (None, "Customer", True, "ManualSuppression", None, {}) == tuple(
        body[name]
        for name in (
            "MessageID",
            "Origin",
            "SuppressSending",
            "SuppressionReason",
            "Tag",
            "Metadata",
        )
    )


async def test_a_complaint_with_its_content(house, consumer):
    """A complaint is told with the letter that told of it where that is included, and not as a bounce too."""
    triggers = EVERYTHING | {"SpamComplaint": {"Enabled": True, "IncludeContent": True}}
    client, _ = await made(house, consumer, Triggers=triggers | {"Delivery": {"Enabled": False}})
    id = (await client.post("/email", json=MAIL)).json()["MessageID"]
    await house.settle()
    report = REPORT.format(id=id)
    assert await bounces.receive(house.core, LOOP, "x@isp.example", report.encode())

    calls = [told(each) for each in await consumer.wait(2)]

    assert {"SpamComplaint", "SubscriptionChange"} == {each["RecordType"] for each in calls}
    complaint = next(each for each in calls if each["RecordType"] == "SpamComplaint")
    assert (100001, False, report) == (
        complaint["TypeCode"],
        complaint["CanActivate"],
        complaint["Content"],
    )


async def test_an_unverified_one_hears_nothing(house, consumer):
    """Without a probe it is told nothing, nor is one of another stream; an edit of its URL verifies it."""
    client, hook = await made(house, consumer, Verify=False)
    _, other = await made(house, consumer, MessageStream="broadcast", Url=consumer.url + "2")
    await client.post("/email", json=MAIL)
    await house.settle()
    await _until_spread(house)
    changed = await client.put(f"/webhooks/{hook['ID']}", json={"Url": consumer.url + "1"})
    await client.post("/email", json=MAIL | {"Tag": "second"})

    (heard,) = await consumer.wait(1)

    assert ("unverified", "verified", "verified") == (
        hook["Status"],
        changed.json()["Status"],
        other["Status"],
    )
    assert ("second", "/hook1") == (told(heard)["Tag"], heard.target)


async def _until_spread(house: House) -> None:
    """Wait until it is settled who is told what happened: whoever comes later is not."""
    async with asyncio.timeout(20):
        while (await select(house.core, "SELECT count(*) FROM outbox"))[0][0]:  # noqa: ASYNC110  # a table
            await asyncio.sleep(0.01)


async def test_what_failed_is_counted_and_tried_again(house, consumer):
    """A 500 is tried again by the ladder, a 404 is not; both are counted by trigger."""
    codes = iter([500, 404])
    consumer.reply = lambda _: status(next(codes))
    client, hook = await made(house, consumer, Triggers={"Delivery": {"Enabled": True}})
    held = await webhooks.by_number(house.core, await house.caller(), "postmark", hook["ID"])

    for tag in ("first", "second"):
        await client.post("/email", json=MAIL | {"Tag": tag})
        await house.settle()
    await consumer.wait(2)
    figures = await _until_counted(client, hook, 2)

    page = await webhooks.dispatches(house.core, held, webhooks.Filter(), PageRequest())
    by_status = {each.status: each for each in page.items}
    assert ("attempting", "failed") == (by_status[500].state, by_status[404].state)
    retried = by_status[500]
    assert retried.due_at is not None
    assert retried.attempted_at is not None
    assert 60_000_000 == retried.due_at - retried.attempted_at
    assert by_status[404].due_at is None
    counted = {
        "TotalRequests": 2,
        "SuccessCount": 0,
        "FailureCount": 2,
        "RetryCount": 0,
        "SuccessRate": 0.0,
        "SlowCount": 0,
        "VerySlowCount": 0,
    }
    assert counted == {name: figures["Metrics"][name] for name in counted}
    assert {"Delivery": figures["Metrics"]} == figures["MetricsByTrigger"]
    assert isinstance(figures["Metrics"]["AverageTerminalResponseTimeMs"], int)
    assert isinstance(figures["Metrics"]["AverageRetryResponseTimeMs"], int)


async def test_ten_of_a_stream(house):
    """The eleventh of a stream is refused; another stream has room of its own."""
    client = await house.client("postmark")
    for _ in range(10):
        assert 200 == (await client.post("/webhooks", json={"Url": "http://example.com"})).status_code

    refused = await client.post("/webhooks", json={"Url": "http://example.com"})
    other = await client.post("/webhooks", json={"Url": "http://example.com", "MessageStream": "broadcast"})

    assert (422, 1359, 200) == (refused.status_code, refused.json()["ErrorCode"], other.status_code)


async def test_userinfo_of_the_url(house, consumer):
    """User and password in a URL are credentials, and no part of the request; the query stays."""
    await made(house, consumer, Url=consumer.url.replace("//", "//me:p%40ss@") + "?a=1")
    client = await house.client("postmark")
    await client.post("/email", json=MAIL)

    (heard,) = await consumer.wait(1)

    assert "/hook?a=1" == heard.target
    assert f"Basic {b64encode(b'me:p@ss').decode()}" == heard.headers["authorization"]
    assert f"127.0.0.1:{consumer.port}" == heard.headers["host"]


@pytest.mark.parametrize(("code", "state"), [(204, "processed"), (403, "failed"), (404, "scheduled")])
async def test_how_a_letter_stands_that_was_told(house, consumer, code, state):
    """The hook for letters that come in decides by its answer: it has it, never will, or is asked again."""
    consumer.reply = lambda _: status(code)
    caller = await house.caller()
    await webhooks.assign(house.core, caller, listen(Listener(url=consumer.url, events=("Inbound",))))
    place = Place(workspace_id=caller.workspace_id, address="x@acme.example", hash="")
    letter = read(b"", LETTER, "ann@example.com")
    arrival = Arrival(
        id=ids.new(), places=(place,), mail_from="ann@example.com", trace=b"", raw=LETTER, letter=letter
    )
    await house.core.inbox.add([arrival])

    (heard,) = await consumer.wait(1)

    assert ("Hello\n", arrival.id) == tuple(
        json.loads(heard.body)[name] for name in ("TextBody", "MessageID")
    )
    async with asyncio.timeout(20):
        while (held := await inbound.get(house.core, caller, arrival.id)).state == "queued":  # noqa: ASYNC110  # a table
            await asyncio.sleep(0.01)
    assert state == held.state
