"""What came of deliveries, written in batches: outcomes, their events, suppressions and the job's end in one commit."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from core import addresses, events, ids, suppressions
from core.core import Core
from core.jobs.queue import Job
from core.messages.message import Delivery, Message, Rendering
from core.store.group import Group
from core.store.statements import sql

_PACK: Final = msgspec.msgpack.Encoder()
_TEXT_LIMIT: Final = 1000


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to one delivery. ``state`` empty: the event alone, as for ``sent``."""

    delivery: Delivery
    kind: str
    state: str = ""
    detail: events.Detail = events.Detail()
    suppress: str = ""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one run of a job. ``again_at`` None ends the job; else it runs again at that moment."""

    job: Job
    message: Message | None = None
    steps: tuple[Step, ...] = ()
    rendering: Rendering | None = None
    again_at: int | None = None
    error: str = ""


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
        core = self._core()
        written = _Rows(core.clock.now())
        for record in batch:
            written.add(record)
        async with core.db.transaction() as work:
            await work.run(*written.steps(), commit=True)


class _Rows:
    def __init__(self, now: int) -> None:
        self._now = now
        self._renderings: list[tuple[Any, ...]] = []
        self._started: list[tuple[Any, ...]] = []
        self._deliveries: list[tuple[Any, ...]] = []
        self._complaints: list[tuple[Any, ...]] = []
        self._events: list[tuple[Any, ...]] = []
        self._suppressions: list[tuple[str, str, str, str, str, int]] = []
        self._finished: list[tuple[Any, ...]] = []
        self._again: list[tuple[Any, ...]] = []

    def steps(self) -> list[Any]:
        kinds = [
            sql.rendering_put.many(self._renderings),
            sql.message_started.many(self._started),
            sql.delivery_record.many(self._deliveries),
            sql.delivery_complain.many(self._complaints),
            sql.event_insert.many(self._events),
            suppressions.insertion(self._suppressions),
            sql.job_finish.many(self._finished),
            sql.job_again.many(self._again),
        ]
        return [step for step in kinds if step.rows]

    def add(self, record: Record) -> None:
        job, message = record.job, record.message
        if message is not None:
            self._message(record, message)
        if record.again_at is None:
            self._finished.append((job.id, job.claimed_by))
        else:
            error = record.error[:_TEXT_LIMIT]
            self._again.append((record.again_at, job.attempts + 1, error, job.id, job.claimed_by))

    def _message(self, record: Record, message: Message) -> None:
        if record.rendering is not None:
            self._renderings.append((message.id, _PACK.encode(record.rendering)))
        if message.state == "scheduled":
            self._started.append((message.id,))
        for step in record.steps:
            self._step(message, step)

    def _step(self, message: Message, step: Step) -> None:
        delivery, now, detail = step.delivery, self._now, step.detail
        text = detail.text.replace("\x00", "")[:_TEXT_LIMIT]
        if step.state == "complained":
            self._complaints.append((now, message.id, delivery.position))
        elif step.state:
            self._deliveries.append(
                (step.state, delivery.attempts + 1, detail.code, text, now, message.id, delivery.position)
            )
        packed = _PACK.encode(msgspec.structs.replace(detail, text=text))
        self._events.append(
            (message.id, ids.new(), message.workspace_id, delivery.position, step.kind, now, packed)
        )
        if step.suppress:
            email = addresses.key(delivery.email)
            self._suppressions.append(
                (message.workspace_id, email, message.stream, step.suppress, "recipient", now)
            )
