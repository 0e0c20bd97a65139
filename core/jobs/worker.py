"""The loop: claim, run, record; leases kept alive; on a stop, what runs finishes and what waits is given back."""

import asyncio
import time
from typing import Final

import structlog

from core import ids
from core.core import Core
from core.jobs.deliver import Deliverer
from core.jobs.gate import Gate
from core.jobs.held import Held
from core.jobs.periodic import Chores
from core.jobs.queue import Claims, Job
from core.jobs.supply import Supply
from core.store.database import StoreUnavailable
from core.webhooks.dispatcher import Dispatcher

_log = structlog.get_logger(__name__)

# how long other processes' new work may wait for this one's look
_POLL_S: Final = 0.25
_BACK_OFF_S: Final = 2.0
_EXTEND_AGAIN_S: Final = 0.25


class Worker:
    """Claims jobs for a deliverer until it is stopped; new work is claimed while older work still runs.

    Its process's share of the chores is done for as long as it works, and its share in telling webhooks.
    """

    def __init__(
        self,
        core: Core,
        deliverer: Deliverer,
        gate: Gate,
        chores: Chores,
        dispatcher: Dispatcher,
        *,
        claim_batch: int,
    ) -> None:
        """Nothing runs before ``run``; ``claim_batch`` bounds the jobs that are worked on at once."""
        self._core = core
        self._deliverer = deliverer
        self._chores = chores
        self._dispatcher = dispatcher
        self._claim_batch = claim_batch
        self._gate = gate
        self._claims = Claims(core, ids.new())
        self._supply = Supply(core, self._claims, gate)
        self._held = Held(core.policy.lease_s, self._wake_for_room, self._leave)
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False

    def stop(self) -> None:
        """Take no new work; ``run`` returns when what is held has ended or was given back."""
        self._stopping = True
        self._deliverer.stop()
        self._dispatcher.stop()
        self._core.wake.set()

    async def run(self, *, grace_s: float = 20.0) -> None:
        """Work until stopped; then let running deliveries end within ``grace_s`` and give the rest back."""
        keeper = asyncio.create_task(self._keep_leases())
        chores = asyncio.create_task(self._chores.run())
        dispatcher = asyncio.create_task(self._dispatcher.run(grace_s=grace_s))
        try:
            while not self._stopping:
                await self._turn()
        finally:
            chores.cancel()
            self._dispatcher.stop()
            await self._finish(grace_s)
            await dispatcher
            keeper.cancel()
            await asyncio.gather(keeper, chores, return_exceptions=True)

    async def _turn(self) -> None:
        try:
            has_taken_all = await self._claim(self._claim_batch - self._at_work())
        except StoreUnavailable as error:
            _log.warning("store unavailable, trying again", reason=str(error))
            await self._core.wake.wait(_BACK_OFF_S)
        except Exception:  # noqa: BLE001  # a process that takes mail and has stopped delivering would look healthy
            _log.exception("jobs could not be claimed, trying again")
            await self._core.wake.wait(_BACK_OFF_S)
        else:
            if has_taken_all and not self._stopping:
                await self._core.wake.wait(_POLL_S)

    async def _claim(self, room: int) -> bool:
        """Begin with what is due; whether there is a reason to wait before the next look."""
        # without room there is nothing to do before a job ends: to look again at once would hold up the process; and
        # a handful of free places is not worth a trip to the store
        if room <= self._claim_batch // 4:
            return True
        asked_at = time.monotonic()
        jobs, has_more = await self._supply.take(room, self._held)
        fresh = [job for job in jobs if job.id not in self._held]
        self._held.take((job.id for job in jobs), asked_at)
        if fresh:
            self._start(fresh)
        return not has_more

    def _start(self, jobs: list[Job]) -> None:
        task = asyncio.create_task(self._run(jobs))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, jobs: list[Job]) -> None:
        try:
            await self._deliverer.run(jobs, self._held)
        except StoreUnavailable as error:
            _log.warning("store unavailable, work given back", reason=str(error))
        except Exception:  # noqa: BLE001  # the loop must outlive any one claim; its jobs come again
            _log.exception("a claim could not be finished")
        finally:
            await self._give_back([job.id for job in jobs], 0 if self._stopping else _BACK_OFF_S)

    def _at_work(self) -> int:
        """Jobs in hand, but for those that wait for somebody's server."""
        return len(self._held) - self._deliverer.waiting

    def _wake_for_room(self) -> None:
        if self._at_work() < self._claim_batch // 2:
            self._core.wake.set()

    def _leave(self, id_: str) -> None:
        if self._gate.leave(id_):
            self._core.wake.set()

    async def _finish(self, grace_s: float) -> None:
        running = set(self._running)
        if running:
            _, late = await asyncio.wait(running, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _give_back(self, job_ids: list[str], wait_s: float) -> None:
        """Release what is still held of a claim; another claim takes it up."""
        begun, untouched = self._held.let_go(job_ids)
        try:
            if untouched:
                await self._claims.release(untouched, after_s=wait_s)
            if begun:
                await self._claims.release(begun, after_s=wait_s, begun=True)
        except StoreUnavailable as error:
            _log.warning("jobs not given back, their lease ends by itself", reason=str(error))
        except Exception:  # noqa: BLE001  # nobody waits for this task: unsaid here, it would never be told
            _log.exception("jobs not given back, their lease ends by itself")

    async def _keep_leases(self) -> None:
        every_s = self._core.policy.lease_s / 3
        again_s = min(_EXTEND_AGAIN_S, every_s / 10)
        wait_s = every_s
        while True:
            await asyncio.sleep(wait_s)
            wait_s = again_s
            try:
                await self._extend()
            except StoreUnavailable as error:
                _log.warning("leases not extended, trying again", reason=str(error))
            except Exception:  # noqa: BLE001  # likewise
                _log.exception("leases not extended, trying again")
            else:
                wait_s = every_s

    async def _extend(self) -> None:
        asked, asked_at = self._held.leases(), time.monotonic()
        if not asked:
            return
        lost = self._held.keep(asked, await self._claims.extend(list(asked)), asked_at)
        if lost:
            _log.warning("leases have ended, others may have the work", count=len(lost))
