"""Events of ours in Postmark's words."""

import msgspec
import pytest

from core.addresses import Address
from core.events import WHOLE_MESSAGE, Detail, Event
from core.messages import Delivery, Draft, Message, Party
from dialects.postmark.timeline import timeline

_MESSAGE = Message(
    id="m",
    workspace_id="w",
    environment="live",
    number=7,
    batch_id=None,
    content_id=None,
    stream="outbound",
    state="accepted",
    sender="a@acme.example",
    subject="s",
    tag="",
    created_at=0,
    scheduled_at=None,
    draft=Draft(sender=Party(Address("a@acme.example"))),
    deliveries=(
        Delivery(
            message_id="m",
            position=3,
            role="cc",
            email="b@acme.example",
            state="queued",
            attempts=0,
            code=0,
            text="",
            updated_at=0,
        ),
    ),
)
_EVENT = Event(
    id="e",
    message_id="m",
    position=3,
    kind="delivered",
    at=0,
    detail=Detail(code=250, text="2.0.0 OK", host="mx.acme.example"),
)
_REFUSED = Detail(code=550, text="5.1.1 No such user", bounce=451)


@pytest.mark.parametrize(
    ("kind", "detail", "word", "facts"),
    [
        (
            "delivered",
            _EVENT.detail,
            "Delivered",
            {"DeliveryMessage": "smtp;250 2.0.0 OK", "DestinationServer": "mx.acme.example"},
        ),
        ("delivered", Detail(), "Delivered", {}),
        ("deferred", Detail(text="timed out"), "Transient", {"DeliveryMessage": "timed out"}),
        ("bounced", _REFUSED, "Bounced", {"Summary": "smtp;550 5.1.1 No such user", "BounceID": "451"}),
        (
            "failed",
            Detail(text="no template", bounce=451),
            "Bounced",
            {"Summary": "no template", "BounceID": "451"},
        ),
        (
            "expired",
            Detail(text="timed out", bounce=451),
            "Bounced",
            {"Summary": "timed out", "BounceID": "451"},
        ),
        ("complained", Detail(), "SubscriptionChanged", {"Origin": "Recipient", "SuppressSending": "True"}),
    ],
)
def test_words_and_facts(kind: str, detail: Detail, word: str, facts: dict[str, str]) -> None:
    """Each kind has its word; what is not known is left out, and every fact is a text."""
    (told,) = timeline(_MESSAGE, [msgspec.structs.replace(_EVENT, kind=kind, detail=detail)])

    assert ("b@acme.example", word, facts) == (told.recipient, told.type, told.details)


@pytest.mark.parametrize(("kind", "position"), [("accepted", WHOLE_MESSAGE), ("sent", 3), ("suppressed", 3)])
def test_the_rest_is_not_told(kind: str, position: int) -> None:
    """Steps that Postmark has no event for stay ours."""
    assert [] == timeline(_MESSAGE, [msgspec.structs.replace(_EVENT, kind=kind, position=position)])
