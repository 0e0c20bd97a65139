"""One HTTP request as the dialects see it: headers on demand, a body bounded while it is read."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Final
from urllib.parse import parse_qsl

from core.budget import Budget
from core.errors import TooLarge

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# bodies up to this size need no permit; 64 KiB is what the server buffers by itself anyway
_FREE_BYTES: Final = 64 * 1024
# what passes by unread, for a client that looks for its answer only when it has sent everything
_MOST_DRAINED_BYTES: Final = 256 * 1024 * 1024
_DRAIN_S: Final = 30
_LINGER_BYTES: Final = 1024 * 1024
_LINGER_S: Final = 1


class ClientGone(Exception):  # noqa: N818  # no error of anyone's: nobody is left to answer
    """The client hung up before its request was complete."""


class Request:
    """What came in. ``path`` is what is left after a dialect's prefix, percent-decoded once."""

    __slots__ = (
        "_begun",
        "_body",
        "_ended",
        "_headers",
        "_receive",
        "headers_out",
        "id",
        "limit_bytes",
        "method",
        "path",
        "scope",
        "state",
    )

    def __init__(self, scope: Scope, receive: Receive, path: str, request_id: str) -> None:
        """Wrap an ASGI request; nothing is read yet."""
        self.scope = scope
        self.method: str = scope["method"]
        self.path = path
        self.id = request_id
        self.limit_bytes = 0
        self.headers_out: list[tuple[bytes, bytes]] = []
        # what a dialect's guard learned while reading, for its decoder: an envelope parsed once
        self.state: Any = None
        self._receive = receive
        self._body: bytes | None = None
        self._begun = bytearray()
        self._ended = False

    def header(self, name: bytes) -> str | None:
        """A header by its lower-case name; the first one wins."""
        for key, value in self.scope["headers"]:
            if key == name:
                text: str = value.decode("latin-1")
                return text
        return None

    def bearer(self) -> str:
        """The token of ``Authorization: Bearer …``, the scheme in any case; empty where there is none."""
        value = self.header(b"authorization") or ""
        scheme, _, token = value.partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def query(self) -> list[tuple[str, str]]:
        """The query's pairs in order, decoded; blank values stay."""
        raw: bytes = self.scope["query_string"]
        return parse_qsl(raw.decode("latin-1"), keep_blank_values=True) if raw else []

    @property
    def body(self) -> bytes:
        """The body, once it was read."""
        if self._body is None:
            message = "the body was not read"
            raise RuntimeError(message)
        return self._body

    def forget(self) -> None:
        """Let the raw body go, once everything is decoded from it: a large one must not be held twice."""
        self._body = b""

    async def begin(self) -> bool:
        """Read a body of untold length as far as needs no permit; whether it is whole then. Raises TooLarge."""
        if self.header(b"content-length") is not None:
            return False
        begun, more = bytearray(), True
        while more and len(begun) <= _FREE_BYTES:
            chunk, more = await self._chunk()
            begun += chunk
            self._check(len(begun))
        if more:
            self._begun = begun
        else:
            self._body = bytes(begun)
        return not more

    def permit(self, budget: Budget) -> AbstractAsyncContextManager[None] | None:
        """Room to hold for as long as the body is worked on, or None for a small body. Raises TooLarge."""
        size = self._declared_bytes()
        self._check(size)
        return budget.hold(size) if size > _FREE_BYTES else None

    def _declared_bytes(self) -> int:
        """By Content-Length; a body that does not say is taken for the largest allowed."""
        length = self.header(b"content-length")
        if length is not None and length.isdecimal():
            return int(length)
        return self.limit_bytes if self.header(b"transfer-encoding") is not None else 0

    async def read(self) -> bytes:
        """Read the body; raises TooLarge as soon as it is known to exceed the limit, without reading on."""
        if self._body is not None:
            return self._body
        self._check(self._declared_bytes())
        if self._begun:
            begun, self._begun = self._begun, bytearray()
            return await self._join(begun)
        first = await self._chunk()
        if not first[1]:
            self._check(len(first[0]))
            self._body = first[0]
            return self._body
        return await self._join(bytearray(first[0]))

    async def _join(self, whole: bytearray) -> bytes:
        # one growing buffer: a list of chunks and its join would hold a large body twice
        more = True
        while more:
            chunk, more = await self._chunk()
            whole += chunk
            self._check(len(whole))
        self._body = bytes(whole)
        return self._body

    async def drain(self) -> None:
        """Let pass what was not read, where the connection ends with the answer.

        Closed over unread bytes it would be reset, and the client would never see the answer.
        """
        # who expects a word before it sends is told enough by the answer
        if self._ended or not self._has_body() or not self._closes() or self.header(b"expect"):
            return
        await self._let_pass(_MOST_DRAINED_BYTES, _DRAIN_S)

    def is_endless(self) -> bool:
        """Whether a body of untold length goes on: its connection is of no further use to anyone."""
        return not self._ended and self.header(b"transfer-encoding") is not None

    async def linger(self) -> None:
        """Read a little more of such a body after the answer, which the client has a moment to see."""
        await self._let_pass(_LINGER_BYTES, _LINGER_S)

    async def _let_pass(self, most_bytes: int, within_s: float) -> None:
        left = most_bytes
        with suppress(ClientGone, TimeoutError):
            async with asyncio.timeout(within_s):
                while left > 0 and not self._ended:
                    left -= len((await self._chunk())[0])

    def _has_body(self) -> bool:
        length = self.header(b"content-length")
        return length not in (None, "0") or self.header(b"transfer-encoding") is not None

    def _closes(self) -> bool:
        asked = self.header(b"connection") or ""
        return "close" in asked.lower() or self.scope.get("http_version") == "1.0"

    def _check(self, size: int) -> None:
        if size > self.limit_bytes:
            raise TooLarge("body", self.limit_bytes)

    async def _chunk(self) -> tuple[bytes, bool]:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        more: bool = message.get("more_body", False)
        self._ended = not more
        return message.get("body", b""), more
