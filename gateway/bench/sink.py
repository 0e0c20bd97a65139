"""An SMTP server that takes everything and keeps nothing, for the delivery benchmark; it prints its counts when asked.

A line on standard input makes it print how many messages it has taken, and how many of them were signed.
"""

import asyncio
import sys
from typing import Final, cast

import uvloop

_REPLIES: Final = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    b"HELO": b"250 sink\r\n",
    b"MAIL": b"250 2.1.0 ok\r\n",
    b"RCPT": b"250 2.1.5 ok\r\n",
    b"RSET": b"250 2.0.0 ok\r\n",
    b"NOOP": b"250 2.0.0 ok\r\n",
}
_END: Final = b"\r\n.\r\n"
_SIGNATURE: Final = b"DKIM-Signature:"


class _Taken:
    count = 0
    signed = 0


class _Session(asyncio.Protocol):
    """One conversation."""

    def __init__(self, taken: _Taken) -> None:
        self._taken = taken
        self._held = bytearray()
        self._in_data = False
        # nothing of the message was looked at yet
        self._is_fresh = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio's
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._held += data
        while self._data() if self._in_data else self._line():
            pass

    def _data(self) -> bool:
        if self._is_fresh and len(self._held) >= len(_SIGNATURE):
            self._is_fresh = False
            self._taken.signed += self._held.startswith(_SIGNATURE)
        at = self._held.find(_END)
        if at < 0:
            # the end may be cut in two; what is before it is not needed
            del self._held[: max(0, len(self._held) - len(_END))]
            return False
        del self._held[: at + len(_END)]
        self._in_data = False
        self._taken.count += 1
        self._transport.write(b"250 2.0.0 taken\r\n")
        return True

    def _line(self) -> bool:
        at = self._held.find(b"\r\n")
        if at < 0:
            return False
        word = bytes(self._held[:4]).upper()
        del self._held[: at + 2]
        if word == b"DATA":
            self._in_data = self._is_fresh = True
            self._transport.write(b"354 go on\r\n")
        elif word == b"QUIT":
            self._transport.write(b"221 2.0.0 bye\r\n")
            self._transport.close()
        else:
            self._transport.write(_REPLIES.get(word, b"502 5.5.1 unknown\r\n"))
        return True


async def _serve() -> None:
    taken, loop = _Taken(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Session(taken), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # its protocol with the parent
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        print(taken.count, taken.signed, flush=True)  # noqa: T201


if __name__ == "__main__":
    uvloop.run(_serve())
