"""Uvicorn's HTTP protocol, with the head and the body of an answer sent in one piece.

Uvicorn hands each to the transport by itself, and uvloop sends at once: two system calls for an answer, each several
times as dear as anything we do for it. What is written in one turn of the loop goes out together.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class _Gathering:
    """A transport that sends what was written in one turn of the loop together; all else is the transport's own."""

    __slots__ = ("_loop", "_pieces", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Keep a piece until the turn ends."""
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(data)

    def close(self) -> None:
        """Send what is kept, then close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        pieces = self._pieces
        if pieces:
            self._pieces = []
            self._transport.write(pieces[0] if len(pieces) == 1 else b"".join(pieces))


class Protocol(HttpToolsProtocol):
    """Uvicorn's, over a gathering transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wrap the transport before anything is written."""
        gathering = _Gathering(transport, asyncio.get_running_loop())
        super().connection_made(cast("asyncio.Transport", gathering))
