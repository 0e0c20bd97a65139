"""Letters by postmarker: built, sent by templates and in batches, read again, and what hooks tell of them."""

import json
from collections.abc import Iterator
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from postmark import sync
from postmarker.core import PostmarkClient
from postmarker.models.emails import Delivery, Email

from tests.conftest import Dev
from tests.sdk.postmark.conftest import PATIENCE_S
from tests.sdk.postmark.surroundings import HTML, LINK, Application, look, wait, write

pytestmark = pytest.mark.sdk
_FROM_TO = {"From": "ann@example.org", "To": ["bob@example.net", "cy@example.net"]}


@pytest.fixture
def hooks(application: Application) -> dict[str, str]:
    """All that happens on the server is told to the application."""
    kinds = ("inbound", "bounce", "open", "delivery", "click")
    return {f"{kind}_hook_url": f"{application.url}/{kind}" for kind in kinds}


@pytest.fixture
def server(dev: Dev, hooks: dict[str, str]) -> Iterator[Any]:
    """A server that no other test looks at."""
    with sync.AccountClient(dev.key("postmark", "account"), base_url=dev.url, timeout=PATIENCE_S) as made:
        account: Any = made
        yield account.server.create(f"postmarker {uuid4().hex}", **hooks)


@pytest.fixture
def client(dev: Dev, server: Any) -> PostmarkClient:
    """A client of it."""
    return PostmarkClient(server_token=server.api_tokens[0], root_api_url=dev.url + "/")


def _told(application: Application, record: str) -> str:
    """What a hook was told, as it stood in the request."""
    return json.dumps(
        wait(lambda: next((each for each in application.told if each.get("RecordType") == record), None))
    )


def test_a_letter_that_is_built(client: PostmarkClient, tmp_path: Path) -> None:
    """From parts, and from a letter of the standard library; files of every form go with it."""
    (tmp_path / "c.txt").write_text("from the disk")
    email = client.emails.Email(**_FROM_TO, Subject="built", HtmlBody="<p>h</p>", Metadata={"a": "b"})
    email["X-A"] = "b"
    email.attach(("a.txt", "aGVsbG8=", "text/plain"), str(tmp_path / "c.txt"))
    email.attach_binary(b"\0\1", "b.dat")
    sent = email.send()
    mime = MIMEMultipart()
    mime["From"], mime["To"], mime["Subject"] = "ann@example.org", "bob@example.net", "mime"
    mime.attach(MIMEText("text"))
    other = Email.from_mime(mime, client.emails)
    also = client.emails.send(message=other)

    assert "bob@example.net,cy@example.net" == email.as_dict()["To"] == sent["To"].replace(" ", "")
    outbound_message = client.messages.outbound.get(sent["MessageID"])
    assert {"a.txt", "b.dat", "c.txt"} == set(outbound_message.Attachments)
    assert ("built", {"a": "b"}) == (outbound_message.Subject, outbound_message.Metadata)
    assert ("mime", "text") == (
        (held := client.messages.outbound.get(also["MessageID"])).Subject,
        held.TextBody,
    )


def test_batches(client: PostmarkClient) -> None:
    """What goes for all is said once."""
    email_batch = client.emails.EmailBatch(*[_FROM_TO | {"Subject": "s", "TextBody": each} for each in "abc"])

    assert (3, "x") == (len(email_batch), email_batch.as_dict(Tag="x")[0]["Tag"])
    sent = email_batch.send(Tag="batch")
    more = client.emails.send_batch(_FROM_TO | {"TextBody": "d"}, Tag="batch")

    assert [0] * 4 == [each["ErrorCode"] for each in sent + more]
    assert 4 == len(client.messages.outbound.all(tag="batch"))


def test_templates(client: PostmarkClient) -> None:
    """Alone and in a batch, by number and by alias."""
    made = client.templates.create(Name="n", Subject="For {{name}}", TextBody="t", Alias="welcome")
    wish = _FROM_TO | {"TemplateModel": {"name": "Bob"}, "TemplateAlias": "welcome"}
    email_template = client.emails.EmailTemplate(**wish)
    email_template.attach(("a.txt", "aGVsbG8=", "text/plain"))
    email_template.attach_binary(b"b", "b.txt")
    alone = email_template.send()
    number = client.emails.send_with_template(
        **_FROM_TO, TemplateModel={"name": "C"}, TemplateId=made.TemplateId
    )
    email_template_batch = client.emails.EmailTemplateBatch(wish, wish)
    assert (2, "welcome") == (len(email_template_batch.as_dict()), email_template.as_dict()["TemplateAlias"])
    batch = email_template_batch.send(Tag="x")
    more = client.emails.send_template_batch(wish, wish | {"TemplateAlias": "none"})

    assert [0, 0, 0, 1101] == [each["ErrorCode"] for each in batch + more]
    held = client.messages.outbound.get(alone["MessageID"])
    assert ("For Bob", {"a.txt", "b.txt"}) == (held.Subject, set(held.Attachments))
    assert "For C" == client.messages.outbound.get(number["MessageID"]).Subject


def test_what_became_of_one(client: PostmarkClient, application: Application) -> None:
    """Delivered and opened, as hooks tell and as the API does."""
    sent = client.emails.send(From="ann@example.org", To="bob@example.net", Subject="seen", HtmlBody=HTML,
                              Tag="seen", TrackOpens=True, TrackLinks="HtmlAndText")  # fmt: skip
    delivery = Delivery.from_json(_told(application, "Delivery"), manager=client.emails)
    outbound_message = delivery.message
    look(outbound_message.get_dump())
    open_ = client.messages.outbound.opens.Open(_told(application, "Open"))
    (listed,) = client.messages.outbound.opens.all(tag="seen", platform="Desktop")

    assert (sent["MessageID"], "Delivery to bob@example.net") == (delivery.MessageID, str(delivery))
    assert ("Open from bob@example.net", "seen") == (str(open_), open_.message.Subject)
    assert (open_.MessageID, open_.Client["Family"]) == (listed.MessageID, "Chrome")
    assert [listed.as_dict()] == client.messages.outbound.opens.get(sent["MessageID"])["Opens"]
    assert outbound_message.opens() == client.messages.outbound.opens.get(sent["MessageID"])
    assert ("Sent message to bob@example.net", "seen") == (str(outbound_message), outbound_message.get().Tag)
    assert outbound_message.get_dump() == client.messages.outbound.get_dump(sent["MessageID"])
    assert LINK == json.loads(_told(application, "Click"))["OriginalLink"]


def test_a_bounce(client: PostmarkClient, application: Application) -> None:
    """As the hook tells it, found again, and its address taken into use again."""
    to = f"{uuid4().hex}@bounce-testing.postmarkapp.com"
    client.emails.send(From="ann@example.org", To=to, Subject="back", TextBody="t")
    bounce = client.bounces.Bounce(_told(application, "Bounce"))
    held = client.bounces.get(bounce.ID)

    assert ("HardBounce", to, "back") == (bounce.Type, held.Email, bounce.message.Subject)
    assert "550 5.1.1" in client.bounces.get_dump(bounce.ID) == bounce.dump
    assert not client.bounces.activate(bounce.ID)["Bounce"]["Inactive"]
    assert ("OK", False) == (bounce.activate(), bounce.Inactive)


def test_a_letter_that_came_in(
    client: PostmarkClient, dev: Dev, server: Any, application: Application, tmp_path: Path
) -> None:
    """As the hook tells it, with its file; a blocked one is let through, a refused one told again."""
    inbound_rule = client.triggers.inboundrules.create(Rule="sender.example")
    write(dev, server.inbound_address)
    (blocked,) = wait(lambda: client.messages.inbound.all(status="blocked", subject="hi"))
    application.says = 403
    assert 0 == client.messages.inbound.bypass(blocked.MessageID)["ErrorCode"]
    (failed,) = wait(lambda: client.messages.inbound.all(status="failed"))
    application.says = 200
    assert 0 == client.messages.inbound.retry(failed.MessageID)["ErrorCode"]
    wait(lambda: client.messages.inbound.all(status="processed"))

    told = [each for each in application.told if "RecordType" not in each]
    inbound_message = client.messages.inbound.InboundMessage(json.dumps(told[-1]))
    assert [blocked.MessageID, failed.MessageID] == [each["MessageID"] for each in told]
    assert ("Ann", "<a@sender.example>") == (inbound_message.FromName, inbound_message["Message-ID"])
    (attachment,) = inbound_message.Attachments
    assert ("a.txt", 5, b"hello") == (str(attachment), len(attachment), attachment.decoded)
    assert b"hello" == Path(attachment.save(str(tmp_path))).read_bytes()
    assert "a.txt" == attachment.as_mime().get_filename()
    assert ["text/plain", "text/html", "text/x-note"] == [
        each.get_content_type() for each in inbound_message.as_mime().get_payload()
    ]
    details = client.messages.inbound.get(inbound_message.MessageID)
    assert (details.as_dict(), "Hello\n") == (inbound_message.get().as_dict(), details.TextBody)
    assert "Processed message from ann@sender.example" == str(details)
    assert "Rule sender.example removed." == inbound_rule.delete()


def test_a_letter_moves_itself(
    client: PostmarkClient, dev: Dev, server: Any, application: Application
) -> None:
    """The same by what the lists give out."""
    rule = client.triggers.inboundrules.create(Rule="ann@sender.example")
    application.says = 403
    write(dev, server.inbound_address)
    (inbound_message,) = wait(lambda: client.messages.inbound.all(status="blocked"))
    assert "bypassed" in inbound_message.bypass()["Message"]
    wait(lambda: client.messages.inbound.all(status="failed"))
    assert "rescheduled" in inbound_message.retry()["Message"]

    assert [rule.ID] == [each.ID for each in client.triggers.inboundrules.all()]
    assert f"Rule {rule.Rule} removed." == client.triggers.inboundrules.delete(rule.ID)
