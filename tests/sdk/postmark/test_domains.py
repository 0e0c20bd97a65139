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
    """The names of its methods, the same operations: by what a list gives out, and by number."""
    name = f"{uuid4().hex}.example.org"
    domain = postmarker.domains.create(name)
    zone.add(domain.DKIMPendingHost, "TXT", domain.DKIMPendingTextValue)

    assert domain.verifydkim()["DKIMVerified"]
    assert domain.verifyspf()["SPFVerified"]
    domain.edit(ReturnPathDomain=f"b.{name}")
    assert (f"b.{name}", name) == (domain.ReturnPathDomain, domain.get().as_dict()["Name"])
    assert not domain.verifyreturnpath()["ReturnPathDomainVerified"]
    assert "Pending" == domain.rotatedkim()["DKIMUpdateStatus"]
    assert domain.ID in [each.ID for each in postmarker.domains.all()]
    assert f"Domain {name} removed." == domain.delete()


def test_domains_by_postmarker_and_number(postmarker: PostmarkClient) -> None:
    """What its domains call is there for applications too."""
    name = f"{uuid4().hex}.example.org"
    id = postmarker.domains.create(name, ReturnPathDomain=f"a.{name}").ID

    assert not postmarker.domains.verifydkim(id)["DKIMVerified"]
    assert postmarker.domains.verifyspf(id)["SPFVerified"]
    assert not postmarker.domains.verifyreturnpath(id)["ReturnPathDomainVerified"]
    with pytest.raises(ClientError, match="already being renewed"):
        postmarker.domains.rotatedkim(id)
    assert f"b.{name}" == postmarker.domains.edit(id, ReturnPathDomain=f"b.{name}")["ReturnPathDomain"]
    assert f"Domain: {name} ({id})" == str(postmarker.domains.get(id))
    assert f"Domain {name} removed." == postmarker.domains.delete(id)


def test_signatures_by_postmarker(postmarker: PostmarkClient) -> None:
    """Likewise."""
    email = f"ann@{uuid4().hex}.example.org"
    sender_signature = postmarker.senders.create(FromEmail=email, Name="Ann")

    sender_signature.edit(Name="Bob")
    assert ("Bob", email) == (sender_signature.Name, sender_signature.get().EmailAddress)
    assert "was re-sent" in sender_signature.resend()
    assert sender_signature.verifyspf()["SPFVerified"]
    assert sender_signature.ID in [each.ID for each in postmarker.senders.all()]
    with (
        pytest.warns(DeprecationWarning, match="deprecated"),
        pytest.raises(ClientError, match="already being renewed"),
    ):
        sender_signature.requestnewdkim()
    assert f"Signature {email} removed." == sender_signature.delete()


def test_signatures_by_postmarker_and_number(postmarker: PostmarkClient) -> None:
    """Likewise."""
    email = f"ann@{uuid4().hex}.example.org"
    id = postmarker.senders.create(FromEmail=email, Name="Ann", ReplyToEmail="re@example.org").ID

    assert ("Bob", "re@example.org") == (
        postmarker.senders.edit(id, Name="Bob")["Name"],
        postmarker.senders.get(id).ReplyToEmailAddress,
    )
    assert "was re-sent" in postmarker.senders.resend(id)
    assert postmarker.senders.verifyspf(id)["SPFVerified"]
    with (
        pytest.warns(DeprecationWarning, match="deprecated"),
        pytest.raises(ClientError, match="already being renewed"),
    ):
        postmarker.senders.requestnewdkim(id)
    assert f"Signature {email} removed." == postmarker.senders.delete(id)
