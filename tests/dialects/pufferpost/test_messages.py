"""Messages as PufferPost tells them, whoever made them: standings, timelines, the text part, sizes."""

import msgspec
import pytest

from core import ids, messages, templates
from core.addresses import Address
from core.messages import Content, Draft, Party, Rehearsal
from dialects.pufferpost.messages import _STATUS, _TYPE

_MAIL = {"from": "a@acme.example", "to": "b@example.com", "subject": "s", "text": "t"}


def _rehearsed(rehearsal: Rehearsal) -> Draft:
    return Draft(
        sender=Party(Address("a@acme.example")),
        to=(Party(Address("b@example.com")), Party(Address("c@example.com"))),
        content=Content(subject="s", text="t"),
        rehearsals={"b@example.com": rehearsal},
    )


@pytest.mark.parametrize(
    ("rehearsal", "status", "last"),
    [
        (
            Rehearsal(outcome="bounce"),
            "bounced",
            {"bounce_type": "permanent", "diagnostic": "5.1.1 Unknown user"},
        ),
        (
            Rehearsal(outcome="bounce", kind="mailbox_full"),
            "bounced",
            {"bounce_type": "transient", "diagnostic": "5.2.2 Mailbox full"},
        ),
        (Rehearsal(outcome="complain"), "complained", {}),
        (Rehearsal(outcome="suppress"), "suppressed", {}),
        (Rehearsal(outcome="deliver"), "delivered", {}),
    ],
)
async def test_what_became_of_a_message_is_told(house, rehearsal, status, last):
    """The worst of the recipients is the message's status, and an event says it."""
    receipt = await messages.submit(house.core, await house.caller(), _rehearsed(rehearsal))
    await house.settle()
    client = await house.client("pufferpost")
    id_ = f"msg_{ids.ulid(receipt.id)}"

    view = (await client.get(f"v1/messages/{id_}")).json()
    found = (await client.get("v1/messages", params={"status": status})).json()["data"]
    timeline = (await client.get(f"v1/messages/{id_}/events")).json()["data"]

    assert (status, "b@example.com, c@example.com") == (view["status"], view["to"])
    assert [view] == found
    assert ["accepted", "queued"] == [event["type"] for event in timeline[:2]]
    event = next(event for event in timeline if event["type"] == status)
    assert last == {key: event[key] for key in event.keys() - {"id", "type", "occurred_at", "recorded_at"}}
    assert len(timeline) == len({event["id"] for event in timeline})


async def test_mail_that_waits_is_accepted_and_not_queued(house):
    """Another dialect can put mail off; here it has no word but accepted."""
    later = house.core.clock.now() + 3_600_000_000
    draft = msgspec.structs.replace(_rehearsed(Rehearsal(outcome="deliver")), send_at=later)
    receipt = await messages.submit(house.core, await house.caller(), draft)
    client = await house.client("pufferpost")

    view = (await client.get("v1/messages", params={"status": "accepted"})).json()["data"][0]
    timeline = (await client.get(f"v1/messages/{view['id']}/events")).json()["data"]

    assert f"msg_{ids.ulid(receipt.id)}" == view["id"]
    assert ["accepted"] == [event["type"] for event in timeline]


def test_every_status_and_type_is_the_providers():
    """The guide's two lists."""
    statuses = {"accepted", "queued", "sent", "delivered", "bounced", "complained", "suppressed", "errored"}

    assert statuses == set(_STATUS.values())
    assert statuses - {"queued"} | {"opened", "clicked", "unsubscribed"} == set(_TYPE.values())


async def test_templated_mail_gets_a_plain_part(house):
    """The template has HTML alone; the letter has both."""
    client = await house.client("pufferpost")
    template = {"name": "n", "slug": "s", "subject": "Hi {{ name }}", "body": "<p>Dear {{ name }}</p>"}
    await client.post("v1/templates", json=template)
    body = {"from": "a@acme.example", "to": "b@example.com", "template": "s", "data": {"name": "A & B"}}
    id_ = (await client.post("v1/messages", json=body)).json()["id"]
    await house.settle()

    message = await messages.get(house.core, await house.caller(), ids.from_ulid(id_[4:]) or "")
    letter = (await messages.source(house.core, message)).decode()

    assert "Subject: Hi A & B\r\n" in letter
    assert "text/plain" in letter
    assert "Dear A & B" in letter
    assert "<p>Dear A &amp; B</p>" in letter


async def test_inline_content_is_sent_as_it_is(house):
    """Nothing is rendered, and no part is added."""
    client = await house.client("pufferpost")
    body = {"from": "a@acme.example", "to": "b@example.com", "subject": "{{ x }}", "html": "<p>{{ y }}</p>"}
    id_ = (await client.post("v1/messages", json=body)).json()["id"]
    await house.settle()

    message = await messages.get(house.core, await house.caller(), ids.from_ulid(id_[4:]) or "")
    letter = (await messages.source(house.core, message)).decode()

    assert "Subject: {{ x }}\r\n" in letter
    assert "<p>{{ y }}</p>" in letter
    assert "text/plain" not in letter


async def test_a_send_fixes_the_version(house):
    """A version saved after acceptance is for later messages."""
    client = await house.client("pufferpost")
    await client.post("v1/templates", json={"name": "n", "slug": "s", "subject": "one", "body": "1"})
    mail = {"from": "a@acme.example", "to": "b@example.com", "template": "s"}
    first = (await client.post("v1/messages", json=mail)).json()["id"]
    await client.post("v1/templates/s/versions", json={"subject": "two", "body": "2"})
    second = (await client.post("v1/messages", json=mail)).json()["id"]
    await house.settle()

    told = [(await client.get(f"v1/messages/{each}")).json() for each in (first, second)]

    assert [("one", 1), ("two", 2)] == [(each["subject"], each["template_version"]) for each in told]


async def test_templates_of_other_syntaxes_are_not_seen(house):
    """What another provider's clients made in the workspace is not PufferPost's."""
    new = templates.NewTemplate(
        slug="theirs", name="n", syntax="triple", body=templates.Body(subject="s", text="t")
    )
    await templates.create(house.core, await house.caller(), new)
    client = await house.client("pufferpost")

    mail = {"from": "a@acme.example", "to": "b@example.com", "template": "theirs"}
    assert [] == (await client.get("v1/templates")).json()["data"]
    assert 404 == (await client.get("v1/templates/theirs")).status_code
    assert "template_not_found" == (await client.post("v1/messages", json=mail)).json()["error"]["code"]
    taken = await client.post(
        "v1/templates", json={"name": "n", "slug": "theirs", "subject": "s", "body": "b"}
    )
    assert 409 == taken.status_code


async def test_a_template_without_a_version_to_send(house):
    """A draft of a version is none."""
    body = templates.Body(subject="s", html="h", published=False)
    new = templates.NewTemplate(slug="draft", name="n", syntax="twig", body=body)
    await templates.create(house.core, await house.caller(), new)
    client = await house.client("pufferpost")

    answer = await client.post("v1/messages", json={"from": "a@b.cc", "to": "b@b.cc", "template": "draft"})

    assert (422, "template_has_no_version") == (answer.status_code, answer.json()["error"]["code"])


async def test_bodies_are_bounded(house):
    """8 MiB for a message, more for a batch."""
    client = await house.client("pufferpost")
    large = b'{"from": "' + b"a" * (8 * 1024 * 1024) + b'"}'

    single = await client.post("v1/messages", content=large)
    batch = await client.post("v1/messages/batch", content=b'{"messages": [' + large + b"]}")

    assert (413, "payload_too_large") == (single.status_code, single.json()["error"]["code"])
    assert 200 == batch.status_code
    assert "error" == batch.json()["data"][0]["status"]


async def test_a_hundred_entries_and_no_more(house):
    """One hundred are accepted in one call, in order."""
    client = await house.client("pufferpost")

    fine = await client.post("v1/messages/batch", json={"messages": [_MAIL] * 100})
    more = await client.post("v1/messages/batch", json={"messages": [_MAIL] * 101})

    assert list(range(100)) == [each["index"] for each in fine.json()["data"]]
    assert {"accepted"} == {each["status"] for each in fine.json()["data"]}
    assert 422 == more.status_code
    assert "messages" == more.json()["error"]["violations"][0]["field"]


async def test_a_batch_that_is_not_utf8_is_no_json(house):
    """An entry with a letter that is none refuses the whole call."""
    client = await house.client("pufferpost")

    answer = await client.post("v1/messages/batch", content=b'{"messages": [{"from": "\xff"}]}')

    assert (400, "bad_request") == (answer.status_code, answer.json()["error"]["code"])


@pytest.mark.parametrize(
    "path", ["v1/messages?recipient=%00", "v1/templates?slug=%00", "v1/templates/%00", "v1/messages/%00"]
)
async def test_no_text_of_a_request_is_a_crash(house, path):
    """An engine may not hold every character; the answer is a list or a refusal."""
    client = await house.client("pufferpost")

    assert (await client.get(path)).status_code in (200, 404, 422)
