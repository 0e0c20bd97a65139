"""Domains through Postmark's API, proved by a real name server."""

from typing import Any

import httpx
import msgspec
import pytest

from core import domains
from core.clock import DAY
from gateway.config import Settings
from tests.core.post import alter
from tests.dns_server import DnsServer
from tests.house import House


@pytest.fixture
def settings(settings: Settings, dns_server: DnsServer) -> Settings:
    """An installation with hosts of its own, where senders are checked by the test's name server."""
    return msgspec.structs.replace(
        settings,
        dns=(dns_server.address,),
        return_host="bounces.host.example",
        tracking_host="links.host.example",
        sender_policy="verified",
    )


@pytest.fixture
async def account(house: House) -> httpx.AsyncClient:
    """A client with the account's token."""
    return await house.client("postmark", "account")


async def _made(account: httpx.AsyncClient, **more: str) -> dict[str, Any]:
    answer = await account.post("/domains", json={"Name": "shop.example", **more})
    assert 200 == answer.status_code, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def _asked(account: httpx.AsyncClient, method: str, path: str) -> dict[str, Any]:
    answer = await account.request(method, path)
    assert 200 == answer.status_code, answer.text
    told: dict[str, Any] = answer.json()
    return told


def _publish(dns_server: DnsServer, told: dict[str, Any]) -> None:
    dns_server.add(told["DKIMPendingHost"], "TXT", told["DKIMPendingTextValue"])


async def test_a_domain_is_proved_by_its_key(
    account: httpx.AsyncClient, house: House, dns_server: DnsServer
) -> None:
    """What the answer says to publish is found as it is; then any address of the domain may be sent from."""
    server = await house.client("postmark")
    mail = {"From": "any@shop.example", "To": "b@acme.example", "TextBody": "t"}
    made = await _made(account)
    early = await _asked(account, "PUT", f"/domains/{made['ID']}/verifyDkim")
    refused = await server.post("/email", json=mail)
    _publish(dns_server, made)

    proved = await _asked(account, "PUT", f"/domains/{made['ID']}/verifyDkim")
    sent = await server.post("/email", json=mail)

    assert (False, "Pending", made["DKIMPendingHost"]) == (
        early["DKIMVerified"],
        early["DKIMUpdateStatus"],
        early["DKIMPendingHost"],
    )
    assert (422, 400) == (refused.status_code, refused.json()["ErrorCode"])
    assert (True, "Verified") == (proved["DKIMVerified"], proved["DKIMUpdateStatus"])
    assert (made["DKIMPendingHost"], made["DKIMPendingTextValue"], "", "") == (
        proved["DKIMHost"],
        proved["DKIMTextValue"],
        proved["DKIMPendingHost"],
        proved["DKIMPendingTextValue"],
    )
    assert 200 == sent.status_code
    assert [(True, False)] == [
        (each["DKIMVerified"], each["ReturnPathDomainVerified"])
        for each in (await _asked(account, "GET", "/domains?count=9&offset=0"))["Domains"]
    ]


async def test_keys_rotate(account: httpx.AsyncClient, house: House, dns_server: DnsServer) -> None:
    """The old key signs until the new one is seen, then it is revoked, and later its record may go."""
    made = await _made(account)
    _publish(dns_server, made)
    await _asked(account, "PUT", f"/domains/{made['ID']}/verifyDkim")

    rotated = await _asked(account, "POST", f"/domains/{made['ID']}/rotatedkim")
    again = await account.post(f"/domains/{made['ID']}/rotatedkim")
    waiting = await _asked(account, "PUT", f"/domains/{made['ID']}/verifyDkim")
    _publish(dns_server, rotated)
    proved = await _asked(account, "PUT", f"/domains/{made['ID']}/verifyDkim")
    await alter(house.core, "UPDATE domain_keys SET retired_at = retired_at - :days", days=8 * DAY)
    later = await _asked(account, "GET", f"/domains/{made['ID']}")

    assert {
        "Name", "DKIMVerified", "WeakDKIM", "DKIMHost", "DKIMTextValue", "DKIMPendingHost", "DKIMPendingTextValue",
        "DKIMRevokedHost", "DKIMRevokedTextValue", "SafeToRemoveRevokedKeyFromDNS", "DKIMUpdateStatus", "ID",
    } == set(rotated)  # fmt: skip
    assert (422, 505) == (again.status_code, again.json()["ErrorCode"])
    for each in (rotated, waiting):
        assert (made["DKIMPendingHost"], True, "Pending") == (
            each["DKIMHost"],
            each["DKIMVerified"],
            each["DKIMUpdateStatus"],
        )
    assert (rotated["DKIMPendingHost"], "", made["DKIMPendingHost"], made["DKIMPendingTextValue"], False) == (
        proved["DKIMHost"],
        proved["DKIMPendingHost"],
        proved["DKIMRevokedHost"],
        proved["DKIMRevokedTextValue"],
        proved["SafeToRemoveRevokedKeyFromDNS"],
    )
    assert later["SafeToRemoveRevokedKeyFromDNS"]


async def test_own_names_lead_here(account: httpx.AsyncClient, dns_server: DnsServer) -> None:
    """The two aliases are found each for itself."""
    names = {"ReturnPathDomain": "b.shop.example", "CustomTrackingDomain": "l.shop.example"}
    made = await _made(account, **names)
    dns_server.add("b.shop.example", "CNAME", f"{made['ReturnPathDomainCNAMEValue']}.")
    first = await _asked(account, "PUT", f"/domains/{made['ID']}/verifyReturnPath")
    dns_server.add("l.shop.example", "CNAME", f"{made['CustomTrackingDomainCNAMEValue']}.")
    both = await _asked(account, "PUT", f"/domains/{made['ID']}/verifyCustomTracking")
    changed = await account.put(f"/domains/{made['ID']}", json={"ReturnPathDomain": "c.shop.example"})

    found = [
        (each["ReturnPathDomainVerified"], each["CustomTrackingDomainVerified"])
        for each in (made, first, both, changed.json())
    ]
    assert [(False, False), (True, False), (True, True), (False, True)] == found
    assert ("bounces.host.example", "links.host.example") == (
        made["ReturnPathDomainCNAMEValue"],
        made["CustomTrackingDomainCNAMEValue"],
    )


async def test_a_key_that_is_never_seen_has_failed(
    account: httpx.AsyncClient, house: House, dns_server: DnsServer
) -> None:
    """After three days; to ask for it gives it time again."""
    made = await _made(account)
    await _asked(account, "PUT", f"/domains/{made['ID']}/verifyDkim")
    await alter(house.core, "UPDATE domain_checks SET state = :state", state="failed")
    failed = await _asked(account, "GET", f"/domains/{made['ID']}")
    again = await _asked(account, "PUT", f"/domains/{made['ID']}/verifyDkim")

    assert ["Failed", "Pending"] == [each["DKIMUpdateStatus"] for each in (failed, again)]


async def test_trust_stands_for_proof(account: httpx.AsyncClient, house: House) -> None:
    """An operator's domain is verified without a record; it may be given a key all the same."""
    await domains.trust(house.core, (await house.workspace()).account_id, "shop.example")
    (row,) = (await _asked(account, "GET", "/domains?count=9&offset=0"))["Domains"]
    bare = await _asked(account, "GET", f"/domains/{row['ID']}")
    made = await _made(account)

    assert (True, "Verified", "", "") == (
        bare["DKIMVerified"],
        bare["DKIMUpdateStatus"],
        bare["DKIMHost"],
        bare["DKIMPendingHost"],
    )
    assert (True, "Pending", row["ID"]) == (made["DKIMVerified"], made["DKIMUpdateStatus"], made["ID"])
    assert made["DKIMPendingHost"]


async def test_short_keys_are_weak(account: httpx.AsyncClient, house: House) -> None:
    """RSA keys below 1024 bits are told to be, in the list too."""
    made = await _made(account)
    await alter(house.core, "UPDATE domain_keys SET public_key = :short", short="M" * 128)
    weak = await _asked(account, "GET", f"/domains/{made['ID']}")
    listed = (await _asked(account, "GET", "/domains?count=9&offset=0"))["Domains"]

    assert [False, True, True] == [each["WeakDKIM"] for each in (made, weak, *listed)]


async def test_lists_page(account: httpx.AsyncClient) -> None:
    """The newest first, the count is of all."""
    for name in ("a.example", "b.example", "c.example"):
        await account.post("/domains", json={"Name": name})

    pages = [await _asked(account, "GET", f"/domains?count=2&offset={offset}") for offset in (0, 2, 4)]

    assert [["c.example", "b.example"], ["a.example"], []] == [
        [each["Name"] for each in page["Domains"]] for page in pages
    ]
    assert [3, 3, 3] == [page["TotalCount"] for page in pages]
