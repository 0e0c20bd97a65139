"""What webhooks are told, to the last key, and in which manner."""

import hashlib
import hmac

import msgspec
import pytest

from core.clock import SECOND
from core.messages.message import Rendering
from core.webhooks import Happening, Secret
from dialects.pufferpost.telling import EVENTS, FORMAT
from tests.dialects import happenings
from tests.dialects.happenings import AT

_DATA = {
    "message_id": "msg_01J2G00000E008000000000001",
    "to": "ann@example.com",
    "from": "news@acme.example",
    "subject": "Hello",
    "template_id": "tpl_01J2G00000E008000000000003",
    "metadata": {"order": "42"},
    "occurred_at": "2025-11-30T17:00:41+00:00",
}
_BOUNCE = {"type": "permanent", "diagnostic": "550 5.1.1 No such user"}
_RENDERED = happenings.message(rendering=Rendering(subject="Hello", html=None, text=None))


def _about(happening: Happening) -> Happening:
    return msgspec.structs.replace(happening, message=_RENDERED)


@pytest.mark.parametrize(
    ("happening", "data"),
    [
        (happenings.of_message("delivered"), _DATA),
        (happenings.of_message("complained"), _DATA),
        (happenings.of_message("opened", seen=happenings.SEEN), _DATA),
        (happenings.CLICKED, _DATA | {"url": "https://acme.example/offer"}),
        (happenings.BOUNCED, _DATA | {"to": "bob@example.com", "bounce": _BOUNCE}),
    ],
    ids=["delivered", "complained", "opened", "clicked", "bounced"],
)
def test_what_is_told(happening, data):
    """Whom it happened to, of which message, with its metadata."""
    kind = happening.kind
    (payload,) = FORMAT.payloads(happenings.webhook("pufferpost", (kind,)), _about(happening))

    assert kind == payload.event
    expected = {
        "id": "evt_01J2G00000E008000000000002",
        "type": kind,
        "created_at": "2025-11-30T17:00:41+00:00",
        "data": data,
    }
    assert expected == msgspec.json.decode(payload.body)


def test_a_bounce_that_may_pass():
    """A full mailbox is not bad for good."""
    happening = happenings.of_message("bounced", text="full", type="mailbox_full")
    (payload,) = FORMAT.payloads(happenings.webhook("pufferpost", ("bounced",)), happening)

    assert {"type": "transient", "diagnostic": "full"} == msgspec.json.decode(payload.body)["data"]["bounce"]


def test_what_was_not_asked_for_is_not_told():
    """Another event, and one without a word."""
    webhook = happenings.webhook("pufferpost", ("delivered",))

    assert () == FORMAT.payloads(webhook, happenings.BOUNCED)
    assert () == FORMAT.payloads(webhook, happenings.of_message("sent"))


@pytest.mark.parametrize("environment", ["live", "test"])
@pytest.mark.parametrize("role", ["", "test"])
def test_environments_do_not_mix(environment, role):
    """Test messages are told to webhooks of test keys, and to no other."""
    webhook = happenings.webhook("pufferpost", ("delivered",), role=role)
    happening = happenings.of_message("delivered", about=happenings.message(environment=environment))

    expected = 1 if (role == "test") == (environment == "test") else 0
    assert expected == len(FORMAT.payloads(webhook, happening))


def test_a_receiver_can_verify_it():
    """The moment of the attempt and the body, under the secret's whole text."""
    webhook = happenings.webhook("pufferpost", EVENTS, secrets=(Secret("whsec_x"),))
    body = b'{"id":"evt_1"}'

    headers = dict(FORMAT.headers(webhook, happenings.dispatch("delivered"), body, AT))

    stamp, _, signature = headers.pop("X-PufferPost-Signature").partition(",")
    signed = f"{stamp.removeprefix('t=')}.".encode() + body
    assert f"t={AT // SECOND}" == stamp
    assert f"v1={hmac.new(b'whsec_x', signed, hashlib.sha256).hexdigest()}" == signature
    assert {
        "Content-Type": "application/json",
        "User-Agent": "PufferPost-Webhooks/1",
        "X-PufferPost-Event": "delivered",
        "X-PufferPost-Delivery": "whd_01J2G00000E00800000000000D",
    } == headers


def test_the_ladder():
    """Seven attempts over 33 hours, each given ten seconds; no redirect is followed."""
    manners = FORMAT.manners(happenings.webhook("pufferpost", EVENTS), "delivered")

    assert (60, 300, 1800, 7200, 21600, 86400) == manners.delays_s
    assert (10, 0, 0) == (manners.timeout_s, manners.redirects, manners.disable_after_s)
