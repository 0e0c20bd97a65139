"""Webhooks from end to end: whatever happens in a workspace, a real socket hears of it in the provider's words."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
import svix

from core import domains, suppressions, topics
from tests.consumer import Consumer, Heard, status
from tests.core.post import letter_in

_MAIL = {"from": "Acme <a@acme.example>", "subject": "s", "text": "t"}
_LETTER = b"From: ann@example.org\r\nTo: help@in.example\r\nSubject: Help\r\n\r\nHi"


@pytest.fixture
def settings(settings):
    """The same, with targets on this machine allowed."""
    return msgspec.structs.replace(settings, allow_private_targets=True)


@pytest.fixture
async def client(house):
    """A client with a full key."""
    return await house.client("resend")


async def made(client, consumer: Consumer, *events: str) -> Any:
    """A webhook that wants these."""
    answer = await client.post("/webhooks", json={"endpoint": consumer.url, "events": events})
    assert 201 == answer.status_code, answer.text
    return answer.json()


def said(heard: Heard, secret: str) -> Any:
    """The payload, verified."""
    svix.Webhook(secret).verify(heard.body, heard.headers)
    return json.loads(heard.body)


@pytest.mark.parametrize(
    ("fate", "events"),
    [
        ("delivered", ["email.sent", "email.delivered"]),
        ("bounced", ["email.sent", "email.bounced"]),
        ("complained", ["email.sent", "email.delivered", "email.complained"]),
        ("suppressed", ["email.suppressed"]),
    ],
)
async def test_what_becomes_of_mail_is_told(client, consumer, fate, events):
    """Each state of each recipient once, to whoever asked for it."""
    every = [f"email.{word}" for word in ("sent", "delivered", "bounced", "complained", "suppressed")]
    secret = (await made(client, consumer, *every))["signing_secret"]

    sent = (await client.post("/emails", json=_MAIL | {"to": f"{fate}@resend.dev"})).json()["id"]

    told = [said(each, secret) for each in await consumer.wait(len(events))]
    assert sorted(events) == sorted(each["type"] for each in told)
    assert [sent] * len(events) == [each["data"]["email_id"] for each in told]
    held = (await client.get(f"/emails/{sent}")).json()
    assert {held["message_id"]} == {each["data"]["message_id"] for each in told}


async def test_scheduled_mail_is_told_twice(client, consumer):
    """When it is put off, and when it goes."""
    await made(client, consumer, "email.scheduled", "email.sent")

    mail = _MAIL | {"to": "delivered@resend.dev", "scheduled_at": "in 1 hour"}
    sent = (await client.post("/emails", json=mail)).json()["id"]
    (first,) = await consumer.wait(1)
    await client.post(f"/emails/{sent}/cancel")

    assert ("email.scheduled", sent) == (
        json.loads(first.body)["type"],
        json.loads(first.body)["data"]["email_id"],
    )


async def test_mail_that_comes_in_is_told(house, client, consumer):
    """Its head alone; the rest is read by its id."""
    await made(client, consumer, "email.received")

    held = await letter_in(house.core, await house.caller(), _LETTER)

    (heard,) = await consumer.wait(1)
    told = json.loads(heard.body)
    assert ("email.received", held.id) == (told["type"], told["data"]["email_id"])
    assert 200 == (await client.get(f"/emails/receiving/{told['data']['email_id']}")).status_code


async def test_changes_of_a_workspace_are_told(house, client, consumer):
    """Suppressions, topics, contacts and domains, whichever provider's client or command changed them."""
    events = [
        "suppression.added", "suppression.removed", "topic.created", "topic.updated", "topic.deleted",
        "contact.topics.updated", "contact.created", "contact.updated", "contact.deleted", "domain.created",
        "domain.updated", "domain.deleted",
    ]  # fmt: skip
    await made(client, consumer, *events)
    core, caller = house.core, await house.caller()

    await suppressions.suppress(core, caller, "ann@example.com")
    await suppressions.release(core, caller, "ann@example.com")
    topic = await topics.create(core, caller, topics.NewTopic(name="News"))
    await topics.choose(core, caller, topic, "ann@example.com", "opt_out")
    await topics.update(core, caller, topic.id, topics.TopicChange(name="More"))
    await topics.delete(core, caller, topic.id)
    sendflare = await house.client("sendflare")
    contact = {"appId": "app", "emailAddress": "ann@example.com", "data": {"firstName": "Ann"}}
    for _ in range(2):
        await sendflare.post("/v1/contact", json=contact)
    await sendflare.delete("/v1/contact", params={"appId": "app", "emailAddress": "ann@example.com"})
    domain = await domains.add(core, caller.account_id, domains.Draft(name="acme.example"))
    await domains.change(core, domain, domains.Change(receiving=True))
    # its records are read as it is told, and go with it
    await consumer.wait(len(events) - 1)
    await domains.remove(core, caller.account_id, "acme.example")

    told = [json.loads(each.body) for each in await consumer.wait(len(events))]
    assert sorted(events) == sorted(each["type"] for each in told)
    by_type = {each["type"]: each["data"] for each in told}
    assert "Ann" == by_type["contact.created"]["first_name"]
    assert [{"id": topic.id, "subscription": "opt_out"}] == by_type["contact.topics.updated"]["topics"]
    assert ["DKIM", "SPF"] == [each["record"] for each in by_type["domain.created"]["records"]]


async def test_attempts_are_kept_and_a_replay_is_one_more(client, consumer):
    """A failure is shown with its answer and the next attempt's moment; a replay is made at once."""
    consumer.reply = lambda _: status(500, b"not now")
    webhook = await made(client, consumer, "email.delivered")
    await client.post("/emails", json=_MAIL | {"to": "delivered@resend.dev"})
    (heard,) = await consumer.wait(1)
    path = f"/webhooks/{webhook['id']}/events/{heard.headers['svix-id']}"
    event = await _settled(client, path, "attempting")
    assert event["next_attempt_at"] > event["created_at"]
    assert json.loads(heard.body) == event["payload"]

    consumer.reply = lambda _: status(200)
    assert {"object": "webhook_event", "id": event["id"]} == (await client.post(f"{path}/replay")).json()
    again = (await consumer.wait(2))[1]
    event = await _settled(client, path, "success")

    assert (heard.body, heard.headers["svix-id"]) == (again.body, again.headers["svix-id"])
    assert event["next_attempt_at"] is None
    attempts = (await client.get(f"{path}/attempts")).json()["data"]
    assert [(200, "ok"), (500, "not now")] == [
        (each["http_status_code"], each["response"]) for each in attempts
    ]
    first = (await client.get(f"{path}/attempts?limit=1&after={attempts[0]['id']}")).json()
    assert ([attempts[1]], False) == (first["data"], first["has_more"])
    listed = (await client.get(f"/webhooks/{webhook['id']}/events")).json()["data"]
    assert [{key: event[key] for key in ("id", "type", "created_at", "status")}] == listed


async def _settled(client, path: str, state: str) -> Any:
    for _ in range(200):
        event = (await client.get(path)).json()
        if event["status"] == state:
            return event
        await asyncio.sleep(0.05)
    raise AssertionError(event)


async def test_a_disabled_webhook_is_told_nothing(client, consumer):
    """Not of what happens meanwhile either, once it is enabled again."""
    webhook = await made(client, consumer, "email.sent", "email.delivered")
    await client.patch(f"/webhooks/{webhook['id']}", json={"status": "disabled"})
    await client.post("/emails", json=_MAIL | {"to": "delivered@resend.dev"})
    await asyncio.sleep(0.5)
    await client.patch(
        f"/webhooks/{webhook['id']}", json={"status": "enabled", "events": ["email.delivered"]}
    )
    sent = (await client.post("/emails", json=_MAIL | {"to": "delivered@resend.dev"})).json()["id"]

    (heard,) = await consumer.wait(1)

    assert sent == json.loads(heard.body)["data"]["email_id"]


async def test_others_hear_nothing(house, client, consumer):
    """Another workspace's webhook is not told, and its events are not found."""
    webhook = await made(client, consumer, "email.delivered")
    stranger = await house.client("resend", workspace="other")
    await made(stranger, consumer, "email.delivered")
    await client.post("/emails", json=_MAIL | {"to": "delivered@resend.dev"})
    (heard,) = await consumer.wait(1)
    await asyncio.sleep(0.2)

    assert 1 == len(consumer.heard)
    path = f"/webhooks/{webhook['id']}/events/{heard.headers['svix-id']}"
    assert 200 == (await client.get(path)).status_code
    assert 404 == (await stranger.get(path)).status_code
