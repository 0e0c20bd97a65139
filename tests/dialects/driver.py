"""What the shared suites need to know of a dialect: how to authorize, send, and read, as data.

Each ``tests/dialects/<name>/driver.py`` exports one as ``DRIVER``.
"""

from typing import Any, Protocol

import httpx
import msgspec


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """The canonical message: every dialect can say it."""

    sender: str = "Ann <ann@example.org>"
    to: str = "Bob <bob@example.net>"
    subject: str = "Grüße"
    html: str = "<p>Hello <b>Bob</b></p>"


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A request below the dialect's prefix. ``json`` is sent as such; ``content`` as it is."""

    method: str
    path: str
    json: Any = None
    content: bytes | None = None
    headers: dict[str, str] = {}

    async def by(self, client: httpx.AsyncClient) -> httpx.Response:
        """Ask with a client; the path stands below its prefix."""
        extra: dict[str, Any] = {"json": self.json} if self.json is not None else {"content": self.content}
        return await client.request(self.method, self.path.lstrip("/"), headers=self.headers, **extra)


class Driver(Protocol):
    """One dialect, spoken by tests."""

    name: str

    def authorize(self, key: str, kind: str) -> dict[str, str]:
        """The headers that carry a key; none where it stands in the body."""
        ...

    def send(self, key: str, mail: Mail) -> Ask:
        """Send a mail."""
        ...

    def accepted(self, answer: httpx.Response) -> str:
        """The id by which ``read`` finds what a successful send made."""
        ...

    def read(self, key: str, id: str) -> Ask | None:
        """Read a message by that id, or by another dialect's (a UUID); for a dialect without reads, list.

        None where the provider has no way to see a message again.
        """
        ...

    def found(self, answer: httpx.Response) -> bool:
        """Whether ``read`` found the message."""
        ...

    def refused(self, answer: httpx.Response) -> None:
        """Assert that an answer is in the dialect's own error envelope."""
        ...
