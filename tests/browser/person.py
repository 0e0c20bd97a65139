"""Somebody in front of a browser who may also send mail, and what can be said of a page by looking at it."""

import re
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import ConsoleMessage, Page, Response

from tests.conftest import Dev

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
_LOOKS = Path(__file__).with_name("looks.js").read_text(encoding="utf-8")
_LINK = re.compile(r"List-Unsubscribe: <(.*?)>")


class Person:
    """One page of a browser at one server; ``complaints`` is what the browser said against the pages it showed."""

    def __init__(self, page: Page, dev: Dev) -> None:
        self.page, self.dev = page, dev
        self.complaints: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    async def send(self, *subjects: str, **fields: str) -> list[str]:
        """Send letters by Postmark's API, in one call; their ids."""
        letter = {"From": "Ann <ann@example.org>", "To": "bob@example.net", "HtmlBody": "<h1>Hello Bob</h1>"}
        async with httpx.AsyncClient(base_url=self.dev.url) as client:
            answer = await client.post(
                "/postmark/email/batch",
                headers={"X-Postmark-Server-Token": self.dev.key("postmark", "server")},
                json=[letter | {"Subject": subject} | fields for subject in subjects],
            )
        return [each["MessageID"] for each in answer.json()]

    async def hook(self, url: str, *events: str) -> None:
        """Have an address told of these, by Resend's API."""
        async with httpx.AsyncClient(base_url=self.dev.url) as client:
            answer = await client.post(
                "/resend/webhooks",
                headers={"Authorization": f"Bearer {self.dev.key('resend')}"},
                json={"endpoint": url, "events": events},
            )
        assert 201 == answer.status_code, answer.text

    async def open(self, path: str) -> Response:
        """Go to an address; that of the console may be told from its root."""
        answer = await self.page.goto(path)
        assert answer is not None
        assert 200 == answer.status, path
        return answer

    async def look(self, id: str, query: str = "") -> None:
        """Open a message in the console, as soon as it is delivered."""
        await self.open("/_/console")
        listed = self.page.url
        await self.open(f"{listed}/{id}{query}")
        while not await self.page.locator(".facts .delivered").count():
            await self.page.wait_for_timeout(50)
            await self.page.reload()

    async def link(self, id: str) -> str:
        """The link of a message by which its recipient says no to more, as its header has it."""
        await self.look(id, "?view=headers")
        found = _LINK.search((await self.page.inner_text("pre")).replace("\n", ""))
        assert found is not None
        return found[1]

    async def faults(self) -> list[str]:
        """What of the page is cut off at the side, too pale to be read, or too small to be hit by a finger."""
        found: list[str] = await self.page.evaluate(_LOOKS)
        return found
