"""Sender signatures through Postmark's API: who may be sent as, and where answers go."""

import asyncio
from email.message import EmailMessage
from typing import Any

import httpx
import msgspec
import pytest

from core import accounts, messages, notices, senders
from core.core import Caller
from core.messages import Filter
from core.paging import PageRequest
from gateway.config import Settings
from tests.core.post import parsed
from tests.dns_server import DnsServer
from tests.house import House

_ANN = {"FromEmail": "Ann@shop.example", "Name": "Ann", "ReplyToEmail": "help@shop.example"}
_MAIL = {"From": "ann@SHOP.example", "To": "b@acme.example", "TextBody": "t"}


@pytest.fixture
def settings(settings: Settings, dns_server: DnsServer) -> Settings:
    """An installation where senders are checked by the test's name server."""
    return msgspec.structs.replace(
        settings, dns=(dns_server.address,), return_host="bounces.host.example", sender_policy="verified"
    )


@pytest.fixture
async def account(house: House) -> httpx.AsyncClient:
    """A client with the account's token."""
    return await house.client("postmark", "account")


async def _made(account: httpx.AsyncClient, **more: str) -> dict[str, Any]:
    answer = await account.post("/senders", json=_ANN | more)
    assert 200 == answer.status_code, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def _confirm(house: House, number: int) -> None:
    held = await senders.numbered(house.core, (await house.workspace()).account_id, number)
    await senders.confirm(house.core, held)


async def _dump(house: House, sent: dict[str, Any]) -> EmailMessage:
    server = await house.client("postmark")
    dump = await server.get(f"/messages/outbound/{sent['MessageID']}/dump")
    return parsed(dump.json()["Body"].encode())


async def test_a_signature_has_to_be_confirmed(account: httpx.AsyncClient, house: House) -> None:
    """Its address may be sent from afterwards, in any case of its letters, and no other of its domain."""
    server = await house.client("postmark")
    made = await _made(account)
    early = await server.post("/email", json=_MAIL)
    await _confirm(house, made["ID"])
    sent = await server.post("/email", json=_MAIL)
    other = await server.post("/email", json=_MAIL | {"From": "bob@shop.example"})
    shown = await account.get(f"/senders/{made['ID']}")
    again = await account.post(f"/senders/{made['ID']}/resend")

    assert (422, 401) == (early.status_code, early.json()["ErrorCode"])
    assert (200, True) == (sent.status_code, shown.json()["Confirmed"])
    assert (422, 400) == (other.status_code, other.json()["ErrorCode"])
    assert (422, 506) == (again.status_code, again.json()["ErrorCode"])


async def test_the_proof_of_its_domain_is_enough(
    account: httpx.AsyncClient, house: House, dns_server: DnsServer
) -> None:
    """Who has the domain has its addresses; a signature tells of its own confirmation, and waits for it, all the same.

    The Ruby client's tests want a new signature's key to be waited for, also where its domain is proved.
    """
    made = await _made(account)
    dns_server.add(made["DKIMPendingHost"], "TXT", made["DKIMPendingTextValue"])
    (domain,) = (await account.get("/domains?count=9&offset=0")).json()["Domains"]
    await account.put(f"/domains/{domain['ID']}/verifyDkim")
    sent = await (await house.client("postmark")).post("/email", json=_MAIL)
    shown = (await account.get(f"/senders/{made['ID']}")).json()
    fresh = await account.post(f"/senders/{made['ID']}/requestnewdkim")
    await _confirm(house, made["ID"])
    renewed = await account.post(f"/senders/{made['ID']}/requestnewdkim")
    waiting = (await account.get(f"/senders/{made['ID']}")).json()

    assert 200 == sent.status_code
    assert (False, True, "Verified") == (shown["Confirmed"], shown["DKIMVerified"], shown["DKIMUpdateStatus"])
    assert (422, 505) == (fresh.status_code, fresh.json()["ErrorCode"])
    assert "This DKIM is already being renewed." == fresh.json()["Message"]
    assert (200, 0, "Pending") == (
        renewed.status_code,
        renewed.json()["ErrorCode"],
        waiting["DKIMUpdateStatus"],
    )


async def test_answers_go_where_the_signature_says(account: httpx.AsyncClient, house: House) -> None:
    """Where the letter does not say itself; what is read back is what leaves. It may be changed at any time."""
    server = await house.client("postmark")
    made = await _made(account)
    await _confirm(house, made["ID"])
    own = {"ReplyTo": "own@acme.example"}
    silent, saying = [
        await _dump(house, (await server.post("/email", json=_MAIL | each)).json()) for each in ({}, own)
    ]
    batch = (await server.post("/email/batch", json=[_MAIL, _MAIL | own])).json()
    of_batch = [await _dump(house, each) for each in batch]
    await account.put(f"/senders/{made['ID']}", json={"ReplyToEmail": ""})
    bare = await _dump(house, (await server.post("/email", json=_MAIL)).json())

    assert ["help@shop.example", "own@acme.example", "help@shop.example", "own@acme.example", None] == [
        each["Reply-To"] for each in (silent, saying, *of_batch, bare)
    ]


async def test_answers_to_what_templates_fill(account: httpx.AsyncClient, house: House) -> None:
    """Messages of a template, alone and in a batch, and those of a bulk request go the same way."""
    server = await house.client("postmark")
    await _confirm(house, (await _made(account))["ID"])
    await server.post("/templates", json={"Name": "T", "Alias": "t", "Subject": "s", "TextBody": "Hi"})
    filled = {"From": "ann@shop.example", "To": "b@acme.example", "TemplateAlias": "t", "TemplateModel": {}}
    bulk = {"From": "ann@shop.example", "TextBody": "t", "Subject": "s", "MessageStream": "broadcast"}

    one = await server.post("/email/withTemplate", json=filled)
    some = await server.post("/email/batchWithTemplates", json={"Messages": [filled]})
    many = await server.post("/email/bulk", json=bulk | {"Messages": [{"To": "c@acme.example"}]})
    assert 200 == many.status_code, many.text
    asked = "/messages/outbound?count=9&offset=0&recipient=c@acme.example&messagestream=broadcast"
    async with asyncio.timeout(20):
        while not (found := (await server.get(asked)).json()["Messages"]):  # noqa: ASYNC110  # a table
            await asyncio.sleep(0.05)

    assert ["help@shop.example"] * 3 == [
        (await _dump(house, each))["Reply-To"] for each in (one.json(), *some.json(), *found)
    ]


async def test_a_mail_asks(account: httpx.AsyncClient, house: House) -> None:
    """With the owner's words; once when a signature is made and once each time that it is wanted."""
    made = await _made(account, ConfirmationPersonalNote="It is me, Ann.")
    await account.post(f"/senders/{made['ID']}/resend")
    place = await accounts.named(house.core, notices.ACCOUNT, notices.WORKSPACE)
    caller = Caller(account_id=place.account_id, workspace_id=place.id)
    found = (await messages.page(house.core, caller, Filter(), PageRequest())).items
    sent = [await messages.get(house.core, caller, each.id) for each in found]

    assert [["ann@shop.example"]] * 2 == [[each.email for each in mail.deliveries] for mail in sent]
    assert [True, True] == ["It is me, Ann." in (mail.text or "") for mail in sent]


async def test_a_signature_stays_without_its_domain(account: httpx.AsyncClient) -> None:
    """It shows a domain that nothing is known of, and makes it again when a key is asked for."""
    made = await _made(account)
    (domain,) = (await account.get("/domains?count=9&offset=0")).json()["Domains"]
    await account.delete(f"/domains/{domain['ID']}")
    bare = (await account.get(f"/senders/{made['ID']}")).json()
    asked = await account.post(f"/senders/{made['ID']}/requestnewdkim")
    shown = (await account.get(f"/senders/{made['ID']}")).json()

    assert ("", "", False, "Pending") == (
        bare["DKIMHost"],
        bare["DKIMPendingHost"],
        bare["DKIMVerified"],
        bare["DKIMUpdateStatus"],
    )
    assert 200 == asked.status_code
    assert shown["DKIMPendingHost"]


async def test_lists_page(account: httpx.AsyncClient) -> None:
    """The newest first, the count is of all."""
    for name in ("a", "b", "c"):
        await _made(account, FromEmail=f"{name}@shop.example")

    pages = [(await account.get(f"/senders?count=2&offset={offset}")).json() for offset in (0, 2)]

    assert [["c@shop.example", "b@shop.example"], ["a@shop.example"]] == [
        [each["EmailAddress"] for each in page["SenderSignatures"]] for page in pages
    ]
    assert [3, 3] == [page["TotalCount"] for page in pages]
