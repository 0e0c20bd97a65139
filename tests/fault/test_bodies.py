import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.fault.clients import Client, mail
from tests.fault.processes import Site
from tests.fault.sink import Sink

pytestmark = pytest.mark.fault

_MIB: Final = 1024 * 1024
# what Sendflare's sending takes
_LIMIT_BYTES: Final = 10 * _MIB
# what may be on its way in the buffers of both ends' kernels when the connection closes
_ON_ITS_WAY_BYTES: Final = 40 * _MIB


_SLOW: Final = 50


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Site]:
    """A site with a server that waits for bodies."""
    settings = {"rate_limits": "{ sendflare = 0 }"}
    with Sink() as sink, Site(f"sqlite:///{tmp_path / 'b.db'}", tmp_path, sink.port, **settings) as site:
        site.serve()
        yield site


@contextmanager
def _begun(site: Site, key: str, framing: str) -> Iterator[socket.socket]:
    """A call to Sendflare whose body is still to come."""
    with socket.create_connection(("127.0.0.1", site.port), 20) as client:
        head = f"POST /v1/send HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {key}\r\n{framing}\r\n\r\n"
        client.sendall(head.encode())
        yield client


def _answer(client: socket.socket) -> tuple[int, int]:
    """Status, and the code in Sendflare's envelope."""
    response = http.client.HTTPResponse(client)
    response.begin()
    return response.status, json.loads(response.read())["code"]


def test_a_length_over_the_limit_is_refused_before_the_body(place: Site) -> None:
    """The answer is there though only the first kilobyte was sent."""
    with _begun(place, place.key("sendflare"), f"Content-Length: {_LIMIT_BYTES + 1}") as client:
        client.sendall(b"{" * 1024)
        assert (413, 413) == _answer(client)


def test_a_body_of_untold_length_is_cut_at_the_limit(place: Site) -> None:
    """A client that sends on and on is refused; the server takes little more than the limit from it."""
    with _begun(place, place.key("sendflare"), "Transfer-Encoding: chunked") as client:
        written = _write_on(client, 40 * _LIMIT_BYTES)
        assert (413, 413) == _answer(client)
    assert _LIMIT_BYTES <= written < _LIMIT_BYTES + _ON_ITS_WAY_BYTES


def _write_on(client: socket.socket, most_bytes: int) -> int:
    piece, written = b"10000\r\n" + b"x" * 65536 + b"\r\n", 0
    try:
        while written < most_bytes:
            client.sendall(piece)
            written += 65536
    except ConnectionError:
        return written
    return written


@pytest.mark.parametrize(
    ("begun_bytes", "sizes"), [(200_000, [100]), (10_000, [100, 300_000])], ids=["much", "little"]
)
def test_bodies_that_trickle_hold_nobody_up(place: Site, begun_bytes: int, sizes: list[int]) -> None:
    """Small mails are taken while many large bodies hardly go on; large ones too, where those have hardly begun."""
    key, slow_key = place.key(), place.key("sendflare")
    with ExitStack() as calls:
        slow = [
            calls.enter_context(_begun(place, slow_key, f"Content-Length: {9 * _MIB}")) for _ in range(_SLOW)
        ]
        for client in slow:
            client.sendall(b"{" * begun_bytes)
        with Client(place.port, key) as quick:
            for size in sizes * 10:
                answer = quick.post("/emails", mail("quick", "x" * size))
                assert answer is not None
                assert 200 == answer.status
                for client in slow:
                    client.sendall(b" ")
