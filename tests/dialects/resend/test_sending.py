"""What arrives of a mail: its parts, headers and time."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import msgspec
import pytest

from core import messages
from core.clock import HOUR, MINUTE, SystemClock
from core.core import Core
from dialects.resend import errors
from dialects.resend.idempotency import meaning
from dialects.times import iso
from gateway.config import Settings
from tests.dialects.resend.driver import DRIVER
from tests.house import House

_MAIL = {"from": "Ann <a@acme.example>", "to": "b@acme.example", "subject": "s"}


async def _arrived(house: House, **mail: Any) -> EmailMessage:
    client = await house.client("resend")
    answer = await client.post("/emails", json=_MAIL | mail)
    assert 200 == answer.status_code, answer.text
    caller = await house.caller()
    source = await messages.source(house.core, await messages.get(house.core, caller, answer.json()["id"]))
    made = message_from_bytes(source, policy=policy.default)
    assert isinstance(made, EmailMessage)
    return made


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"html": "<p>h</p>"}, {"text/html": "<p>h</p>", "text/plain": "h"}),
        ({"html": "<p>h</p>", "text": None}, {"text/html": "<p>h</p>", "text/plain": "h"}),
        ({"html": "<p>h</p>", "text": "own"}, {"text/html": "<p>h</p>", "text/plain": "own"}),
        ({"html": "<p>h</p>", "text": ""}, {"text/html": "<p>h</p>"}),
        ({"html": "", "text": "own"}, {"text/plain": "own"}),
    ],
)
async def test_bodies(house: House, given: dict[str, Any], parts: dict[str, str]) -> None:
    """A plain part is made from the html unless there is one, or an empty text says there shall be none."""
    arrived = await _arrived(house, **given)
    found = {
        part.get_content_type(): part.get_content().strip()
        for part in arrived.walk()
        if not part.is_multipart()
    }
    assert parts == found


async def test_headers(house: House) -> None:
    """Own headers arrive, those of the server are its own; blind copies stand nowhere."""
    given = {
        "List-Unsubscribe": "<https://acme.example/u>",
        "References": "<1@acme.example>",
        "Message-ID": "<mine@acme.example>",
        "from": "x@acme.example",
        "Content-Type": "text/evil",
        "DKIM-Signature": "v=1",
    }
    arrived = await _arrived(house, text="t", headers=given, cc="c@acme.example", bcc="d@acme.example")
    assert "<https://acme.example/u>" == arrived["List-Unsubscribe"]
    assert "<1@acme.example>" == arrived["References"]
    assert "Ann <a@acme.example>" == arrived["From"]
    assert arrived["Message-ID"].endswith("@babelpost.local>")
    assert "c@acme.example" == arrived["Cc"]
    assert arrived["DKIM-Signature"] is None
    assert "d@acme.example" not in arrived.as_string()


async def test_attachments(house: House) -> None:
    """A file with a content id is shown inside the html, another beside it."""
    files = [
        {"filename": "logo.png", "content": base64.b64encode(b"png").decode(), "content_id": "logo"},
        {"filename": "grüße.txt", "content": [104, 105]},
    ]
    arrived = await _arrived(house, html='<img src="cid:logo">', attachments=files)
    found = {
        part.get_filename(): (part.get_content_disposition(), part["Content-ID"], part.get_content())
        for part in arrived.walk()
        if part.get_filename()
    }
    assert ("inline", "<logo>", b"png") == found["logo.png"]
    assert ("attachment", None, "hi") == found["grüße.txt"]


async def test_a_dead_address_fails_the_email_and_not_the_call(house: House) -> None:
    """Files are fetched when the mail is sent; addresses inside the own network are refused."""
    client = await house.client("resend")
    files = [{"path": "http://127.0.0.1:9/a.txt"}]
    answer = await client.post("/emails", json=_MAIL | {"text": "t", "attachments": files})
    assert 200 == answer.status_code
    await house.settle()
    found = (await client.get(f"/emails/{answer.json()['id']}")).json()
    assert "failed" == found["last_event"]


async def test_a_schedule_fires(house: House) -> None:
    """What was put off is sent when its time has come, and keeps telling of it."""
    client = await house.client("resend")
    made = (await client.post("/emails", json=_MAIL | {"text": "t", "scheduled_at": "in 1 sec"})).json()
    first = (await client.get(f"/emails/{made['id']}")).json()
    assert "scheduled" == first["last_event"]
    found = first
    for _ in range(400):
        if (found := (await client.get(f"/emails/{made['id']}")).json())["last_event"] == "delivered":
            break
        await asyncio.sleep(0.05)
    assert "delivered" == found["last_event"]
    assert first["scheduled_at"] == found["scheduled_at"]


async def test_a_time_just_past_means_now(house: House) -> None:
    """Clocks differ by minutes; such a mail was never scheduled."""
    client = await house.client("resend")
    past = iso(house.core.clock.now() - MINUTE)
    made = (await client.post("/emails", json=_MAIL | {"text": "t", "scheduled_at": past})).json()
    await house.settle()
    found = (await client.get(f"/emails/{made['id']}")).json()
    assert ("delivered", None) == (found["last_event"], found["scheduled_at"])


async def test_moved_to_now(house: House) -> None:
    """A scheduled mail that is moved to a time just past is sent."""
    client = await house.client("resend")
    made = (await client.post("/emails", json=_MAIL | {"text": "t", "scheduled_at": "in 1 hour"})).json()
    past = iso(house.core.clock.now() - MINUTE)
    assert 200 == (await client.patch(f"/emails/{made['id']}", json={"scheduled_at": past})).status_code
    await house.settle()
    assert "delivered" == (await client.get(f"/emails/{made['id']}")).json()["last_event"]


async def test_one_key_at_once(house: House) -> None:
    """Calls with the same idempotency key that come together make one mail."""
    client = await house.client("resend")
    ask = [
        client.post("/emails", json=_MAIL | {"text": "t"}, headers={"idempotency-key": "k"}) for _ in range(8)
    ]
    answers = await asyncio.gather(*ask)
    assert 1 == len({answer.json()["id"] for answer in answers})
    assert 1 == len((await client.get("/emails")).json()["data"])


async def test_an_empty_idempotency_key(house: House) -> None:
    """It has to say something, and is looked at before the body is."""
    client = await house.client("resend")
    for path in ("/emails", "/emails/batch"):
        answer = await client.post(path, content=b"{", headers={"idempotency-key": ""})
        DRIVER.refused(answer)
        assert (400, "invalid_idempotency_key") == (answer.status_code, answer.json()["name"])


@pytest.mark.parametrize("unknown", [b"1e999", b"9" * 5000])
async def test_a_number_beyond_all_bounds(house: House, unknown: bytes) -> None:
    """In a field that nobody reads it does no harm, an idempotency key asked for or not."""
    client = await house.client("resend")
    mail = json.dumps(_MAIL | {"text": "t"}).encode().removesuffix(b"}") + b', "x":' + unknown + b"}"
    for path, body in (("/emails", mail), ("/emails/batch", b"[" + mail + b"]")):
        first, again, other = [
            await client.post(path, content=text, headers={"idempotency-key": "k"})
            for text in (body, body, body.replace(b'"s"', b'"another"'))
        ]
        assert 200 == first.status_code
        assert first.json() == again.json()
        assert (409, "invalid_idempotent_request") == (other.status_code, other.json()["name"])


def test_what_no_decoder_takes_is_compared_as_it_is_written() -> None:
    """Endless nesting and broken letters in an element of a batch pass by until somebody looks at them."""
    for text in (
        b"[" * 5000 + b"]" * 5000,
        b'{"a":1e999}',
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b'{"a\xe4":1}',
    ):
        assert text == meaning(msgspec.Raw(text))
    assert meaning(msgspec.Raw(b'{"a":1, "b":2}')) == meaning(msgspec.Raw(b'{"b":2,"a":1}'))


@pytest.mark.parametrize(
    "text", [b'{"to": "\\ud800"}', b'{"to": "\xff"}', b"\xff\xfe{}", b'{"x":' + b"[" * 100_000, b"nul"]
)
async def test_no_json(house: House, text: bytes) -> None:
    """Broken letters, broken escapes and endless nesting are bad JSON to the provider's clients, keyed or not."""
    client = await house.client("resend")
    for headers in ({}, {"idempotency-key": "k"}):
        for path, body in (("/emails", text), ("/emails/batch", b"[" + text + b"]")):
            answer = await client.post(path, content=body, headers=headers)
            DRIVER.refused(answer)
            assert 400 == answer.status_code


class _Clock:
    """The machine's clock, moved ahead by the test."""

    ahead = 0

    def now(self) -> int:
        """Microseconds since 1970 UTC."""
        return SystemClock().now() + self.ahead


@pytest.mark.parametrize("mode", ["strict", "permissive"])
async def test_a_repetition_is_not_judged_again(core: Core, settings: Settings, mode: str) -> None:
    """A scheduled batch that is repeated after its time gets its first answer, not a refusal of the time."""
    clock = _Clock()
    house = House(replace(core, clock=clock), settings)
    body: list[Any] = [_MAIL | {"text": "t", "scheduled_at": iso(core.clock.now() + MINUTE)}]
    if mode == "permissive":
        body.insert(0, {})
    headers = {"idempotency-key": "k", "x-batch-validation": mode}
    async with house._stack:
        client = await house.client("resend")
        first = (await client.post("/emails/batch", json=body, headers=headers)).json()
        clock.ahead = HOUR
        again = (await client.post("/emails/batch", json=body, headers=headers)).json()
    assert 1 == len(first["data"])
    assert first == again


async def test_other_teams_see_nothing(house: House) -> None:
    """An email of another team answers like none at all."""
    mine, theirs = await house.client("resend"), await house.client("resend", workspace="other")
    made = (await mine.post("/emails", json=_MAIL | {"text": "t", "scheduled_at": "in 1 hour"})).json()
    for ask in (
        theirs.get(f"/emails/{made['id']}"),
        theirs.post(f"/emails/{made['id']}/cancel"),
        theirs.patch(f"/emails/{made['id']}", json={"scheduled_at": "in 2 hours"}),
        theirs.get("/emails", params={"after": made["id"]}),
    ):
        answer = await ask
        DRIVER.refused(answer)
        assert 404 == answer.status_code
    assert [] == (await theirs.get("/emails")).json()["data"]


def test_a_crash_tells_nothing() -> None:
    """What broke inside stays inside."""
    answer = errors.tell(RuntimeError("secret"), None)
    assert 500 == answer.status
    assert (
        b'{"statusCode":500,"message":"An unexpected error occurred.","name":"application_error"}'
        == answer.body
    )


@pytest.mark.parametrize(("padding", "waits"), [(0, False), (70_000, True)])
async def test_chunked(house: House, *, padding: int, waits: bool) -> None:
    """The Go SDK tells no length; its small bodies need not wait for room, its large ones arrive whole."""
    client = await house.client("resend")
    body = msgspec.json.encode(_MAIL | {"text": "t" * padding + "end"})

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 1000):
            yield body[at : at + 1000]

    sending = asyncio.create_task(client.post("/emails", content=chunks()))
    async with asyncio.timeout(20):
        async with house.core.bodies.hold(1 << 40):
            done, _ = await asyncio.wait([sending], timeout=0.3 if waits else None)
            assert waits == (not done)
        answer = await sending
    assert 200 == answer.status_code
    found = (await client.get(f"/emails/{answer.json()['id']}")).json()
    assert found["text"].endswith("end")


async def test_too_large(house: House) -> None:
    """A body beyond all bounds is refused by its length alone, in the provider's body."""
    client = await house.client("resend")
    answer = await client.post("/emails/batch", content=b"[" + b" " * (40 * 1024 * 1024))
    DRIVER.refused(answer)
    assert 422 == answer.status_code
    assert "40 MB" in answer.json()["message"]
