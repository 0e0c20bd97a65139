"""The dispatcher: takes what happened from the outbox, and gives endpoints their turns, until it is stopped."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from core import ids
from core.budget import Budget
from core.core import Core
from core.formats import WebhookFormat
from core.poster import Poster
from core.store.database import StoreUnavailable, listed
from core.store.statements import sql
from core.webhooks.lanes import Lane, Lanes
from core.webhooks.outcomes import Outcomes
from core.webhooks.spreading import Spreader, readable
from core.webhooks.turn import Means, Turn
from core.webhooks.webhook import Webhook

_log = structlog.get_logger(__name__)

# how long what other processes did may wait for this one's look
_POLL_S: Final = 0.25
# where nobody listens there is nothing to look for but what was told before
_IDLE_POLL_S: Final = 2.0
_BACK_OFF_S: Final = 2.0
# turns at once, of endpoints that answer and of those that lately did not, or late
_HEALTHY: Final = 64
_FAILING: Final = 64


class Dispatcher:
    """One process's share in telling webhooks."""

    def __init__(
        self,
        core: Core,
        formats: Mapping[str, WebhookFormat],
        poster: Poster,
        *,
        concurrency: int,
        budget: Budget,
    ) -> None:
        """``concurrency`` bounds the calls to one endpoint at once, ``budget`` the large bodies in memory."""
        self._core = core
        self._spreader = Spreader(core, formats)
        self._lanes = Lanes(core, ids.new())
        self._means = Means(
            core=core,
            formats=formats,
            poster=poster,
            lanes=self._lanes,
            outcomes=Outcomes(core),
            budget=budget,
            concurrency=concurrency,
        )
        self._turns: dict[asyncio.Task[None], Turn] = {}
        self._failing = 0
        self._bell = asyncio.Event()
        self._stopping = False

    def stop(self) -> None:
        """Begin nothing new; ``run`` returns when what runs has ended."""
        self._stopping = True
        for turn in self._turns.values():
            turn.stop()
        self._bell.set()

    async def run(self, *, grace_s: float = 20.0) -> None:
        """Work until stopped; then let running calls end within ``grace_s``. What is broken off is made again."""
        keeper = asyncio.create_task(self._forever(self._keep, self._core.policy.lease_s / 4))
        spreading = asyncio.create_task(self._forever(self._spread, 0))
        try:
            await self._forever(self._take, 0)
        finally:
            spreading.cancel()
            await self._finish(grace_s)
            keeper.cancel()
            await asyncio.gather(keeper, spreading, return_exceptions=True)
            await self._means.outcomes.close()

    async def _forever(self, work: Callable[[], Awaitable[None]], wait_s: float) -> None:
        """Do something again and again, whatever becomes of it once."""
        while not self._stopping or wait_s:
            try:
                await asyncio.sleep(wait_s)
                await work()
            except StoreUnavailable as error:
                _log.warning("store unavailable, webhooks wait", reason=str(error))
                await asyncio.sleep(_BACK_OFF_S)
            except Exception:  # noqa: BLE001  # a process that tells nobody any more would look healthy
                _log.exception("webhooks could not be told, trying again")
                await asyncio.sleep(_BACK_OFF_S)

    async def _spread(self) -> None:
        """Work on the outbox; what is written there by this process rings."""
        self._core.outbox.news.clear()
        await self._core.outbox.refresh()
        has_more = await self._spreader.spread()
        if self._spreader.has_told:
            self._bell.set()
        if not has_more:
            await _rung(self._core.outbox.news, self._poll_s())

    async def _take(self) -> None:
        """Give turns to endpoints that something is due for."""
        self._bell.clear()
        taken = 0
        for failing, room in ((False, self._room()), (True, _FAILING - self._failing)):
            if room > 0:
                lanes = await self._lanes.take(room, failing=failing)
                taken += len(lanes)
                await self._begin(lanes, failing=failing)
        if not taken:
            await _rung(self._bell, self._poll_s())

    def _poll_s(self) -> float:
        return _POLL_S if self._core.outbox else _IDLE_POLL_S

    def _room(self) -> int:
        return _HEALTHY - (len(self._turns) - self._failing)

    async def _begin(self, lanes: list[Lane], *, failing: bool) -> None:
        if not lanes:
            return
        query = sql.webhooks_by_ids(ids=listed([lane.webhook_id for lane in lanes]))
        found = {row[0]: readable(self._core, row) for row in await self._core.db.fetch(query)}
        for lane in lanes:
            if lane.webhook_id in found and found[lane.webhook_id] is None:
                # it comes again when its lease has ended
                self._lanes.drop(lane)
                continue
            self._start(lane, found.get(lane.webhook_id), failing=failing)

    def _start(self, lane: Lane, webhook: Webhook | None, *, failing: bool) -> None:
        turn = Turn(self._means, lane, webhook)
        task = asyncio.create_task(self._run(turn, lane))
        self._turns[task] = turn
        self._failing += failing
        task.add_done_callback(lambda done: self._ended(done, failing=failing))

    async def _run(self, turn: Turn, lane: Lane) -> None:
        try:
            await turn.run()
        except StoreUnavailable as error:
            _log.warning("store unavailable, webhooks wait", reason=str(error))
        except Exception:  # noqa: BLE001  # the others' turns go on; this one comes again with its lease's end
            _log.exception("an endpoint's turn failed", webhook=lane.webhook_id)
        finally:
            self._lanes.drop(lane)

    def _ended(self, task: "asyncio.Task[None]", *, failing: bool) -> None:
        del self._turns[task]
        self._failing -= failing
        self._bell.set()

    async def _keep(self) -> None:
        lost = await self._lanes.extend()
        if lost:
            _log.warning("leases of webhooks have ended, others may call them", count=len(lost))

    async def _finish(self, grace_s: float) -> None:
        if not self._turns:
            return
        _, late = await asyncio.wait(set(self._turns), timeout=grace_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _rung(bell: asyncio.Event, most_s: float) -> None:
    try:
        async with asyncio.timeout(most_s):
            await bell.wait()
    except TimeoutError:
        return
