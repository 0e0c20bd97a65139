import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.budget import Budget
from core.errors import Malformed, TooLarge
from dialects.request import ClientGone, Request
from tests.dialects.asgi import chunks, gone, request, scope

FREE = 64 * 1024


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=20))
async def test_a_body_is_what_its_pieces_are(pieces):
    """However it was cut, empty pieces included."""
    asked = request(*pieces)

    assert b"".join(pieces) == await asked.read() == asked.body


async def test_a_body_is_read_once():
    """A guard and a decoder may both ask for it."""
    asked = request(b"once")

    assert [b"once", b"once"] == [await asked.read(), await asked.read()]


@pytest.mark.parametrize(
    ("pieces", "read"),
    [([b"x" * 11], 1), ([b"x" * 10, b"", b"x", b"never"], 3), ([b"x", b"x" * 10, b"never"], 2)],
)
async def test_reading_stops_at_the_limit(pieces, read):
    """The piece with which a body grows too large is the last that is read."""
    left = list(pieces)

    async def receive():
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    asked = Request(scope(), receive, "/", "an-id")
    asked.limit_bytes = 10
    with pytest.raises(TooLarge) as refused:
        await asked.read()

    assert ("body", 10) == (refused.value.kind, refused.value.limit)
    assert len(pieces) - read == len(left)


async def test_a_body_may_be_as_large_as_the_limit():
    """The limit itself is allowed, said beforehand or not."""
    for headers in ({}, {"content-length": "1000"}):
        assert 1000 == len(await request(b"x" * 1000, headers=headers).read())


@pytest.mark.parametrize("length", ["1001", "99999999999999999999"])
async def test_a_length_beyond_the_limit_is_refused_unread(length):
    """Neither room is held for it nor a byte of it read."""
    asked = Request(scope(headers={"content-length": length}), gone, "/", "an-id")
    asked.limit_bytes, asked.room = 1000, Budget(10)
    with pytest.raises(TooLarge):
        await asked.read()

    assert 0 == asked.room._used


@pytest.mark.parametrize("length", ["-1", "1e9", "", "0x10", "٣", "+5"])
async def test_a_length_that_is_no_number_says_nothing(length):
    """The body is measured as it comes."""
    headers = [(b"content-length", length.encode())]
    asked = Request({**scope(), "headers": headers}, chunks([b"x" * 10]), "/", "an-id")
    asked.limit_bytes = 10

    assert 10 == len(await asked.read())


LARGE = [b"x" * FREE, b"x", b"x"]


@pytest.mark.parametrize(
    ("pieces", "headers", "held"),
    [
        ([b"x"], {}, 0),
        ([b"x" * FREE, b""], {"content-length": str(FREE)}, 0),
        # a small body of untold length is small all the same
        ([b"x", b"x"], {"transfer-encoding": "chunked"}, 0),
        (LARGE, {"content-length": str(FREE + 2)}, FREE + 2),
        # a large one is taken for the largest that is allowed
        (LARGE, {"transfer-encoding": "chunked"}, 2 * FREE),
    ],
)
async def test_large_bodies_need_room(pieces, headers, held):
    """From where they turn out to be large, until they are let go."""
    asked = request(*pieces, headers=headers, limit_bytes=2 * FREE)
    asked.room = Budget(3 * FREE)
    await asked.read()
    taken = asked.room._used
    asked.give_room()
    asked.give_room()

    assert (held, 0) == (taken, asked.room._used)


async def test_a_large_body_that_does_not_come_keeps_nobody_out(monkeypatch):
    """It has its time, by its size; then it is refused and its room is free again."""
    monkeypatch.setattr("dialects.request._PATIENCE_S", 0)
    monkeypatch.setattr("dialects.request._SLOWEST_BYTES_PER_S", 1 << 40)
    pieces = [{"type": "http.request", "body": each, "more_body": True} for each in LARGE[:2]]

    async def receive():
        return pieces.pop(0) if pieces else await asyncio.Event().wait()

    asked = Request(scope(headers={"content-length": str(2 * FREE)}), receive, "/", "an-id")
    asked.limit_bytes, asked.room = 2 * FREE, Budget(2 * FREE)
    with pytest.raises(Malformed, match="in time"):
        await asked.read()
    asked.give_room()

    assert 0 == asked.room._used


async def test_whoever_hangs_up_gets_no_answer():
    """The half of a body is nothing to work on."""
    with pytest.raises(ClientGone):
        await Request(scope(), gone, "/", "an-id").read()


async def test_a_body_that_was_not_read_is_not_there():
    """A handler that forgot to ask fails in its tests; one that let go of the body finds none."""
    asked = request(b"text")
    with pytest.raises(RuntimeError, match="was not read"):
        _ = asked.body
    await asked.read()
    asked.forget()

    assert b"" == asked.body == await asked.read()


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER  abc ", "abc"),
        ("Bearer", ""),
        ("Bearer ", ""),
        ("Basic abc", ""),
        ("abc", ""),
        ("", ""),
        ("Bearer é", "é"),
    ],
)
def test_a_bearer_token_is_read(header, token):
    """The scheme in any case, and no other scheme."""
    assert token == request(headers={"authorization": header}).bearer()


def test_the_first_of_two_headers_wins():
    """A header that is not there is told from an empty one."""
    asked = Request(
        {**scope(), "headers": [(b"x-a", b""), (b"x-b", b"1"), (b"x-b", b"2")]}, gone, "/", "an-id"
    )

    assert ("", "1", None) == (asked.header(b"x-a"), asked.header(b"x-b"), asked.header(b"x-c"))
    assert "" == asked.bearer()


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("", []),
        ("a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
        ("a=&b", [("a", ""), ("b", "")]),
        ("a=%2526+b%20c", [("a", "%26 b c")]),
        ("%C3%BC=%FF", [("ü", "\ufffd")]),
        ("a=1;b=2", [("a", "1;b=2")]),
    ],
)
def test_a_query_is_read_in_order(query, pairs):
    """Decoded once, repeated keys kept."""
    assert pairs == request(query=query).query()


CLOSING = {"connection": "close", "content-length": "9"}


@pytest.mark.parametrize(
    ("headers", "version", "left"),
    [
        (CLOSING, "1.1", 0),
        (CLOSING | {"connection": "x, Close"}, "1.1", 0),
        ({"content-length": "9"}, "1.0", 0),
        ({"transfer-encoding": "chunked"}, "1.0", 0),
        # the server reads on by itself
        ({"content-length": "9"}, "1.1", 3),
        # nothing comes before it is asked for
        (CLOSING | {"expect": "100-Continue"}, "1.1", 3),
        # nothing comes at all
        ({"connection": "close"}, "1.1", 3),
    ],
)
async def test_what_was_not_read_passes_by_before_the_end(headers, version, left):
    """A connection that is closed over unread bytes is reset, and its client never sees the answer."""
    pieces = [b"one", b"two", b"six"]

    async def receive():
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    await Request(scope(headers=headers) | {"http_version": version}, receive, "/", "an-id").drain()

    assert left == len(pieces)


async def test_nothing_passes_by_behind_the_end():
    """Whoever asked for more than a whole body, refused or not, would wait for ever."""
    for limit in (9, 2):
        asked = request(b"one", b"more", headers=CLOSING, limit_bytes=limit)
        with suppress(TooLarge):
            await asked.read()
        await asked.drain()
        await asked.drain()


async def test_who_hangs_up_is_not_waited_for():
    """Nobody is left to see the answer."""
    await Request(scope(headers=CLOSING), gone, "/", "an-id").drain()
