"""One endpoint's turn: what is due for it is told, a few calls at once, until nothing is due or it gives no answer.

A turn begins with two calls at once, and every answer lets one more begin: an endpoint that hangs is found out before
it takes much room. Every call may be repeated: after a death nobody knows whether it was heard.
"""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from typing import Final

import msgspec
import structlog

from core.budget import Budget
from core.clock import SECOND
from core.core import Core
from core.formats import WebhookFormat
from core.poster import Answer, Poster
from core.store.database import mapper, write
from core.store.statements import sql
from core.webhooks import incidents
from core.webhooks.calls import call_of
from core.webhooks.lanes import LATE, NEVER, Lane, Lanes
from core.webhooks.outcomes import Due, Outcome, Outcomes
from core.webhooks.webhook import Webhook

_log = structlog.get_logger(__name__)

# what is read at once, and which bodies with it
_PORTION: Final = 50
_SMALL_BYTES: Final = 8 * 1024
_FIRST_CALLS: Final = 2
# what one commit gives up
_STOPPED: Final = 1000
# others wait meanwhile
_LONGEST_S: Final = 5.0
# who takes longer is no longer among those that others wait for
_LATE_MS: Final = 5000
# the share of its time after which an endpoint that only fails is given notice
_NOTICE: Final = 0.5
# how long an endpoint waits whose call could not even be made
_MEND_S: Final = 60


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What turns need, all of them the same."""

    core: Core
    formats: Mapping[str, WebhookFormat]
    poster: Poster
    lanes: Lanes
    outcomes: Outcomes
    budget: Budget
    concurrency: int


class Turn:
    """The turn of a claimed endpoint."""

    def __init__(self, means: Means, lane: Lane, webhook: Webhook | None) -> None:
        """``webhook`` None where it is gone."""
        self._means = means
        self._core = means.core
        self._lane = lane
        self._webhook = webhook
        self._queue: deque[Due] = deque()
        self._calls: set[asyncio.Task[None]] = set()
        self._records: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._broken = False
        self._longest_s = 0.0
        self._is_disabled = False
        self._is_ours_to_mend = False

    def stop(self) -> None:
        """Begin no further call."""
        self._stopping = True

    async def run(self) -> None:
        """Tell what is due, and let the endpoint go."""
        webhook, next_at = self._webhook, NEVER
        if webhook is not None and webhook.state == "enabled" and webhook.dialect in self._means.formats:
            next_at = await self._tell(webhook)
        elif webhook is not None and webhook.state != "enabled":
            next_at = await self._give_up(webhook)
        await self._means.lanes.release(self._lane, next_at)

    async def _give_up(self, webhook: Webhook) -> int:
        """What a disabled one still had to be told has failed; in portions, since who accepts mail waits for each.

        When there is something to do again.
        """
        stop = sql.dispatches_stop(webhook_id=webhook.id, count=_STOPPED)
        while self._may_begin():
            if not (await write(self._core.db, stop))[0]:
                return NEVER
        return self._core.clock.now()

    async def _tell(self, webhook: Webhook) -> int:
        """Make calls; when there is something to do again."""
        ends = time.monotonic() + _LONGEST_S
        is_more = True
        while is_more:
            # one that gave no answer is tried with one call
            most = 1 if self._lane.failures > 0 else _PORTION
            found = await self._due(webhook, most)
            self._queue.extend(found)
            await self._empty(webhook)
            is_more = len(found) == most and self._may_begin() and time.monotonic() < ends
        await self._disable_if_dead(webhook)
        return await self._next(webhook)

    def _may_begin(self) -> bool:
        return not (self._broken or self._stopping) and self._is_ours()

    def _is_ours(self) -> bool:
        return self._means.lanes.is_safe(self._lane)

    async def _due(self, webhook: Webhook, most: int) -> list[Due]:
        query = sql.dispatches_due(
            webhook_id=webhook.id,
            now=self._core.clock.now(),
            most_bytes=_SMALL_BYTES,
            count=most,
        )
        make = mapper(Due)
        return [make(row) for row in await self._core.db.fetch(query)]

    async def _empty(self, webhook: Webhook) -> None:
        """Call until the queue is empty or no further call may begin; what came of it is on disk then."""
        for _ in range(_FIRST_CALLS):
            self._begin(webhook)
        try:
            while self._calls:
                await asyncio.wait(self._calls, return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            self._stopping = True
            for call in self._calls:
                call.cancel()
            raise
        self._queue.clear()
        # raises where the store is away: then the turn ends, and everything is told again
        records, self._records = self._records, set()
        if records:
            await asyncio.wait(records)
        for record in records:
            record.result()

    def _begin(self, webhook: Webhook) -> None:
        """One more call, if there is anything to call for."""
        if self._queue and len(self._calls) < self._means.concurrency and self._may_begin():
            call = asyncio.create_task(self._call(webhook, self._queue.popleft()))
            self._calls.add(call)
            call.add_done_callback(lambda task: self._ended(webhook, task))

    def _ended(self, webhook: Webhook, call: "asyncio.Task[None]") -> None:
        self._calls.discard(call)
        if not call.cancelled() and (failure := call.exception()) is not None:
            self._broken = self._is_ours_to_mend = True
            _log.error("a webhook could not be called", webhook=webhook.id, exc_info=failure)
        # in its own place, and one more
        self._begin(webhook)
        self._begin(webhook)

    async def _call(self, webhook: Webhook, due: Due) -> None:
        held = due.size_bytes if due.body is None else 0
        async with self._means.budget.hold(held):
            body = due.body if due.body is not None else await self._body(due)
            form = self._means.formats[webhook.dialect]
            manners, at = form.manners(webhook, due.event), self._core.clock.now()
            answer = await self._means.poster.post(call_of(form, webhook, due, body, at))
        self._longest_s = manners.disable_after_s
        self._learn(answer, at)
        outcome = Outcome(due=due, answer=answer, manners=manners, at=at)
        self._records.add(asyncio.create_task(self._means.outcomes.add(outcome)))
        if answer.status in manners.disables:
            await self._disable(webhook, f"it answered with status {answer.status}")

    async def _body(self, due: Due) -> bytes:
        found = await self._core.db.fetch(sql.dispatch_body(id=due.id))
        return bytes(found[0][0]) if found else b""

    def _learn(self, answer: Answer, at: int) -> None:
        """Keep how the endpoint does."""
        lane = self._lane
        if answer.is_success:
            lane.failing_since = 0
        elif not lane.failing_since:
            lane.failing_since = at
        if answer.status:
            lane.failures = LATE if answer.duration_ms > _LATE_MS else 0
        else:
            lane.failures = max(lane.failures, 0) + 1
            self._broken = True

    async def _disable_if_dead(self, webhook: Webhook) -> None:
        since, longest = self._lane.failing_since, int(self._longest_s * SECOND)
        if not since or not longest:
            return
        failing = self._core.clock.now() - since
        if failing >= longest:
            await self._disable(webhook, "it has only failed for too long")
        elif failing >= longest * _NOTICE:
            await incidents.notice(self._core, webhook, since=since, ends_at=since + longest)

    async def _disable(self, webhook: Webhook, reason: str) -> None:
        self._broken = self._is_disabled = True
        await incidents.disable(self._core, webhook, reason)

    async def _next(self, webhook: Webhook) -> int:
        if self._is_disabled:
            # what is still to be told is ended by the next turn
            return self._core.clock.now()
        if self._is_ours_to_mend:
            # not at once: it would fail again, and as fast as this process can
            return self._core.clock.now() + _MEND_S * SECOND
        found = await self._core.db.fetch(sql.dispatch_next(webhook_id=webhook.id))
        return NEVER if found[0][0] is None else max(found[0][0], self._core.clock.now())
