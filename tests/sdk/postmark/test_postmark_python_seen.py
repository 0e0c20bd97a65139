"""Opens, clicks, and letters that came in, by Postmark's own Python client with only its base address changed."""

import asyncio
from uuid import uuid4

import pytest
from postmark.clients.account_client import AccountClient
from postmark.clients.server_client import ServerClient
from postmark.exceptions import PostmarkAPIException
from postmark.models.inbound import InboundMessage
from postmark.models.outbound import ClickEvent, MessageDetails, OpenEvent
from postmark.models.page import Page

from tests.conftest import Dev
from tests.sdk.postmark.conftest import PATIENCE_S
from tests.sdk.postmark.surroundings import HTML, LINK, Application, look, until, write

pytestmark = pytest.mark.sdk


async def _sent(client: ServerClient, tag: str) -> MessageDetails:
    mail = {"sender": "ann@example.org", "to": "Bob <bob@example.net>", "subject": "s", "html_body": HTML}
    sent = await client.outbound.send(mail | {"tag": tag, "track_opens": True, "track_links": "HtmlOnly"})

    async def details() -> MessageDetails | None:
        found = await client.outbound.get(sent.message_id)
        return found if found.status == "Sent" else None

    return await until(details)


async def test_opens_and_clicks(client: ServerClient) -> None:
    """Who read with what, by each filter that the client has, and in the story of the message."""
    tag = uuid4().hex
    id = (await _sent(client, tag)).message_id
    await asyncio.to_thread(look, (await client.outbound.get_dump(id)).body)

    async def both() -> tuple[Page[OpenEvent], Page[ClickEvent]] | None:
        opens = await client.outbound.list_opens(
            recipient="bob@example.net", tag=tag, client_family="Chrome", platform="Desktop", message_stream="outbound"
        )  # fmt: skip
        clicks = await client.outbound.list_clicks(tag=tag, client_company="Google", os_family="Linux")
        return (opens, clicks) if opens.items and clicks.items else None

    opens, clicks = await until(both)
    details = await client.outbound.get(id)
    ((one,), (other,)) = opens.items, clicks.items

    assert ("Open", id, "Chrome", "Desktop", "127.0.0.1") == (
        one.record_type, one.message_id, one.client.family, one.platform, one.geo.ip,
    )  # fmt: skip
    assert ("Click", id, LINK, "HTML", "Google") == (
        other.record_type, other.message_id, other.original_link, other.click_location, other.client.company,
    )  # fmt: skip
    assert opens == await client.outbound.list_message_opens(id)
    assert clicks == await client.outbound.list_message_clicks(id, count=1)
    assert {"Delivered", "Opened", "LinkClicked"} == {each.type.value for each in details.message_events}
    assert [LINK] == [
        each.details.link for each in details.message_events if each.details and each.details.link
    ]
    assert 0 == (await client.outbound.list_opens(tag=tag, client_family="Firefox")).total


async def _arrived(client: ServerClient, status: str) -> InboundMessage:
    (found,) = await until(lambda: _listed(client, status))
    return found


async def _listed(client: ServerClient, status: str) -> list[InboundMessage]:
    return (await client.inbound.list(status=status, subject="hi")).items


async def test_a_letter_that_a_rule_blocks(
    dev: Dev, account: AccountClient, application: Application
) -> None:
    """It is read, told nobody, let through, and told."""
    server = await account.server.create(f"rules {uuid4().hex}", inbound_hook_url=application.url)
    async with ServerClient(server.api_tokens[0], base_url=dev.url, timeout=PATIENCE_S) as client:
        await client.inbound_rules.create("ann@sender.example")
        local, _, host = server.inbound_address.partition("@")
        await asyncio.to_thread(write, dev, f"{local}+t77@{host}")
        letter = await _arrived(client, "blocked")
        details = await client.inbound.get(letter.message_id)
        told_before = application.letters
        moved = await client.inbound.bypass(letter.message_id)
        through = await _arrived(client, "processed")
        with pytest.raises(PostmarkAPIException) as twice:
            await client.inbound.bypass(letter.message_id)

    assert ("ann@sender.example", "Ann", "t77", "Blocked") == (
        letter.from_email, letter.from_name, letter.mailbox_hash, letter.status,
    )  # fmt: skip
    assert (f"{local}+t77@{host}", "Support") == (letter.to_full[0].email, letter.to_full[0].name)
    assert [("a.txt", 5)] == [(each.name, each.content_length) for each in letter.attachments]
    assert ("Hello\n", "Sat, 24 May 2025 22:17:24 +0200") == (details.text_body, details.date)
    assert "Message-ID" in [each.name for each in details.headers]
    assert details.blocked_reason
    assert (0, f"Successfully bypassed message: {letter.message_id}.") == (moved.error_code, moved.message)
    assert ([], [letter.message_id], letter.message_id) == (
        told_before, application.letters, through.message_id,
    )  # fmt: skip
    assert (701, 422) == (twice.value.error_code, twice.value.http_status)


async def test_a_letter_that_the_application_refused(
    dev: Dev, account: AccountClient, application: Application
) -> None:
    """It is told again when asked for."""
    application.says = 403
    server = await account.server.create(f"refusing {uuid4().hex}", inbound_hook_url=application.url)
    async with ServerClient(server.api_tokens[0], base_url=dev.url, timeout=PATIENCE_S) as client:
        await asyncio.to_thread(write, dev, server.inbound_address)
        letter = await _arrived(client, "failed")
        application.says = 200
        moved = await client.inbound.retry(letter.message_id)
        await _arrived(client, "processed")

    assert (0, f"Successfully rescheduled failed message: {letter.message_id}.") == (
        moved.error_code, moved.message,
    )  # fmt: skip
    assert [letter.message_id] * 2 == application.letters
