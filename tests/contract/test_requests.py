import msgspec
import pytest

from core import messages
from core.paging import PageRequest
from tests.contract.surfaces import (
    DIALECTS,
    DRIVERS,
    MAIL,
    NAMES,
    as_json,
    ask,
    check,
    drive,
    encoded,
    keyed,
    refuse,
    replaced,
    send,
    sending,
)
from tests.dialects.driver import Ask, Mail

pytestmark = [pytest.mark.parametrize("engine", ["sqlite"]), pytest.mark.parametrize("name", NAMES)]
CHUNK = b" " * 65536
SPOILT = {
    "cut": lambda body: body[:-1],
    "more": lambda body: body + b"}",
    "text": lambda body: body[1:],
    "no colon": lambda body: body.replace(b":", b"=", 1),
    "no UTF-8": lambda body: body.replace("ß".encode(), b"\xff"),
    "surrogate": lambda body: body.replace("ß".encode(), b"\xed\xa0\x80"),
    "escaped surrogate": lambda body: body.replace("ß".encode(), rb"\ud800"),
    "control": lambda body: body.replace("ß".encode(), b"\x00"),
    "UTF-16": lambda body: body.decode().encode("utf-16"),
    "deep list": lambda body: b"[" * 100_000 + body,
    "deep object": lambda body: b'{"a":' * 100_000 + body,
    "digits": lambda body: b"1" * 10_000 + body,
}


def sent(name: str, key: str) -> Ask:
    """Give the canonical mail as a call."""
    return DRIVERS[name].send(key, MAIL)


async def count(house):
    """Count the messages of the workspace."""
    request = PageRequest(limit=1, total=True)
    return (await messages.page(house.core, await house.caller(), messages.Filter(), request)).total


async def test_an_unknown_path_is_refused(house, name):
    """With a key and without, below the dialect's own paths and elsewhere."""
    key = await house.key(name)
    for path in ("/nothing/here", sending(DIALECTS[name]).path + "/no/such/thing", "/", "/%00", "/%ff"):
        for given in (key, ""):
            wanted = as_json(Ask(method="POST", path=path), encoded(name, given))
            refuse(name, await ask(house, name, wanted, given))


@pytest.mark.parametrize("method", ["PUT", "TRACE", "OPTIONS", "BREW"])
async def test_a_wrong_method_is_refused(house, name, method):
    """A path that exists answers other methods in the dialect's words, and names those it takes with a 405."""
    answer = await ask(house, name, Ask(method=method, path=sent(name, "").path), await house.key(name))

    refuse(name, answer)
    assert (405 == answer.status_code) == ("allow" in answer.headers)


async def test_a_malformed_body_is_refused(house, name):
    """What is no JSON, or no UTF-8, is refused and nothing is sent."""
    key = await house.key(name)
    for case, spoil in SPOILT.items():
        answer = await ask(house, name, as_json(sent(name, key), spoil(encoded(name, key))), key)

        assert 400 <= answer.status_code < 500, case
        refuse(name, answer)
    assert 0 == await count(house)


async def test_a_body_that_says_nothing_is_refused(house, name):
    """Nothing can be sent with it, whatever JSON it is."""
    key = await house.key(name)
    for body in (b"", b" ", b"{}", b"[]", b"null", b"0", b'""', b"true", b"[[]]", b'{"":null}'):
        answer = await ask(house, name, as_json(sent(name, key), body), key)

        assert 400 <= answer.status_code < 500, body
        refuse(name, answer)


async def test_a_value_of_a_wrong_type_is_refused(house, name):
    """Where a text belongs, nothing else is taken."""
    key = await house.key(name)
    wanted = sent(name, key)
    for field in ("sender", "to", "subject", "html"):
        for value in ([[1]], {"a": {"b": 1}}, [None]):
            body = replaced(wanted.json, getattr(MAIL, field), value)
            assert body != wanted.json
            answer = await ask(house, name, msgspec.structs.replace(wanted, json=body), key)

            assert 400 <= answer.status_code < 500, (field, value)
            refuse(name, answer)
    assert 0 == await count(house)


async def test_a_body_that_says_it_is_too_large_is_not_read(house, name):
    """The refusal comes before the first byte of the body."""
    key, limit = await house.key(name), sending(DIALECTS[name]).limit_bytes
    wanted = keyed(name, as_json(sent(name, key), b""), key)
    wanted.headers["content-length"] = str(limit + 1)

    async def receive():
        pytest.fail("the body was read")

    answer = await drive(house.app, name, wanted, receive)

    check(answer)
    refuse(name, answer)


async def test_a_body_that_grows_too_large_is_read_no_further(house, name):
    """A body of unknown length is refused as soon as it passes the limit."""
    key, limit = await house.key(name), sending(DIALECTS[name]).limit_bytes
    wanted = keyed(name, as_json(sent(name, key), b""), key)
    wanted.headers["transfer-encoding"] = "chunked"
    read = 0

    async def receive():
        nonlocal read
        read += len(CHUNK)
        assert read <= limit + len(CHUNK)
        return {"type": "http.request", "body": CHUNK, "more_body": True}

    answer = await drive(house.app, name, wanted, receive)

    check(answer)
    refuse(name, answer)
    assert read > limit


async def test_a_mail_in_many_small_pieces_is_taken(house, name):
    """It does not matter how a body is cut on its way."""
    key = await house.key(name)
    wanted = keyed(name, as_json(sent(name, key), b""), key)
    pieces = [bytes([byte]) for byte in encoded(name, key)]

    async def receive():
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    assert DRIVERS[name].accepted(await drive(house.app, name, wanted, receive))


async def test_slashes_are_taken_as_the_dialect_says(house, name):
    """Many at the beginning are one; one at the end is ignored where the provider does so; none may be doubled."""
    key, path, paths = await house.key(name), sent(name, "").path, DIALECTS[name].paths
    client = await house.client(name, authorized=False)
    cases = {
        f"/{path}": True,
        f"{path}/": paths.trailing_slash,
        path.upper(): paths.fold_case,
        f"{path}//x": False,
    }
    for each, taken in cases.items():
        wanted = keyed(name, DRIVERS[name].send(key, Mail(subject=each)), key)
        url = f"http://gateway.test/{name}{each}"
        answer = await client.request(wanted.method, url, json=wanted.json, headers=wanted.headers)
        check(answer)
        if taken:
            assert DRIVERS[name].accepted(answer)
        else:
            refuse(name, answer)


async def test_ids_of_requests_differ(house, name):
    """Each answer can be told from the others in the log."""
    answers = [await send(house, name, "") for _ in range(3)]

    assert 3 == len({answer.headers["x-request-id"] for answer in answers})
