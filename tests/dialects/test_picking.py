from typing import cast

import pytest

from dialects.dialect import Dialect, Marks, Tell
from dialects.picking import Picked, Picker


def dialect(name, *, hosts=(), **marks):
    """Give a dialect of which only its marks matter."""
    return Dialect(
        name=name, groups=(), tell=cast("Tell", None), hosts=hosts, marks=Marks(**marks), keys=(), sample=""
    )


ROWS = (
    dialect("rest", hosts=("api.rest.example",), rest=True),
    dialect("header", hosts=("api.header.example",), headers=("x-token",)),
    dialect("exact", hosts=("api.exact.example",), paths=("/v1/send",)),
    dialect("begins", hosts=("api.begins.example",), prefixes=("/v1/", "/v.")),
    dialect("deeper", prefixes=("/v1/deep/",)),
)
PICKER = Picker(ROWS, {"Mail.Example.org": "begins"})


@pytest.mark.parametrize(
    ("headers", "path", "expected"),
    [
        ({}, "/emails", Picked("rest", "/emails")),
        ({}, "/", Picked("rest", "/")),
        ({}, "/v1/send", Picked("exact", "/v1/send")),
        ({}, "/v1/send/", Picked("exact", "/v1/send/")),
        ({}, "//v1/send", Picked("exact", "/v1/send")),
        ({}, "/v1/sender", Picked("begins", "/v1/sender")),
        ({}, "/v1", Picked("rest", "/v1")),
        ({}, "/v.1/call", Picked("begins", "/v.1/call")),
        ({}, "/v1/deep/er", Picked("deeper", "/v1/deep/er")),
        ({"x-token": "t"}, "/v1/send", Picked("header", "/v1/send")),
        ({"x-token": ""}, "/emails", Picked("header", "/emails")),
        ({"x-token": "t"}, "/rest/emails", Picked("rest", "/emails")),
        ({}, "/header/emails", Picked("header", "/emails")),
        ({}, "/header", Picked("header", "/")),
        ({}, "/header//emails", Picked("header", "//emails")),
        ({}, "//header/emails", Picked("header", "/emails")),
        ({}, "/headers/emails", Picked("rest", "/headers/emails")),
        ({"host": "api.header.example"}, "/v1/send", Picked("header", "/v1/send")),
        ({"host": "API.Header.example:8025"}, "/v1/send", Picked("header", "/v1/send")),
        ({"host": "api.exact.example", "x-token": "t"}, "/rest/x", Picked("exact", "/rest/x")),
        ({"host": "mail.example.org"}, "/emails", Picked("begins", "/emails")),
        ({"host": "localhost:8025"}, "/emails", Picked("rest", "/emails")),
    ],
)
def test_a_request_is_told_by_host_then_prefix_then_marks(headers, path, expected):
    """A name says it surely; a prefix is asked for; a mark is what only one dialect's requests carry."""
    given = [(name.encode(), value.encode()) for name, value in headers.items()]

    assert expected == PICKER.pick(given, path)


def test_what_nobody_claims_is_nobodys():
    """Without a dialect for the rest a request may find none."""
    picker = Picker(ROWS[1:], {})

    assert picker.pick([], "/emails") is None
    assert Picked("exact", "/v1/send") == picker.pick([], "/v1/send")


@pytest.mark.parametrize(
    "claim",
    [
        {"rest": True},
        {"headers": ("x-token",)},
        {"paths": ("/v1/send",)},
        {"hosts": ("api.rest.example",)},
    ],
    ids=lambda claim: next(iter(claim)),
)
def test_two_dialects_cannot_claim_the_same(claim):
    """Nothing is served from a table in which a request could be two dialects'."""
    with pytest.raises(ValueError, match=r"both (claim|take)"):
        Picker((*ROWS, dialect("second", **claim)), {})


def test_the_operators_names_go_before_the_dialects():
    """Whoever runs the server decides whose a host is."""
    picker = Picker(ROWS, {"api.exact.example": "header"})

    assert Picked("header", "/x") == picker.pick([(b"host", b"api.exact.example")], "/x")
