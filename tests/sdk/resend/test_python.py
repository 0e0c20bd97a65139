"""Resend's own Python client against a live server: its base address is changed, nothing else."""

import asyncio
import smtplib
import time
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
import resend
from resend.exceptions import MissingApiKeyError, MissingRequiredFieldsError, ResendError, ValidationError

from tests.conftest import Dev

pytestmark = pytest.mark.sdk

_UNKNOWN = "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"


@pytest.fixture(autouse=True)
def _client(dev: Dev, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the client at the server."""
    monkeypatch.setattr(resend, "api_url", dev.url)
    monkeypatch.setattr(resend, "api_key", dev.key("resend"))


def _mail(**more: Any) -> resend.Emails.SendParams:
    mail: dict[str, Any] = {
        "from": "Acme <onboarding@acme.example>",
        "to": ["delivered@resend.dev"],
        "subject": "hi",
        "html": "<strong>hello, world!</strong>",
    }
    return cast("resend.Emails.SendParams", mail | more)


def _settled(email_id: str) -> Any:  # its type lacks keys that the provider documents
    for _ in range(400):
        email = resend.Emails.get(email_id)
        if email["last_event"] not in ("queued", "scheduled"):
            return email
        time.sleep(0.05)
    raise AssertionError(email)


def test_send_and_get() -> None:
    """Every field of a mail comes back as it was given, with the limit's headers beside it."""
    sent = resend.Emails.send(
        _mail(
            cc="c@acme.example",
            bcc=["d@acme.example"],
            reply_to="r@acme.example",
            headers={"X-Entity-Ref-ID": "123456789"},
            tags=[{"name": "category", "value": "confirm"}],
        )
    )
    assert "1000" == sent["http_headers"]["ratelimit-limit"]
    email = _settled(sent["id"])
    assert ("email", sent["id"], "delivered") == (email["object"], email["id"], email["last_event"])
    assert ("Acme <onboarding@acme.example>", ["delivered@resend.dev"]) == (email["from"], email["to"])
    assert (["c@acme.example"], ["d@acme.example"]) == (email["cc"], email["bcc"])
    assert (["r@acme.example"], "hi") == (email["reply_to"], email["subject"])
    assert ("<strong>hello, world!</strong>", None) == (email["html"], email["text"])


@pytest.mark.parametrize("content", ["aGVsbG8=", list(b"hello")])
def test_attachments(content: Any) -> None:
    """Base64 and arrays of integers, as the client's documents show both."""
    file: Any = {"filename": "invoice.txt", "content": content, "content_id": "c"}
    assert "delivered" == _settled(resend.Emails.send(_mail(attachments=[file]))["id"])["last_event"]


def test_idempotency_key() -> None:
    """The same key gives the same id; another body is refused."""
    options: resend.Emails.SendOptions = {"idempotency_key": str(uuid4())}
    first = resend.Emails.send(_mail(), options)
    assert first["id"] == resend.Emails.send(_mail(), options)["id"]
    with pytest.raises(ResendError) as refused:
        resend.Emails.send(_mail(subject="other"), options)
    assert (409, "invalid_idempotent_request") == (refused.value.code, refused.value.error_type)


def test_batch() -> None:
    """All or none, or those that can be."""
    strict = resend.Batch.send([_mail(), _mail(subject="two")])
    assert 2 == len(strict["data"])
    with pytest.raises(ValidationError):
        resend.Batch.send([_mail(), _mail(to="nobody")])
    options: resend.Batch.SendOptions = {"batch_validation": "permissive"}
    report = resend.Batch.send([_mail(to="nobody"), _mail()], options)
    assert (1, [0]) == (len(report["data"]), [each["index"] for each in report["errors"]])


def test_schedule() -> None:
    """Scheduled, moved, called off."""
    sent = resend.Emails.send(_mail(scheduled_at="in 1 hour"))
    moved = resend.Emails.update({"id": sent["id"], "scheduled_at": "tomorrow at 9am"})
    assert ("email", sent["id"]) == (moved["object"], moved["id"])
    off = resend.Emails.cancel(sent["id"])
    assert ("email", sent["id"]) == (off["object"], off["id"])
    assert "canceled" == resend.Emails.get(sent["id"])["last_event"]
    with pytest.raises(ValidationError):
        resend.Emails.cancel(sent["id"])


def test_list() -> None:
    """Pages in both directions."""
    ids = [resend.Emails.send(_mail(subject=str(at)))["id"] for at in range(3)]
    newest = resend.Emails.list({"limit": 2})
    assert ("list", True) == (newest["object"], newest["has_more"])
    assert ids[:0:-1] == [each["id"] for each in newest["data"]]
    older = resend.Emails.list({"limit": 1, "after": ids[1]})
    assert [ids[0]] == [each["id"] for each in older["data"]]
    newer = resend.Emails.list({"limit": 1, "before": ids[0]})
    assert [ids[1]] == [each["id"] for each in newer["data"]]


@pytest.mark.parametrize(
    ("ask", "kind", "code", "name", "text"),
    [
        (lambda: resend.Emails.send(_mail(to=[])), MissingRequiredFieldsError, 422, "missing_required_field", "`to`"),
        (lambda: resend.Emails.send(_mail(to="x")), ValidationError, 422, "validation_error", "Invalid `to` field."),
        (lambda: resend.Emails.get("123"), ValidationError, 422, "validation_error", "must be a valid UUID"),
        (lambda: resend.Emails.get(_UNKNOWN), ResendError, 404, "not_found", "Email not found"),
        (lambda: resend.Emails.list({"limit": 101}), ValidationError, 422, "validation_error", "between 1 and 100"),
    ],
)  # fmt: skip  # a table
def test_errors(ask: Callable[[], Any], kind: type[ResendError], code: int, name: str, text: str) -> None:
    """Each error becomes the client's own class."""
    with pytest.raises(kind) as refused:
        ask()
    assert (code, name) == (refused.value.code, refused.value.error_type)
    assert text in refused.value.message


@pytest.mark.parametrize(
    ("key", "kind", "code", "text"),
    [
        ("", MissingApiKeyError, 401, "Missing API key in the authorization header."),
        ("re_123456789", ResendError, 401, "API key is invalid"),
    ],
)
def test_keys(
    key: str, kind: type[ResendError], code: int, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key and an unknown one are told apart."""
    monkeypatch.setattr(resend, "api_key", key)
    with pytest.raises(kind) as refused:
        resend.Emails.send(_mail())
    assert (code, text) == (refused.value.code, refused.value.message)


def test_async() -> None:
    """The client's asynchronous half does the same."""

    async def run() -> None:
        sent = await resend.Emails.send_async(_mail(scheduled_at="in 1 hour"))
        moved = await resend.Emails.update_async({"id": sent["id"], "scheduled_at": "in 2 hours"})
        off = await resend.Emails.cancel_async(sent["id"])
        email = await resend.Emails.get_async(sent["id"])
        batch = await resend.Batch.send_async([_mail(), _mail()])
        listed = await resend.Emails.list_async({"limit": 2})
        assert (sent["id"], sent["id"], "canceled") == (moved["id"], off["id"], email["last_event"])
        assert [each["id"] for each in reversed(batch["data"])] == [each["id"] for each in listed["data"]]
        with pytest.raises(ValidationError):
            await resend.Emails.send_async(_mail(html=""))

    asyncio.run(run())


def test_received_emails(dev: Dev) -> None:
    """What another server brought is listed, read, and its files are had by their links."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "Ann <ann@example.org>", dev.inbound_address, "Grüße"
    letter.set_content("Hello\n")
    letter.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    with smtplib.SMTP("127.0.0.1", int(dev.inbound_smtp.rpartition(":")[2])) as client:
        client.send_message(letter)

    received: Any = resend.Emails.Receiving
    newest = received.list()["data"][0]
    assert ("ann@example.org", "Grüße") == (newest["from"], newest["subject"])
    email = received.get(newest["id"])
    assert ("Hello\n", [dev.inbound_address]) == (email["text"], email["to"])
    assert httpx.get(email["raw"]["download_url"]).content.startswith(b"Return-Path: <ann@example.org>")
    (file,) = received.Attachments.list(newest["id"])["data"]
    alone = received.Attachments.get(newest["id"], file["id"])
    assert ("a.pdf", b"%PDF") == (alone["filename"], httpx.get(alone["download_url"]).content)
