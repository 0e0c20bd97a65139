"""A real Chromium over a running server, people in front of it, and a stranger who notes who calls."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.person import Person
from tests.browser.stranger import Stranger
from tests.conftest import Dev, running_dev

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MISSING = (
    "No Chromium is installed: `make test` installs Debian's; elsewhere install one, or name it with "
    "BABELPOST_TEST_CHROMIUM."
)
# the browser speaks with nobody of its own accord, and finds nothing but this machine
_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)

_PATIENCE_MS = 15_000

Sit = Callable[..., Awaitable[Person]]


@pytest.fixture(scope="session")
def dev() -> Iterator[Dev]:
    """A server of these tests' own: its console is to begin with one workspace, whatever the SDKs' tests make."""
    with running_dev() as made:
        yield made


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is; a machine without one fails, since a skipped test would say nothing to anybody."""
    named = os.environ.get("BABELPOST_TEST_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if named is None:
        pytest.fail(_MISSING)
    return named


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """One process for all tests, with a profile and a home of its own; root may start no sandbox, so there is none."""
    environment: dict[str, str | float | bool] = {
        "HOME": str(tmp_path_factory.mktemp("home")),
        "PATH": os.environ["PATH"],
    }
    async with async_playwright() as driver:
        made = await driver.chromium.launch(
            executable_path=chromium, args=_FLAGS, chromium_sandbox=False, env=environment
        )
        yield made
        await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def reader(sit: Sit) -> Person:
    """Somebody at a page."""
    return await sit()


@pytest_asyncio.fixture(loop_scope="session")
async def sit(browser: Browser, dev: Dev) -> AsyncIterator[Sit]:
    """Seat somebody who was never here before; options are those of the browser's context."""
    seated = []

    async def seat(**options: Any) -> Person:
        context = await browser.new_context(base_url=dev.url, **options)
        context.set_default_timeout(_PATIENCE_MS)
        seated.append(context)
        return Person(await context.new_page(), dev)

    yield seat
    for context in seated:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stranger() -> AsyncIterator[Stranger]:
    """A web server of somebody who sent a mail."""
    async with Stranger() as made:
        yield made
