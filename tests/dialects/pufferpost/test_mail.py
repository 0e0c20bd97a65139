"""From a body to a draft: what each field becomes, and each bound."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.addresses import Address
from core.errors import Malformed
from core.messages import Attachment, Content, Draft, OptOut, Party
from core.messages.intake import check
from core.templates import Body
from dialects.pufferpost.bodies import Reader
from dialects.pufferpost.mail import Email
from dialects.pufferpost.versions import NewVersion
from dialects.pufferpost.violations import ValidationFailed, Violation, Violations

_READER = Reader(Email)
_LEAST = {"from": "a@acme.example", "to": "b@example.com", "subject": "s", "text": "t"}


def _draft(**fields: object) -> Draft:
    email = _READER.read(json.dumps(_LEAST | fields).encode())
    found = Violations()
    draft = email.draft(found)
    found.refuse()
    return draft


def _refused(**fields: object) -> list[tuple[str, str]]:
    with pytest.raises(ValidationFailed) as caught:
        _draft(**fields)
    return [(each.field, each.message) for each in caught.value.violations]


def test_every_field_has_its_place():
    """Names from the display form, header values as given, a locale with a hyphen."""
    expected = Draft(
        sender=Party(Address("a@acme.example", "Ann")),
        to=(Party(Address("b@example.com", "Bob, B.")),),
        cc=(Party(Address("c@example.com")),),
        bcc=(Party(Address("d@example.com")),),
        reply_to=(Party(Address("e@example.com", "E")),),
        content=Content(
            subject="Grüße",
            html="<p>h</p>",
            text="t",
            headers=(("x-one", "1"),),
            attachments=(Attachment(filename="a.txt", content_type="text/plain; charset=utf-8", data=b"hi"),),
        ),
        variables={"a": [1, None, {"b": True}]},
        metadata={"k": "v"},
        topic="grp_1",
        opt_out=OptOut(header=True),
        locale="pt-BR",
        timezone="Europe/Berlin",
        on_suppressed="refuse",
    )

    assert expected == _draft(
        **{"from": "Ann <a@acme.example>"},
        to='"Bob, B." <b@example.com>',
        cc=["c@example.com"],
        bcc=["d@example.com"],
        replyTo="E <e@example.com>",
        subject="Grüße",
        html="<p>h</p>",
        headers={"x-one": "1"},
        attachments=[{"filename": "a.txt", "contentType": "text/plain; charset=utf-8", "content": "aGk="}],
        data={"a": [1, None, {"b": True}]},
        metadata={"k": "v"},
        unsubscribeGroup="grp_1",
        locale="pt_BR",
        timezone="Europe/Berlin",
    )


def test_null_unknown_and_empty_are_nothing():
    """PHP's empty lists stand for objects too."""
    nothing = dict.fromkeys(
        ("html", "replyTo", "cc", "bcc", "headers", "metadata", "data", "attachments", "locale", "timezone")
    )
    empty = {"headers": [], "metadata": [], "data": [], "cc": [], "attachments": [], "unheard": {"of": 1}}

    assert _draft() == _draft(**nothing) == _draft(**empty)


def test_base64_may_hold_line_breaks():
    """PHP's decoder passes over them."""
    given = [{"filename": "a", "contentType": "text/plain", "content": "aGVs\r\nbG8=\n"}]

    assert b"hello" == _draft(attachments=given).content.attachments[0].data


_TOO_LONG = "This value is too long. It should have {} characters or less."
_FILE = {"filename": "a", "contentType": "text/plain", "content": "aGk="}


@pytest.mark.parametrize(
    ("fields", "violations"),
    [
        ({"subject": "s" * 999}, [("subject", _TOO_LONG.format(998))]),
        ({"subject": "a\x00b"}, [("subject", "This value is not valid.")]),
        ({"to": "a@example.com, b@example.com"}, [("to", "This value is not a valid email address.")]),
        ({"to": ""}, [("to", "This value should not be blank.")]),
        ({"to": None}, [("to", "This value should not be blank.")]),
        ({"cc": "a@example.com"}, [("cc", "This value should be of type array.")]),
        ({"cc": ["a@example.com"] * 26}, [("cc", "This collection should contain 25 elements or less.")]),
        ({"bcc": ["a@example.com"] * 26}, [("bcc", "This collection should contain 25 elements or less.")]),
        (
            {"headers": {f"X-{index}": "" for index in range(26)}},
            [("headers", "This collection should contain 25 elements or less.")],
        ),
        ({"headers": {"X-A": "v" * 999}}, [("headers[X-A]", _TOO_LONG.format(998))]),
        ({"headers": {"X A": "v"}}, [("headers[X A]", "This value is not valid.")]),
        ({"headers": {"X-A": 1}}, [("headers[X-A]", "This value should be of type string.")]),
        ({"headers": ["X-A: 1"]}, [("headers", "This value should be of type object.")]),
        (
            {"metadata": {str(index): "" for index in range(51)}},
            [("metadata", "This collection should contain 50 elements or less.")],
        ),
        ({"metadata": {"a": "v" * 501}}, [("metadata[a]", _TOO_LONG.format(500))]),
        ({"metadata": {"a" * 101: "v"}}, [(f"metadata[{'a' * 101}]", _TOO_LONG.format(100))]),
        ({"metadata": {"a": True}}, [("metadata[a]", "This value should be of type string.")]),
        ({"data": {"a": 1 << 70}}, [("data", "This value is not valid.")]),
        ({"data": "text"}, [("data", "This value should be of type object.")]),
        ({"timezone": "../etc/passwd"}, [("timezone", "This value is not a valid timezone.")]),
        (
            {"attachments": [_FILE] * 4},
            [("attachments", "This collection should contain 3 elements or less.")],
        ),
        (
            {"attachments": [_FILE | {"filename": "a" * 256}]},
            [("attachments[0].filename", _TOO_LONG.format(255))],
        ),
        (
            {"attachments": [_FILE | {"filename": "..\\a"}]},
            [("attachments[0].filename", "This value is not valid.")],
        ),
        (
            {"attachments": [{}]},
            [
                ("attachments[0].filename", "This value should not be blank."),
                ("attachments[0].contentType", "This value should not be blank."),
                ("attachments[0].content", "This value should not be blank."),
            ],
        ),
        (
            {"attachments": [_FILE | {"content": "AAAA" * ((1 << 20) // 3 + 1)}]},
            [("attachments[0].content", "The file is too large. Allowed maximum size is 1 MiB.")],
        ),
    ],
)
def test_each_bound_is_told(fields, violations):
    """The field as the caller wrote it, and the validator's words."""
    assert violations == _refused(**fields)


@pytest.mark.parametrize("raw", [b"", b"[", b'{"to": "\xff"}', b"[1]", b"null", b'{"data": ' + b"[" * 5000])
def test_what_is_no_object_is_malformed(raw):
    """A body that cannot be read is another refusal than one that is wrong."""
    with pytest.raises(Malformed):
        _READER.read(raw)


def test_a_number_out_of_range_is_a_violation_of_its_field():
    """JSON allows what no machine number holds."""
    with pytest.raises(ValidationFailed) as caught:
        _READER.read(b'{"data": {"a": 1e999}}')

    assert Violation("data", "This value is not valid.") in caught.value.violations


def test_the_fingerprint_is_of_what_is_sent():
    """Order, absent data and metadata do not count; content does."""
    given = {**_LEAST, "data": {"a": 1, "b": {"c": 2, "d": 3}}}
    same = {"data": {"b": {"d": 3, "c": 2}, "a": 1}, **dict(reversed(_LEAST.items())), "metadata": {"k": "v"}}

    def fingerprint(body: object) -> str:
        return _READER.read(json.dumps(body).encode()).fingerprint()

    assert fingerprint(given) == fingerprint(same)
    assert fingerprint(_LEAST) == fingerprint({**_LEAST, "data": []})
    assert 4 == len(
        {fingerprint(_LEAST | change) for change in ({}, {"html": "h"}, {"to": "x@y.zz"}, {"text": "u"})}
    )


def _made(reader, body, make):
    """What a body becomes, or its violations."""
    found = Violations()
    try:
        made = make(reader.read(json.dumps(body).encode()), found)
        found.refuse()
    except ValidationFailed as refused:
        return refused.violations
    return made


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["a@b.cc", "A <a@b.cc>", "", " ", "UTC", "de", "aGk=", "X-A"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from(["X-A"]), inner, max_size=3)
    ),
    max_leaves=8,
)
_FILES = st.lists(
    _VALUES
    | st.fixed_dictionaries({}, optional=dict.fromkeys(("filename", "contentType", "content"), _VALUES)),
    max_size=4,
)
_FIELDS = (
    "from", "to", "templateId", "template", "data", "subject", "html", "text", "replyTo", "cc", "bcc", "headers",
    "metadata", "unsubscribeGroup", "locale", "timezone", "attachments",
)  # fmt: skip  # the body's own names


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(_FIELDS, _VALUES) | {"attachments": _FILES | _VALUES}),
)
def test_any_body_is_a_draft_that_core_takes_or_violations(body):
    """There is no third way: whatever JSON holds, it is accepted whole or told field by field."""
    made = _made(_READER, body, Email.draft)

    if isinstance(made, Draft):
        check(made)
    else:
        assert 0 < len(made) == len({each.field for each in made})


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("subject", "body", "sample_data", "locales"), _VALUES))
)
def test_any_version_is_one_or_violations(body):
    """Likewise for what templates are made of."""
    made = _made(Reader(NewVersion), body, NewVersion.made)

    assert isinstance(made, Body) or made
