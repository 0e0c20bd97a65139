"""What came of deliveries, written in batches: outcomes, events, bounces, suppressions, the job's end in one commit."""

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any, Final

import msgspec

from core import bounces, events, ids, suppressions
from core.core import Core, Policy
from core.jobs.queue import Job
from core.messages.message import Delivery, Message, Rendering
from core.messages.rows import LARGE_BYTES
from core.outbox import Outbox
from core.stats.tally import Tally
from core.store.database import listed
from core.store.group import Group
from core.store.statements import Many, Query, sql

_PACK: Final = msgspec.msgpack.Encoder()
_TEXT_LIMIT: Final = 1000


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to one delivery. ``state`` empty: the event alone, as for ``sent``.

    A detail with a ``type`` is a bounce and has a record of its own.
    """

    delivery: Delivery
    kind: str
    state: str = ""
    detail: events.Detail = events.Detail()
    suppress: str = ""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one run of a job. ``again_at`` None ends the job; else it runs again at that moment.

    ``parts`` are destinations that have jobs of their own in its place. ``lanes`` tell of its destination.
    ``delayed``: it has been told to be late.
    ``bare``: states and the job's end alone, where a store will not take the rest.
    """

    job: Job
    message: Message | None = None
    steps: tuple[Step, ...] = ()
    rendering: Rendering | None = None
    again_at: int | None = None
    error: str = ""
    delayed: bool = False
    parts: tuple[str, ...] = ()
    lanes: tuple[Many, ...] = ()
    bare: bool = False


class Recorder:
    """The group commit of outcomes."""

    def __init__(self, core: Callable[[], Core]) -> None:
        """``core`` is asked for at the first commit."""
        self._core = core
        self._group: Group[Record] = Group(self._commit)

    async def add(self, record: Record) -> None:
        """Return when the record is on disk."""
        await self._group.add(record)

    async def close(self) -> None:
        """Finish what waits."""
        await self._group.close()

    async def _commit(self, batch: list[Record]) -> None:
        """Write outcomes; events only of jobs that are still their worker's, so that nothing is told twice."""
        core = self._core()
        await core.outbox.refresh()
        now = core.clock.now()
        ends = _ends(batch)
        number = await core.numbers.take("bounce", count) if (count := _bounces(batch)) else 0
        written = _Rows(core.policy, now, batch, number=number)
        async with core.db.transaction() as work:
            found = zip(ends, await work.run(*ends), strict=True)
            ended = {(row[0], query.values["claimed_by"]) for query, rows in found for row in rows}
            if any((record.job.id, record.job.claimed_by) not in ended for record in batch):
                written = _Rows(core.policy, now, batch, ended, number=number)
            await work.run(*written.steps(core.outbox), commit=True)


def _bounces(batch: list[Record]) -> int:
    return sum(bool(step.detail.type) for record in batch for step in record.steps)


def _ends(batch: list[Record]) -> list[Query]:
    """Take the batch's jobs out of their workers' hands; each statement tells which were in them."""
    finished: defaultdict[str, list[str]] = defaultdict(list)
    again: defaultdict[str, list[str]] = defaultdict(list)
    for record in batch:
        kind = finished if record.again_at is None else again
        kind[record.job.claimed_by].append(record.job.id)
    return [
        *[sql.jobs_finish(ids=listed(keys), claimed_by=token) for token, keys in finished.items()],
        *[sql.jobs_let_go(ids=listed(keys), claimed_by=token) for token, keys in again.items()],
    ]


class _Rows:
    def __init__(
        self,
        policy: Policy,
        now: int,
        batch: list[Record],
        ended: Collection[tuple[str, str]] | None = None,
        *,
        number: int = 0,
    ) -> None:
        """``ended``: the jobs that were still their worker's, with its token; None where all were.

        Bounces are numbered from ``number`` on.
        """
        self._policy = policy
        self._now = now
        self._ended = ended
        self._number = number
        self._renderings: list[tuple[Any, ...]] = []
        # of the large ones alone
        self._rendering_bytes = 0
        self._started: list[tuple[Any, ...]] = []
        self._deliveries: list[tuple[Any, ...]] = []
        self._complaints: list[tuple[Any, ...]] = []
        self._events: list[tuple[Any, ...]] = []
        self._suppressions: list[suppressions.Entry] = []
        self._bounces: list[tuple[Any, ...]] = []
        self._again: list[tuple[Any, ...]] = []
        self._parts: list[tuple[Any, ...]] = []
        self._lanes: list[Many] = []
        self._tally = Tally()
        for record in batch:
            self._add(record)

    def steps(self, outbox: Outbox) -> list[Any]:
        kinds = [
            sql.rendering_put.many(self._renderings, self._rendering_bytes),
            sql.message_started.many(self._started),
            sql.delivery_record.many(self._deliveries),
            sql.delivery_complain.many(self._complaints),
            sql.event_insert.many(self._events),
            *outbox.events(self._events),
            self._tally.step(),
            *suppressions.insertion(outbox, self._suppressions),
            sql.bounce_insert.many(self._bounces),
            sql.job_again.many(self._again),
            sql.job_part.many(self._parts),
            *self._lanes,
        ]
        return [step for step in kinds if step.rows]

    def _add(self, record: Record) -> None:
        job = record.job
        is_ours = self._ended is None or (job.id, job.claimed_by) in self._ended
        if record.message is not None:
            self._message(record, record.message, is_told=is_ours and not record.bare)
        if record.again_at is not None and is_ours:
            error = "" if record.bare else record.error[:_TEXT_LIMIT]
            self._again.append((record.again_at, job.attempts + 1, error, int(record.delayed), job.id))
        if is_ours:
            self._parts += job.parts(record.parts, self._now)
        if not record.bare:
            self._lanes += record.lanes

    def _message(self, record: Record, message: Message, *, is_told: bool) -> None:
        if record.rendering is not None and is_told:
            body = _PACK.encode(record.rendering)
            self._rendering_bytes += len(body) if len(body) > LARGE_BYTES else 0
            self._renderings.append((message.id, body))
        if message.state == "scheduled":
            self._started.append((message.id,))
        for step in record.steps:
            detail = events.Detail() if record.bare else step.detail
            text = detail.text.replace("\x00", "")[:_TEXT_LIMIT]
            self._state(message, step, detail.code, text)
            if is_told:
                self._tell(message, step, msgspec.structs.replace(detail, text=text))

    def _state(self, message: Message, step: Step, code: int, text: str) -> None:
        delivery, now = step.delivery, self._now
        if step.state == "complained":
            self._complaints.append((now, message.id, delivery.position))
        elif step.state:
            self._deliveries.append(
                (step.state, delivery.attempts + 1, code, text, now, message.id, delivery.position)
            )

    def _tell(self, message: Message, step: Step, detail: events.Detail) -> None:
        delivery, now = step.delivery, self._now
        if step.kind == "sent":
            self._tally.sent(self._policy, message, now)
        if detail.type:
            detail = self._bounce(message, step, detail)
        packed = _PACK.encode(detail)
        self._events.append(
            (message.id, ids.new(), message.workspace_id, delivery.position, step.kind, now, packed)
        )
        if step.suppress:
            self._suppressions.append(
                suppressions.Entry(
                    workspace_id=message.workspace_id,
                    email=delivery.email,
                    stream=message.draft.suppressed_stream,
                    reason=step.suppress,
                    origin="recipient",
                    at=now,
                    message_id=message.id,
                )
            )

    def _bounce(self, message: Message, step: Step, detail: events.Detail) -> events.Detail:
        """Keep the bounce; the detail with its number."""
        detail = msgspec.structs.replace(detail, bounce=self._number)
        self._number += 1
        self._tally.bounced(message, detail.type, self._now)
        self._bounces.append(
            bounces.row(message, step.delivery, detail, at=self._now, suppresses=bool(step.suppress))
        )
        return detail
