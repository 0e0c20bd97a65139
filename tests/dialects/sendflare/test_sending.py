"""What becomes of a mail: one field for both bodies, many ways to name people, batches, suppressions."""

import msgspec
import pytest

from core import messages, suppressions
from core.addresses import Address
from core.errors import Invalid
from core.messages import Content, Draft, Party
from core.paging import PageRequest
from dialects.sendflare.emails import Email

_MAIL = {"from": "a@example.org", "to": "b@example.com", "subject": "s", "body": "b"}


def _email(**fields: object) -> Email:
    return msgspec.convert(_MAIL | fields, Email)


async def _kept(house):
    page = await messages.page(house.core, await house.caller(), messages.Filter(), PageRequest(limit=100))
    return list(reversed(page.items))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        # anything like a tag makes HTML, for which a plain part is derived
        ({"body": "<p>Hi</p>"}, Content(subject="s", html="<p>Hi</p>", derive_text=True)),
        ({"body": "<!doctype html>Hi"}, Content(subject="s", html="<!doctype html>Hi", derive_text=True)),
        ({"body": "a\nb < c\n"}, Content(subject="s", text="a\nb < c\n")),
        ({"body": None, "html": "<b>x</b>"}, Content(subject="s", html="<b>x</b>", derive_text=True)),
    ],
)
def test_the_body_is_html_or_text(fields, expected):
    """There is one field for both."""
    assert expected == _email(**fields).draft().content


@pytest.mark.parametrize("subject", ["", " ", "one\r\ntwo", "one\ntwo", "one\rtwo", "ends\n"])
def test_a_subject_that_no_header_can_hold_is_refused(subject):
    """A line break would begin another field; taking it out would send something else than was asked for."""
    with pytest.raises(Invalid) as caught:
        _email(subject=subject).draft()
    assert "subject" == caught.value.field


@pytest.mark.parametrize(
    "to",
    ["b@example.com,c@example.com", ["b@example.com", "c@example.com"], " b@example.com , c@example.com,"],
)
def test_people_are_named_in_several_ways(to):
    """A list, or a text with commas."""
    assert ["b@example.com", "c@example.com"] == [party.email for party in _email(to=to).draft().to]


def test_a_batch_is_a_message_for_each():
    """Nobody sees another; copies go with the first alone, and all share one content."""
    first, second = _email(
        to=["B <b@example.com>", "c@example.com"], cc=["d@example.com"], bcc="e@example.com"
    ).drafts()

    assert (Party(Address("b@example.com", "B"), "B <b@example.com>"),) == first.to
    assert (["d@example.com"], ["e@example.com"]) == (
        [party.email for party in first.cc],
        [party.email for party in first.bcc],
    )
    assert ("c@example.com", (), ()) == (second.to[0].email, second.cc, second.bcc)
    assert first.content is second.content


async def test_the_request_id_is_the_message(house):
    """Applications keep it as the message's id."""
    client = await house.client("sendflare")

    answer = (await client.post("v1/send", json=_MAIL)).json()
    batch = (
        await client.post("v1/batchSend", json=_MAIL | {"to": ["b@example.com", "c@example.com"]})
    ).json()

    kept = await _kept(house)
    assert [answer["requestId"], *batch["data"]] == [message.id for message in kept]
    assert ["b@example.com", "b@example.com", "c@example.com"] == [m.draft.to[0].email for m in kept]
    assert answer["ts"] > 1_600_000_000_000


@pytest.mark.parametrize("path", ["v1/send", "v1/batchSend"])
async def test_a_suppressed_recipient_refuses_the_call(house, path):
    """Nothing of it is kept, whoever else it was for."""
    client = await house.client("sendflare")
    await suppressions.suppress(house.core, await house.caller(), "c@example.com")

    answer = await client.post(path, json=_MAIL | {"to": ["b@example.com", "C@example.com"]})

    body = answer.json()
    assert (422, 42201, "Recipient is suppressed") == (answer.status_code, body["code"], body["message"])
    assert [] == await _kept(house)


async def test_an_unsubscribed_contact_gets_its_mail(house):
    """Leaving a newsletter does not stop a receipt."""
    client = await house.client("sendflare")
    contact = {"appId": "app", "emailAddress": "b@example.com", "status": "Unsubscribed"}
    await client.post("v1/contact", json=contact)

    assert 200 == (await client.post("v1/send", json=_MAIL)).status_code


@pytest.mark.parametrize(("count", "status"), [(100, 200), (101, 400), (0, 400)])
async def test_a_call_is_for_a_hundred_at_most(house, count, status):
    """One to a hundred."""
    client = await house.client("sendflare")
    to = [f"b{index}@example.com" for index in range(count)]

    for path in ("v1/send", "v1/batchSend"):
        assert status == (await client.post(path, json=_MAIL | {"to": to})).status_code


async def test_bodies_are_bounded(house):
    """10 MiB; the refusal is an envelope too."""
    client = await house.client("sendflare")

    answer = await client.post("v1/send", json=_MAIL | {"body": "x" * (10 * 1024 * 1024)})

    body = answer.json()
    assert (413, 413, "Payload too large") == (answer.status_code, body["code"], body["message"])


def test_drafts_ask_to_be_refused():
    """A suppressed recipient is told to the caller and not passed over."""
    expected = Draft(
        sender=Party(Address("a@example.org"), "a@example.org"),
        to=(Party(Address("b@example.com"), "b@example.com"),),
        content=Content(subject="s", text="b"),
        on_suppressed="refuse",
    )

    assert expected == _email().draft()
