"""What webhooks are told, to the last key, and in which manner."""

from typing import Any, get_args, get_type_hints

import msgspec
import pytest
import resend
import svix

from core.clock import SECOND, SystemClock
from core.webhooks import Happening, Secret, Webhook
from core.webhooks.happening import KINDS
from dialects.resend.handles import EVENT, held, shown
from dialects.resend.telling import EVENTS, FORMAT, Options, kinds_of
from dialects.signing import new_secret
from tests.dialects import happenings
from tests.dialects.happenings import MESSAGE_ID

_EMAIL = {
    "created_at": "2025-11-30T17:00:40.840Z",
    "email_id": "0190a000-0000-7000-8000-000000000001",
    "message_id": MESSAGE_ID,
    "from": "Acme <news@acme.example>",
    "to": ["Ann <ann@example.com>"],
    "subject": "Hello",
    "template_id": "0190a000-0000-7000-8000-000000000003",
    "tags": {"category": "confirm"},
    "headers": [{"name": "X-Entity-Ref-ID", "value": "7"}],
}
_TOPIC = {
    "id": "0190a000-0000-7000-8000-000000000008",
    "name": "News",
    "description": None,
    "default_subscription": "opt_in",
    "deleted": False,
    "created_at": "2025-11-30T17:00:40.840Z",
    "updated_at": "2025-11-30T17:00:40.840Z",
}
_CONTACT = {
    "id": "0190a000-0000-7000-8000-000000000009",
    "audience_id": "0190a000-0000-7000-8000-00000000000a",
    "segment_ids": ["0190a000-0000-7000-8000-00000000000a"],
    "created_at": "2025-11-30T17:00:40.840Z",
    "updated_at": "2025-11-30T17:00:40.840Z",
    "email": "ann@example.com",
    "first_name": "Ann",
    "last_name": None,
    "unsubscribed": True,
}
_DOMAIN = {
    "id": "0190a000-0000-7000-8000-00000000000b",
    "name": "acme.example",
    "status": "pending",
    "created_at": "2025-11-30T17:00:40.840Z",
    "region": "us-east-1",
    "capabilities": {"sending": "enabled", "receiving": "enabled"},
    "records": [
        {
            "record": "DKIM",
            "name": "bp1._domainkey",
            "type": "TXT",
            "ttl": "Auto",
            "status": "verified",
            "value": "v=DKIM1; p=AAAA",
        },
        {
            "record": "Receiving MX",
            "name": "acme.example",
            "type": "MX",
            "ttl": "Auto",
            "status": "pending",
            "value": "in.mail.example",
            "priority": 10,
        },
    ],
}
_SUPPRESSION = {
    "id": "0190a000-0000-7000-8000-000000000007",
    "email": "ann@example.com",
    "origin": "manual",
    "source_id": None,
    "created_at": "2025-11-30T17:00:40.840Z",
}
_SUPPRESSED = {
    "message": "Resend has suppressed sending to this address because it is on the account-level suppression list.",
    "type": "OnAccountSuppressionList",
}
_RECEIVED = {
    "email_id": "0190a000-0000-7000-8000-000000000004",
    "created_at": "2025-11-30T17:00:40.840Z",
    "from": "ann@example.com",
    "to": ["help@acme.example"],
    "bcc": [],
    "cc": ["bob@example.com"],
    "received_for": ["help@acme.example"],
    "message_id": "<1@example.com>",
    "subject": "Re: Hello",
    "attachments": [
        {
            "id": "0190a000-0000-7000-8000-000000000005",
            "filename": "a.txt",
            "content_type": "text/plain",
            "content_disposition": "attachment",
            "content_id": None,
        },
        {
            "id": "0190a000-0000-7000-8000-000000000006",
            "filename": None,
            "content_type": "image/png",
            "content_disposition": "inline",
            "content_id": "logo",
        },
    ],
}
_CLICK = {
    "ipAddress": "192.0.2.7",
    "link": "https://acme.example/offer",
    "timestamp": "2025-11-30T17:00:41.840Z",
    "userAgent": "Mozilla/5.0",
}
_BOUNCE = {
    "message": "The recipient's email provider sent a hard bounce message: 550 5.1.1 No such user",
    "type": "Permanent",
    "subType": "NoEmail",
    "diagnosticCode": ["smtp; 550 5.1.1 No such user"],
}
_TOPIC_ID = "0190a000-0000-7000-8000-000000000008"

_CASES: list[tuple[Happening, str, dict[str, Any]]] = [
    *[
        (happenings.of_message(kind), f"email.{word}", _EMAIL)
        for kind, word in [
            ("sent", "sent"),
            ("scheduled", "scheduled"),
            ("delivered", "delivered"),
            ("deferred", "delivery_delayed"),
            ("complained", "complained"),
            ("opened", "opened"),
        ]
    ],
    (happenings.CLICKED, "email.clicked", _EMAIL | {"click": _CLICK}),
    (happenings.BOUNCED, "email.bounced", _EMAIL | {"bounce": _BOUNCE}),
    (
        happenings.of_message("failed", text="the template cannot be rendered"),
        "email.failed",
        _EMAIL | {"failed": {"reason": "the template cannot be rendered"}},
    ),
    (happenings.of_message("expired"), "email.failed", _EMAIL | {"failed": {"reason": "expired"}}),
    (happenings.of_message("suppressed"), "email.suppressed", _EMAIL | {"suppressed": _SUPPRESSED}),
    (happenings.RECEIVED, "email.received", _RECEIVED),
    (happenings.change("suppression_added"), "suppression.added", _SUPPRESSION),
    (
        happenings.change("suppression_removed", reason="hard_bounce", message_id="m"),
        "suppression.removed",
        _SUPPRESSION | {"origin": "bounce", "source_id": "m"},
    ),
    (
        happenings.change("topic_choice", topic_id=_TOPIC_ID),
        "contact.topics.updated",
        {"email": "ann@example.com", "topics": [{"id": _TOPIC_ID, "subscription": "opt_out"}]},
    ),
    (happenings.topic("topic_created"), "topic.created", _TOPIC),
    (happenings.topic("topic_updated"), "topic.updated", _TOPIC),
    (happenings.topic("topic_deleted"), "topic.deleted", _TOPIC | {"deleted": True}),
    (happenings.contact("contact_created"), "contact.created", _CONTACT),
    (happenings.contact("contact_updated"), "contact.updated", _CONTACT),
    (happenings.contact("contact_deleted"), "contact.deleted", _CONTACT),
    (happenings.domain("domain_created"), "domain.created", _DOMAIN),
    (happenings.domain("domain_updated"), "domain.updated", _DOMAIN),
    (happenings.domain("domain_deleted", with_records=False), "domain.deleted", _DOMAIN | {"records": []}),
]


def _webhook(*events: str, **fields: Any) -> Webhook:
    options = Options(events).packed()
    return happenings.webhook("resend", kinds_of(events), options=options, **fields)


@pytest.mark.parametrize(
    ("happening", "word", "data"), _CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_told(happening, word, data):
    """One envelope: the provider's word, the moment it happened, and data with these keys alone."""
    (payload,) = FORMAT.payloads(_webhook(word), happening)

    assert word == payload.event
    expected = {"type": word, "created_at": "2025-11-30T17:00:41.840Z", "data": data}
    assert expected == msgspec.json.decode(payload.body)


def test_every_word_is_tried_here():
    """No kind of the table is left out above, and each is one of core's."""
    assert EVENTS.keys() == {happening.kind for happening, _, _ in _CASES}
    assert KINDS >= EVENTS.keys()


# the provider's own types of its payloads, by its words
_TYPES = {get_args(get_type_hints(each)["type"])[0]: each for each in get_args(resend.WebhookEventPayload)}


def test_every_word_of_the_clients_is_known():
    """But for inboxes, of which there are none here."""
    assert {word for word in _TYPES if not word.startswith("inbox.")} == set(EVENTS.values())


@pytest.mark.parametrize(("happening", "word", "data"), _CASES, ids=[word for _, word, _ in _CASES])
def test_the_clients_types_take_it(happening, word, data):
    """Every key that the Python SDK's types ask for is there, and of that type."""
    (payload,) = FORMAT.payloads(_webhook(word), happening)
    told = msgspec.json.decode(payload.body)
    if word == "email.bounced":
        # the type has a text here, the provider's documents and samples a list
        del told["data"]["bounce"]["diagnosticCode"]

    # which leaves out the keys that the type does not have
    assert word == msgspec.convert(told, _TYPES[word])["type"]


def test_what_was_not_asked_for_is_not_told():
    """Another event, a kind without a word, and what happened to another environment's message."""
    delivered = _webhook("email.delivered")

    assert () == FORMAT.payloads(delivered, happenings.of_message("sent"))
    assert () == FORMAT.payloads(delivered, happenings.of_message("scanned"))
    test = happenings.message(environment="test")
    assert () == FORMAT.payloads(delivered, happenings.of_message("delivered", about=test))


def test_two_kinds_may_share_a_word():
    """Whoever asks for failures hears of mail that was given up too."""
    assert {"failed", "expired"} == set(kinds_of(["email.failed"]))


@pytest.mark.parametrize(
    ("kind", "type_", "sub_type", "beginning"),
    [
        ("hard", "Permanent", "General", "sent a hard bounce message"),
        ("mailbox_full", "Transient", "MailboxFull", "sent a general bounce message"),
        ("spam", "Transient", "ContentRejected", "sent a general bounce message"),
        ("unknown", "Undetermined", "Undetermined", "sent a general bounce message"),
    ],
)
def test_bounces(kind, type_, sub_type, beginning):
    """SES's types, and the beginnings that clients look for; no diagnosis where no server spoke."""
    (payload,) = FORMAT.payloads(_webhook("email.bounced"), happenings.of_message("bounced", type=kind))

    bounce = msgspec.json.decode(payload.body)["data"]["bounce"]
    assert {
        "type": type_,
        "subType": sub_type,
        "message": f"The recipient's email provider {beginning}.",
    } == bounce


def test_a_reply_without_its_code_gets_it():
    """RFC 3464 2.3.6: the reply as the server gave it."""
    happening = happenings.of_message("bounced", code=550, text="5.1.1 Unknown user", type="no_mailbox")
    (payload,) = FORMAT.payloads(_webhook("email.bounced"), happening)

    assert ["smtp; 550 5.1.1 Unknown user"] == msgspec.json.decode(payload.body)["data"]["bounce"][
        "diagnosticCode"
    ]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"checked_at": None}, "not_started"),
        ({"state": "verified"}, "verified"),
        ({"state": "temporary_failure"}, "partially_failed"),
        ({"state": "failed"}, "failed"),
    ],
)
def test_standings_of_a_domain(fields, status):
    """The provider's words."""
    (payload,) = FORMAT.payloads(_webhook("domain.updated"), happenings.domain("domain_updated", **fields))

    assert status == msgspec.json.decode(payload.body)["data"]["status"]


def test_svix_verifies_each_attempt_with_either_secret():
    """The id stays, the moment is the attempt's own, and while a former secret is valid two signatures stand there."""
    now = SystemClock().now()
    current, former = new_secret(), new_secret()
    webhook = _webhook("email.sent", secrets=(Secret(current), Secret(former, now + SECOND)))
    body = b'{"type":"email.sent"}'

    for at, valid in ((now, [current, former]), (now + 5 * SECOND, [current])):
        headers = dict(FORMAT.headers(webhook, happenings.dispatch("email.sent"), body, at))

        assert shown(EVENT, happenings.dispatch("email.sent").id) == headers["svix-id"]
        assert str(at // SECOND) == headers["svix-timestamp"]
        assert "application/json" == headers["Content-Type"]
        assert len(valid) == len(headers["svix-signature"].split())
        for secret in valid:
            svix.Webhook(secret).verify(body, headers)


def test_the_ladder():
    """Eight attempts over 27 hours; whoever answers nothing but failures for five days is left alone."""
    manners = FORMAT.manners(_webhook("email.sent"), "email.sent")

    assert (5, 300, 1800, 7200, 18000, 36000, 36000) == manners.delays_s
    assert (15, 0, 432000, False) == (
        manners.timeout_s,
        manners.redirects,
        manners.disable_after_s,
        manners.https_only,
    )


def test_ids_keep_their_order_and_come_back():
    """27 letters and digits; anything else names nothing."""
    first, second = "0190a000-0000-7000-8000-000000000001", "ffffffff-ffff-ffff-ffff-ffffffffffff"

    printed = [shown(EVENT, id) for id in (first, second)]

    assert printed == sorted(printed)
    assert {31} == {len(each) for each in printed}
    assert [first, second] == [held(EVENT, each) for each in printed]
    for odd in (
        "",
        "msg_",
        printed[0][4:],
        printed[0][:-1],
        "msg_" + "z" * 27,
        printed[0][:-1] + "!",
        "atmpt" + printed[0][3:],
    ):
        assert "" == held(EVENT, odd)
