"""Calls to addresses that strangers chose: none leads to a place of ours."""

import httpcore
import pytest

from core.poster import Call, Poster
from tests.consumer import Consumer, status

PUBLIC, PRIVATE = "93.184.215.14", "10.0.0.1"
_REFUSED = "The host is not on the public internet."


class Loopback(httpcore.AsyncNetworkBackend):
    """Leads every address to the consumer, as a router would; which were asked for is kept."""

    def __init__(self, port):
        self.port, self.asked = port, []
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):  # noqa: ASYNC109
        """Note the address and connect elsewhere."""
        del port
        self.asked.append(host)
        return await self._inner.connect_tcp("127.0.0.1", self.port, timeout, local_address, socket_options)


async def resolve(host, port):
    """Names whose first label says where they are."""
    del port
    return [PRIVATE if host.startswith("inside") else PUBLIC]


def call(url, **fields):
    """A call with a second's patience."""
    return Call(**{"url": url, "headers": [], "body": b"{}", "timeout_s": 1, **fields})


@pytest.fixture
async def consumer():
    """Who is called."""
    async with Consumer() as made:
        yield made


@pytest.fixture
async def network(consumer):
    """The way there."""
    return Loopback(consumer.port)


@pytest.fixture
async def poster(network):
    """A client on the open internet, as far as it knows."""
    made = Poster(resolve=resolve, network=network)
    yield made
    await made.close()


async def test_the_public_internet_is_called(poster, consumer, network):
    """By the address that was checked."""
    answer = await poster.post(call("http://app.example/x?y=1"))

    assert (200, [PUBLIC]) == (answer.status, network.asked)
    assert ("/x?y=1", "app.example") == (consumer.heard[0].target, consumer.heard[0].headers["host"])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://inside.example/", _REFUSED),
        ("http://user:pass@inside.example/", _REFUSED),
        ("ftp://app.example/", "Only http and https addresses can be called."),
        ("http://app.example:99999/", "The address is not a valid URL."),
        ("http:///x", "The address is not a valid URL."),
    ],
)
async def test_nothing_else_is(poster, consumer, url, expected):
    """Whatever the address looks like."""
    answer = await poster.post(call(url))

    assert (0, expected, []) == (answer.status, answer.error, consumer.heard)


async def test_no_redirect_leads_inside(poster, consumer):
    """Each is checked as the first address was."""
    consumer.reply = lambda _: status(307, b"", "Location: http://inside.example/")

    answer = await poster.post(call("http://app.example/", redirects=3))

    assert (0, _REFUSED, 1) == (answer.status, answer.error, len(consumer.heard))


async def test_redirects_end(poster, consumer):
    """After as many as are allowed the last answer counts."""
    consumer.reply = lambda _: status(302, b"", "Location: /again")

    answer = await poster.post(call("http://app.example/", redirects=3))

    assert (302, 4) == (answer.status, len(consumer.heard))


async def test_https_alone_where_the_dialect_says_so(poster, consumer):
    """For a redirect too."""
    answer = await poster.post(call("http://app.example/", https_only=True))

    assert ("Only https addresses are called.", []) == (answer.error, consumer.heard)


async def test_an_answer_without_end_is_left(poster, consumer):
    """What drips on is broken off when the time is up."""

    async def drip(_):
        return b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10

    consumer.reply = drip

    answer = await poster.post(call("http://app.example/"))

    assert (0, "The server took too long.") == (answer.status, answer.error)


@pytest.mark.parametrize("field", [("X-A", "b\r\nX-C: d"), ("X A", "b")])
async def test_no_field_breaks_out(poster, consumer, field):
    """A header field that would be two, or none, is not sent."""
    answer = await poster.post(call("http://app.example/", headers=[field]))

    assert (0, []) == (answer.status, consumer.heard)
