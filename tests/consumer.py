"""An application that webhooks are told to: a real HTTP server whose answers the test chooses."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

import msgspec


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """One call: header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Reply = Callable[[Heard], bytes | Awaitable[bytes | None] | None]


def status(code: int, body: bytes = b"ok", *fields: str) -> bytes:
    """An answer as it stands on the wire."""
    head = "".join(
        f"{each}\r\n" for each in (f"HTTP/1.1 {code} Said", f"Content-Length: {len(body)}", *fields)
    )
    return head.encode() + b"\r\n" + body


class Consumer:
    """Hears calls; ``reply`` answers them, None hangs up without a word."""

    def __init__(self) -> None:
        """Answer 200 to everything, until told otherwise."""
        self.heard: list[Heard] = []
        self.reply: Reply = lambda _: status(200)
        self.connections = 0
        self.most_at_once = 0
        self._at_once = 0
        self._news = asyncio.Condition()
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up on everybody."""
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/hook"

    async def wait(self, count: int, within_s: float = 10) -> list[Heard]:
        """Everything heard, once it is so much."""
        async with asyncio.timeout(within_s), self._news:
            await self._news.wait_for(lambda: len(self.heard) >= count)
        return list(self.heard)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (heard := await _read(reader)) is not None:
                if not await self._answer(heard, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, heard: Heard, writer: asyncio.StreamWriter) -> bool:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        self.heard.append(heard)
        async with self._news:
            self._news.notify_all()
        try:
            said = self.reply(heard)
            answer = said if isinstance(said, bytes | None) else await said
        finally:
            self._at_once -= 1
        if answer is None:
            return False
        writer.write(answer)
        await writer.drain()
        return True


async def _read(reader: asyncio.StreamReader) -> Heard | None:
    first = (await reader.readline()).decode()
    if not first:
        return None
    method, target, _ = first.split(" ", 2)
    headers = {}
    while line := (await reader.readline()).decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Heard(method=method, target=target, headers=headers, body=body)
