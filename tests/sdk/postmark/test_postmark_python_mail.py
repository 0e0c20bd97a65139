"""What happened to mail, through Postmark's own Python client, with only its base address changed."""

from uuid import uuid4

import pytest
from postmark.clients.account_client import AccountClient
from postmark.clients.server_client import ServerClient
from postmark.exceptions import PostmarkAPIException
from postmark.models.streams import MessageStreamType

from tests.conftest import Dev

pytestmark = pytest.mark.sdk


async def test_suppressions(client: ServerClient) -> None:
    """An address is taken out of use, dumped, and taken into use again."""
    address = f"{uuid4().hex}@example.net"

    (made,) = await client.suppressions.create("outbound", [address])
    (held,) = await client.suppressions.dump("outbound", email_address=address.upper())
    (gone,) = await client.suppressions.delete("outbound", [address])

    assert (address, "Suppressed") == (made.email_address, made.status)
    assert (address, "ManualSuppression", "Customer") == (
        held.email_address,
        held.suppression_reason.value,
        held.origin.value,
    )
    assert (address, "Deleted") == (gone.email_address, gone.status)
    assert [] == await client.suppressions.dump("outbound", email_address=address)


async def test_streams(client: ServerClient) -> None:
    """A stream is made, listed, changed, archived and taken back."""
    made = await client.stream.create(f"s{uuid4().hex[:20]}", "Receipts", MessageStreamType.TRANSACTIONAL)
    changed = await client.stream.edit(made.id, name="Bills")
    archived = await client.stream.archive(made.id)
    without = await client.stream.list(MessageStreamType.TRANSACTIONAL)
    those_too = await client.stream.list(include_archived=True)
    back = await client.stream.unarchive(made.id)
    await client.stream.archive(made.id)

    assert ("Receipts", None) == (made.name, made.updated_at)
    assert MessageStreamType.TRANSACTIONAL is made.message_stream_type
    assert "Bills" == changed.name
    assert archived.expected_purge_date is not None
    assert made.id not in [each.id for each in without.items]
    assert made.id in [each.id for each in those_too.items]
    assert (changed.name, None) == (back.name, back.archived_at)
    with pytest.raises(PostmarkAPIException) as caught:
        await client.stream.get("nowhere")
    assert (1226, 422) == (caught.value.error_code, caught.value.http_status)


async def test_inbound_rules(client: ServerClient) -> None:
    """A rule is made, listed and removed."""
    rule = f"{uuid4().hex}.example.com"

    made = await client.inbound_rules.create(rule)
    listed = await client.inbound_rules.list()
    removed = await client.inbound_rules.delete(made.id)

    assert rule == made.rule
    assert made in listed.items
    assert (0, f"Rule {rule} removed.") == (removed.error_code, removed.message)


async def test_what_was_not_seen(client: ServerClient) -> None:
    """Lists of nothing are lists; unknown letters are told as such."""
    nobody = f"{uuid4().hex}@example.net"

    assert 0 == (await client.outbound.list_opens(recipient=nobody)).total
    assert 0 == (await client.outbound.list_clicks(recipient=nobody)).total
    assert 0 == (await client.inbound.list(from_email=nobody)).total
    for ask in (client.inbound.get, client.inbound.bypass, client.inbound.retry):
        with pytest.raises(PostmarkAPIException) as caught:
            await ask(str(uuid4()))
        assert (701, 422) == (caught.value.error_code, caught.value.http_status)


async def test_data_removals(dev: Dev) -> None:
    """A person is forgotten, by the account's token."""
    async with AccountClient(dev.key("postmark", "account"), base_url=dev.url) as account:
        asked = await account.data_removals.create("ann@example.org", f"{uuid4().hex}@example.net")
        held = await account.data_removals.get(asked.id)

    assert "Pending" == asked.status
    assert (asked.id, True) == (held.id, held.status in ("Pending", "Done"))
