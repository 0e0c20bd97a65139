"""Postmark verifies webhooks: samples at a real socket, when they are asked, and what follows from the answers."""

import json
from collections.abc import AsyncIterator

import msgspec
import pytest

from tests.consumer import Consumer, Heard, status
from tests.house import House

TRIGGERS = ("Open", "Click", "Delivery", "Bounce", "SpamComplaint", "SubscriptionChange")
EVERYTHING = {name: {"Enabled": True} for name in TRIGGERS}


@pytest.fixture
def settings(settings):
    """Let webhooks be on this machine."""
    return msgspec.structs.replace(settings, allow_private_targets=True)


@pytest.fixture
async def probing(settings) -> AsyncIterator[House]:
    """A house whose operator wants endpoints probed."""
    async with House.open(msgspec.structs.replace(settings, probe_webhooks=True)) as made:
        yield made


@pytest.fixture
async def consumer() -> AsyncIterator[Consumer]:
    """An application."""
    async with Consumer() as made:
        yield made


def type_of(heard: Heard) -> str:
    """What a call is about."""
    found: str = json.loads(heard.body)["RecordType"]
    return found


def all_but(wanted: str, code: int = 500):
    """An application that cannot take one type."""
    return lambda heard: status(code if type_of(heard) == wanted else 200)


async def test_a_webhook_that_answers_is_verified(house, consumer):
    """Each trigger is asked once with a sample in the form of the real thing; then the webhook is told what happens."""
    client = await house.client("postmark")
    wish = {"Url": consumer.url, "Triggers": EVERYTHING, "Verify": False}
    hook = (await client.post("/webhooks", json=wish)).json()

    answer = await client.post(f"/webhooks/{hook['ID']}/verify")

    assert {
        "Id": hook["ID"],
        "Url": consumer.url,
        "Success": True,
        "Results": [
            {
                "TriggerType": name,
                "Success": True,
                "StatusCode": 200,
                "Message": "Remote server returned an HTTP status code of 200.",
            }
            for name in TRIGGERS
        ],
        "Message": "6/6 triggers verified successfully",
        "ErrorCode": 0,
    } == answer.json()
    assert "x-pm-apierrorcode" not in answer.headers
    assert sorted(TRIGGERS) == sorted(map(type_of, consumer.heard))
    assert {"9"} == {each.headers["x-pm-retries-remaining"] for each in consumer.heard}
    assert "verified" == (await client.get(f"/webhooks/{hook['ID']}")).json()["Status"]
    assert 0 == (await client.get(f"/webhooks/{hook['ID']}/statistics")).json()["Metrics"]["TotalRequests"]


@pytest.mark.parametrize("code", [500, 204])
async def test_one_that_does_not_is_not(house, consumer, code):
    """Any answer but 200 is a failure, told with status 200 all the same; the webhook stays as it was."""
    client = await house.client("postmark")
    consumer.reply = all_but("Bounce", code)
    wish = {"Url": consumer.url, "Triggers": EVERYTHING, "Verify": False}
    hook = (await client.post("/webhooks", json=wish)).json()

    answer = await client.post(f"/webhooks/{hook['ID']}/verify")

    body = answer.json()
    assert (200, "1364", False, 1364, "5/6 triggers verified successfully") == (
        answer.status_code,
        answer.headers["x-pm-apierrorcode"],
        body["Success"],
        body["ErrorCode"],
        body["Message"],
    )
    assert [
        {
            "TriggerType": "Bounce",
            "Success": False,
            "StatusCode": code,
            "Message": f"Remote server returned an HTTP status code of {code}.",
        }
    ] == [each for each in body["Results"] if not each["Success"]]
    assert "unverified" == (await client.get(f"/webhooks/{hook['ID']}")).json()["Status"]


async def test_nobody_there(house, consumer):
    """Without an answer there is no status, but a reason."""
    client = await house.client("postmark")
    consumer.reply = lambda _: None
    wish = {"Url": consumer.url, "Triggers": {"Open": {"Enabled": True}}}
    hook = (await client.post("/webhooks", json=wish)).json()

    (result,) = (await client.post(f"/webhooks/{hook['ID']}/verify")).json()["Results"]

    assert (False, 0) == (result["Success"], result["StatusCode"])
    assert result["Message"]


async def test_where_probes_are_wanted_nothing_else_is_saved(probing, consumer):
    """What fails is refused whole, new or changed; what asks for no probe is saved unverified without one."""
    client = await probing.client("postmark")
    consumer.reply = all_but("Open")
    wish = {"Url": consumer.url, "Triggers": {"Open": {"Enabled": True}, "Click": {"Enabled": True}}}

    refused = await client.post("/webhooks", json=wish)
    calls = len(consumer.heard)
    unprobed = (await client.post("/webhooks", json=wish | {"Verify": False})).json()
    edited = await client.put(f"/webhooks/{unprobed['ID']}", json={"Url": consumer.url + "2"})

    assert (422, 1364, False, 0) == (
        refused.status_code,
        refused.json()["ErrorCode"],
        refused.json()["Success"],
        refused.json()["Id"],
    )
    assert "1/2 triggers verified successfully" == refused.json()["Message"]
    assert 2 == calls
    assert ("unverified", 422, unprobed["ID"]) == (
        unprobed["Status"],
        edited.status_code,
        edited.json()["Id"],
    )
    assert {"Webhooks": [unprobed]} == (await client.get("/webhooks")).json()


async def test_where_probes_are_wanted_they_are_asked_when_something_is_new(probing, consumer):
    """A change of the place or another trigger is probed with all triggers; a change of headers is not."""
    client = await probing.client("postmark")
    wish = {"Url": consumer.url, "Triggers": {"Open": {"Enabled": True}}}
    hook = (await client.post("/webhooks", json=wish)).json()
    path, headers = f"/webhooks/{hook['ID']}", [{"Name": "X-Key", "Value": "v"}]
    counts = [len(consumer.heard)]
    for change in (
        {"HttpHeaders": headers},
        {"Triggers": {"Open": {"PostFirstOpenOnly": True}}},
        {"Triggers": {"Click": {"Enabled": True}}},
        {"Url": consumer.url + "2"},
        {"Triggers": {"Click": {"Enabled": False}}},
    ):
        assert 200 == (await client.put(path, json=change)).status_code
        counts.append(len(consumer.heard))

    assert [1, 1, 1, 3, 5, 5] == counts
    assert {"v"} == {each.headers["x-key"] for each in consumer.heard[1:]}
    assert ["/hook2"] * 2 == [each.target for each in consumer.heard[3:]]
