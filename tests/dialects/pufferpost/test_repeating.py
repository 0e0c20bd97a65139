"""Idempotency keys beyond the wires: at once, too long, after the world has changed, in batches."""

import asyncio

from core import suppressions

_MAIL = {"from": "a@acme.example", "to": "b@example.com", "subject": "s", "text": "t"}


async def test_at_once_makes_one_message(house):
    """Ten calls with one key in the same moment are one message, and all get its id."""
    client = await house.client("pufferpost")

    async def send():
        return await client.post("v1/messages", json=_MAIL, headers={"Idempotency-Key": "k"})

    answers = await asyncio.gather(*(send() for _ in range(10)))

    assert [202] * 10 == [answer.status_code for answer in answers]
    assert 1 == len({answer.json()["id"] for answer in answers})
    assert 9 == sum("true" == answer.headers.get("idempotent-replayed") for answer in answers)
    assert 1 == len((await client.get("v1/messages")).json()["data"])


async def test_a_replay_answers_though_the_recipient_is_suppressed_by_now(house):
    """What was accepted stays accepted; a new call is refused."""
    client = await house.client("pufferpost")
    first = await client.post("v1/messages", json=_MAIL, headers={"Idempotency-Key": "k"})
    await suppressions.suppress(house.core, await house.caller(), "B@example.com")

    again = await client.post("v1/messages", json=_MAIL, headers={"Idempotency-Key": "k"})
    new = await client.post("v1/messages", json=_MAIL)

    assert (202, first.json()) == (again.status_code, again.json())
    assert 422 == new.status_code
    error = new.json()["error"]
    assert ("recipient_suppressed", '"b@example.com" is on the suppression list.') == (
        error["code"],
        error["message"],
    )


async def test_data_nested_without_end_is_refused_with_a_key_too(house):
    """Nothing is made of a body before it was checked."""
    client = await house.client("pufferpost")
    nested = b'{"data": {"a": ' + b"[" * 900 + b"]" * 900 + b"}}"

    answer = await client.post("v1/messages", content=nested, headers={"Idempotency-Key": "k"})

    assert answer.status_code in (400, 422)


async def test_a_key_of_256_characters_is_refused(house):
    """255 are allowed."""
    client = await house.client("pufferpost")

    fine = await client.post("v1/messages", json=_MAIL, headers={"Idempotency-Key": "k" * 255})
    long = await client.post("v1/messages", json=_MAIL, headers={"Idempotency-Key": "k" * 256})

    assert (202, 422) == (fine.status_code, long.status_code)
    assert "Idempotency-Key" == long.json()["error"]["violations"][0]["field"]


async def test_a_batch_does_not_look_at_the_key(house):
    """Every batch is a new one."""
    client = await house.client("pufferpost")
    body = {"messages": [_MAIL]}

    answers = [
        await client.post("v1/messages/batch", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]

    assert 2 == len({answer.json()["data"][0]["id"] for answer in answers})


async def test_an_entry_of_a_batch_may_be_suppressed_alone(house):
    """The others are accepted."""
    client = await house.client("pufferpost")
    await suppressions.suppress(house.core, await house.caller(), "b@example.com")

    answer = await client.post(
        "v1/messages/batch", json={"messages": [_MAIL, _MAIL | {"to": "c@example.com"}]}
    )

    first, second = answer.json()["data"]
    assert 200 == answer.status_code
    assert {
        "code": "recipient_suppressed",
        "message": '"b@example.com" is on the suppression list.',
    } == first["error"]
    assert "accepted" == second["status"]
