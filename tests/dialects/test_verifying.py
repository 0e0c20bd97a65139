"""What receivers do with signatures: in every dialect that signs, each call it makes is valid, and no other."""

from collections.abc import Iterator

import msgspec
import pytest

from core import webhooks
from core.clock import SECOND
from core.webhooks import Dispatch, Webhook
from core.webhooks.samples import samples
from dialects import verifying
from dialects.dialect import Dialect, Listener, discover
from dialects.verifying import Received
from tests.dialects.happenings import AT, WORKSPACE

_SIGNING = [each for each in discover().values() if each.verify is not None]
_FORMS = [
    (each, form)
    for each in _SIGNING
    for form in (("json-1.1", "json-1.0", "form") if each.name == "postageapp" else ("",))
]
_each = pytest.mark.parametrize(
    ("dialect", "form"), _FORMS, ids=[f"{each.name} {form}".strip() for each, form in _FORMS]
)


def calls(dialect: Dialect, form: str, *events: str) -> Iterator[tuple[Webhook, Received]]:
    """One of everything that is told, as it comes in."""
    assert dialect.listen is not None
    assert dialect.webhooks is not None
    wish = Listener(url="https://app.example/", form=form, events=events)
    webhook = webhooks.made_of(dialect.listen(wish), WORKSPACE.id, 1, 0)
    for happening in samples(WORKSPACE, webhook.kinds, AT):
        for payload in dialect.webhooks.payloads(webhook, happening):
            dispatch = Dispatch(
                id=happening.id, webhook_id=webhook.id, happening_id=happening.id, kind=happening.kind, subject="",
                event=payload.event, state="pending", attempts=0, status=0, attempted_at=None, due_at=AT,
                created_at=AT,
            )  # fmt: skip
            fields = dialect.webhooks.headers(webhook, dispatch, payload.body, AT)
            headers = {name.lower(): value for name, value in fields}
            yield webhook, Received(headers=headers, body=payload.body)


def verdict(dialect: Dialect, secret: str, call: Received, now_s: int) -> str:
    """What the dialect's receiver says."""
    assert dialect.verify is not None
    return dialect.verify(secret, call, now_s)


def test_who_signs_can_be_verified():
    """Three do; Postmark signs nothing."""
    assert ["postageapp", "pufferpost", "resend"] == [each.name for each in _SIGNING]


@_each
def test_each_call_is_valid(dialect: Dialect, form: str) -> None:
    """With its own secret; with another, or another body, it is wrong."""
    heard = list(calls(dialect, form))
    assert len(heard) > 4
    for webhook, call in heard:
        other = Received(
            headers=call.headers,
            body=call.body.replace(b'"token":"', b'"token":"x').replace(b"token=", b"token=x"),
        )
        longer = Received(headers=call.headers, body=call.body + b" ")
        changed = other if other.body != call.body else longer
        assert "valid" == verdict(dialect, webhook.secret, call, AT // SECOND)
        assert "wrong" == verdict(dialect, "whsec_" + "A" * 32, call, AT // SECOND)
        assert "wrong" == verdict(dialect, webhook.secret, changed, AT // SECOND)


@pytest.mark.parametrize("name", ["resend", "pufferpost"])
@pytest.mark.parametrize("late_s", [-301, 301])
def test_who_comes_at_another_time_is_wrong(name, late_s):
    """More than five minutes from now, either way."""
    dialect = discover()[name]
    webhook, call = next(calls(dialect, ""))
    assert "wrong" == verdict(dialect, webhook.secret, call, AT // SECOND + late_s)
    assert "valid" == verdict(dialect, webhook.secret, call, AT // SECOND + late_s // 2)


def test_a_letter_that_came_in():
    """PostageApp's stand in a form, signed outside of it."""
    dialect = discover()["postageapp"]
    ((webhook, call),) = calls(dialect, "", "inbound_email")
    assert "valid" == verdict(dialect, webhook.secret, call, 0)
    assert "wrong" == verdict(
        dialect, webhook.secret, msgspec.structs.replace(call, body=call.body + b"x"), 0
    )
    assert "none" == verdict(dialect, webhook.secret, msgspec.structs.replace(call, headers={}), 0)


@_each
def test_what_is_not_signed(dialect: Dialect, form: str) -> None:
    """It has none, and is not wrong."""
    del form
    call = Received(headers={"content-type": "application/json"}, body=b"{}")
    assert "none" == verdict(dialect, "whsec_" + "A" * 32, call, AT // SECOND)


@pytest.mark.parametrize(
    "headers",
    [
        {"svix-id": "msg_1", "svix-timestamp": "soon", "svix-signature": "v1,x"},
        {"svix-id": "msg_1", "svix-timestamp": "1" * 30, "svix-signature": "v1,x"},
        {"svix-id": "msg_1", "svix-signature": "v1,ü"},
        {"svix-id": "msg_1", "svix-timestamp": "1764522040", "svix-signature": "v1,ü v1"},
    ],
)
def test_nonsense_is_wrong(headers):
    """Whatever stands where a moment or a signature should."""
    call = Received(headers=headers, body=b"")
    assert "wrong" == verifying.standard("whsec_" + "A" * 32, call, 1764522040)
    assert "wrong" == verifying.stamped("s", "t=x,v1=ü,,=", b"", 1764522040)
    assert "wrong" == verifying.tokened("s", None, None, 7)
