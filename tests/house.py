"""A house under test: core, worker and gateway in one loop, with keys made as the command line makes them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from importlib import import_module
from typing import Self

import httpx

from core.accounts import Workspace
from core.core import Caller, Core
from core.store.statements import statement
from dialects.dialect import Dialect, KeyKind, discover
from dialects.serving import Surface
from gateway import provision
from gateway.app import Gateway
from gateway.assemble import opened, working
from gateway.config import Settings
from gateway.serving import running
from tests.dialects.driver import Driver

_QUEUE = statement("queue", "SELECT count(*) FROM jobs WHERE run_at <= :now OR claimed_by <> ''")


@cache
def _surfaces() -> list[Surface]:
    return [Surface(each) for each in discover().values()]


class House:
    """Every dialect at work on one core."""

    def __init__(self, core: Core, settings: Settings) -> None:
        """Compile the dialects; keys are made when asked for."""
        self.core = core
        self.settings = settings
        self.dialects = discover()
        self.app = Gateway(core, _surfaces(), {})
        self._stack = AsyncExitStack()
        self._keys: dict[tuple[str, str, str, str, frozenset[str] | None], str] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Open on a database of its own, deliver in the background."""
        async with opened(settings) as core, working(core, settings) as worker, running(worker):
            made = cls(core, settings)
            async with made._stack:
                yield made

    def driver(self, dialect: str) -> Driver:
        """How the tests speak this dialect."""
        driver: Driver = import_module(f"tests.dialects.{dialect}.driver").DRIVER
        return driver

    async def workspace(self, name: str = "test") -> Workspace:
        """A workspace, made at the first call."""
        return await provision.workspace(self.core, self.dialects.values(), "test", name)

    async def caller(self, name: str = "test", environment: str = "live") -> Caller:
        """Whoever may see a workspace's data."""
        place = await self.workspace(name)
        return Caller(
            account_id=place.account_id,
            workspace_id=place.id,
            workspace_number=place.number,
            workspace_name=place.name,
            environment=environment,
        )

    async def key(
        self,
        dialect: str,
        kind: str = "",
        *,
        workspace: str = "test",
        environment: str = "live",
        scopes: frozenset[str] | None = None,
    ) -> str:
        """A key of a dialect; the same one for the same question."""
        wanted = (dialect, kind, workspace, environment, scopes)
        if wanted not in self._keys:
            chosen = self._kind(self.dialects[dialect], kind)
            wish = provision.Wish(
                dialect=self.dialects[dialect],
                kind=chosen,
                scopes=chosen.all_scopes if scopes is None else scopes,
                environment=environment,
            )
            made = await provision.mint(self.core, await self.workspace(workspace), wish)
            self._keys[wanted] = made.secret
        return self._keys[wanted]

    def _kind(self, dialect: Dialect, kind: str) -> KeyKind:
        return next(each for each in dialect.keys if kind in ("", each.name))

    async def client(
        self, dialect: str, kind: str = "", *, authorized: bool = True, **which: str
    ) -> httpx.AsyncClient:
        """A client under the dialect's prefix, with its key in the headers where the dialect has it there."""
        key = await self.key(dialect, kind, **which)  # type: ignore[arg-type]  # texts alone are given
        headers = self.driver(dialect).authorize(key, kind) if authorized else {}
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url=f"http://gateway.test/{dialect}",
            headers={"user-agent": "babelpost-tests"} | headers,
        )
        return await self._stack.enter_async_context(client)

    async def settle(self) -> None:
        """Wait until every job that is due has run."""
        async with asyncio.timeout(20):
            while (await self.core.db.fetch(_QUEUE(now=self.core.clock.now())))[0][0]:  # noqa: ASYNC110  # a table
                await asyncio.sleep(0.01)
