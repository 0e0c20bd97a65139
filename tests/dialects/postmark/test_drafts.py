"""From the message object to the draft: exact or as the SDKs write it, the same comes of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.addresses import Address
from core.errors import Invalid
from core.messages import Attachment, Content, Draft, Party, Rehearsal
from core.messages.intake import check
from dialects.postmark.codec import Reader
from dialects.postmark.outgoing import Message
from dialects.postmark.rehearsing import rehearsals

_READER = Reader(Message)
_FULL: dict[str, Any] = {
    "From": "Ann <a@acme.example>",
    "To": "Bob <b@acme.example>, c@acme.example",
    "Cc": "d@acme.example",
    "Bcc": "e@bounce-testing.postmarkapp.com",
    "Subject": "Grüße",
    "Tag": "welcome",
    "HtmlBody": "<p>h</p>",
    "TextBody": "t",
    "ReplyTo": "f@acme.example, g@acme.example",
    "Headers": [
        {"Name": "X-A", "Value": "b"},
        {"Name": "Message-ID", "Value": "me@acme.example"},
        {"Name": "X-PM-Bounce-Type", "Value": "soft_bounce"},
    ],
    "TrackOpens": True,
    "TrackLinks": "HtmlAndText",
    "Metadata": {"Color": "blue"},
    "Attachments": [
        {"Name": "a.txt", "Content": "aGVsbG8=", "ContentType": "text/plain", "ContentID": "cid:logo"}
    ],
    "MessageStream": "broadcast",
}


def _party(email: str, name: str = "") -> Party:
    return Party(Address(email, name))


_DRAFT = Draft(
    sender=_party("a@acme.example", "Ann"),
    to=(_party("b@acme.example", "Bob"), _party("c@acme.example")),
    cc=(_party("d@acme.example"),),
    bcc=(_party("e@bounce-testing.postmarkapp.com"),),
    reply_to=(_party("f@acme.example"), _party("g@acme.example")),
    content=Content(
        subject="Grüße",
        html="<p>h</p>",
        text="t",
        headers=(("X-A", "b"), ("X-PM-Bounce-Type", "soft_bounce"), ("X-PM-Tag", "welcome")),
        attachments=(
            Attachment(filename="a.txt", content_type="text/plain", content_id="logo", data=b"hello"),
        ),
    ),
    stream="broadcast",
    tag="welcome",
    metadata={"Color": "blue"},
    track_opens=True,
    track_links="both",
    message_id="<me@acme.example>",
    id_headers=("X-PM-Message-Id",),
    rehearsals={"e@bounce-testing.postmarkapp.com": Rehearsal(outcome="bounce", kind="soft")},
    on_suppressed="drop",
    suppress_in="stream",
)


def test_every_field_arrives() -> None:
    """Nothing that can be said is lost."""
    assert _DRAFT == _READER.read(json.dumps(_FULL).encode()).draft()


def _respelled(held: Any, respell: Any) -> Any:
    if isinstance(held, list):
        return [_respelled(each, respell) for each in held]
    if isinstance(held, dict):
        return {
            respell(key): value if key == "Metadata" else _respelled(value, respell)
            for key, value in held.items()
        }
    return str(held).lower() if isinstance(held, bool) else held


@given(st.randoms(use_true_random=False))
def test_the_spelling_of_keys_does_not_matter(random: Any) -> None:
    """Any case at every level, unknown keys and truth values as texts: the draft is the same."""

    def respell(key: str) -> str:
        return "".join(random.choice([letter.lower(), letter.upper()]) for letter in key)

    loose = _respelled(_FULL, respell) | {"Unknown": {"To": 5}}

    assert _DRAFT == _READER.read(json.dumps(loose).encode()).draft()


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Name", "Value", "Content", "ContentID", "x"]), inner, max_size=4)
    ),
)


@given(st.sampled_from([*_FULL, "TemplateId", "TemplateAlias"]), _ANYTHING)
def test_whatever_is_json_is_read_or_refused(field: str, held: Any) -> None:
    """Nothing that a field may hold makes anything but a draft or a refusal, and core takes the draft."""
    try:
        draft = _READER.read(json.dumps(_FULL | {field: held}).encode()).draft()
    except Invalid:
        return
    check(draft)


@pytest.mark.parametrize(
    "field", ["TrackOpens", "TemplateId", "Tag", "TrackLinks", "MessageStream", "ReplyTo", "Cc"]
)
def test_an_empty_text_says_nothing(field: str) -> None:
    """Whatever the field's type: the draft is that of a message without it. The PHP and Ruby clients send such."""
    expected = _READER.read(json.dumps({key: _FULL[key] for key in _FULL if key != field}).encode()).draft()

    assert expected == _READER.read(json.dumps(_FULL | {field: ""}).encode()).draft()


@pytest.mark.parametrize(("value", "text"), [(12, "12"), (1.5, "1.5"), ("12", "12"), (None, ""), (0, "0")])
def test_a_number_as_a_header_is_its_text(value: Any, text: str) -> None:
    """Django's users write X-Priority: 1, and their backend passes it on as it is."""
    raw = json.dumps(_FULL | {"Headers": [{"Name": "X-A", "Value": value}]}).encode()

    assert (("X-A", text), ("X-PM-Tag", "welcome")) == _READER.read(raw).draft().content.headers


_FILE = {"Name": "a.png", "Content": "YQ=="}


@pytest.mark.parametrize(
    "change",
    [
        {"Attachments": [_FILE | {"ContentID": "cid:" + "x" * 1000}]},
        {"Attachments": [_FILE | {"ContentID": "ü" * 200}]},
        {"Headers": [{"Name": "Message-ID", "Value": "<" + "x" * 1000 + "@acme.example>"}]},
    ],
)
def test_an_id_stays_whole_on_its_line(change: dict[str, Any]) -> None:
    """One that is too long for a line of mail is refused, where a relay would refuse the mail."""
    with pytest.raises(Invalid):
        _READER.read(json.dumps(_FULL | change).encode()).draft()


@pytest.mark.parametrize("content", ["YQ==\u2028", "\u00a0YQ==", "YQ\x85==", "YQ==\u3000"])
def test_blanks_of_other_alphabets_are_no_base64(content: str) -> None:
    """Lines may be broken inside, with ASCII alone."""
    with pytest.raises(Invalid) as refused:
        _READER.read(json.dumps({"Attachments": [{"Name": "a.txt", "Content": content}]}).encode())

    assert "The 'Content' of an attachment is not valid base64." == refused.value.reason


@pytest.mark.parametrize(
    ("email", "header", "expected"),
    [
        (
            "hardbounce@bounce-testing.postmarkapp.com",
            "",
            Rehearsal(outcome="bounce", kind="hard", suppress=True),
        ),
        ("DNS_Error@bounce-testing.postmarkapp.com", "", Rehearsal(outcome="bounce", kind="dns")),
        (
            "smtp_api_error@bounce-testing.postmarkapp.com",
            "",
            Rehearsal(outcome="bounce", kind="submission_error"),
        ),
        (
            "x@bounce-testing.postmarkapp.com",
            "",
            Rehearsal(outcome="bounce", kind="hard", suppress=True),
        ),
        ("x@bounce-testing.postmarkapp.com", "Blocked", Rehearsal(outcome="bounce", kind="blocked")),
        ("softbounce@bounce-testing.postmarkapp.com", "Blocked", Rehearsal(outcome="bounce", kind="blocked")),
        (
            "spamcomplaint@bounce-testing.postmarkapp.com",
            "",
            Rehearsal(outcome="bounce", kind="hard", suppress=True),
        ),
        ("x@blackhole.postmarkapp.com", "Blocked", Rehearsal(outcome="drop")),
        ("x@postmarkapp.com", "Blocked", None),
        ("x@acme.example", "HardBounce", None),
    ],
)
def test_test_addresses(email: str, header: str, expected: Rehearsal | None) -> None:
    """The local part or the header tells the bounce; nobody else is touched."""
    assert expected == rehearsals((_party(email),), header).get(email.lower())
