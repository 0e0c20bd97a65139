"""A server with a console, and somebody who looks at it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest

from core import messages
from core.core import Caller, Core
from core.messages import Attachment
from gateway import serving
from gateway.assemble import opened, working
from gateway.config import Settings
from tests.core.post import caller_in, draft, settled


class Looker:
    """Somebody with a browser, and the workspace they look at."""

    def __init__(self, core: Core, caller: Caller, browser: httpx.AsyncClient) -> None:
        self.core, self.caller, self.browser = core, caller, browser

    @property
    def base(self) -> str:
        """The path of the workspace."""
        return f"/_/console/{self.caller.workspace_number}/{self.caller.environment}"

    async def send(self, *to: str, files: tuple[Attachment, ...] = (), **fields: Any) -> str:
        """Submit a letter and wait until it is captured; its id."""
        receipt = await messages.submit(self.core, self.caller, draft(*to, attachments=files, **fields))
        await settled(self.core)
        return receipt.id

    async def get(self, path: str = "", status: int = 200, **query: str) -> httpx.Response:
        """A page below the workspace's path."""
        answer = await self.browser.get(self.base + path, params=query or None)
        assert status == answer.status_code, answer.text
        return answer


@asynccontextmanager
async def console_on(settings: Settings, **changes: Any) -> AsyncIterator[Looker]:
    """Open one on a port of its own, open to this machine unless it is said otherwise."""
    bound = serving.listen("127.0.0.1", 0)
    port = bound.getsockname()[1]
    changed = msgspec.structs.replace(
        settings, port=port, **{"console_open": True, "allow_private_targets": True, **changes}
    )
    async with (
        opened(changed) as core,
        working(core, changed) as worker,
        serving.running(worker),
        serving.serving(core, changed, bound),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as browser,
    ):
        yield Looker(core, await caller_in(core), browser)


@pytest.fixture
async def looker(settings: Settings) -> AsyncIterator[Looker]:
    """Who looks at an open console."""
    async with console_on(settings) as made:
        yield made
