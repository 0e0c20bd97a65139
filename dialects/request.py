"""One HTTP request as the dialects see it: headers on demand, a body bounded while it is read."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qsl

from core.budget import Budget
from core.errors import Malformed, TooLarge

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# bodies up to this size need no permit; 64 KiB is what the server buffers by itself anyway
_FREE_BYTES: Final = 64 * 1024
# a large body keeps others waiting: it must come at a pace that any line has
_PATIENCE_S: Final = 30
_SLOWEST_BYTES_PER_S: Final = 32 * 1024
# what passes by unread, for a client that looks for its answer only when it has sent everything
_MOST_DRAINED_BYTES: Final = 256 * 1024 * 1024
_DRAIN_S: Final = 30
# a body of untold length may never end; its client has a moment to see the answer
_LINGER_S: Final = 0.25


class ClientGone(Exception):  # noqa: N818  # no error of anyone's: nobody is left to answer
    """The client hung up before its request was complete."""


class Request:
    """What came in. ``path`` is what is left after a dialect's prefix, percent-decoded once."""

    __slots__ = (
        "_body",
        "_ended",
        "_receive",
        "_taken",
        "headers_out",
        "id",
        "limit_bytes",
        "method",
        "path",
        "room",
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
        # where the large take room; what is taken is given back by ``give_room``
        self.room: Budget | None = None
        self._taken = 0
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

    def give_room(self) -> None:
        """Let others have the room that a large body took, once nothing of it is worked on any more."""
        if self._taken and self.room is not None:
            self.room.give(self._taken)
            self._taken = 0

    def _declared_bytes(self) -> int:
        """By Content-Length; a body that does not say is taken for the largest allowed."""
        length = self.header(b"content-length")
        if length is not None and length.isdecimal():
            return int(length)
        return self.limit_bytes if self.header(b"transfer-encoding") is not None else 0

    async def read(self) -> bytes:
        """Read the body; a large one waits for room.

        Raises TooLarge as soon as it is known to exceed the limit, without reading on, and Malformed for a large one
        that comes too slowly.
        """
        if self._body is not None:
            return self._body
        size = self._declared_bytes()
        self._check(size)
        first, more = await self._chunk()
        if not more:
            self._check(len(first))
            self._body = first
            return first
        return await self._join(bytearray(first), size)

    async def _join(self, whole: bytearray, size: int) -> bytes:
        # one growing buffer: a list of chunks and its join would hold a large body twice
        if await self._extend(whole, _FREE_BYTES):
            if self.room is not None:
                # only now: whoever was let in and then sends nothing must not keep others out
                self._taken = await self.room.take(size)
            try:
                async with asyncio.timeout(_PATIENCE_S + size / _SLOWEST_BYTES_PER_S):
                    await self._extend(whole, self.limit_bytes)
            except TimeoutError as error:
                raise Malformed("it did not arrive in time") from error
        self._body = bytes(whole)
        return self._body

    async def _extend(self, whole: bytearray, until_bytes: int) -> bool:
        """Read on until there are more bytes than that; whether more are to come."""
        more = True
        while more and len(whole) <= until_bytes:
            chunk, more = await self._chunk()
            whole += chunk
            self._check(len(whole))
        return more

    def ends_connection(self) -> bool:
        """Whether the connection is of no use after the answer, because of a body that was not read.

        It goes on without end, or was held back for a word (Expect) that never came, or the client asked to close.
        """
        if self._ended or not self._has_body():
            return False
        return self._is_untold() or self._waits() or self._closes()

    async def drain(self) -> None:
        """Let pass what was not read, after the answer and before the connection ends.

        Closed over unread bytes it would be reset, and a client that sends everything first would not see the answer.
        """
        if not self.ends_connection() or self._waits():
            return
        if not self._closes():
            # of untold length: to read on would be to read for ever
            await asyncio.sleep(_LINGER_S)
            return
        left = _MOST_DRAINED_BYTES
        with suppress(ClientGone, TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                while left > 0 and not self._ended:
                    left -= len((await self._chunk())[0])

    def _is_untold(self) -> bool:
        return self.header(b"transfer-encoding") is not None

    def _waits(self) -> bool:
        return self.header(b"expect") is not None

    def _has_body(self) -> bool:
        length = self.header(b"content-length")
        return length not in (None, "0") or self._is_untold()

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
