"""What webhooks are told, in PostageApp's three forms, and what comes in posted on as its Rails ingress verifies it."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import msgspec
import pytest

from core.accounts import Workspace, WorkspaceSettings
from core.addresses import Address
from core.errors import Invalid
from core.events import Detail, Event
from core.inbound import Head, InboundMessage
from core.messages import Batch, Content, Delivery, Draft, Message, Party, Rendering, TemplateUse
from core.tracking.sighting import Seen
from core.webhooks import Dispatch, Happening, Secret, Webhook
from dialects.dialect import Listener
from dialects.postageapp.telling import EVENTS, FORMAT, listen

# 2026-03-04 05:05:09.123456 UTC
AT = 1_772_600_709_123_456
ID = "0194c3b1-7e2a-7000-8000-000000000001"
KEY = "project-key"
WORKSPACE = Workspace(
    id="w", number=23, account_id="a", name="shop", settings=WorkspaceSettings(), created_at=0
)
DELIVERY = Delivery(
    message_id=ID,
    position=0,
    role="to",
    email="ann@example.com",
    state="delivered",
    attempts=1,
    code=250,
    text="2.0.0 OK",
    updated_at=AT,
)
MESSAGE = Message(
    id=ID,
    workspace_id="w",
    environment="live",
    number=7,
    batch_id="b",
    content_id=None,
    stream="outbound",
    state="accepted",
    sender="app@example.org",
    subject="Hello {{name}}",
    tag="",
    created_at=AT,
    scheduled_at=None,
    draft=Draft(
        sender=Party(Address("app@example.org", "App")),
        content=Content(headers=(("X-A", "{{name}}"),)),
        template=TemplateUse(id="t", version=1, slug="greeting"),
        variables={"name": "Ann", "event": "mine", "list": [1, 2]},
    ),
    rendering=Rendering(subject="Hello Ann", html=None, text=None, headers=(("X-A", "Ann"),)),
    deliveries=(DELIVERY,),
)
BATCH = Batch(id="b", workspace_id="w", number=5, uid="my-uid", environment="live", total=1, created_at=AT)


def webhook(form: str = "", *events: str) -> Webhook:
    """One as an operator makes it, with the project's key."""
    new = listen(Listener(url="https://app.example/", events=events, form=form, secret=KEY))
    return Webhook(
        id="h",
        number=1,
        workspace_id="w",
        dialect=new.dialect,
        role=new.role,
        url=new.url,
        kinds=new.kinds,
        stream=new.stream,
        state=new.state,
        reason="",
        options=new.options,
        includes=new.includes,
        created_at=AT,
        updated_at=AT,
        secrets=(Secret(new.secret),),
    )


def happening(kind: str = "delivered", detail: Detail | None = None, **more: Any) -> Happening:
    """Something that happened to the one recipient."""
    event = Event(
        id="e",
        message_id=ID,
        position=0,
        kind=kind,
        at=AT,
        detail=detail or Detail(code=250, text="2.0.0 OK"),
    )
    facts: dict[str, Any] = {"message": MESSAGE, "delivery": DELIVERY, "batch": BATCH, "event": event}
    return Happening(id="e", kind=kind, at=AT, workspace=WORKSPACE, account="acme", **(facts | more))


def body(held: Happening, to: Webhook) -> bytes:
    """The one payload."""
    (payload,) = FORMAT.payloads(to, held)
    return payload.body


def signed(fields: dict[str, Any]) -> None:
    """The signature is that of the moment and the token."""
    text = f"{fields['timestamp']}{fields['token']}".encode()
    assert hmac.new(KEY.encode(), text, hashlib.sha256).hexdigest() == fields["signature"]
    assert 48 == len(base64.urlsafe_b64decode(fields["token"]))


def test_the_newest_form():
    """Every field of JSON v1.1: headers as pairs, variables as an object, the number and the uid of the call."""
    held = json.loads(body(happening(), webhook()))
    signed(held)
    expected = {
        "event": "delivered",
        "account": "acme",
        "project": "shop",
        "message_id": 5,
        "message_uid": "my-uid",
        "message_headers": [["From", "App <app@example.org>"], ["Subject", "Hello Ann"], ["X-A", "Ann"]],
        "message_variables": {"name": "Ann", "event": "mine", "list": [1, 2]},
        "recipient": "ann@example.com",
        "domain": "example.com",
        "template": "greeting",
        "timestamp": AT // 1_000_000,
        "token": held["token"],
        "signature": held["signature"],
        "smtp_code": "SMTP_250",
        "smtp_message": "2.0.0 OK",
    }
    assert expected == held
    assert list(expected) == list(held)


def test_the_older_form():
    """JSON v1.0 is flat: headers are a text of JSON, variables stand beside the fields and take none's place."""
    held = json.loads(body(happening(), webhook("json-1.0")))
    signed(held)
    assert {
        "event", "account", "project", "recipient", "domain", "template", "timestamp", "token", "signature",
        "message_headers", "smtp_code", "smtp_message", "name", "list",
    } == held.keys()  # fmt: skip  # a list of words reads better in lines than in a column
    assert ("delivered", "Ann", [1, 2]) == (held["event"], held["name"], held["list"])
    assert ["Subject", "Hello Ann"] == json.loads(held["message_headers"])[1]


def test_the_form_of_forms():
    """The same fields as a form; what is no text is JSON, what is absent is empty."""
    bare = msgspec.structs.replace(MESSAGE, draft=msgspec.structs.replace(MESSAGE.draft, template=None))
    raw = body(happening(message=bare), webhook("form"))
    held = dict(parse_qsl(raw.decode(), keep_blank_values=True))
    signed(held)
    assert ("delivered", "", "[1,2]", str(AT // 1_000_000), "SMTP_250") == tuple(
        held[name] for name in ("event", "template", "list", "timestamp", "smtp_code")
    )


def test_a_message_of_another_providers_client():
    """Where no call of many made it, it has its own number and id."""
    held = json.loads(body(happening(batch=None), webhook()))
    assert (7, ID) == (held["message_id"], held["message_uid"])


def test_a_repetition_is_the_same():
    """The same happening is told in the same bytes, and to another webhook with another token."""
    other = msgspec.structs.replace(webhook(), id="other")
    assert body(happening(), webhook()) == body(happening(), webhook())
    assert json.loads(body(happening(), webhook()))["token"] != json.loads(body(happening(), other))["token"]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("delivered", "delivered"),
        ("failed", "failed"),
        ("expired", "failed"),
        ("bounced", "bounced"),
        ("opened", "opened"),
        ("clicked", "clicked"),
        ("unsubscribed", "unsubscribed"),
        ("complained", "spammed"),
    ],
)
def test_seven_events(kind, word):
    """Each has its word; only a click has a URL; none is told to whom did not ask for it."""
    held = happening(kind, Detail(seen=Seen(link="https://example.org/x")))
    told = json.loads(body(held, webhook()))
    assert (word, kind == "clicked") == (told["event"], "url" in told)
    assert (None, None) == (told["smtp_code"], told["smtp_message"])
    others = [each for each in EVENTS if each != word]
    assert not FORMAT.payloads(webhook("", *others), held)


def test_test_messages_are_another_providers():
    """Mail of another provider's test keys is told to nobody here."""
    test = msgspec.structs.replace(MESSAGE, environment="test")
    assert not FORMAT.payloads(webhook(), happening(message=test))


def dispatch(event: str) -> Dispatch:
    """A call."""
    return Dispatch(
        id=ID,
        webhook_id="h",
        happening_id="e",
        kind="delivered",
        subject=ID,
        event=event,
        state="pending",
        attempts=0,
        status=0,
        attempted_at=None,
        due_at=None,
        created_at=AT,
    )


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("", "application/json"),
        ("json-1.0", "application/json"),
        ("form", "application/x-www-form-urlencoded"),
    ],
)
def test_types(form, kind):
    """Each form has its type."""
    assert ("Content-Type", kind) in FORMAT.headers(webhook(form), dispatch("delivered"), b"", AT)


@pytest.mark.parametrize("source", [b"From: a\r\nSubject: x&y=z+%41\r\n\r\nHi \xe9\xff\n", b"\n"])
def test_a_letter_that_came_in(source):
    """It is posted on whole, byte for byte, and the Rails ingress finds its signature right."""
    inbound = InboundMessage(
        id=ID,
        workspace_id="w",
        state="queued",
        reason="",
        sender="",
        recipient="",
        mailbox_hash="",
        subject="",
        tag="",
        size_bytes=1,
        created_at=AT,
        head=Head(),
    )
    held = Happening(id="e", kind="received", at=AT, workspace=WORKSPACE, inbound=inbound, source=source)
    to = webhook("", "inbound_email")

    raw = body(held, to)
    headers = dict(FORMAT.headers(to, dispatch("inbound_email"), raw, AT))

    assert (("received",), ("source",)) == (to.kinds, to.includes)
    fields = parse_qs(raw.decode(), encoding="latin-1")
    assert {"inbound_email[message]": [source.decode("latin-1")]} == fields
    # the arguments stand like this there: the letter is the key
    expected = base64.b64encode(hmac.new(source, KEY.encode(), hashlib.sha1).digest()).decode()
    assert expected == headers["X-PostageApp-Signature"]
    assert "application/x-www-form-urlencoded" == headers["Content-Type"]
    assert not FORMAT.payloads(webhook(), held)


def test_the_ladder():
    """What is not taken is tried for about a day, whatever the status."""
    manners = FORMAT.manners(webhook(), "delivered")
    assert 23 * 3600 < sum(manners.delays_s) <= 24 * 3600
    assert sorted(manners.delays_s) == list(manners.delays_s)
    assert (frozenset(), frozenset(), 0) == (manners.gives_up, manners.disables, manners.redirects)


@pytest.mark.parametrize(
    "wish",
    [
        Listener(url="https://app.example/", form="xml"),
        Listener(url="https://app.example/", events=("eaten",)),
        Listener(url="https://app.example/", stream="outbound"),
        Listener(url="app.example"),
    ],
)
def test_what_cannot_be_made(wish):
    """Unknown forms and events, streams, and what is no URL are refused."""
    with pytest.raises(Invalid):
        listen(wish)
