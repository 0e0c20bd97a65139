"""The octets of one message, as DATA brings them (RFC 5321 4.1.1.4)."""

import asyncio
from typing import Final

_END: Final = b"\r\n.\r\n"
_EVERYTHING: Final = 1 << 30


class Incoming:
    """The octets of a message as they come, up to the dot that ends them. Of one too large nothing is held."""

    def __init__(self, reader: asyncio.StreamReader, limit_bytes: int) -> None:
        """Nothing is read yet."""
        self._reader = reader
        self._limit = limit_bytes
        # the end of the command before, so that a dot in the first line is one at the begin of a line
        self._held = bytearray(b"\r\n")
        self.whole = False
        self.too_large = False

    async def read(self, enough_bytes: int = _EVERYTHING) -> None:
        """Read until the message is whole, or so much of it is there."""
        while not self.whole and len(self._held) < enough_bytes:
            chunk = await self._reader.read(_EVERYTHING)
            if not chunk:
                raise ConnectionResetError
            self._take(chunk)

    def _take(self, chunk: bytes) -> None:
        start = max(0, len(self._held) - len(_END) + 1)
        self._held += chunk
        end = self._held.find(_END, start)
        if end >= 0:
            rest = bytes(self._held[end + len(_END) :])
            if rest:
                # the next commands; the reader was emptied by what we have read
                self._reader.feed_data(rest)
            del self._held[end + 2 :]
            self.whole = True
        self.too_large |= len(self._held) - 2 > self._limit
        if self.too_large:
            del self._held[: -len(_END) + 1]

    def content(self) -> bytes:
        """The message, without the dots that SMTP added."""
        # never three copies at once: a message may have tens of megabytes
        self._held = self._held.replace(b"\r\n.", b"\r\n")
        content = bytes(memoryview(self._held)[2:])
        self._held = bytearray()
        return content
