"""An application that webhooks are told to, at the least cost: takes every call, and counts them; a path hangs."""

import asyncio
import re
import sys
from typing import Final

import uvloop

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HANG: Final = "/hang"


class _Taken:
    count = 0


class _Session(asyncio.Protocol):
    def __init__(self, taken: _Taken) -> None:
        self._taken = taken
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]  # a socket's is one

    def data_received(self, data: bytes) -> None:
        self._held += data
        while self._take():
            pass

    def _take(self) -> bool:
        head, end, rest = self._held.partition(b"\r\n\r\n")
        found = _LENGTH.search(head)
        length = int(found[1]) if found is not None else 0
        if not end or len(rest) < length:
            return False
        self._held = rest[length:]
        if head.startswith(b"POST " + HANG.encode()):
            return True
        self._taken.count += 1
        self._transport.write(_ANSWER)
        return True


async def _serve() -> None:
    taken, loop = _Taken(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Session(taken), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # its protocol with the parent
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        print(taken.count, flush=True)  # noqa: T201


if __name__ == "__main__":
    uvloop.run(_serve())
