"""Webhooks from end to end: what becomes of a message is told to a real socket, which can verify it."""

import asyncio
import hashlib
import hmac
import json
from typing import Any

import msgspec
import pytest

from tests.consumer import Consumer, Heard, status

_MAIL = {
    "from": "a@acme.example",
    "to": "b@example.com",
    "subject": "s",
    "text": "t",
    "metadata": {"order": "42"},
}


@pytest.fixture
def settings(settings):
    """The same, with targets on this machine allowed."""
    return msgspec.structs.replace(settings, allow_private_targets=True)


async def made(client, consumer: Consumer, *events: str) -> Any:
    """A webhook that wants these."""
    answer = await client.post("v1/webhooks", json={"url": consumer.url, "events": events})
    assert 201 == answer.status_code, answer.text
    return answer.json()


def said(heard: Heard, secret: str) -> Any:
    """The payload, verified as a receiver does."""
    stamp, _, signature = heard.headers["x-pufferpost-signature"].partition(",v1=")
    signed = f"{stamp.removeprefix('t=')}.".encode() + heard.body
    assert hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() == signature
    return json.loads(heard.body)


async def test_a_delivery_is_told(house, consumer):
    """With the message's metadata, under the id that its timeline has."""
    client = await house.client("pufferpost")
    webhook = await made(client, consumer, "delivered", "bounced")

    id_ = (await client.post("v1/messages", json=_MAIL)).json()["id"]

    (heard,) = await consumer.wait(1)
    told = said(heard, webhook["secret"])
    assert ("delivered", id_, {"order": "42"}) == (
        told["type"],
        told["data"]["message_id"],
        told["data"]["metadata"],
    )
    assert ("delivered", "PufferPost-Webhooks/1") == (
        heard.headers["x-pufferpost-event"],
        heard.headers["user-agent"],
    )
    timeline = (await client.get(f"v1/messages/{id_}/events")).json()["data"]
    assert told["id"] in [each["id"] for each in timeline if each["type"] == "delivered"]


async def test_deliveries_are_kept_and_made_again(house, consumer):
    """A failure is told with the answer and the next attempt's moment; a replay is made at once."""
    client = await house.client("pufferpost")
    consumer.reply = lambda _: status(503, b"not now")
    webhook = await made(client, consumer, "delivered")
    await client.post("v1/messages", json=_MAIL)
    (heard,) = await consumer.wait(1)
    path = f"v1/webhooks/{webhook['id']}/deliveries/{heard.headers['x-pufferpost-delivery']}"
    failed = await _settled(client, path, 503)
    assert ("pending", 1, "not now") == (failed["status"], failed["attempts"], failed["response_body"])
    assert heard.body.decode() == failed["request_body"]
    assert failed["next_attempt_at"] > failed["last_attempt_at"]

    consumer.reply = lambda _: status(200)
    answer = await client.post(f"{path}/replay")
    assert (202, failed["id"]) == (answer.status_code, answer.json()["id"])
    await consumer.wait(2)
    done = await _settled(client, path, 200)

    assert ("succeeded", None, "ok") == (done["status"], done["next_attempt_at"], done["response_body"])
    listed = (await client.get(f"v1/webhooks/{webhook['id']}/deliveries?status=succeeded")).json()["data"]
    assert [done["id"]] == [each["id"] for each in listed]
    assert done["event_id"] == json.loads(heard.body)["id"]
    assert [] == (await client.get(f"v1/webhooks/{webhook['id']}/deliveries?status=failed")).json()["data"]


async def _settled(client, path: str, response_status: int) -> Any:
    for _ in range(200):
        delivery = (await client.get(path)).json()
        if delivery["response_status"] == response_status:
            return delivery
        await asyncio.sleep(0.05)
    raise AssertionError(delivery)


@pytest.mark.parametrize("environment", ["live", "test"])
async def test_environments_do_not_mix(house, consumer, environment):
    """A webhook hears of messages of its own environment alone."""
    clients = {each: await house.client("pufferpost", environment=each) for each in ("live", "test")}
    webhook = await made(clients[environment], consumer, "delivered")
    for client in clients.values():
        await client.post("v1/messages", json=_MAIL)
    await house.settle()

    (heard,) = await consumer.wait(1)
    await asyncio.sleep(0.3)

    told = said(heard, webhook["secret"])
    assert 1 == len(consumer.heard)
    assert 200 == (await clients[environment].get(f"v1/messages/{told['data']['message_id']}")).status_code
