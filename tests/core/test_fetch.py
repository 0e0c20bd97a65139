"""The guarded client against a real server on the loopback, reached directly or in place of the internet."""

import asyncio
import datetime as dt
import gzip
import ipaddress
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from core.fetch import Fetched, Fetcher, FetchFailed, is_public, look_up

PUBLIC = "93.184.215.14"
OTHER_PUBLIC = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
HELLO = b"hello, file"
BOMB = gzip.compress(bytes(5_000_000))
NOT_PUBLIC = "The host is not on the public internet."
NOT_A_URL = "The address is not a valid URL."
LOST = "The server could not be reached, or the connection was lost."
BROKEN = "The server broke off, or does not speak HTTP."


def answer(body: bytes = b"", *headers: str, status: int = 200) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def chunked(*chunks: bytes) -> bytes:
    """An answer that does not say how long it is."""
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"


def redirect(location: str, status: int = 302) -> bytes:
    """An answer that sends the client elsewhere."""
    return answer(b"", f"Location: {location}", status=status)


class Site:
    """A server with one canned answer per path; keeps the heads of the requests it was sent."""

    def __init__(self, pages: dict[str, bytes]) -> None:
        self.pages = pages
        self.heads: list[str] = []
        self.port = 0
        self.open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.asked = asyncio.Event()
        self.left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until the client leaves; ``/silent`` never answers and ``/endless`` never stops."""
        task = asyncio.current_task()
        assert task is not None
        self.open[task] = writer
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                self.asked.set()
                await self.respond(head.split(" ")[1], reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.left.set()
        finally:
            del self.open[task]
            writer.close()

    async def leave(self) -> None:
        """Drop the clients that are still there."""
        for writer in self.open.values():
            writer.transport.abort()
        await asyncio.gather(*self.open)

    async def respond(self, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Play one path's part."""
        if path == "/silent":
            await reader.readexactly(1)
        if path == "/broken":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            raise ConnectionResetError
        if path == "/endless":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while path == "/endless":
            writer.write(bytes(65536))
            await writer.drain()
        writer.write(self.pages.get(path.partition("?")[0], answer(b"no such page", status=404)))
        await writer.drain()


@asynccontextmanager
async def serving(pages: dict[str, bytes], tls: ssl.SSLContext | None = None) -> AsyncIterator[Site]:
    """A site on a free port of the loopback."""
    site = Site(pages)
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0, ssl=tls)
    site.port = server.sockets[0].getsockname()[1]
    async with server:
        yield site
        server.close()
        await site.leave()


class Internet(httpcore.AnyIOBackend):
    """Sockets that reach one local site whatever address is dialled, and the addresses that were."""

    def __init__(self, port: int, dead: Iterable[str] = ()) -> None:
        self.port = port
        self.dead = frozenset(dead)
        self.dialled: list[str] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,  # noqa: ARG002  # the site's own is dialled
        timeout: float | None = None,  # noqa: ASYNC109  # the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Dial the site instead."""
        self.dialled.append(host)
        if host in self.dead:
            raise httpcore.ConnectError(host)
        return await super().connect_tcp("127.0.0.1", self.port, timeout, local_address, socket_options)


class Names:
    """A resolver that knows the hosts of .example it was told; several answers of one are given in turn."""

    def __init__(self, **known: list[list[str]]) -> None:
        self.known = known

    async def __call__(self, host: str, port: int) -> list[str]:  # noqa: ARG002
        """Look a host up, the next answer of those it was told."""
        answers = self.known.get(host.removesuffix(".example"))
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return answers.pop(0) if len(answers) > 1 else answers[0]


@asynccontextmanager
async def closing(fetcher: Fetcher) -> AsyncIterator[Fetcher]:
    """A fetcher for one test."""
    try:
        yield fetcher
    finally:
        await fetcher.close()


async def failure(fetcher: Fetcher, url: str, limit_bytes: int = 1000) -> tuple[str, bool]:
    """Why an address is not fetched, and whether that may pass."""
    with pytest.raises(FetchFailed) as caught:
        await fetcher.get(url, limit_bytes=limit_bytes)
    assert caught.value.reason == str(caught.value)
    return caught.value.reason, caught.value.temporary


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    """One that may go to the loopback."""
    async with closing(Fetcher(allow_private=True)) as made:
        yield made


PAGES = {
    "/file": answer(HELLO, "Content-Type: Text/Plain; charset=utf-8"),
    "/untyped": answer(HELLO),
    "/oddly-typed": answer(HELLO, "Content-Type: text/pl ain"),
    "/chunked": chunked(b"hello, ", b"file"),
    "/empty": answer(status=204),
    "/gzip": answer(gzip.compress(HELLO), "Content-Encoding: GZIP"),
    "/members": answer(gzip.compress(b"hello, ") + gzip.compress(b"file"), "Content-Encoding: x-gzip"),
    "/half-gzip": answer(gzip.compress(HELLO)[:-9], "Content-Encoding: gzip"),
    "/no-gzip": answer(HELLO, "Content-Encoding: gzip"),
    "/bomb": answer(BOMB, "Content-Encoding: gzip"),
    "/brotli": answer(HELLO, "Content-Encoding: br"),
    "/no-http": b"220 mail.example ESMTP\r\n\r\n",
    "/announced": b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
    "/nowhere": answer(status=302),
    "/choices": answer(status=300),
    "/loop": redirect("/loop"),
    "/to-ftp": redirect("ftp://files.example/file"),
    "/to-login": redirect("//me:secret@files.example/file"),
    "/to-latin": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /\xff\r\n\r\n",
    "/relative": redirect("folder/../file?again=1#part", 307),
    **{f"/moved-{status}": redirect("/file", status) for status in (301, 302, 303, 307, 308)},
    **{f"/hop-{left}": redirect(f"/hop-{left - 1}") for left in range(1, 7)},
    "/hop-0": answer(HELLO),
    **{f"/status-{status}": answer(status=status) for status in (304, 400, 403, 408, 410, 429, 500, 503)},
}


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """The pages of this file."""
    async with serving(PAGES) as made:
        yield made


@pytest.mark.parametrize(
    ("path", "expected", "content_type", "end"),
    [
        ("/file", HELLO, "text/plain", "/file"),
        ("/untyped", HELLO, "", "/untyped"),
        ("/oddly-typed", HELLO, "", "/oddly-typed"),
        ("/chunked", HELLO, "", "/chunked"),
        ("/empty", b"", "", "/empty"),
        ("/gzip", HELLO, "", "/gzip"),
        ("/members", HELLO, "", "/members"),
        ("/relative", HELLO, "text/plain", "/file?again=1#part"),
        ("/hop-5", HELLO, "", "/hop-0"),
        *((f"/moved-{status}", HELLO, "text/plain", "/file") for status in (301, 302, 303, 307, 308)),
    ],
)
async def test_a_file_is_fetched(fetcher, site, path, expected, content_type, end):
    """Data, bare type and last address come back, whatever way the server has of telling them."""
    root = f"http://127.0.0.1:{site.port}"
    got = await fetcher.get(root + path, limit_bytes=len(HELLO))
    assert Fetched(data=expected, content_type=content_type, url=root + end) == got


@pytest.mark.parametrize(
    ("path", "expected", "temporary"),
    [
        ("/announced", "The answer is larger than 1000 bytes.", False),
        ("/endless", "The answer is larger than 1000 bytes.", False),
        ("/bomb", "The answer is larger than 1000 bytes.", False),
        ("/half-gzip", "The answer ended too early.", True),
        ("/no-gzip", "The answer could not be decompressed.", False),
        ("/brotli", "The server answered in an encoding that was not asked for.", False),
        ("/no-http", BROKEN, True),
        ("/broken", BROKEN, True),
        ("/nowhere", "The server redirects, but does not say where to.", False),
        ("/loop", "There are too many redirects.", False),
        ("/hop-6", "There are too many redirects.", False),
        ("/to-ftp", "Only http and https addresses can be fetched.", False),
        ("/to-login", "An address with a user name or password in it cannot be fetched.", False),
        ("/to-latin", NOT_A_URL, False),
        ("/choices", "The server answered with status 300.", False),
        *((f"/status-{s}", f"The server answered with status {s}.", False) for s in (304, 400, 403, 410)),
        *((f"/status-{s}", f"The server answered with status {s}.", True) for s in (408, 429, 500, 503)),
    ],
)
async def test_what_a_server_does_wrong_is_told_in_one_form(fetcher, site, path, expected, temporary):
    """Each failure has a reason, and says whether a repetition may help."""
    assert (expected, temporary) == await failure(fetcher, f"http://127.0.0.1:{site.port}{path}")
    assert (await fetcher.get(f"http://127.0.0.1:{site.port}/file", limit_bytes=1000)).data == HELLO


async def test_an_endless_answer_is_left(fetcher, site):
    """Beyond the limit nothing is read: the connection is closed."""
    await failure(fetcher, f"http://127.0.0.1:{site.port}/endless")
    await site.left.wait()


@pytest.mark.parametrize("path", ["/file", "/chunked", "/gzip"])
async def test_the_limit_is_the_last_size_that_passes(fetcher, site, path):
    """One byte more than allowed is too much, decoded or announced."""
    url = f"http://127.0.0.1:{site.port}{path}"
    short = len(HELLO) - 1
    assert (f"The answer is larger than {short} bytes.", False) == await failure(fetcher, url, short)


async def test_a_bomb_within_its_limit_is_unfolded(fetcher, site):
    """Only the size of what comes out counts."""
    got = await fetcher.get(f"http://127.0.0.1:{site.port}/bomb", limit_bytes=5_000_000)
    assert bytes(5_000_000) == got.data


async def test_a_silent_server_is_given_up(site):
    """The whole of it has one limit in time."""
    async with closing(Fetcher(allow_private=True, timeout_s=0.05)) as fetcher:
        url = f"http://127.0.0.1:{site.port}/silent"
        assert ("The server took too long.", True) == await failure(fetcher, url)


async def test_a_fetch_can_be_cancelled(fetcher, site):
    """A stop is no failure of the server."""
    task = asyncio.create_task(fetcher.get(f"http://127.0.0.1:{site.port}/silent", limit_bytes=1))
    await site.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nobody_listens(fetcher):
    """A refused connection may be accepted later."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    assert (LOST, True) == await failure(fetcher, f"http://127.0.0.1:{port}/")


async def test_the_request_says_little(fetcher, site, monkeypatch):
    """No proxy of the environment is asked, no compression wanted, nothing told of us but the name."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with closing(Fetcher(allow_private=True)) as late:
        await late.get(f"http://127.0.0.1:{site.port}/file?a=1#part", limit_bytes=1000)
    expected = (
        f"GET /file?a=1 HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n"
        "Accept: */*\r\nAccept-Encoding: identity\r\nUser-Agent: Babelpost\r\n\r\n"
    )
    assert [expected] == site.heads


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ftp://files.example/", "Only http and https addresses can be fetched."),
        ("file:///etc/passwd", "Only http and https addresses can be fetched."),
        ("files.example/file", "Only http and https addresses can be fetched."),
        ("", "Only http and https addresses can be fetched."),
        (
            "https://me@files.example/",
            "An address with a user name or password in it cannot be fetched.",
        ),
        ("http://:x@files.example/", "An address with a user name or password in it cannot be fetched."),
        ("http:///file", NOT_A_URL),
        ("http://a\\@files.example/", "An address with a user name or password in it cannot be fetched."),
        ("http://a%00.example/", NOT_A_URL),
        ("http://files.example:0/", NOT_A_URL),
        ("http://files.example:-1/", NOT_A_URL),
        ("http://files.example:65536/", NOT_A_URL),
        ("http://[::1/", NOT_A_URL),
        ("http://[fe80::1%25eth0]/", NOT_A_URL),
        ("http://files.example/\r\nX: y", NOT_A_URL),
        ("http://files.example/\ud800", NOT_A_URL),
        (f"http://{'a' * 64}.example/", NOT_A_URL),
        ("http://a..example/", NOT_A_URL),
    ],
)
async def test_an_address_that_is_none_is_refused(fetcher, url, expected):
    """Before anything is connected, and for good."""
    assert (expected, False) == await failure(fetcher, url)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "017700000001", "0x7f.1", "0"),
        *("10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:a00:1]", "[64:ff9b::7f00:1]", "[fd00::1]"),
    ],
)
async def test_no_form_of_a_private_address_is_reached(host):
    """The system reads each of these, and what it read is looked at."""
    network = Internet(0)
    async with closing(Fetcher(network=network)) as fetcher:
        assert (NOT_PUBLIC, False) == await failure(fetcher, f"http://{host}/")
    assert [] == network.dialled


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        *((address, True) for address in (PUBLIC, OTHER_PUBLIC, "::ffff:8.8.8.8", "64:ff9b::808:808")),
        *((address, True) for address in ("2002:808:808::1", "1.1.1.1")),
        *((address, False) for address in ("0.0.0.1", "10.0.0.1", "100.64.0.1", "100.127.255.255")),
        *((address, False) for address in ("127.255.0.1", "169.254.0.1", "172.31.0.1", "192.0.0.8")),
        *((address, False) for address in ("192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1")),
        *((address, False) for address in ("203.0.113.1", "224.0.0.251", "240.0.0.1", "255.255.255.255")),
        *((address, False) for address in ("::", "::1", "::7f00:1", "::ffff:10.0.0.1", "64:ff9b::a00:1")),
        *((address, False) for address in ("64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1")),
        *((address, False) for address in ("2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1")),
        *(
            (address, False)
            for address in ("fc00::1", "fd12::1", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1")
        ),
    ],
)
def test_the_open_internet_is_told_from_the_rest(address, expected):
    """By the IANA special-purpose registries, and by what is inside of a mapped or translated address."""
    assert expected == is_public(ipaddress.ip_address(address))


async def test_what_was_checked_is_what_is_connected_to(site):
    """A name that resolves to the loopback a moment later gains nothing: it is asked once per connection."""
    names = Names(files=[[PUBLIC], ["127.0.0.1"]])
    network = Internet(site.port)
    async with closing(Fetcher(resolve=names, network=network)) as fetcher:
        got = await fetcher.get("http://files.example/file", limit_bytes=1000)
    assert ([PUBLIC], HELLO) == (network.dialled, got.data)
    assert "Host: files.example\r\n" in site.heads[0]


@pytest.mark.parametrize("addresses", [["10.0.0.1"], [PUBLIC, "127.0.0.1"], ["::1", PUBLIC], ["fe80::1%lo"]])
async def test_one_bad_address_of_a_name_is_enough(addresses):
    """A name with a foot in the private network is not tried at its other addresses."""
    network = Internet(0)
    async with closing(Fetcher(resolve=Names(files=[addresses]), network=network)) as fetcher:
        assert (NOT_PUBLIC, False) == await failure(fetcher, "http://files.example/")
    assert [] == network.dialled


@pytest.mark.parametrize(
    "location",
    [
        *("http://127.0.0.1/", "http://[::1]:8025/_/console", "https://inside.example/", "//inside.example/"),
        *("http://169.254.169.254/latest/meta-data/", "http://2130706433/"),
    ],
)
async def test_a_redirect_leads_nowhere_else(site, location):
    """Every hop is looked at like the first one."""
    site.pages["/away"] = redirect(location)
    network = Internet(site.port)
    known = {"files": [[PUBLIC]], "inside": [["192.168.7.7"]]}
    names = Names(**known)

    async def resolve(host: str, port: int) -> list[str]:
        return await names(host, port) if host.endswith(".example") else _numeric(host)

    async with closing(Fetcher(resolve=resolve, network=network)) as fetcher:
        assert (NOT_PUBLIC, False) == await failure(fetcher, "http://files.example/away")
    assert ([PUBLIC], 1) == (network.dialled, len(site.heads))


def _numeric(host: str) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


async def test_a_redirect_to_another_public_host_is_followed(site):
    """Each host is resolved on its own, and the last address is told."""
    site.pages["/away"] = redirect("http://mirror.example/file")
    names = Names(files=[[PUBLIC]], mirror=[[OTHER_PUBLIC]])
    network = Internet(site.port)
    async with closing(Fetcher(resolve=names, network=network)) as fetcher:
        got = await fetcher.get("http://files.example/away", limit_bytes=1000)
    assert ([PUBLIC, OTHER_PUBLIC], "http://mirror.example/file") == (network.dialled, got.url)


async def test_the_next_address_is_tried(site):
    """A host with one dead address is reached at its other one."""
    network = Internet(site.port, dead=[OTHER_PUBLIC])
    names = Names(files=[[OTHER_PUBLIC, PUBLIC]])
    async with closing(Fetcher(resolve=names, network=network)) as fetcher:
        assert HELLO == (await fetcher.get("http://files.example/file", limit_bytes=1000)).data
    assert [OTHER_PUBLIC, PUBLIC] == network.dialled


@pytest.mark.parametrize(
    ("host", "expected"),
    [("unknown", "The name of the host could not be resolved."), ("void", LOST), ("dead", LOST)],
)
async def test_a_host_that_cannot_be_found_may_come_back(host, expected):
    """Name service and routes recover."""
    names = Names(void=[[]], dead=[[PUBLIC]])
    async with closing(Fetcher(resolve=names, network=Internet(0, dead=[PUBLIC]))) as fetcher:
        assert (expected, True) == await failure(fetcher, f"http://{host}.example/")


async def test_redirects_can_be_forbidden(site):
    """With none allowed the first one is one too many."""
    async with closing(Fetcher(allow_private=True, redirects=0)) as fetcher:
        url = f"http://127.0.0.1:{site.port}/moved-302"
        assert ("There are too many redirects.", False) == await failure(fetcher, url)
    assert 1 == len(site.heads)


async def test_an_international_name_is_asked_for_in_ascii(site):
    """Name service and Host header see the A-label (RFC 5890)."""
    names = Names(**{"xn--bcher-kva": [[PUBLIC]]})
    async with closing(Fetcher(resolve=names, network=Internet(site.port))) as fetcher:
        got = await fetcher.get("http://b\u00fccher.example/file", limit_bytes=1000)
    assert HELLO == got.data
    assert "Host: xn--bcher-kva.example\r\n" in site.heads[0]


@settings(max_examples=100, deadline=None)
@given(rest=st.text(max_size=40), scheme=st.sampled_from(["http://", "https://", "http:", ""]))
async def test_any_text_is_refused_in_one_form(rest, scheme):
    """Whatever stands where a URL should, nothing but FetchFailed comes out."""
    async with closing(Fetcher(resolve=Names(), network=Internet(0))) as fetcher:
        assert (await failure(fetcher, scheme + rest))[0]


def certify(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS for one name, and the file of the authority that vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "public.pem", folder / "private.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


@pytest.mark.parametrize(
    ("name", "trusted", "expected"),
    [
        ("files.example", True, HELLO),
        ("files.example", False, "The server's certificate could not be verified."),
        ("other.example", True, "The server's certificate could not be verified."),
    ],
)
async def test_a_certificate_must_be_trusted_and_bear_the_name(
    tmp_path, monkeypatch, name, trusted, expected
):
    """TLS is verified by name, though an address was connected to; an operator can add authorities."""
    tls, authority = certify(tmp_path, name)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    async with serving(PAGES, tls) as site:
        names = Names(files=[["127.0.0.1"]])
        async with closing(Fetcher(allow_private=True, resolve=names)) as fetcher:
            got = await outcome(fetcher, f"https://files.example:{site.port}/file")
    assert expected == got


async def outcome(fetcher: Fetcher, url: str) -> bytes | str:
    """What came, or why nothing did."""
    try:
        return (await fetcher.get(url, limit_bytes=1000)).data
    except FetchFailed as failed:
        return failed.reason


async def test_names_that_hang_hold_up_nobody(monkeypatch):
    """However many wait for silent name servers: another name is found, and the threads of all are free."""
    released, ask = threading.Event(), socket.getaddrinfo

    def slow(host, *args, **options):
        if host == "silent.example":
            released.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "silent")
        return ask(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    waiting = [asyncio.create_task(look_up("silent.example", 80)) for _ in range(100)]
    try:
        async with asyncio.timeout(20):
            assert ["192.0.2.1"] == await look_up("192.0.2.1", 80)
            await asyncio.to_thread(int)
    finally:
        released.set()
        found = await asyncio.gather(*waiting, return_exceptions=True)
    assert [OSError] * 100 == [type(each).__base__ for each in found]
