"""Chores: what is done again and again in the background, each by one process at a time.

A chore has a row in the store. Who claims it moves ``due_at`` to the end of a lease and prolongs that while it runs,
so that a process that dies gives it back by that alone. A chore may be broken off at any point, by a stop or by a
death, and is then run again from its beginning: it works in small transactions and finds out itself what is left.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import msgspec
import structlog

from core import ids
from core.clock import SECOND
from core.core import Core
from core.store.database import StoreUnavailable, write
from core.store.statements import sql

_log = structlog.get_logger(__name__)

# how late a chore may begin
_LOOK_S: Final = 1.0
# processes that were started together should not ask for the same at the same moment for ever
_JITTER: Final = 0.1
_AGAIN_S: Final = 60.0
_ERROR_LIMIT: Final = 1000


class Chore(msgspec.Struct, frozen=True, kw_only=True):
    """``run`` is called about every ``every_s``; what it raises is logged, and it is tried again a little later.

    The name is its row's: one that changes is another chore.
    """

    name: str
    every_s: float
    run: Callable[[Core], Awaitable[None]]


class Chores:
    """One process's share in them."""

    def __init__(self, core: Core, chores: Iterable[Chore]) -> None:
        """Nothing runs before ``run``."""
        self._core = core
        self._chores = {chore.name: chore for chore in chores}
        self._token = ids.new()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._known = False

    async def run(self) -> None:
        """Take up what is due until cancelled; what runs then is broken off and due again at once."""
        try:
            while True:
                await self._turn()
                await asyncio.sleep(_LOOK_S)
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _turn(self) -> None:
        try:
            await self._ensure()
            for (name,) in await self._core.db.fetch(sql.chores_due(now=self._core.clock.now())):
                if name in self._chores and name not in self._running:
                    await self._take(self._chores[name])
        except StoreUnavailable as error:
            _log.warning("store unavailable, chores wait", reason=str(error))
        except Exception:  # noqa: BLE001  # the others are to be done whatever becomes of one look
            _log.exception("chores could not be looked for, trying again")

    async def _ensure(self) -> None:
        """Make the rows that are missing; a chore's first run is as far away as its second from the first."""
        if not self._known:
            now = self._core.clock.now()
            due = [(each.name, now + int(each.every_s * SECOND)) for each in self._chores.values()]
            await write(self._core.db, sql.chore_ensure.many(due))
            self._known = True

    async def _take(self, chore: Chore) -> None:
        asked_at, now = time.monotonic(), self._core.clock.now()
        claim = sql.chore_claim(
            name=chore.name, now=now, lease_end=now + self._lease(), claimed_by=self._token
        )
        if (await write(self._core.db, claim))[0]:
            task = asyncio.create_task(self._run(chore, asked_at))
            self._running[chore.name] = task
            task.add_done_callback(lambda _: self._running.pop(chore.name))

    async def _run(self, chore: Chore, asked_at: float) -> None:
        work = asyncio.ensure_future(chore.run(self._core))
        keeper = asyncio.create_task(self._keep(chore.name, asked_at, work))
        try:
            await work
        except asyncio.CancelledError:
            # a stop, or a lease that was lost: then the row is no longer ours, and this changes nothing
            await self._record(chore.name)
        except StoreUnavailable as error:
            _log.warning("store unavailable, chore broken off", chore=chore.name, reason=str(error))
            await self._record(chore.name, min(chore.every_s, _AGAIN_S), str(error))
        except Exception as error:  # noqa: BLE001  # whatever one chore does, it and the others come again
            _log.exception("a chore failed", chore=chore.name)
            await self._record(chore.name, min(chore.every_s, _AGAIN_S), repr(error))
        else:
            await self._record(chore.name, chore.every_s)
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    async def _record(self, name: str, wait_s: float | None = None, error: str = "") -> None:
        """Write how a run ended and when the next begins; ``wait_s`` None: it was broken off, and is due."""
        now = self._core.clock.now()
        if wait_s is None:
            query = sql.chore_release(name=name, now=now, claimed_by=self._token)
        else:
            wait = int(wait_s * random.uniform(1 - _JITTER, 1 + _JITTER) * SECOND)  # noqa: S311  # no secret
            query = sql.chore_end(
                name=name,
                due_at=now + wait,
                now=now,
                claimed_by=self._token,
                error=error.replace("\x00", "")[:_ERROR_LIMIT],
            )
        try:
            await write(self._core.db, query)
        except StoreUnavailable as failure:
            _log.warning("a chore's end not recorded, its lease ends by itself", reason=str(failure))
        except Exception:  # noqa: BLE001  # nobody waits for this task: unsaid here, it would never be told
            _log.exception("a chore's end not recorded, its lease ends by itself", chore=name)

    async def _keep(self, name: str, asked_at: float, work: "asyncio.Future[None]") -> None:
        """Prolong the lease while the work goes on; break the work off where the lease is lost."""
        lease_s = self._core.policy.lease_s
        until = asked_at + lease_s
        while time.monotonic() < until:
            await asyncio.sleep(lease_s / 4)
            asked_at = time.monotonic()
            try:
                if not await self._is_extended(name):
                    break
            except StoreUnavailable as error:
                _log.warning("a chore's lease not extended, trying again", chore=name, reason=str(error))
            except Exception:  # noqa: BLE001  # until the lease is over there is time to ask again
                _log.exception("a chore's lease not extended, trying again", chore=name)
            else:
                until = asked_at + lease_s
        _log.warning("a chore's lease has ended, others may do it", chore=name)
        work.cancel()

    async def _is_extended(self, name: str) -> bool:
        lease_end = self._core.clock.now() + self._lease()
        extend = sql.chore_extend(name=name, lease_end=lease_end, claimed_by=self._token)
        return bool((await write(self._core.db, extend))[0])

    def _lease(self) -> int:
        return int(self._core.policy.lease_s * SECOND)
