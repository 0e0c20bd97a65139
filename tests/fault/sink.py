"""An SMTP server on a thread of its own that never dies: it counts what it took, by subject."""

import asyncio
import re
import threading
from collections import Counter
from types import TracebackType
from typing import Final, Self

_REPLIES: Final = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    b"MAIL": b"250 2.1.0 ok\r\n",
    b"RCPT": b"250 2.1.5 ok\r\n",
    b"RSET": b"250 2.0.0 ok\r\n",
}
_END: Final = b"\r\n.\r\n"
_SUBJECT: Final = re.compile(rb"^Subject: ([^\r]*)\r$", re.MULTILINE)
_HEAD_BYTES: Final = 4096


class Sink:
    """``with Sink() as sink``: takes everything on ``sink.port``.

    ``taken`` counts messages by subject, from the last dot on, before the 250 is sent. ``answer_after_s`` holds the
    250 back; ``waiting`` are the messages that wait for it. ``contents`` keeps whole messages where ``keep`` is set.
    """

    def __init__(self, *, keep: bool = False) -> None:
        self.keep = keep
        self.port = 0
        self.answer_after_s = 0.0
        self.waiting = 0
        self.taken: Counter[str] = Counter()
        self.contents: dict[str, bytes] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sink", daemon=True)
        self._open: set[asyncio.Transport] = set()
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._leave(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def repeated(self) -> int:
        """How many messages came again that had come before."""
        return self.taken.total() - len(self.taken)

    def begin(self, transport: asyncio.Transport) -> None:
        """Remember a connection."""
        self._open.add(transport)

    def end(self, transport: asyncio.Transport) -> None:
        """Forget it."""
        self._open.discard(transport)

    def take(self, content: bytes, transport: asyncio.Transport) -> None:
        """Count a message, then answer for it."""
        found = _SUBJECT.search(content, 0, _HEAD_BYTES)
        subject = found[1].decode() if found else ""
        self.taken[subject] += 1
        if self.keep:
            self.contents[subject] = content
        self.waiting += 1
        self._loop.call_later(self.answer_after_s, self._answer, transport)

    def _answer(self, transport: asyncio.Transport) -> None:
        self.waiting -= 1
        transport.write(b"250 2.0.0 taken\r\n")

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(lambda: _Conversation(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _leave(self) -> None:
        if self._server is not None:
            self._server.close()
        for transport in list(self._open):
            transport.abort()
        # their ends are told in the next turn of the loop
        await asyncio.sleep(0)


class _Conversation(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._held = bytearray()
        self._looked_at = 0
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._sink.begin(transport)
        transport.write(b"220 sink ESMTP\r\n")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        self._sink.end(self._transport)

    def data_received(self, data: bytes) -> None:
        self._held += data
        while self._data() if self._in_data else self._line():
            pass

    def _data(self) -> bool:
        at = self._held.find(_END, self._looked_at)
        if at < 0:
            # the end may be cut in two
            self._looked_at = max(0, len(self._held) - len(_END))
            return False
        content = bytes(self._held[: at + 2])
        del self._held[: at + len(_END)]
        self._in_data, self._looked_at = False, 0
        self._sink.take(content, self._transport)
        return True

    def _line(self) -> bool:
        at = self._held.find(b"\r\n")
        if at < 0:
            return False
        word = bytes(self._held[:4]).upper()
        del self._held[: at + 2]
        if word == b"DATA":
            self._in_data = True
            self._transport.write(b"354 go on\r\n")
        elif word == b"QUIT":
            self._transport.write(b"221 2.0.0 bye\r\n")
            self._transport.close()
        else:
            self._transport.write(_REPLIES.get(word, b"502 5.5.1 unknown\r\n"))
        return True
