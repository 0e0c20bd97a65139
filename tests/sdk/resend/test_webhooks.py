"""Resend's own Python client and webhooks: kept by a live server, told to a socket, verified by the client and Svix."""

import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, cast

import pytest
import resend
import svix
from resend.exceptions import MissingRequiredFieldsError, ResendError, ValidationError

from tests.conftest import Dev

pytestmark = pytest.mark.sdk

_EVENTS: Any = ["email.sent", "email.delivered"]


@pytest.fixture(autouse=True)
def _client(dev: Dev, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the client at the server."""
    monkeypatch.setattr(resend, "api_url", dev.url)
    monkeypatch.setattr(resend, "api_key", dev.key("resend"))


class Consumer:
    """An application's endpoint: keeps what it is told."""

    def __init__(self) -> None:
        """Listen on a free port."""
        told: list[tuple[dict[str, str], str]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                told.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"thanks")

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.told = told
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def consumer() -> Iterator[Consumer]:
    """A consumer on a thread of its own."""
    made = Consumer()
    thread = Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def _until(ask: Callable[[], Any]) -> Any:  # whatever is waited for
    for _ in range(400):
        if found := ask():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_kept() -> None:
    """Made, listed, read, changed, given another secret, removed."""
    made = resend.Webhooks.create({"endpoint": "https://example.com/hook", "events": _EVENTS})
    assert ("webhook", "whsec_") == (made["object"], made["signing_secret"][:6])
    assert made["id"] in [each["id"] for each in resend.Webhooks.list()["data"]]
    held = resend.Webhooks.get(made["id"])
    assert ("enabled", _EVENTS, made["signing_secret"]) == (
        held["status"],
        held["events"],
        held["signing_secret"],
    )
    resend.Webhooks.update({"webhook_id": made["id"], "status": "disabled"})
    assert "disabled" == resend.Webhooks.get(made["id"])["status"]
    rotated = resend.Webhooks.rotate_signing_secret(made["id"])
    assert rotated["signing_secret"] != made["signing_secret"]
    assert [] == resend.Webhooks.list_events(made["id"])["data"]
    assert resend.Webhooks.remove(made["id"])["deleted"]
    with pytest.raises(ResendError) as gone:
        resend.Webhooks.get(made["id"])
    assert (404, "Webhook not found") == (gone.value.code, gone.value.message)


def test_refused() -> None:
    """An event that there is not, and none at all."""
    unknown: Any = {"endpoint": "https://example.com/hook", "events": ["email.lost"]}
    with pytest.raises(ValidationError):
        resend.Webhooks.create(unknown)
    missing: Any = {"endpoint": "https://example.com/hook"}
    with pytest.raises(MissingRequiredFieldsError):
        resend.Webhooks.create(missing)


def test_told_and_verified(consumer: Consumer) -> None:
    """What the endpoint gets verifies, and the server tells the same of it; a replay has the same id."""
    made = resend.Webhooks.create({"endpoint": consumer.url, "events": _EVENTS})
    mail: Any = {"from": "a@acme.example", "to": ["delivered@resend.dev"], "subject": "s", "text": "t"}
    sent = resend.Emails.send(cast("resend.Emails.SendParams", mail))
    _until(lambda: len(consumer.told) == 2)

    verified = [_verify(*each, made["signing_secret"]) for each in consumer.told]
    assert {"email.sent", "email.delivered"} == {each["type"] for each in verified}
    assert {sent["id"]} == {each["data"]["email_id"] for each in verified}

    headers, body = consumer.told[0]
    event_id = headers["svix-id"]
    _until(lambda: resend.Webhooks.get_event(made["id"], event_id)["status"] == "success")
    event = resend.Webhooks.get_event(made["id"], event_id)
    assert event["payload"] == _verify(headers, body, made["signing_secret"])
    attempts = resend.Webhooks.list_event_attempts(made["id"], event_id)["data"]
    assert [(200, "thanks")] == [(each["http_status_code"], each["response"]) for each in attempts]
    resend.Webhooks.replay_event(made["id"], event_id)
    _until(lambda: len(consumer.told) == 3)
    assert (event_id, body) == (consumer.told[2][0]["svix-id"], consumer.told[2][1])
    resend.Webhooks.remove(made["id"])


def _verify(headers: dict[str, str], body: str, secret: str) -> Any:  # the payload
    svix.Webhook(secret).verify(body, headers)
    names: Any = {name: headers[f"svix-{name}"] for name in ("id", "timestamp", "signature")}
    return resend.Webhooks.verify({"payload": body, "headers": names, "webhook_secret": secret})
