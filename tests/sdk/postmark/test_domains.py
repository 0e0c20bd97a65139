"""Domains and sender signatures by two Python clients, proved by a real name server."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from postmark.clients.account_client import AccountClient
from postmark.exceptions import PostmarkAPIException
from postmarker.core import PostmarkClient
from postmarker.exceptions import ClientError

from tests.conftest import Dev
from tests.dns_server import DnsServer

pytestmark = pytest.mark.sdk


@pytest.fixture
async def account(proving: Dev) -> AsyncIterator[AccountClient]:
    """Postmark's own client with the account's token."""
    async with AccountClient(proving.key("postmark", "account"), base_url=proving.url) as made:
        yield made


@pytest.fixture
def postmarker(proving: Dev) -> PostmarkClient:
    """Postmarker with both tokens."""
    return PostmarkClient(
        server_token=proving.key("postmark", "server"),
        account_token=proving.key("postmark", "account"),
        root_api_url=proving.url + "/",
    )


async def test_a_domain_by_postmarks_client(account: AccountClient, zone: DnsServer) -> None:
    """Made, published as it says, verified, rotated, listed, edited, removed."""
    name = f"{uuid4().hex}.example.org"
    made = await account.domain.create(name, return_path_domain=f"pm-bounces.{name}")
    assert made.dkim_pending_host
    assert made.dkim_pending_text_value
    zone.add(made.dkim_pending_host, "TXT", made.dkim_pending_text_value)
    zone.add(f"pm-bounces.{name}", "CNAME", f"{made.return_path_domain_cname_value}.")

    proved = await account.domain.verify_dkim(made.id)
    returned = await account.domain.verify_return_path(made.id)
    spf = await account.domain.verify_spf(made.id)
    rotated = await account.domain.rotate_dkim(made.id)
    with pytest.raises(PostmarkAPIException) as twice:
        await account.domain.rotate_dkim(made.id)
    edited = await account.domain.edit(made.id, return_path_domain=f"other.{name}")
    page = await account.domain.list()
    removed = await account.domain.delete(made.id)
    with pytest.raises(PostmarkAPIException) as gone:
        await account.domain.get(made.id)

    assert (False, "Pending") == (made.dkim_verified, made.dkim_update_status)
    assert (True, "Verified", made.dkim_pending_host, "") == (
        proved.dkim_verified,
        proved.dkim_update_status,
        proved.dkim_host,
        proved.dkim_pending_host,
    )
    assert returned.return_path_domain_verified
    assert (True, name) == (spf.spf_verified, spf.spf_host)
    assert (True, made.dkim_pending_host) == (rotated.dkim_verified, rotated.dkim_host)
    assert rotated.dkim_pending_host not in ("", made.dkim_pending_host)
    assert (505, 422) == (twice.value.error_code, twice.value.http_status)
    assert (f"other.{name}", False) == (edited.return_path_domain, edited.return_path_domain_verified)
    assert made.id == page.items[0].id
    assert f"Domain {name} removed." == removed.message
    assert (510, 422) == (gone.value.error_code, gone.value.http_status)


async def test_a_signature_by_postmarks_client(account: AccountClient) -> None:
    """Made with everything, asked for again, changed, listed, removed."""
    email = f"ann@{uuid4().hex}.example.org"
    made = await account.signature.create(
        email,
        "Ann",
        reply_to="help@example.org",
        return_path_domain=f"pm.{email.partition('@')[2]}",
        confirmation_personal_note="It is me.",
    )
    again = await account.signature.resend_confirmation(made.id)
    changed = await account.signature.edit(made.id, "Bob", reply_to="", confirmation_personal_note="")
    spf = await account.signature.verify_spf(made.id)
    page = await account.signature.list()
    with pytest.raises(PostmarkAPIException) as renewed:
        await account.signature.request_new_dkim(made.id)
    removed = await account.signature.delete(made.id)
    with pytest.raises(PostmarkAPIException) as gone:
        await account.signature.get(made.id)

    assert (email, "help@example.org", False) == (
        made.email_address,
        made.reply_to_email_address,
        made.confirmed,
    )
    assert "was re-sent" in again.message
    assert ("Bob", "") == (changed.name, changed.reply_to_email_address)
    assert spf.id == made.id == page.items[0].id
    assert (505, 422) == (renewed.value.error_code, renewed.value.http_status)
    assert f"Signature {email} removed." == removed.message
    assert 501 == gone.value.error_code


def test_domains_by_postmarker(postmarker: PostmarkClient, zone: DnsServer) -> None:
    """The names of its methods, the same operations."""
    name = f"{uuid4().hex}.example.org"
    made = postmarker.domains.create(name)
    zone.add(made.DKIMPendingHost, "TXT", made.DKIMPendingTextValue)

    assert made.verifydkim()["DKIMVerified"]
    assert made.verifyspf()["SPFVerified"]
    assert f"b.{name}" == postmarker.domains.edit(made.ID, ReturnPathDomain=f"b.{name}")["ReturnPathDomain"]
    assert not made.verifyreturnpath()["ReturnPathDomainVerified"]
    assert "Pending" == made.rotatedkim()["DKIMUpdateStatus"]
    assert made.ID in [each.ID for each in postmarker.domains.all()]
    assert f"Domain {name} removed." == made.delete()


def test_signatures_by_postmarker(postmarker: PostmarkClient) -> None:
    """Likewise."""
    email = f"ann@{uuid4().hex}.example.org"
    made = postmarker.senders.create(FromEmail=email, Name="Ann")

    assert ("Bob", email) == (made._manager.edit(made.ID, Name="Bob")["Name"], made.get().EmailAddress)
    assert "was re-sent" in made.resend()
    assert made.verifyspf()["SPFVerified"]
    assert made.ID in [each.ID for each in postmarker.senders.all()]
    with (
        pytest.warns(DeprecationWarning, match="deprecated"),
        pytest.raises(ClientError, match="already being renewed"),
    ):
        made.requestnewdkim()
    assert f"Signature {email} removed." == made.delete()
