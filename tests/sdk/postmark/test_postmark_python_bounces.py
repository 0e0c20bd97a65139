"""Bounces, and lists that are walked through, by Postmark's own Python client with only its base address changed."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from postmark.clients.account_client import AccountClient
from postmark.clients.server_client import ServerClient
from postmark.exceptions import InactiveRecipientException, PostmarkAPIException
from postmark.models.bounces import Bounce, BounceType
from postmark.models.outbound import MessageDetails
from pydantic import ValidationError

from tests.conftest import Dev
from tests.sdk.postmark.conftest import PATIENCE_S
from tests.sdk.postmark.surroundings import until

pytestmark = pytest.mark.sdk


def _mail(**more: str) -> dict[str, str]:
    return {"sender": "ann@example.org", "to": "bob@example.net", "subject": "s", "text_body": "t"} | more


async def _sent(client: ServerClient, **more: str) -> MessageDetails:
    id = (await client.outbound.send(_mail(**more))).message_id

    async def details() -> MessageDetails | None:
        found = await client.outbound.get(id)
        return found if found.status == "Sent" else None

    return await until(details)


async def test_a_bounce(client: ServerClient) -> None:
    """Found by what is known of it, shown with its source, counted, and its address taken into use again."""
    to, tag = f"{uuid4().hex}@bounce-testing.postmarkapp.com", uuid4().hex
    details = await _sent(client, to=to, tag=tag)
    now = datetime.now(UTC)
    page = await client.bounces.list(
        type=BounceType.HARD_BOUNCE,
        inactive=True,
        email_filter=to[:20],
        tag=tag,
        message_id=details.message_id,
        from_date=now - timedelta(days=2),
        to_date=now + timedelta(days=2),
        message_stream="outbound",
    )
    (bounce,) = page.items
    dump = await client.bounces.get_dump(bounce.id)
    with pytest.raises(InactiveRecipientException):
        await client.outbound.send(_mail(to=to))
    activated = await client.bounces.activate(bounce.id)
    held = await client.bounces.get(bounce.id)

    assert (1, BounceType.HARD_BOUNCE, 1, to, tag, "s") == (
        page.total, bounce.type, bounce.type_code, bounce.email, bounce.tag, bounce.subject,
    )  # fmt: skip
    (event,) = details.message_events
    assert event.details is not None
    assert ("Bounced", str(bounce.id)) == (event.type, event.details.bounce_id)
    assert "550 5.1.1" in dump.body
    assert ("OK", False) == (activated.message, activated.bounce.inactive)
    assert held == activated.bounce
    assert (await client.outbound.send(_mail(to=to))).success
    with pytest.raises(PostmarkAPIException) as caught:
        await client.bounces.get(1 << 40)
    assert (1001, 422) == (caught.value.error_code, caught.value.http_status)


async def test_the_counts(dev: Dev, account: AccountClient) -> None:
    """This client asks for a type of all types together and for codes; the service tells neither, nor do we.

    A type ``All`` would break Postmark's client for .NET, which knows the names of types.
    """
    server = await account.server.create(f"counts {uuid4().hex}")
    async with ServerClient(server.api_tokens[0], base_url=dev.url, timeout=PATIENCE_S) as client:
        await _sent(client, to=f"{uuid4().hex}@bounce-testing.postmarkapp.com")
        with pytest.raises(ValidationError) as caught:
            await client.bounces.get_delivery_stats()
        told = (await client.get("/deliverystats")).json()

    missing = {(each["loc"][0], each["loc"][-1], each["type"]) for each in caught.value.errors()}
    assert {("Bounces", "Type", "missing"), ("Bounces", "TypeCode", "missing")} == missing
    counts = [{"Name": "All", "Count": 1}, {"Type": "HardBounce", "Name": "Hard bounce", "Count": 1}]
    assert {"InactiveMails": 1, "Bounces": counts} == told


@pytest.mark.parametrize("kind", list(BounceType))
async def test_every_type_is_known_to_the_client(client: ServerClient, kind: BounceType) -> None:
    """It refuses words and numbers that it does not know, also as a filter."""
    assert [] == (await client.bounces.list(type=kind, tag=uuid4().hex)).items


async def test_bounces_are_walked_through(client: ServerClient) -> None:
    """Page by page, each once, the newest first."""
    tag = uuid4().hex
    ids = [
        (await _sent(client, to=f"{uuid4().hex}@bounce-testing.postmarkapp.com", tag=tag)).message_id
        for _ in range(3)
    ]

    found: list[Bounce] = [each async for each in client.bounces.stream(batch_size=2, tag=tag)]
    most = [each async for each in client.bounces.stream(max_bounces=1, tag=tag)]

    assert ids[::-1] == [each.message_id for each in found]
    assert found[:1] == most


async def test_messages_are_walked_through(client: ServerClient) -> None:
    """Likewise."""
    tag = uuid4().hex
    sent = await client.outbound.send_batch([_mail(tag=tag)] * 5)

    found = [each.message_id async for each in client.outbound.stream(batch_size=2, tag=tag)]
    most = [each.message_id async for each in client.outbound.stream(batch_size=2, max_messages=3, tag=tag)]

    assert sorted(each.message_id for each in sent) == sorted(found)
    assert found[:3] == most
