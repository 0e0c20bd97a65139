"""Calls to endpoints that customers chose: what may be called, and how much of the answer is taken.

As with what is fetched, a host is resolved, checked and connected to in one place (``core.fetch``), for every redirect
too.
"""

import asyncio
import time
from base64 import b64encode
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

import httpcore
import httpx
import msgspec

from core.fetch import (
    REDIRECTS,
    FetchFailed,
    GuardedNetwork,
    Resolve,
    failures,
    header,
    is_complete,
    look_up,
    port_of,
)

_SCHEMES: Final = {"http", "https"}
_CONNECT_S: Final = 10.0
# servers end what is idle for five seconds or more; a call on a connection that ends meanwhile would be lost
_IDLE_S: Final = 2.0
# who calls bounds how many there are at once
_CONNECTIONS: Final = 2000
_IDLE_CONNECTIONS: Final = 200
# of an answer so much is kept, and so much is read for the connection's sake
_KEPT_BYTES: Final = 4 * 1024
_READ_BYTES: Final = 64 * 1024
_ERROR_LIMIT: Final = 500
# what shows who is calling (RFC 9110 11.6.2, RFC 6265 5.4)
_PROOFS: Final = frozenset({b"authorization", b"cookie"})

Headers = Sequence[tuple[str, str]]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask: always a POST. ``timeout_s`` is for everything from name to last byte."""

    url: str
    headers: Headers
    body: bytes
    timeout_s: float
    redirects: int = 0
    https_only: bool = False

    def __repr__(self) -> str:
        """Without what it proves and says, and where in the URL something secret may stand."""
        return f"Call({len(self.body)} bytes)"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back: ``status`` 0 where there was none, with ``error`` why. ``body`` is its beginning."""

    status: int = 0
    error: str = ""
    body: bytes = b""
    duration_ms: int = 0

    @property
    def is_success(self) -> bool:
        """Whether the other side has it."""
        return 200 <= self.status < 300


class Poster:
    """A client that no URL can lead to a place of ours."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        resolve: Resolve | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """``resolve`` and ``network`` take the place of the system's resolver and sockets, below the checks."""
        self._allow_private = allow_private
        self._network = GuardedNetwork(
            network or httpcore.AnyIOBackend(), resolve or look_up, allow_private=allow_private
        )
        self._made: httpcore.AsyncConnectionPool | None = None

    @property
    def _pool(self) -> httpcore.AsyncConnectionPool:
        """Made at the first call: to read the certificates takes time that most commands need not spend."""
        if self._made is None:
            self._made = httpcore.AsyncConnectionPool(
                ssl_context=httpx.create_ssl_context(),
                max_connections=_CONNECTIONS,
                max_keepalive_connections=_IDLE_CONNECTIONS,
                keepalive_expiry=_IDLE_S,
                network_backend=self._network,
            )
        return self._made

    async def post(self, call: Call) -> Answer:
        """Make a call; whatever goes wrong is in the answer."""
        began = time.monotonic()
        try:
            with failures():
                async with asyncio.timeout(call.timeout_s):
                    answer = await self._follow(call)
        except FetchFailed as failed:
            answer = Answer(error=failed.reason[:_ERROR_LIMIT])
        return msgspec.structs.replace(answer, duration_ms=int((time.monotonic() - began) * 1000))

    async def close(self) -> None:
        """Let go of all connections."""
        if self._made is not None:
            await self._made.aclose()

    async def _follow(self, call: Call) -> Answer:
        # who lets targets be in private networks has no certificates there
        https_only = call.https_only and not self._allow_private
        url = _permitted(httpx.URL(call.url), https_only=https_only)
        headers = [(name.encode(), value.encode()) for name, value in call.headers]
        if not any(name.lower() == b"authorization" for name, _ in headers):
            headers += _authorization(url)
        for left in range(call.redirects, -1, -1):
            answer, location = await self._ask(url, headers, call.body)
            if not location or not left:
                break
            target = _permitted(url.join(location.decode()), https_only=https_only)
            if _origin(target) != _origin(url):
                # what proves us to one host is no other's business, and not to be read on the way to the same one
                headers = [each for each in headers if each[0].lower() not in _PROOFS]
            url = target
        return answer

    async def _ask(
        self, url: httpx.URL, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> tuple[Answer, bytes]:
        """One request: the answer, and where else to ask, if anywhere."""
        async with self._pool.stream(
            "POST",
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=port_of(url), target=url.raw_path),
            headers=[
                (b"Host", url.netloc),
                (b"Content-Length", b"%d" % len(body)),
                *headers,
            ],
            content=body,
            extensions={"timeout": {"connect": _CONNECT_S}},
        ) as response:
            location = header(response, b"location") if response.status in REDIRECTS else b""
            return Answer(status=response.status, body=await _beginning(response)), location


async def _beginning(response: httpcore.Response) -> bytes:
    """How the body begins; one that is short is read to its end, so that the connection can be used again."""
    kept, seen = b"", 0
    async for chunk in response.aiter_stream():
        if len(kept) < _KEPT_BYTES:
            kept += chunk[: _KEPT_BYTES - len(kept)]
        seen += len(chunk)
        if seen > _READ_BYTES:
            break
    return kept


def _origin(url: httpx.URL) -> tuple[str, bytes, int]:
    return url.scheme, url.raw_host, port_of(url)


def _permitted(url: httpx.URL, *, https_only: bool) -> httpx.URL:
    if url.scheme not in _SCHEMES:
        raise FetchFailed("Only http and https addresses can be called.")
    if https_only and url.scheme != "https":
        raise FetchFailed("Only https addresses are called.")
    if not is_complete(url):
        raise FetchFailed("The address is not a valid URL.")
    return url


def _authorization(url: httpx.URL) -> list[tuple[bytes, bytes]]:
    """What a user name and password in the address become (RFC 7617); they are no part of the request otherwise."""
    if not url.userinfo:
        return []
    user, _, password = url.userinfo.partition(b":")
    return [(b"Authorization", basic(unquote_to_bytes(user), unquote_to_bytes(password)))]


def basic(user: bytes, password: bytes) -> bytes:
    """Credentials as a header field's value (RFC 7617 2)."""
    return b"Basic " + b64encode(user + b":" + password)
