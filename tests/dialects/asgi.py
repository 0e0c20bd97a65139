"""Requests and answers as a server would hand them over, for tests of what stands right behind it."""

from collections.abc import Iterable, Mapping
from typing import Any

from dialects.request import Receive, Request, Send


def scope(method: str = "POST", query: str = "", headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """An ASGI scope of the kit's interest."""
    given = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    return {"type": "http", "method": method, "query_string": query.encode(), "headers": given}


def chunks(pieces: Iterable[bytes]) -> Receive:
    """A body in pieces; whoever asks for more than there is fails."""
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    return receive


async def gone() -> dict[str, Any]:
    """A client that has hung up."""
    return {"type": "http.disconnect"}


def request(*pieces: bytes, limit_bytes: int = 1000, **given: Any) -> Request:
    """A request with a body in pieces."""
    made = Request(scope(**given), chunks(pieces or (b"",)), "/", "an-id")
    made.limit_bytes = limit_bytes
    return made


def kept() -> tuple[list[dict[str, Any]], Send]:
    """A list, and a ``send`` that fills it."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    return sent, send
