"""Postmark's own Python client for programs without a loop: every method of it, called from a thread."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from postmark import sync
from postmark.exceptions import PostmarkAPIException
from postmark.models.streams import MessageStreamType
from pydantic import ValidationError

from tests.conftest import Dev
from tests.dns_server import DnsServer
from tests.sdk.postmark.conftest import PATIENCE_S
from tests.sdk.postmark.surroundings import HTML, LINK, Application, look, wait, write

pytestmark = pytest.mark.sdk
_MAIL = {"sender": "ann@example.org", "to": "bob@example.net", "subject": "s", "text_body": "t"}


@pytest.fixture
def account(proving: Dev) -> Iterator[Any]:
    """The client with the account's token; its managers are made when it is."""
    with sync.AccountClient(
        proving.key("postmark", "account"), base_url=proving.url, timeout=PATIENCE_S
    ) as made:
        yield made


@pytest.fixture
def server(account: Any, application: Application) -> Any:
    """A server that no other test looks at; letters that come in are told to the application."""
    return account.server.create(f"sync {uuid4().hex}", inbound_hook_url=application.url)


@pytest.fixture
def client(proving: Dev, server: Any) -> Iterator[Any]:
    """A client of it."""
    with sync.ServerClient(server.api_tokens[0], base_url=proving.url, timeout=PATIENCE_S) as made:
        yield made


def _settled(client: Any, id: str) -> Any:
    return wait(lambda: found if (found := client.outbound.get(id)).status == "Sent" else None)


def test_sending(client: Any) -> None:
    """Alone and several at once; found, walked through, and dumped."""
    sent = client.outbound.send(_MAIL | {"metadata": {"a": "b"}, "headers": [{"name": "X-A", "value": "b"}]})
    batch = client.outbound.send_batch([_MAIL | {"tag": "batch"}] * 3)
    details = _settled(client, sent.message_id)

    assert ("OK", {"a": "b"}, "t") == (sent.message, details.metadata, details.text_body)
    assert "X-A: b" in client.outbound.get_dump(sent.message_id).body
    assert (4, 2) == ((page := client.outbound.list(count=2)).total, len(page.items))
    walked = client.outbound.stream(batch_size=2, tag="batch")
    assert {each.message_id for each in batch} == {each.message_id for each in walked}


def test_templates(client: Any, account: Any, server: Any) -> None:
    """Made, tried, changed, listed, sent by, pushed and removed."""
    made = client.templates.create({"Name": "n", "Alias": "sync", "Subject": "For {{name}}", "TextBody": "t"})
    tried = client.templates.validate({"Subject": "{{name}}", "TestRenderModel": {"name": "N"}})
    changed = client.templates.edit("sync", {"Name": "m"})
    wish = {
        "From": "a@example.org",
        "To": "b@example.net",
        "TemplateAlias": "sync",
        "TemplateModel": {"name": "B"},
    }
    sent = client.outbound.send_with_template(wish)
    batch = client.outbound.send_batch_with_template([wish, wish])
    there = account.server.create(f"sync {uuid4().hex}")
    ids = {"SourceServerID": str(server.id), "DestinationServerID": str(there.id)}
    pushed = account.templates.push(ids | {"PerformChanges": True})

    assert ("sync", "N", "m") == (made.alias, tried.subject.rendered_content, changed.name)
    assert "For B" == client.outbound.get(sent.message_id).subject
    assert all(each.success for each in batch)
    assert [("Create", "sync")] == [(each.action, each.alias) for each in pushed.templates]
    assert [made.template_id] == [each.template_id for each in client.templates.list().items]
    assert f"Template {made.template_id} removed." == client.templates.delete("sync").message
    assert not client.templates.get(made.template_id).active


def test_bulk(client: Any) -> None:
    """Accepted, and completed in the end."""
    wish = {"From": "ann@example.org", "Subject": "Hi {{name}}", "TextBody": "t", "Messages": [
        {"To": f"{name}@example.net", "TemplateModel": {"name": name}} for name in ("a", "b")
    ]}  # fmt: skip
    sent = client.outbound.send_bulk(wish)

    held = wait(
        lambda: one if (one := client.outbound.get_bulk_status(sent.id)).status == "Completed" else None
    )

    assert ("Accepted", 2, 100) == (sent.status, held.total_messages, held.percentage_completed)


def test_bounces(client: Any) -> None:
    """Found, walked through, dumped and activated; the counts are not as this client wants them, here or there."""
    to = f"{uuid4().hex}@bounce-testing.postmarkapp.com"
    _settled(client, client.outbound.send(_MAIL | {"to": to}).message_id)
    (bounce,) = client.bounces.list(inactive=True).items

    assert [bounce] == client.bounces.stream(batch_size=1)
    assert (to, bounce.message_id) == (bounce.email, client.bounces.get(bounce.id).message_id)
    assert "550 5.1.1" in client.bounces.get_dump(bounce.id).body
    assert not client.bounces.activate(bounce.id).bounce.inactive
    with pytest.raises(ValidationError):
        client.bounces.get_delivery_stats()


def test_what_was_seen(client: Any) -> None:
    """Opens and clicks, and all the figures."""
    tracked = {"html_body": HTML, "track_opens": True, "track_links": "HtmlAndText"}
    id = client.outbound.send(_MAIL | tracked).message_id
    _settled(client, id)
    look(client.outbound.get_dump(id).body)

    (opened,) = wait(lambda: client.outbound.list_opens().items)
    (clicked,) = wait(lambda: client.outbound.list_clicks().items)
    assert [opened] == client.outbound.list_message_opens(id).items
    assert [clicked] == client.outbound.list_message_clicks(id).items
    assert ("Chrome", LINK) == (opened.client.family, clicked.original_link)

    overview = wait(lambda: each if (each := client.stats.overview()).opens and each.total_clicks else None)
    assert (1, 1, 1) == (overview.sent, overview.opens, overview.total_clicks)
    assert (1, 1) == (client.stats.sent_counts().sent, client.stats.tracked_counts().tracked)
    assert (0, 0) == (client.stats.bounce_counts().hard_bounce, client.stats.spam_counts().spam_complaint)
    assert (1, 1) == (client.stats.open_counts().unique, client.stats.click_counts().clicks)
    assert (1, 1) == (client.stats.platform_usage().desktop, client.stats.browser_platform_usage().desktop)
    assert 1 == client.stats.click_location().html
    days = (client.stats.email_client_usage(), client.stats.browser_usage(), client.stats.read_times())
    assert [1, 1, 1] == [len(each.days) for each in days]


def test_letters_that_come_in(client: Any, proving: Dev, server: Any, application: Application) -> None:
    """One that a rule blocks is let through; refused by the application, it is told once more."""
    rule = client.inbound_rules.create("sender.example")
    assert [rule] == client.inbound_rules.list().items
    write(proving, server.inbound_address)
    (letter,) = wait(lambda: client.inbound.list(status="blocked").items)
    assert client.inbound.get(letter.message_id).blocked_reason
    application.says = 403
    moved = client.inbound.bypass(letter.message_id)
    wait(lambda: client.inbound.list(status="failed").items)
    application.says = 200
    again = client.inbound.retry(letter.message_id)
    wait(lambda: client.inbound.list(status="processed").items)

    assert [letter.message_id] * 2 == application.letters
    assert (0, 0) == (moved.error_code, again.error_code)
    assert f"Rule {rule.rule} removed." == client.inbound_rules.delete(rule.id).message


def test_what_a_server_keeps(client: Any, server: Any) -> None:
    """Itself, streams, webhooks and suppressions."""
    assert (server, "renamed") == (client.server.get(), client.server.edit(name="renamed").name)

    made = client.stream.create("sync", "Sync", MessageStreamType.BROADCASTS)
    assert (4, made) == (client.stream.list().total, client.stream.get("sync"))
    assert "Old" == client.stream.edit("sync", name="Old").name
    (held,) = client.suppressions.create("sync", ["ann@example.net"])
    assert ["ann@example.net"] == [each.email_address for each in client.suppressions.dump("sync")]
    (freed,) = client.suppressions.delete("sync", ["ann@example.net"])
    assert ("Suppressed", "Deleted") == (held.status, freed.status)
    assert client.stream.archive("sync").expected_purge_date
    assert client.stream.unarchive("sync").archived_at is None

    hook = client.webhooks.create("https://example.com/a", triggers={"Click": {"Enabled": True}})
    assert ([hook], hook) == (client.webhooks.list(), client.webhooks.get(hook.id))
    assert "https://example.com/b" == client.webhooks.edit(hook.id, url="https://example.com/b").url
    assert 0 == client.webhooks.delete(hook.id).error_code


def test_what_an_account_keeps(account: Any, server: Any) -> None:
    """Servers, and whom it forgot."""
    assert server == account.server.get(server.id)
    changed = account.server.edit(server.id, name=f"{server.name}!")
    assert [changed] == account.server.list(name=changed.name).items
    assert f"Server {changed.name} removed." == account.server.delete(server.id).message

    asked = account.data_removals.create("ann@example.org", f"{uuid4().hex}@example.net")
    wait(lambda: account.data_removals.get(asked.id).status == "Done")


def test_domains(account: Any, zone: DnsServer) -> None:
    """Made, proved, given other keys, changed and removed."""
    name = f"{uuid4().hex}.example.org"
    made = account.domain.create(name)
    zone.add(made.dkim_pending_host, "TXT", made.dkim_pending_text_value)

    assert account.domain.verify_dkim(made.id).dkim_verified
    assert account.domain.verify_spf(made.id).spf_verified
    assert account.domain.rotate_dkim(made.id).dkim_pending_host
    assert f"pm.{name}" == account.domain.edit(made.id, f"pm.{name}").return_path_domain
    assert not account.domain.verify_return_path(made.id).return_path_domain_verified
    assert made.id in [each.id for each in account.domain.list(count=500).items]
    assert name == account.domain.get(made.id).name
    assert f"Domain {name} removed." == account.domain.delete(made.id).message


def test_signatures(account: Any) -> None:
    """Made, asked for again, changed and removed."""
    email = f"ann@{uuid4().hex}.example.org"
    made = account.signature.create(email, "Ann")

    assert (made, "was re-sent" in account.signature.resend_confirmation(made.id).message) == (
        account.signature.get(made.id), True,
    )  # fmt: skip
    assert "Bob" == account.signature.edit(made.id, "Bob").name
    assert account.signature.verify_spf(made.id).spf_verified
    assert made.id in [each.id for each in account.signature.list(count=500).items]
    with pytest.raises(PostmarkAPIException, match="already being renewed"):
        account.signature.request_new_dkim(made.id)
    assert f"Signature {email} removed." == account.signature.delete(made.id).message
