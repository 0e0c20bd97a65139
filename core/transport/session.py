"""An open SMTP connection after its greeting: commands go out together, replies come back in their order.

What only moves octets stands here; what a reply means for a recipient stands in ``transaction``.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, cast

import msgspec

# a reply's line is at most 512 octets (RFC 5321, 4.5.3.1.5); a server that exceeds this by far is not trusted
_LINE_BYTES: Final = 8192
_REPLY_LINES: Final = 100
# what a server says ends up in events; no store takes NUL, and no reader wants more than this
_TEXT_BYTES: Final = 2000
_CONTROLS: Final = bytes({*range(32), 127} - {9, 10})
# a large message goes to the kernel in pieces, so that no second copy of it waits in a buffer
_PIECE_BYTES: Final = 64 * 1024
# RFC 5321, 4.5.3.2: ten minutes for the reply to the last dot, where a command's reply gets thirty seconds here
_FINAL_FACTOR: Final = 20
_QUIT_S: Final = 2.0


class Reply(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One answer of the server, its lines joined by line feeds; ``code`` is 0 where none came."""

    code: int
    text: str

    @property
    def accepts(self) -> bool:
        """Whether the command was carried out."""
        return 200 <= self.code < 300


class Session(asyncio.Protocol):
    """Takes a transport over whose server was greeted; one transaction at a time may use it."""

    def __init__(self, transport: asyncio.Transport, *, extensions: frozenset[str], timeout_s: float) -> None:
        """``extensions`` are the EHLO keywords in lower case, ``timeout_s`` bounds the wait for one reply."""
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._timeout_s = timeout_s
        self._replies: list[Reply] = []
        self._text: list[bytes] = []
        self._rest = b""
        self._awaited = 0
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._leaving = False
        self.pipelining: Final = "pipelining" in extensions
        self.takes_size: Final = "size" in extensions
        self.reports: Final = "dsn" in extensions
        self.closed: Final[asyncio.Future[None]] = self._loop.create_future()
        self.is_open = not transport.is_closing()
        self.idle_since_s = 0.0
        self.transactions = 0
        # a transaction was begun and not ended by the server; RSET must come before the next
        self.unfinished = False
        transport.set_protocol(self)
        if not self.is_open:
            self.closed.set_result(None)

    async def exchange(self, commands: Sequence[bytes]) -> list[Reply]:
        """Send commands in one piece. Fewer replies than commands: the session is over."""
        if not self.is_open:
            return []
        self._awaited += len(commands)
        self._transport.write(b"\r\n".join([*commands, b""]))
        return await self._collect(len(commands), self._timeout_s)

    async def send_content(self, content: bytes) -> Reply | None:
        """Send a message that the server said 354 to, already dot-stuffed; None: the session is over."""
        if not self.is_open:
            return None
        self._awaited += 1
        if len(content) <= _PIECE_BYTES:
            self._transport.write(content + b".\r\n")
        elif not await self._stream(content):
            # a server that answers before the end says no, and has left the conversation's order
            self.abort()
            return next((reply for reply in self._taken() if not reply.accepts), None)
        replies = await self._collect(1, self._timeout_s * _FINAL_FACTOR)
        return replies[0] if replies else None

    async def _stream(self, content: bytes) -> bool:
        view = memoryview(content)
        for start in range(0, len(view), _PIECE_BYTES):
            if self._room is not None:
                await self._wait(self._room, self._timeout_s)
            if self._replies or not self.is_open:
                return False
            self._transport.write(view[start : start + _PIECE_BYTES])
        self._transport.write(b".\r\n")
        return True

    async def _collect(self, count: int, timeout_s: float) -> list[Reply]:
        if self.is_open and len(self._replies) < count:
            self._wanted = count
            self._waiter = self._loop.create_future()
            try:
                await self._wait(self._waiter, timeout_s)
            finally:
                self._waiter = None
        return self._taken()

    def _taken(self) -> list[Reply]:
        replies, self._replies = self._replies, []
        return replies

    async def _wait(self, future: asyncio.Future[None], timeout_s: float) -> None:
        # one timer for a whole group of replies; when it fires, losing the connection ends the wait
        timer = self._loop.call_later(timeout_s, self.abort)
        try:
            await future
        finally:
            timer.cancel()

    def leave(self) -> None:
        """Say goodbye and close; ``closed`` tells when that is done. Nothing else may be under way."""
        if not self.is_open:
            return
        self.is_open, self._leaving = False, True
        self._transport.write(b"QUIT\r\n")
        timer = self._loop.call_later(_QUIT_S, self._transport.abort)
        self.closed.add_done_callback(lambda _: timer.cancel())

    def abort(self) -> None:
        """Drop the connection at once, whatever is under way."""
        self._end()
        self._transport.abort()

    def _end(self) -> None:
        self.is_open = False
        for future in (self._waiter, self._room):
            if future is not None and not future.done():
                future.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Read replies; asyncio calls this."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self.is_open or self._leaving:
                self._read(line)
        if len(self._rest) > _LINE_BYTES:
            self.abort()
        waiter = self._waiter
        if waiter is not None and len(self._replies) >= self._wanted and not waiter.done():
            waiter.set_result(None)

    def _read(self, line: bytes) -> None:
        code = line[:3]
        if self._leaving:
            self._transport.close()
        elif not self._awaited or not code.isdigit() or len(self._text) > _REPLY_LINES:
            # out of turn (mostly a farewell to an idle client) or no SMTP: no reply could be trusted any more
            self.abort()
        else:
            self._text.append(line[4:].strip())
            if line[3:4] != b"-":
                self._complete(int(code))

    def _complete(self, code: int) -> None:
        text, self._text = b"\n".join(self._text), []
        self._awaited -= 1
        self._replies.append(Reply(code=code, text=fit(text)))
        if code == 421:
            # RFC 5321, 3.8: the server is closing; commands already on their way get no reply
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # the loss is what counts
        """End every wait; asyncio calls this."""
        self._end()
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        """Hold large messages back; asyncio calls this when its buffer is full."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """Let them go on; asyncio calls this when its buffer has room."""
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)


def fit(text: bytes) -> str:
    """What a server said as it can be kept and shown, however it was written and however much it is."""
    return text[:_TEXT_BYTES].translate(None, _CONTROLS).decode("utf-8", "replace")


def take_over(transport: asyncio.BaseTransport, extensions: frozenset[str], timeout_s: float) -> Session:
    """Make a session of a greeted connection, whoever greeted it."""
    return Session(cast("asyncio.Transport", transport), extensions=extensions, timeout_s=timeout_s)
