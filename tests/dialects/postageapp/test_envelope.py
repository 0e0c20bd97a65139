"""Bodies in every form that clients post them in."""

import json

import msgspec
import pytest

from core.errors import Malformed, Mistyped
from dialects.postageapp import envelope, forms

_FORM = "application/x-www-form-urlencoded"


def opened(raw, content_type):
    """An envelope, opened."""
    held = envelope.Envelope()
    held.open(raw, content_type)
    return held


def arguments(held):
    """The arguments as plain values."""
    return msgspec.json.decode(held.arguments) if held.arguments is not envelope.NOTHING else None


@pytest.mark.parametrize(
    ("body", "key", "uid", "expected"),
    [
        ({"api_key": "k"}, "k", "", None),
        ({"api_key": "k", "uid": "u", "arguments": {"a": 1}}, "k", "u", {"a": 1}),
        ({"api_key": "k", "uid": 17, "arguments": None}, "k", "17", None),
        ({"api_key": "k", "uid": -1.5, "arguments": []}, "k", "-1.5", None),
        ({"api_key": None, "uid": None, "arguments": {}}, "", "", None),
        ({"api_key": "k", "uid": "", "arguments": {"uid": 5}}, "k", "5", {"uid": 5}),
        ({"api_key": "k", "arguments": {"uid": ["odd"]}}, "k", "", {"uid": ["odd"]}),
        ({"api_key": "k", "template": "t", "uid": "u"}, "k", "u", {"template": "t"}),
        (
            {"api_key": "k", "template": "outer", "variables": 5, "arguments": {"template": "inner"}},
            "k",
            "",
            {"template": "inner", "variables": 5},
        ),
        ({"API_KEY": "k", "Uid": "u", "ARGUMENTS": {"Template": "t"}}, "k", "u", {"template": "t"}),
        ({"Api_Key": "k", "ARGUMENTS": {"TEMPLATE": "T", "template": "t"}}, "k", "", {"template": "t"}),
        ({"method": "x", "api_key": "k", "more": {}}, "k", "", None),
    ],
    ids=str,
)
def test_json_says_key_uid_and_arguments(body, key, uid, expected):
    """Numbers, nulls, PHP's empty lists, ColdFusion's capitals, and arguments beside the arguments."""
    plain = {name: value for name, value in (expected or {}).items() if name.islower()}
    held = opened(b" \n" + json.dumps(body).encode(), _FORM)
    assert (key, uid) == (held.api_key, held.uid)
    found = arguments(held)
    assert plain == ({name: found[name] for name in plain} if found else {})
    assert (expected is None) == (found is None)


def test_arguments_are_taken_once():
    """They hold on to the body, and so nobody else may keep them."""
    held = opened(b'{"api_key": "k", "arguments": {"content": "x"}}', "application/json")
    assert b'{"content": "x"}' == bytes(held.take())
    assert envelope.NOTHING is held.take()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", Malformed),
        (b"  ", Malformed),
        (b"{", Malformed),
        (b'{"api_key": "k"} x', Malformed),
        (b"hello", Malformed),
        (b"hello=world", Malformed),
        (b'{"a":' * 3000, Malformed),
        (b"[]", Mistyped),
        (b'"text"', Mistyped),
        (b'{"api_key": 5}', Mistyped),
        (b'{"uid": true}', Mistyped),
        (b'{"uid": {}}', Mistyped),
        (b'{"arguments": "x"}', Mistyped),
        (b'{"arguments": 5}', Mistyped),
        (b'{"arguments": [1]}', Mistyped),
    ],
    ids=lambda value: value[:30] if isinstance(value, bytes) else value.__name__,
)
@pytest.mark.parametrize("content_type", ["application/json", _FORM], ids=["json", "form"])
def test_other_bodies_are_refused(body, error, content_type):
    """What is no JSON is told from what is JSON of a wrong shape."""
    if body == b'"text"' and content_type == _FORM:
        error = Malformed
    with pytest.raises(error) as caught:
        opened(body, content_type)
    assert error is type(caught.value)


@pytest.mark.parametrize("before", [0, 1, 10, 65533, 65535, 65536, 200_001])
@pytest.mark.parametrize("bad", [b"\xff", b"\xc3(", b"\xf0\x9f\x98", b"\x80", b"\xed\xa0\x80"], ids=repr)
def test_the_first_ill_formed_byte_is_named(before, bad):
    """Wherever it stands, with two-byte letters before it."""
    text = ("é" * before).encode()[:before]
    text = text if before % 2 == 0 else text[:-1] + b"a"
    with pytest.raises(Malformed) as caught:
        envelope.check_utf8(text + bad)
    assert ("utf8", before) == (caught.value.kind, caught.value.offset)


@pytest.mark.parametrize("letter", ["a", "é", "€", "😀"])
@pytest.mark.parametrize("length", [0, 1, 16384, 21846, 32769, 70_000])
def test_utf8_is_let_through(letter, length):
    """Letters that stand across two slices too."""
    envelope.check_utf8((letter * length).encode())


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=", {"a": ""}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[b][c]=1&a[b][d][]=2", {"a": {"b": {"c": "1", "d": ["2"]}}}),
        ("a%5Bb%5D=%E2%82%AC+x", {"a": {"b": "€ x"}}),
        ("a[text/html]=%3Cp%3E", {"a": {"text/html": "<p>"}}),
        ("a=1&a=2", {"a": "2"}),
    ],
)
def test_forms_nest_by_brackets(form, expected):
    """As the Rails conventions have it."""
    assert expected == forms.decode(form.encode())


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ("a[b=1", Mistyped),
        ("[a]=1", Mistyped),
        ("a]=1", Mistyped),
        ("a[][b]=1", Mistyped),
        ("a=1&a[b]=2", Mistyped),
        ("a[b]=2&a=1", Mistyped),
        ("a[]=2&a[b]=1", Mistyped),
        ("a[b]=2&a[]=1", Mistyped),
        ("a" + "[b]" * 9 + "=1", Mistyped),
        ("a=%FF", Malformed),
        ("a=1&" * 20_001, Malformed),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_forms_that_contradict_themselves_are_refused(form, error):
    """Never guessed at."""
    with pytest.raises(error):
        forms.decode(form.encode())
