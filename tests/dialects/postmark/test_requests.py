"""Requests at the edges: sizes, encodings, tokens in odd states, limits, and our own failures."""

import json
from typing import Any

import msgspec
import pytest

from core import accounts, credentials, senders
from core.store.database import StoreUnavailable
from dialects.postmark import errors
from gateway.config import Settings
from tests.dialects.postmark.driver import DRIVER
from tests.house import House

_MAIL: dict[str, Any] = {"From": "a@acme.example", "To": "b@acme.example", "TextBody": "t"}
_MIB = 1024 * 1024


async def test_a_byte_order_mark_is_skipped(house: House) -> None:
    """Windows clients put one before their JSON."""
    client = await house.client("postmark")

    answer = await client.post("/email", content=b"\xef\xbb\xbf" + json.dumps(_MAIL).encode())

    assert 200 == answer.status_code


@pytest.mark.parametrize("raw", [b'{"From":"\xff"}', b'{"Subject":"\\ud800"}', b"[" * 5000, b'{"a":1,}'])
async def test_what_is_no_json_is_told_as_such(house: House, raw: bytes) -> None:
    """Broken text, broken escapes and endless nesting are all bad JSON."""
    client = await house.client("postmark")

    answer = await client.post("/email", content=raw)

    DRIVER.refused(answer)
    assert (422, 402) == (answer.status_code, answer.json()["ErrorCode"])


@pytest.mark.parametrize(("path", "most"), [("/email", 10 * _MIB), ("/email/batch", 50 * _MIB)])
async def test_too_large_a_request_is_refused_unread(house: House, path: str, most: int) -> None:
    """Ten megabytes for one message, fifty for a batch."""
    client = await house.client("postmark")

    answer = await client.post(path, content=b"{}", headers={"content-length": str(most + 1)})

    DRIVER.refused(answer)
    assert 413 == answer.status_code


async def test_a_stranger_is_told_of_the_token_first(house: House) -> None:
    """Whatever is sent with it, however large."""
    client = await house.client("postmark", authorized=False)

    answer = await client.post("/email", content=b"{}", headers={"content-length": str(10 * _MIB + 1)})

    DRIVER.refused(answer)
    assert (401, 10) == (answer.status_code, answer.json()["ErrorCode"])


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/server",
            "/servers?count=1&offset=0",
            "/senders/1",
            "/stats/outbound",
            "/email/bulk",
            "/email/withTemplate",
        ),
        *(
            "/messages/outbound",
            "/deliveryStats/",
            "/message-streams/",
            "/triggers/inboundRules",
            "/data-removals/1",
        ),
    ],
)
async def test_a_stranger_at_the_root_is_told_of_the_token_too(house: House, path: str) -> None:
    """Where no other provider has the path."""
    client = await house.client("postmark", authorized=False)
    method = "POST" if path.startswith("/email/with") else "GET"

    answer = await client.request(method, f"http://gateway.test{path}")

    DRIVER.refused(answer)
    assert (401, 10) == (answer.status_code, answer.json()["ErrorCode"])


async def test_one_of_a_batch_may_not_be_larger_than_one_alone(house: House) -> None:
    """The others go their way."""
    client = await house.client("postmark")
    large = _MAIL | {"Attachments": [{"Name": "a.txt", "Content": "YWFh" * (10 * _MIB // 4)}]}

    answer = await client.post("/email/batch", json=[large, _MAIL])

    assert [413, 0] == [item["ErrorCode"] for item in answer.json()]


async def test_a_body_is_limited_too(house: House) -> None:
    """Five megabytes for a body."""
    client = await house.client("postmark")

    answer = await client.post("/email", json=_MAIL | {"HtmlBody": "x" * (5 * _MIB + 1)})

    assert (422, 300) == (answer.status_code, answer.json()["ErrorCode"])


async def test_a_token_is_compared_whatever_its_case(house: House) -> None:
    """The documentation says so, spaces around it do not count either."""
    client = await house.client("postmark", authorized=False)
    token = await house.key("postmark", "server")

    answer = await client.post(
        "/email", json=_MAIL, headers={"X-Postmark-Server-Token": f" {token.upper()} "}
    )

    assert 200 == answer.status_code


@pytest.mark.parametrize("state", ["revoked", "disabled", "suspended"])
async def test_a_token_out_of_use_is_none(house: House, state: str) -> None:
    """Whoever holds one is told what a stranger is told."""
    client = await house.client("postmark")
    held = next(each for each in await credentials.every(house.core) if each.dialect == "postmark")
    await credentials.set_state(house.core, held.id, state)

    answer = await client.post("/email", json=_MAIL)

    assert (401, 10) == (answer.status_code, answer.json()["ErrorCode"])


async def test_an_unconfirmed_sender_is_told_from_an_unknown_one(verified_house: House) -> None:
    """Code 401 of the older tables, with HTTP 422."""
    account = await accounts.ensure_account(verified_house.core, "test")
    await senders.put_sender(verified_house.core, account, "A@acme.example", confirmed=False)
    client = await verified_house.client("postmark")

    refused = await client.post("/email", json=_MAIL)
    await senders.put_sender(verified_house.core, account, "a@acme.example", confirmed=True)
    accepted = await client.post("/email", json=_MAIL)

    assert (422, 401) == (refused.status_code, refused.json()["ErrorCode"])
    assert "The Sender Signature a@acme.example has not been confirmed." == refused.json()["Message"]
    assert 200 == accepted.status_code


_FAULTS: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({"MessageStream": "nope"}, 1235, "The stream provided"),
    ({"From": "World"}, 300, "Error parsing 'From'"),
    ({"To": "World"}, 300, "Error parsing 'To'"),
    ({"TextBody": ""}, 300, "Provide either"),
    ({"Subject": "s" * 2001}, 300, "The 'Subject'"),
    (
        {"Metadata": {"k" * 21: "v"}},
        300,
        "Invalid metadata content. Field names are limited to 20 characters",
    ),
    ({"Attachments": [{"Name": "a.exe", "Content": "YQ=="}]}, 411, "The attachment"),
    ({"TemplateId": 5}, 1123, "A template"),
    (
        {"Tag": "not at fault"},
        400,
        "The 'From' address you supplied (a@acme.example) is not a Sender Signature",
    ),
)


@pytest.mark.parametrize("first", range(len(_FAULTS)))
async def test_the_first_fault_is_told(verified_house: House, first: int) -> None:
    """Checks run in the provider's order: of many faults the same one is told each time."""
    client = await verified_house.client("postmark")
    mail = _MAIL
    for change, _, _ in _FAULTS[first:]:
        mail = mail | change

    answer = await client.post("/email", json=mail)

    _, code, text = _FAULTS[first]
    DRIVER.refused(answer)
    assert code == answer.json()["ErrorCode"]
    assert answer.json()["Message"].startswith(text)


async def test_a_rate_limit_is_the_operators(settings: Settings) -> None:
    """Postmark publishes none; one that is set answers 429 in the dialect's body."""
    async with House.open(msgspec.structs.replace(settings, rate_limits={"postmark": 1})) as house:
        client = await house.client("postmark")
        answers = [await client.post("/email", json=_MAIL) for _ in range(6)]

    refused = [each for each in answers if each.status_code == 429]
    assert refused
    DRIVER.refused(refused[0])
    assert "1" == refused[0].headers["retry-after"]


@pytest.mark.parametrize(
    ("error", "status", "code"), [(RuntimeError("secret"), 500, 101), (StoreUnavailable("secret"), 503, 100)]
)
def test_a_crash_leaks_nothing(error: BaseException, status: int, code: int) -> None:
    """The caller gets the dialect's own words."""
    answer = errors.tell(error, None)

    assert status == answer.status
    assert b"secret" not in answer.body
    assert code == json.loads(answer.body)["ErrorCode"]
