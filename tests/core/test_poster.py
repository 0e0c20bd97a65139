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


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        ("http://app.example/", "http://app.example/again", ("Basic dTpw", "a=b")),
        ("http://app.example/", "http://other.example/", (None, None)),
        ("http://app.example/", "http://app.example:8080/", (None, None)),
        # in the clear, whatever it was before
        ("https://app.example/", "http://app.example/", (None, None)),
    ],
)
async def test_what_proves_us_goes_to_one_place(consumer, first, then, expected):
    """To no other host or port, and not in the clear where it was not asked for so."""
    poster = Poster(resolve=resolve, network=Plaintext(consumer.port))
    consumer.reply = lambda _: (
        status(200) if len(consumer.heard) > 1 else status(307, b"", f"Location: {then}")
    )
    headers = [("Authorization", "Basic dTpw"), ("Cookie", "a=b"), ("X-Key", "k")]
    answer = await poster.post(call(first, headers=headers, redirects=3))
    await poster.close()

    assert 200 == answer.status, answer.error
    there = consumer.heard[1].headers
    assert ("k", *expected) == (there["x-key"], there.get("authorization"), there.get("cookie"))


class Plaintext(Loopback):
    """Takes TLS for granted."""

    async def connect_tcp(self, *args, **options):
        """See Loopback."""
        return Bare(await super().connect_tcp(*args, **options))


class Bare(httpcore.AsyncNetworkStream):
    """A stream that says it speaks TLS."""

    def __init__(self, inner):
        self._inner = inner

    async def read(self, max_bytes, timeout=None):  # noqa: ASYNC109  # the signature is httpcore's
        """As it comes."""
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer, timeout=None):  # noqa: ASYNC109  # likewise
        """As it is."""
        await self._inner.write(buffer, timeout)

    async def aclose(self):
        """Hang up."""
        await self._inner.aclose()

    async def start_tls(self, *_, **__):
        """Nothing is started."""
        return self

    def get_extra_info(self, info):
        """Whatever the socket says."""
        return self._inner.get_extra_info(info)


@pytest.mark.parametrize(
    "location",
    ["http://[::1", "http://h:99999999/", "//", "http://", "ht!tp://x/", "http://\xff/", "http://%00/", "\x80", "?",
     "http://xn--a/", "http://a..b/", "http://" + "a" * 300 + "/", "http://1.2.3.4.5/", "http://a:b@:1/", "#", " "],
)  # fmt: skip  # odd addresses, one beside the other
async def test_whatever_a_redirect_says(poster, consumer, location):
    """It is an answer or a reason why there is none, and never an error of ours."""
    consumer.reply = lambda _: (
        b"HTTP/1.1 302 There\r\nContent-Length: 0\r\nLocation: " + location.encode("latin-1") + b"\r\n\r\n"
    )
    answer = await poster.post(call("http://app.example/", redirects=2))
    assert bool(answer.status) != bool(answer.error)


def test_a_call_tells_nothing_of_itself():
    """Whoever prints one prints no secret."""
    shown = repr(call("https://u:hidden@app.example/?hidden", headers=[("Authorization", "hidden")]))
    assert "hidden" not in shown
