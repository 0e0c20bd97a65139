"""HTTP to addresses that strangers chose: what may be asked, and how much of the answer is taken.

A host is resolved, checked and connected to in one place, below the connection pool. So the address that was
checked is the address that is connected to, for every redirect too, and a name that resolves otherwise a moment
later gains nothing.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
import zlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Final

import httpcore
import httpx
import msgspec

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""From host and port to numeric addresses; raises OSError."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS: Final = {"http": 80, "https": 443}
# one silent address of several must not use up the time of the others
_CONNECT_S: Final = 10.0
_IDLE_S: Final = 5.0
_CONNECTIONS: Final = 100
_HEADERS: Final = [(b"Accept", b"*/*"), (b"Accept-Encoding", b"identity"), (b"User-Agent", b"Babelpost")]
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
# 408 is a timeout that the server noticed first (RFC 9110 15.5.9 lets a client repeat)
_TEMPORARY: Final = frozenset({408, 429})
# the wbits of zlib that mean "with a gzip header"
_GZIP: Final = 31
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
# special purpose by the IANA registries, yet "global" to the ipaddress module of some Python releases:
# protocol assignments, 6to4 relays, and the second documentation prefix
_SPECIAL: Final = (
    ipaddress.ip_network("192.0.0.0/24"),
    ipaddress.ip_network("192.88.99.0/24"),
    ipaddress.ip_network("3fff::/20"),
)


class FetchFailed(Exception):  # noqa: N818  # an outcome the caller decides on, not an error of ours
    """Nothing was fetched. ``reason`` is safe to show; ``temporary`` says whether a repetition may help."""

    def __init__(self, reason: str, *, temporary: bool = False) -> None:
        """Keep why."""
        super().__init__(reason)
        self.reason = reason
        self.temporary = temporary


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What an address held. ``content_type`` is bare and in lower case, "" when absent; ``url`` the last one."""

    data: bytes
    content_type: str
    url: str


class Fetcher:
    """A client that no URL can lead to a place of ours; ``timeout_s`` is for everything from name to last byte."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        timeout_s: float = 30.0,
        redirects: int = 5,
        resolve: Resolve | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """``resolve`` and ``network`` take the place of the system's resolver and sockets, below the checks."""
        self._timeout_s = timeout_s
        self._redirects = redirects
        self._network = GuardedNetwork(
            network or httpcore.AnyIOBackend(), resolve or look_up, allow_private=allow_private
        )
        self._made: httpcore.AsyncConnectionPool | None = None

    @property
    def _pool(self) -> httpcore.AsyncConnectionPool:
        """Made at the first use: to read the certificates takes time that most commands need not spend."""
        if self._made is None:
            self._made = httpcore.AsyncConnectionPool(
                # of the environment only the certificate authorities count; a pool made like this knows no proxy
                ssl_context=httpx.create_ssl_context(),
                max_connections=_CONNECTIONS,
                keepalive_expiry=_IDLE_S,
                network_backend=self._network,
            )
        return self._made

    async def get(self, url: str, *, limit_bytes: int) -> Fetched:
        """Read what an address holds, decoded at most ``limit_bytes``; raises only FetchFailed."""
        with failures():
            async with asyncio.timeout(self._timeout_s):
                return await self._follow(url, limit_bytes)

    async def close(self) -> None:
        """Let go of all connections."""
        if self._made is not None:
            await self._made.aclose()

    async def _follow(self, url: str, limit_bytes: int) -> Fetched:
        target = _permitted(url)
        for _ in range(self._redirects + 1):
            answer = await self._ask(target, limit_bytes)
            if isinstance(answer, Fetched):
                return answer
            target = answer
        raise FetchFailed("There are too many redirects.")

    async def _ask(self, url: httpx.URL, limit_bytes: int) -> Fetched | httpx.URL:
        """One request: what was found, or where else to look."""
        async with self._pool.stream(
            "GET",
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=port_of(url), target=url.raw_path),
            headers=[(b"Host", url.netloc), *_HEADERS],
            extensions={"timeout": {"connect": _CONNECT_S}},
        ) as response:
            if response.status in REDIRECTS:
                return _redirected(url, response)
            _check_status(response.status)
            data = await _read(response, limit_bytes)
            return Fetched(data=data, content_type=_content_type(response), url=str(url))


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to the addresses of a host only after every one of them was found harmless."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend, resolve: Resolve, *, allow_private: bool) -> None:
        self._inner = inner
        self._resolve = resolve
        self._allow_private = allow_private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Try the addresses in the resolver's order; ``timeout`` is for each of them."""
        failed: Exception = httpcore.ConnectError("no address")
        for address in await self._addresses(host, port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            found = await self._resolve(host, port)
        except OSError as error:
            raise FetchFailed("The name of the host could not be resolved.", temporary=True) from error
        if not self._allow_private and not all(is_public(ipaddress.ip_address(address)) for address in found):
            raise FetchFailed("The host is not on the public internet.")
        return found


def is_public(address: _Address) -> bool:
    """Whether a packet to this address leaves for the open internet, looking into tunnels and translations."""
    inner = _embedded(address)
    if inner is not None:
        return is_public(inner)
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _SPECIAL)
    )


def _embedded(address: _Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that packets to an IPv6 one end at: mapped, NAT64 (RFC 6052) or 6to4 (RFC 3056)."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour


# A name whose servers are silent holds its thread for half a minute, whoever has given up on it: of those that every
# library shares there are a few, and so strangers' names would hold up files and much else
_ASKING: Final = ThreadPoolExecutor(256, thread_name_prefix="names")


async def look_up(host: str, port: int) -> list[str]:
    """Ask the system, which also reads the decimal, octal and hexadecimal forms of an address."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_ASKING, ask)
    return [str(sockaddr[0]) for *_, sockaddr in found]


def _permitted(url: str | httpx.URL) -> httpx.URL:
    parsed = httpx.URL(url)
    if parsed.scheme not in _PORTS:
        raise FetchFailed("Only http and https addresses can be fetched.")
    if parsed.userinfo:
        raise FetchFailed("An address with a user name or password in it cannot be fetched.")
    if not is_complete(parsed):
        raise httpx.InvalidURL("incomplete")
    return parsed


def is_complete(url: httpx.URL) -> bool:
    """Whether host and port are usable: httpx lets escapes in the one and any number in the other pass."""
    return bool(url.raw_host) and b"%" not in url.raw_host and 0 < port_of(url) < 65536


def port_of(url: httpx.URL) -> int:
    """The port that a URL names, or its scheme's own."""
    return _PORTS[url.scheme] if url.port is None else url.port


def _redirected(url: httpx.URL, response: httpcore.Response) -> httpx.URL:
    location = header(response, b"location")
    if not location:
        raise FetchFailed("The server redirects, but does not say where to.")
    return _permitted(url.join(location.decode()))


def _check_status(status: int) -> None:
    if not 200 <= status < 300:
        raise FetchFailed(
            f"The server answered with status {status}.", temporary=status >= 500 or status in _TEMPORARY
        )


async def _read(response: httpcore.Response, limit_bytes: int) -> bytes:
    """The body, decoded; nothing of it is read when its announced length is already too much."""
    body = _BODIES[_coding(response)](limit_bytes)
    body.expect(int(header(response, b"content-length") or 0))
    async for chunk in response.aiter_stream():
        body.add(chunk)
    return body.data()


class _Body:
    """Bytes taken as they come, up to a limit."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._left = limit_bytes
        self._parts: list[bytes] = []

    def expect(self, size_bytes: int) -> None:
        """Refuse a size before it comes."""
        if size_bytes > self._limit_bytes:
            raise _too_large(self._limit_bytes)

    def add(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._left -= len(chunk)
        if self._left < 0:
            raise _too_large(self._limit_bytes)
        self._parts.append(chunk)

    def data(self) -> bytes:
        """All of it, once nothing more comes."""
        return b"".join(self._parts)


class _GzipBody(_Body):
    """Bytes of a server that compresses unasked; what they unfold to counts, and never more is unfolded."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes)
        self._member = zlib.decompressobj(_GZIP)

    def expect(self, size_bytes: int) -> None:
        """Nothing: the size of compressed bytes says little, and a small file grows."""

    def add(self, chunk: bytes) -> None:
        """Take the next compressed bytes; RFC 1952 2.2 lets several members follow each other."""
        while chunk:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
            super().add(self._member.decompress(chunk, self._left + 1))
            chunk = self._member.unused_data

    def data(self) -> bytes:
        """All of it, if the last member came to its end."""
        if not self._member.eof:
            raise FetchFailed("The answer ended too early.", temporary=True)
        return super().data()


_BODIES: Final[dict[bytes, type[_Body]]] = {
    b"": _Body,
    b"identity": _Body,
    b"gzip": _GzipBody,
    b"x-gzip": _GzipBody,
}


def _coding(response: httpcore.Response) -> bytes:
    coding = header(response, b"content-encoding").lower()
    if coding not in _BODIES:
        raise FetchFailed("The server answered in an encoding that was not asked for.")
    return coding


def _content_type(response: httpcore.Response) -> str:
    media_type = header(response, b"content-type").partition(b";")[0].strip().lower().decode("latin-1")
    return media_type if _MEDIA_TYPE.fullmatch(media_type) else ""


def header(response: httpcore.Response, name: bytes) -> bytes:
    """The first field of this name, which is in lower case; empty where there is none."""
    return next((value.strip() for key, value in response.headers if key.lower() == name), b"")


def _too_large(limit_bytes: int) -> FetchFailed:
    return FetchFailed(f"The answer is larger than {limit_bytes} bytes.")


@contextmanager
def failures() -> Iterator[None]:
    """Everything that can go wrong on the way, told in one form."""
    try:
        yield
    except (TimeoutError, httpcore.TimeoutException) as error:
        raise FetchFailed("The server took too long.", temporary=True) from error
    except (httpcore.NetworkError, ssl.SSLError) as error:
        raise FetchFailed(_network_reason(error), temporary=True) from error
    except httpcore.RemoteProtocolError as error:
        raise FetchFailed("The server broke off, or does not speak HTTP.", temporary=True) from error
    except zlib.error as error:
        raise FetchFailed("The answer could not be decompressed.") from error
    except (httpx.InvalidURL, httpcore.LocalProtocolError, UnicodeError) as error:
        # UnicodeError: text that has no UTF-8 form, and names that IDNA refuses
        raise FetchFailed("The address is not a valid URL.") from error


def _network_reason(error: Exception) -> str:
    # the context and not the cause: the pool raises "from None"
    if isinstance(error.__context__, ssl.SSLCertVerificationError):
        return "The server's certificate could not be verified."
    return "The server could not be reached, or the connection was lost."
