"""What is around the clients: an application that letters are told to, who writes letters, who reads mail."""

import asyncio
import json
import re
import smtplib
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from email import message_from_string, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from tests.conftest import Dev

T = TypeVar("T")
LINK = "https://shop.example/offer?a=1&b=2"
HTML = '<html><body><a href="https://shop.example/offer?a=1&amp;b=2">offer</a></body></html>'
_CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
_LIMIT_S = 30


class Application:
    """It takes what it is told, as it ``says``."""

    def __init__(self) -> None:
        """Listen on a free port."""
        told: list[Any] = []
        application = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(application.says)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.told, self.says = told, 200
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/inbound"

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["Application"]:
        """One on a thread of its own."""
        made = cls()
        thread = Thread(target=made.server.serve_forever)
        thread.start()
        try:
            yield made
        finally:
            made.server.shutdown()
            made.server.server_close()
            thread.join()

    @property
    def letters(self) -> list[str]:
        """The letters it was told of."""
        return [each["MessageID"] for each in self.told]


def write(dev: Dev, to: str) -> None:
    """Send the server a letter with a file, as another mail server would."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "Ann <ann@sender.example>", f"Support <{to}>", "Hi"
    letter["Date"], letter["Message-ID"] = "Sat, 24 May 2025 22:17:24 +0200", "<a@sender.example>"
    letter.set_content("Hello\n")
    letter.add_alternative("<p>Hello</p>", subtype="html")
    letter.add_attachment(b"hello", maintype="text", subtype="x-note", filename="a.txt")
    place = urlsplit(dev.inbound_smtp)
    with smtplib.SMTP(str(place.hostname), place.port or 0, "sender.example", timeout=30) as client:
        client.send_message(letter, "ann@sender.example", [to])


def look(source: str) -> None:
    """Do what a program that shows mail does with one: fetch its images; and follow its link, as its reader does."""
    part = message_from_string(source, policy=policy.default).get_body(("html",))
    assert part is not None
    body = part.get_content()
    pixel, link = (
        re.findall(form, body)[0] for form in (r'<img[^>]+src="([^"]+)"', r'<a[^>]+href="([^"]+)"')
    )
    with httpx.Client(headers={"User-Agent": _CHROME}, timeout=30) as browser:
        assert 200 == browser.get(pixel).status_code
        assert LINK == browser.get(link).headers["location"]


async def until(ask: Callable[[], Awaitable[T | None]]) -> T:
    """What is found in the end."""
    async with asyncio.timeout(_LIMIT_S):
        while not (found := await ask()):  # noqa: ASYNC110  # another process makes it so
            await asyncio.sleep(0.03)
    return found


def wait(ask: Callable[[], T | None]) -> T:
    """Likewise, in a thread."""
    ends = time.monotonic() + _LIMIT_S
    while not (found := ask()):
        assert time.monotonic() < ends
        time.sleep(0.03)
    return found
