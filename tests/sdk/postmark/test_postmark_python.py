"""Postmark's own Python client, with only its base address changed."""

import asyncio
from base64 import b64encode
from uuid import uuid4

import pytest
from postmark.clients.server_client import ServerClient
from postmark.exceptions import (
    InactiveRecipientException,
    InvalidAPIKeyException,
    PostmarkAPIException,
    ValidationException,
)
from postmark.models.outbound.schemas import Email, MessageDetails
from pydantic import ValidationError

from tests.conftest import Dev

pytestmark = pytest.mark.sdk


def _email(**more: object) -> Email:
    return Email.model_validate(
        {"sender": "Ann <ann@example.org>", "to": "bob@example.net", "subject": "s", "text_body": "t"} | more
    )


async def _settled(client: ServerClient, id: str) -> MessageDetails:
    while (found := await client.outbound.get(id)).status != "Sent":  # noqa: ASYNC110  # another process sends
        await asyncio.sleep(0.02)
    return found


async def test_send_and_read_back(client: ServerClient) -> None:
    """A mail with everything is sent, found, shown with its story, and dumped."""
    order = uuid4().hex
    attachment = {"Name": "a.txt", "Content": b64encode(b"hello").decode(), "ContentType": "text/plain"}
    header = {"Name": "X-Order", "Value": order}

    sent = await client.outbound.send(
        _email(
            html_body="<p>Hello</p>",
            tag="welcome",
            metadata={"order": order},
            track_links="HtmlOnly",
            attachments=[attachment],
            headers=[header],
        )
    )
    details = await _settled(client, sent.message_id)
    dump = await client.outbound.get_dump(sent.message_id)
    page = await client.outbound.list(metadata={"order": order})

    assert (0, "OK", "bob@example.net") == (sent.error_code, sent.message, sent.to)
    assert ("<p>Hello</p>", "t", {"order": order}) == (details.html_body, details.text_body, details.metadata)
    assert ["a.txt"] == details.attachments
    assert [("bob@example.net", "Delivered")] == [
        (each.recipient, each.type) for each in details.message_events
    ]
    assert f"X-Order: {order}" in dump.body
    assert (1, [sent.message_id]) == (page.total, [each.message_id for each in page.items])


async def test_send_batch(client: ServerClient) -> None:
    """Results come in the order of the messages."""
    sent = await client.outbound.send_batch([_email(to="one@example.net"), _email(to="two@example.net")])

    assert ["one@example.net", "two@example.net"] == [each.to for each in sent]
    assert all(each.success for each in sent)


async def test_a_batch_with_one_that_is_refused(client: ServerClient) -> None:
    """The service tells a refusal in two keys; this client asks for five, there as here. The others were sent."""
    tag = uuid4().hex

    with pytest.raises(ValidationError) as caught:
        await client.outbound.send_batch([_email(tag=tag), _email(to="user@localhost")])

    assert {"To", "SubmittedAt", "MessageID"} == {each["loc"][0] for each in caught.value.errors()}
    assert 1 == (await client.outbound.list(tag=tag)).total


async def test_an_inactive_recipient(client: ServerClient) -> None:
    """The client reads the addresses out of the text."""
    # every word that is no type of bounce bounces hard
    address = f"{uuid4().hex}@bounce-testing.postmarkapp.com"
    first = await client.outbound.send(_email(to=address))
    await _settled(client, first.message_id)

    with pytest.raises(InactiveRecipientException) as caught:
        await client.outbound.send(_email(to=address))

    assert [address] == caught.value.inactive_recipients
    assert (406, 422) == (caught.value.error_code, caught.value.http_status)


async def test_an_invalid_address(client: ServerClient) -> None:
    """Code 300 is a validation error."""
    with pytest.raises(ValidationException) as caught:
        await client.outbound.send(_email(to="user@localhost"))

    assert (300, "Invalid 'To' address: 'user@localhost'.") == (caught.value.error_code, caught.value.message)


async def test_an_unknown_message(client: ServerClient) -> None:
    """Code 701 with HTTP 422."""
    with pytest.raises(PostmarkAPIException) as caught:
        await client.outbound.get(str(uuid4()))

    assert (701, 422) == (caught.value.error_code, caught.value.http_status)


async def test_an_invalid_token(dev: Dev) -> None:
    """Code 10 with HTTP 401."""
    async with ServerClient(str(uuid4()), base_url=dev.url) as stranger:
        with pytest.raises(InvalidAPIKeyException) as caught:
            await stranger.outbound.send(_email())

    assert (10, 401) == (caught.value.error_code, caught.value.http_status)


async def test_webhooks(client: ServerClient) -> None:
    """A webhook is made, listed, changed in part and removed; every trigger stands in what is read."""
    made = await client.webhooks.create(
        "https://example.com/hook",
        message_stream="broadcast",
        http_auth={"Username": "u", "Password": "p"},
        http_headers=[{"Name": "X-Key", "Value": "v"}],
        triggers={"Open": {"Enabled": True, "PostFirstOpenOnly": True}},
    )
    changed = await client.webhooks.edit(
        made.id, http_headers=[], triggers={"Bounce": {"Enabled": True, "IncludeContent": True}}
    )
    listed = await client.webhooks.list("broadcast")
    removed = await client.webhooks.delete(made.id)

    assert ("https://example.com/hook", "broadcast") == (made.url, made.message_stream)
    assert made.http_auth is not None
    assert ("u", "p") == (made.http_auth.username, made.http_auth.password)
    assert made.triggers.open.post_first_open_only
    assert (True, True, []) == (
        changed.triggers.open.enabled,
        changed.triggers.bounce.include_content,
        changed.http_headers,
    )
    assert [changed] == listed
    assert (0, f"Webhook {made.id} removed.") == (removed.error_code, removed.message)
    with pytest.raises(PostmarkAPIException) as caught:
        await client.webhooks.get(made.id)
    assert (1352, 422) == (caught.value.error_code, caught.value.http_status)
