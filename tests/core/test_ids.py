import threading
import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ids

UUIDS = st.integers(0, 2**128 - 1).map(lambda bits: str(UUID(int=bits)))


def test_ids_rise():
    """In the order they were made, many in one millisecond included."""
    made = [ids.new() for _ in range(20_000)]

    assert made == sorted(set(made))


def test_threads_make_different_ids():
    """Nothing guards the clock; the random part does."""
    made: list[str] = []

    def work() -> None:
        made.extend([ids.new() for _ in range(5_000)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 20_000 == len(set(made))


def test_an_id_is_a_uuid_of_version_7():
    """With the moment it was made in, to the millisecond."""
    before = time.time_ns() // 1_000_000 * 1000
    made = [ids.new() for _ in range(600)]
    after = time.time_ns() // 1000

    assert {7} == {UUID(each).version for each in made}
    assert {"specified in RFC 4122"} == {UUID(each).variant for each in made}
    assert all(each == str(UUID(each)) for each in made)
    # one that is pushed on by those before it may run ahead of the clock by 1/4096 ms each
    assert all(before <= ids.moment(each) <= after + 1000 for each in made)


@given(st.integers(0, 4_000_000_000_000_000))
def test_a_floor_stands_below_every_id_of_its_moment(at):
    """And above every id of the millisecond before."""
    assert at - at % 1000 == ids.moment(ids.floor(at))
    assert ids.floor(at) <= f"{ids.floor(at)[:13]}-7000-8000-000000000000"
    assert at < 1000 or f"{ids.floor(at - 1000)[:13]}-7fff-bfff-ffffffffffff" < ids.floor(at)


@given(UUIDS)
def test_a_ulid_says_the_same(id):
    """There and back, in either case, and in the same order."""
    text = ids.ulid(id)

    assert 26 == len(text)
    assert id == ids.from_ulid(text) == ids.from_ulid(text.lower())


@given(UUIDS, UUIDS)
def test_ulids_keep_the_order(one, other):
    """Lists by either form are the same lists."""
    assert (one < other) == (ids.ulid(one) < ids.ulid(other))


def test_a_known_ulid():
    """The smallest, the largest and one between."""
    assert "0" * 26 == ids.ulid("00000000-0000-0000-0000-000000000000")
    assert "7" + "Z" * 25 == ids.ulid("ffffffff-ffff-ffff-ffff-ffffffffffff")
    assert "01ARZ3NDEKTSV4RRFFQ69G5FAV" == ids.ulid("01563e3a-b5d3-d676-4c61-efb99302bd5b")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8" + "0" * 25,
        "0" * 25,
        "0" * 27,
        "I" + "0" * 25,
        "0" * 25 + "U",
        "0" * 25 + "-",
        "0" * 25 + "é",
        "٣" * 26,
    ],
)
def test_what_is_no_ulid_has_no_uuid(text):
    """Too long, too large, or with letters that Crockford left out."""
    assert ids.from_ulid(text) is None


@given(st.text(max_size=30))
def test_any_text_may_be_asked_for(text):
    """Neither form's reader breaks on what a caller sends."""
    assert ids.from_ulid(text) is None or 26 == len(text)
    assert not ids.is_uuid(text)


@given(UUIDS)
def test_a_uuid_is_known(id):
    """In either case."""
    assert ids.is_uuid(id)
    assert ids.is_uuid(id.upper())


@pytest.mark.parametrize(
    "text",
    [
        "0190d3b85b3e70008000000000000000",
        "{0190d3b8-5b3e-7000-8000-00000000000}",
        "0190d3b8-5b3e-7000-8000-00000000000g",
        "0190d3b8-5b3e-7000-8000-0000000000 0",
        "0190d3b8-5b3e-7000-8000-0000_0000_00",
        "0190d3b8-5b3e-7000-8000-00000000000٣",
        "0190d3b8-5b3e-7000-8000-0x0000000000",
        "+190d3b8-5b3e-7000-8000-000000000000",
        "0190d3b85-b3e-7000-8000-000000000000",
        "0190d3b8-5b3e-7000-8000-0000-0000000",
    ],
)
def test_what_only_looks_like_a_uuid_is_none(text):
    """What int() and uuid.UUID() pass over is not passed over here."""
    assert not ids.is_uuid(text)
