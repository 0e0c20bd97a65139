"""Servers by Postmark's own Python client, with only its base address changed: every field has to be there."""

from uuid import uuid4

import pytest
from postmark.clients.account_client import AccountClient
from postmark.clients.server_client import ServerClient
from postmark.exceptions import InvalidAPIKeyException, PostmarkAPIException
from postmark.models.servers import DeliveryType, ServerColor, TrackLinks

from tests.conftest import Dev

pytestmark = pytest.mark.sdk


async def test_the_server_of_a_token(dev: Dev) -> None:
    """It is read, and changed in part."""
    async with ServerClient(dev.key("postmark", "server"), base_url=dev.url) as client:
        before = await client.server.get()
        changed = await client.server.edit(color=ServerColor.ORANGE, open_hook_url="https://example.com/open")
        after = await client.server.edit(open_hook_url="", color=before.color)

    assert dev.key("postmark", "server") in before.api_tokens
    assert (ServerColor.ORANGE, "https://example.com/open") == (changed.color, changed.open_hook_url)
    assert before == after


async def test_servers_of_an_account(dev: Dev, account: AccountClient) -> None:
    """Made with everything, found by name, changed, and removed."""
    name = f"python {uuid4().hex}"
    made = await account.server.create(
        name,
        color=ServerColor.GREY,
        delivery_type=DeliveryType.SANDBOX,
        smtp_api_activated=False,
        raw_email_enabled=True,
        inbound_hook_url="https://example.com/in",
        bounce_hook_url="https://example.com/bounce",
        post_first_open_only=True,
        inbound_domain=f"{uuid4().hex}.example.org",
        inbound_spam_threshold=5,
        track_opens=True,
        track_links=TrackLinks.HTML_AND_TEXT,
        include_bounce_content_in_hook=True,
        enable_smtp_api_error_hooks=True,
    )
    found = await account.server.list(name=name.upper())
    changed = await account.server.edit(made.id, name=f"{name}!", track_links=TrackLinks.NONE)
    async with ServerClient(made.api_tokens[0], base_url=dev.url) as client:
        own = await client.server.get()
        removed = await account.server.delete(made.id)
        with pytest.raises(InvalidAPIKeyException):
            await client.server.get()

    assert (DeliveryType.SANDBOX, False, True, 5) == (
        made.delivery_type,
        made.smtp_api_activated,
        made.raw_email_enabled,
        made.inbound_spam_threshold,
    )
    assert (1, [made.id]) == (found.total, [each.id for each in found.items])
    assert (f"{name}!", TrackLinks.NONE, True) == (changed.name, changed.track_links, changed.track_opens)
    assert made.id == own.id
    assert (0, f"Server {name}! removed.") == (removed.error_code, removed.message)
    with pytest.raises(PostmarkAPIException) as caught:
        await account.server.get(made.id)
    assert (601, 422) == (caught.value.error_code, caught.value.http_status)
