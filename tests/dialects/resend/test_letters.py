import pytest

from core.messages import source
from tests.office import Office, written


@pytest.fixture
async def office(house):
    """A listener beside a house."""
    async with Office.open(house) as made:
        yield made


async def test_a_letter_with_a_key_is_sent_once(office):
    """Sent again with a new Message-ID and date, as clients do, it is answered with the first one's id."""
    answers = [
        await office.send(
            "resend", written(Resend_Idempotency_Key="k 1", Message_ID=f"<{n}@a.example>", Date=date)
        )
        for n, date in enumerate(("Thu, 26 Nov 2026 01:00:00 +0000", "Thu, 26 Nov 2026 01:00:09 +0000"))
    ]
    await office.house.settle()

    (held,) = await office.kept()
    assert [(250, f"2.0.0 Ok: queued as {held.id}")] * 2 == answers
    assert b"dempotency" not in await source(office.house.core, held)


async def test_a_key_used_for_another_letter_is_refused(office):
    """What a key was used for is remembered."""
    await office.send("resend", written(Resend_Idempotency_Key="k"))
    code, text = await office.send("resend", written(Resend_Idempotency_Key="k", Subject="Other"))
    assert (550, True) == (code, text.startswith("5.6.0 This idempotency key has been used"))
    assert 1 == len(await office.kept())


@pytest.mark.parametrize("key", ["", "x" * 257])
async def test_a_key_of_a_wrong_length_is_refused(office, key):
    """As the API refuses it."""
    raw = written().replace(b"Subject:", f"Resend-Idempotency-Key: {key}\r\nSubject:".encode())
    expected = "5.6.0 Idempotency keys, if present, must have between 1 and 256 characters."
    assert (550, expected) == await office.send("resend", raw)
    assert [] == await office.kept()


async def test_the_key_is_not_shared_with_the_api(office):
    """A key belongs to an endpoint, and SMTP is none of them."""
    client = await office.house.client("resend")
    body = {"from": "a@example.org", "to": "bob@example.net", "subject": "x", "text": "x"}
    await client.post("/emails", json=body, headers={"idempotency-key": "k"})
    assert 250 == (await office.send("resend", written(Resend_Idempotency_Key="k")))[0]
    assert 2 == len(await office.kept())


@pytest.mark.parametrize("sender", [None, "nobody"])
async def test_a_sender_that_is_none_is_refused_in_the_words_of_the_api(office, sender):
    """The live service was seen to say so over SMTP."""
    expected = (
        "5.6.0 Invalid `from` field. "
        "The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."
    )
    assert (550, expected) == await office.send("resend", written(From=sender))
