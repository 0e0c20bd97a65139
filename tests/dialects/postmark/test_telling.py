"""What webhooks are told, in Postmark's words: every payload field by field, the header fields, the two ladders."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from core.accounts import Workspace, WorkspaceSettings
from core.addresses import Address
from core.bounces import Bounce
from core.events import Detail, Event
from core.formats import Payload
from core.inbound import Body, File, Head, InboundMessage, Mailbox
from core.messages import Delivery, Draft, Message, Party
from core.suppressions import Change
from core.tracking.sighting import Agent, Seen, Software
from core.webhooks import Dispatch, Happening, Webhook
from dialects.postmark.choices import Choices, chosen
from dialects.postmark.hooks import INBOUND_ROLE
from dialects.postmark.telling import FORMAT
from dialects.postmark.triggers import KINDS, Open, Plain, Triggers, WithContent, switched_on

# 2026-03-04 05:05:09.123456 UTC
AT = 1_772_600_709_123_456
TOLD_AT = "2026-03-04T05:05:09.1234560Z"
ID = "0194c3b1-7e2a-7000-8000-000000000001"
WORKSPACE = Workspace(
    id="w", number=23, account_id="a", name="test", settings=WorkspaceSettings(), created_at=0
)
MESSAGE = Message(
    id=ID,
    workspace_id="w",
    environment="live",
    number=7,
    batch_id=None,
    content_id=None,
    stream="outbound",
    state="accepted",
    sender="app@example.org",
    subject="Hello",
    tag="welcome",
    created_at=AT,
    scheduled_at=None,
    draft=Draft(sender=Party(Address("app@example.org")), metadata={"order": "77"}),
    deliveries=(
        Delivery(
            message_id=ID,
            position=0,
            role="to",
            email="Ann@example.com",
            state="delivered",
            attempts=1,
            code=250,
            text="2.0.0 OK",
            updated_at=AT,
        ),
    ),
)
BOUNCE = Bounce(
    id="b",
    number=901,
    workspace_id="w",
    environment="live",
    message_id=ID,
    position=0,
    stream="outbound",
    tag="welcome",
    sender="app@example.org",
    subject="Hello",
    email="Ann@example.com",
    kind="no_mailbox",
    code=550,
    enhanced="5.1.1",
    text="5.1.1 no such user",
    host="mx.example.com",
    at=AT,
    suppresses=True,
    suppressed_stream="outbound",
    inactive=True,
    reported=True,
)
SEEN = Seen(
    first=True,
    ip="203.0.113.42",
    user_agent="Mozilla/5.0",
    link="https://example.org/x",
    part="html",
    agent=Agent(
        client=Software("Chrome 140.0", "Google", "Chrome"),
        os=Software("macOS", "Apple", "macOS"),
        platform="desktop",
    ),
)
CHANGE = Change(
    id="c",
    email="ann@example.com",
    stream="outbound",
    topic_id="",
    reason="hard_bounce",
    origin="recipient",
    suppress=True,
    message_id=ID,
    at=AT,
)
EVERYTHING = switched_on(KINDS)


def webhook(triggers: Triggers = EVERYTHING, stream: str = "outbound", role: str = "") -> Webhook:
    """One that wants to hear of everything."""
    return Webhook(
        id="h",
        number=1,
        workspace_id="w",
        dialect="postmark",
        role=role,
        url="https://app.example/pm",
        kinds=triggers.kinds(),
        stream=stream,
        state="enabled",
        reason="",
        options=triggers.packed(),
        includes=triggers.includes(),
        created_at=AT,
        updated_at=AT,
    )


def happening(kind: str, detail: Detail | None = None, **more: Any) -> Happening:
    """Something that happened to the one recipient."""
    event = Event(id="e", message_id=ID, position=0, kind=kind, at=AT, detail=detail or Detail())
    facts = {"message": MESSAGE, "delivery": MESSAGE.deliveries[0], "event": event} | more
    return Happening(id="e", kind=kind, at=AT, workspace=WORKSPACE, **facts)


def told(held: Happening, to: Webhook | None = None) -> Sequence[Payload]:
    """The payloads."""
    return FORMAT.payloads(to or webhook(), held)


def only(held: Happening, to: Webhook | None = None) -> dict[str, Any]:
    """The one payload."""
    (payload,) = told(held, to)
    found: dict[str, Any] = json.loads(payload.body)
    return found


def test_a_bounce():
    """Every key of a bounce, in the order of the documents, its report where that is included."""
    held = happening("bounced", bounce=BOUNCE, report=b"<raw report>")
    with_content = webhook(Triggers(bounce=WithContent(enabled=True, include_content=True)))

    expected = {
        "RecordType": "Bounce",
        "MessageStream": "outbound",
        "ID": 901,
        "Type": "HardBounce",
        "TypeCode": 1,
        "Name": "Hard bounce",
        "Tag": "welcome",
        "MessageID": ID,
        "Metadata": {"order": "77"},
        "ServerID": 23,
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        "Details": "smtp;550 5.1.1 no such user",
        "Email": "Ann@example.com",
        "From": "app@example.org",
        "BouncedAt": TOLD_AT,
        "DumpAvailable": True,
        "Inactive": True,
        "CanActivate": True,
        "Subject": "Hello",
        "Content": "<raw report>",
    }
    assert expected == only(held, with_content)
    assert list(expected) == list(only(held, with_content))
    assert ("report",) == with_content.includes
    assert "Content" not in only(held)
    assert () == webhook().includes


def test_a_bounce_at_once_is_its_own_report():
    """Where no letter told of a bounce, its content is what the server said."""
    to = webhook(Triggers(bounce=WithContent(enabled=True, include_content=True)))
    assert "smtp; 550 5.1.1 no such user" == only(happening("failed", bounce=BOUNCE), to)["Content"]


def test_a_complaint():
    """A complaint is a bounce of a type of its own, that cannot be undone, and is told once."""
    bounce = msgspec.structs.replace(BOUNCE, kind="complaint", code=0, text="")
    held = happening("complained", bounce=bounce)
    body = only(held)

    assert ("SpamComplaint", "SpamComplaint", 100001, "Spam complaint", True, False, "") == tuple(
        body[key] for key in ("RecordType", "Type", "TypeCode", "Name", "Inactive", "CanActivate", "Details")
    )
    assert not told(held, webhook(switched_on(["Bounce"])))


@pytest.mark.parametrize("kind", ["returned", "delayed", "unsubscribed", "expired"])
def test_whatever_has_a_record_is_a_bounce(kind):
    """What came back without being a bounce in our words is told as one, what has no record is not."""
    bounce = msgspec.structs.replace(BOUNCE, kind="auto_reply")
    assert "AutoResponder" == only(happening(kind, bounce=bounce))["Type"]
    assert not told(happening(kind))


def test_what_smtp_could_not_take_is_not_told():
    """It is told only to servers that ask for it, as a bounce of a type of its own."""
    bounce = msgspec.structs.replace(BOUNCE, kind="submission_error")
    asking = chosen(WORKSPACE.settings, Choices(submission_errors=True))
    place = msgspec.structs.replace(WORKSPACE, settings=asking)

    assert not told(happening("failed", bounce=bounce))
    body = only(msgspec.structs.replace(happening("failed", bounce=bounce), workspace=place))
    assert ("Bounce", "SMTPApiError", 100007) == (body["RecordType"], body["Type"], body["TypeCode"])


def test_a_delivery():
    """Every key of a delivery."""
    body = only(happening("delivered", Detail(code=250, text="2.0.0 OK")))
    assert {
        "RecordType": "Delivery",
        "ServerID": 23,
        "MessageStream": "outbound",
        "MessageID": ID,
        "Recipient": "Ann@example.com",
        "Tag": "welcome",
        "DeliveredAt": TOLD_AT,
        "Details": "250 2.0.0 OK",
        "Metadata": {"order": "77"},
    } == body


_READER = {
    "Client": {"Name": "Chrome 140.0", "Company": "Google", "Family": "Chrome"},
    "OS": {"Name": "macOS", "Company": "Apple", "Family": "macOS"},
    "Platform": "Desktop",
    "UserAgent": "Mozilla/5.0",
    "Geo": {"IP": "203.0.113.42"},
    "MessageID": ID,
    "MessageStream": "outbound",
    "Metadata": {"order": "77"},
    "ReceivedAt": TOLD_AT,
    "Tag": "welcome",
    "Recipient": "Ann@example.com",
}


def test_an_open():
    """Every key of an open; there is no server in it."""
    body = only(happening("opened", Detail(seen=SEEN)))
    assert _READER | {"RecordType": "Open", "FirstOpen": True, "ReadSeconds": 0} == body


def test_a_click():
    """Every key of a click."""
    body = only(happening("clicked", Detail(seen=SEEN)))
    more = {"RecordType": "Click", "ClickLocation": "HTML", "OriginalLink": "https://example.org/x"}
    assert _READER | more == body


def test_an_unknown_reader_is_empty_objects():
    """Of a reader without a known program there are empty objects; a copy led elsewhere is the first recipient's."""
    body = only(happening("opened", Detail(seen=Seen(first=True)), delivery=None))
    assert ({}, {}, {}, "Unknown", "Ann@example.com") == tuple(
        body[key] for key in ("Client", "OS", "Geo", "Platform", "Recipient")
    )


def test_later_opens_and_clicks():
    """A later open is told unless the first alone is asked for; of a recipient and link one click is told."""
    later = Detail(seen=msgspec.structs.replace(SEEN, first=False))
    first_only = webhook(Triggers(open=Open(enabled=True, post_first_open_only=True)))

    assert False is only(happening("opened", later))["FirstOpen"]
    assert not told(happening("opened", later), first_only)
    assert 1 == len(told(happening("opened", Detail(seen=SEEN)), first_only))
    assert not told(happening("clicked", later))


def test_a_change_that_a_message_led_to():
    """Every key of a suppression that a bounce brought about."""
    held = happening("suppression_added", event=None, change=CHANGE)
    assert {
        "RecordType": "SubscriptionChange",
        "MessageID": ID,
        "ServerID": 23,
        "MessageStream": "outbound",
        "ChangedAt": TOLD_AT,
        "Recipient": "Ann@example.com",
        "Origin": "Recipient",
        "SuppressSending": True,
        "SuppressionReason": "HardBounce",
        "Tag": "welcome",
        "Metadata": {"order": "77"},
    } == only(held)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"reason": "unsubscribe"}, (ID, "Recipient", True, "ManualSuppression", "welcome")),
        ({"reason": "complaint"}, (ID, "Recipient", True, "SpamComplaint", "welcome")),
        (
            {"reason": "manual", "origin": "customer", "message_id": ""},
            (None, "Customer", True, "ManualSuppression", None),
        ),
        (
            {"reason": "manual", "origin": "admin", "message_id": ""},
            (None, "Admin", True, "ManualSuppression", None),
        ),
        ({"suppress": False, "origin": "customer"}, (None, "Customer", False, None, None)),
        ({"suppress": False}, (None, "Recipient", False, None, None)),
    ],
)
def test_changes(change, expected):
    """Nulls stand where no message led to it, and where an address is taken into use again."""
    held = happening("suppression_added", event=None, change=msgspec.structs.replace(CHANGE, **change))
    body = only(held)
    keys = ("MessageID", "Origin", "SuppressSending", "SuppressionReason", "Tag")
    assert expected == tuple(body[key] for key in keys)
    assert ({"order": "77"} if expected[0] else {}) == body["Metadata"]


def test_changes_of_all_streams_and_of_topics():
    """A change of every stream is told to each of them as its own; one of a topic is another provider's."""
    everywhere = msgspec.structs.replace(CHANGE, stream="")
    held = happening("suppression_added", event=None, change=everywhere)
    assert "broadcast" == only(held, webhook(stream="broadcast"))["MessageStream"]
    topic = msgspec.structs.replace(CHANGE, topic_id="t")
    assert not told(happening("topic_choice", event=None, change=topic))


def test_other_streams_hear_nothing():
    """A webhook is told of its own stream alone."""
    elsewhere = webhook(stream="broadcast")
    for held in (
        happening("delivered"),
        happening("bounced", bounce=BOUNCE),
        happening("suppression_added", event=None, change=CHANGE),
    ):
        assert not told(held, elsewhere)
        assert told(held)


def test_what_is_not_switched_on_is_not_told():
    """Without triggers there is nothing to tell, and core is asked for nothing."""
    nothing = webhook(Triggers(click=Plain()))
    assert () == nothing.kinds
    for kind in ("delivered", "bounced", "opened", "clicked", "complained", "suppression_added"):
        change = CHANGE if kind == "suppression_added" else None
        held = happening(kind, Detail(seen=SEEN), bounce=BOUNCE, change=change)
        assert not told(held, nothing)


def test_a_letter_that_came_in():
    """Every key of the inbound hook, in the order of a captured request."""
    head = Head(
        sender=Mailbox("ann@example.com", "Ann"),
        to=(Mailbox("hash+t77@inbound.example", "Support", "t77"), Mailbox("bob@example.net")),
        reply_to_text="",
        date="Sat, 24 May 2025 22:17:24 +0200",
        files=(File(name="a.png", content_type="image/png; name=a.png", size_bytes=2),),
    )
    body = Body(
        text="…\n",
        html="<div>…</div>\n",
        headers=(
            ("Return-Path", "<ann@example.com>"),
            ("From", "Ann <ann@example.com>"),
            ("Subject", "Hi"),
            ("Content-Type", "multipart/mixed"),
            ("X-A", "1"),
            ("X-A", "2"),
        ),
    )
    inbound = InboundMessage(
        id=ID,
        workspace_id="w",
        state="queued",
        reason="",
        sender="ann@example.com",
        recipient="hash+t77@inbound.example",
        mailbox_hash="t77",
        subject="Hi",
        tag="",
        size_bytes=10,
        created_at=AT,
        head=head,
        body=body,
    )
    held = Happening(id="e", kind="received", at=AT, workspace=WORKSPACE, inbound=inbound, files=(b"hi",))

    (payload,) = FORMAT.payloads(webhook(stream="inbound", role=INBOUND_ROLE), held)
    expected = {
        "FromName": "Ann",
        "MessageStream": "inbound",
        "From": "ann@example.com",
        "FromFull": {"Email": "ann@example.com", "Name": "Ann", "MailboxHash": ""},
        "To": '"Support" <hash+t77@inbound.example>, <bob@example.net>',
        "ToFull": [
            {"Email": "hash+t77@inbound.example", "Name": "Support", "MailboxHash": "t77"},
            {"Email": "bob@example.net", "Name": "", "MailboxHash": ""},
        ],
        "Cc": "",
        "CcFull": [],
        "Bcc": "",
        "BccFull": [],
        "OriginalRecipient": "hash+t77@inbound.example",
        "Subject": "Hi",
        "MessageID": ID,
        "ReplyTo": "",
        "MailboxHash": "t77",
        "Date": "Sat, 24 May 2025 22:17:24 +0200",
        "TextBody": "…\n",
        "HtmlBody": "<div>…</div>\n",
        "StrippedTextReply": "",
        "Tag": "",
        "Headers": [
            {"Name": "Return-Path", "Value": "<ann@example.com>"},
            {"Name": "X-A", "Value": "1"},
            {"Name": "X-A", "Value": "2"},
        ],
        "Attachments": [
            {
                "Name": "a.png",
                "Content": "aGk=",
                "ContentType": "image/png",
                "ContentLength": 2,
                "ContentID": "",
            }
        ],
    }
    assert "Inbound" == payload.event
    assert expected == json.loads(payload.body)
    assert list(expected) == list(json.loads(payload.body))
    assert not FORMAT.payloads(webhook(stream="inbound"), held)


def dispatch(event: str, attempts: int) -> Dispatch:
    """A call that was tried so many times."""
    return Dispatch(
        id=ID,
        webhook_id="h",
        happening_id="0194c3b1-7e2a-7000-8000-000000000002",
        kind="delivered",
        subject=ID,
        event=event,
        state="attempting",
        attempts=attempts,
        status=0,
        attempted_at=None,
        due_at=None,
        created_at=AT,
    )


def headers(event: str, attempts: int) -> Sequence[tuple[str, str]]:
    """The header fields of an attempt."""
    return FORMAT.headers(webhook(), dispatch(event, attempts), b"{}", AT)


_PLAIN = (("Content-Type", "application/json"), ("User-Agent", "Postmark"), ("Accept", "application/json"))


def test_header_fields():
    """The trace stays the same over all attempts, nine are left at first and none in the end, nor after."""
    for attempts, left in ((0, "9"), (1, "8"), (9, "0"), (12, "0")):
        assert (
            *_PLAIN,
            ("X-PM-Webhook-Trace-Id", ID),
            ("X-PM-Webhook-Event-Id", "0194c3b1-7e2a-7000-8000-000000000002"),
            ("X-PM-Retries-Remaining", left),
        ) == headers("Open", attempts)


def test_a_letter_that_came_in_has_no_trace():
    """A captured request has none of the three."""
    assert _PLAIN == headers("Inbound", 0)


def test_the_ladder_of_events():
    """Nine further attempts in some seventy minutes; of the 4xx only a timeout and too many calls are tried again."""
    manners = FORMAT.manners(webhook(), "Bounce")
    assert [1, 5, 15, 1, 5, 10, 10, 10, 15] == [each / 60 for each in manners.delays_s]
    assert (30, 10, 0) == (manners.timeout_s, manners.redirects, manners.disable_after_s)
    assert {408, 429} == set(range(400, 500)) - manners.gives_up
    assert not manners.gives_up & set(range(500, 600))
    assert not manners.disables


def test_the_ladder_of_letters_that_came_in():
    """Ten further attempts in ten and a half hours; 403 alone ends them."""
    manners = FORMAT.manners(webhook(), "Inbound")
    assert [1, 5, 10, 10, 10, 15, 30, 60, 120, 360] == [each / 60 for each in manners.delays_s]
    assert (120, 10, frozenset({403})) == (manners.timeout_s, manners.redirects, manners.gives_up)
