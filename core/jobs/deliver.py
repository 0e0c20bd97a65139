"""One message on its way out, in named steps: render, gather its files, build, send, judge, record.

Safe to repeat: only recipients that are still open are sent to, and every outcome is recorded before the job ends.
A process that dies between a server's 250 and the record sends that one conversation again.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Final, assert_never

import msgspec
import structlog

from core import addresses
from core.budget import Budget
from core.clock import SECOND
from core.core import Core
from core.errors import RenderFailed
from core.events import Detail
from core.fetch import FetchFailed
from core.jobs.files import Files
from core.jobs.queue import Job
from core.jobs.record import Record, Recorder, Step
from core.messages.composition import letter
from core.messages.message import Delivery, Message, Rendering
from core.messages.reading import whole
from core.messages.rendering import render
from core.mime import build
from core.store.database import StoreUnavailable, listed, rows
from core.store.statements import sql
from core.transport.transport import Bounced, Deferred, Delivered, Envelope, Outcome, Transport

_log = structlog.get_logger(__name__)

_OPEN: Final = ("queued", "deferred")
_THREAD_FROM_BYTES: Final = 256 * 1024
# messages of one claim are read in portions of about this size, so that a claim of large ones stays bounded
_PORTION_BYTES: Final = 16 * 1024 * 1024
_JITTER: Final = 0.1
# what everybody may read of a fault of ours; the log has the rest
_CRASHED: Final = "an internal error"
_RECORD_AGAIN_S: Final = 0.5


class Routes(msgspec.Struct, frozen=True, kw_only=True):
    """Where mail leaves: the operator's transport, and the one that keeps sandboxed mail in."""

    default: Transport
    sandbox: Transport


class Deliverer:
    """Runs jobs of kind ``deliver``, ``concurrency`` at once and within a budget of bytes."""

    def __init__(  # its collaborators
        self,
        core: Core,
        routes: Routes,
        recorder: Recorder,
        files: Files,
        *,
        concurrency: int,
        budget: Budget,
    ) -> None:
        """Everything it needs is handed in."""
        self._core = core
        self._routes = routes
        self._recorder = recorder
        self._files = files
        self._turn = asyncio.Semaphore(concurrency)
        self._budget = budget
        self._stopping = False

    def stop(self) -> None:
        """Begin nothing new; what has begun goes on."""
        self._stopping = True

    async def run(self, jobs: Sequence[Job], done: Callable[[Job], None]) -> None:
        """Run a claim's jobs; ``done`` is told of each that is recorded. Others were not begun."""
        for portion in _portions(jobs):
            try:
                messages = await self._read(portion)
            except msgspec.DecodeError as error:
                await self._part(portion, done, error)
                continue
            # no task group: one that fails must not cut off the others in the middle of a conversation
            ended = await asyncio.gather(
                *(self._run_one(job, messages.get(job.id), done) for job in portion), return_exceptions=True
            )
            for each in ended:
                if isinstance(each, BaseException):
                    raise each

    async def _read(self, jobs: Sequence[Job]) -> dict[str, Message]:
        query = sql.messages_by_ids(ids=listed([job.id for job in jobs]))
        found = await rows(self._core.db, Message, query)
        return {message.id: message for message in await whole(self._core.db, found)}

    async def _part(
        self, jobs: Sequence[Job], done: Callable[[Job], None], error: msgspec.DecodeError
    ) -> None:
        """Keep a message that cannot be read from stopping those it was claimed with; it waits to be mended."""
        if len(jobs) > 1:
            await asyncio.gather(*(self.run([job], done) for job in jobs))
            return
        _log.error("message cannot be read", message_id=jobs[0].id, reason=str(error))
        again_at = self._core.clock.now() + int(self._core.policy.retry_schedule_s[-1] * SECOND)
        await self._recorder.add(Record(job=jobs[0], again_at=again_at, error=str(error)))
        done(jobs[0])

    async def _run_one(self, job: Job, message: Message | None, done: Callable[[Job], None]) -> None:
        # the semaphore's turn covers the record too: what may be sent twice after a crash is bounded by it
        async with self._turn, self._budget.hold(3 * job.size_bytes):
            if self._stopping:
                return
            try:
                record = Record(job=job) if message is None else await self._result(job, message)
                if await self._is_kept(record):
                    done(job)
            except StoreUnavailable as error:
                _log.warning("store unavailable, work given back", reason=str(error), message_id=job.id)
            except Exception:  # noqa: BLE001  # what cannot be recorded must not cut off the conversations beside it
                _log.exception("an outcome could not be recorded", message_id=job.id)

    async def _result(self, job: Job, message: Message) -> Record:
        try:
            return await self._deliver(job, message)
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001  # the worker must outlive any one message
            _log.exception("delivery crashed", message_id=message.id)
            return self._later(job, message, (), _CRASHED)

    async def _is_kept(self, record: Record) -> bool:
        """Record; a store that is away is waited for, since what a server took would be sent again otherwise."""
        while True:
            try:
                await self._recorder.add(record)
            except StoreUnavailable as error:
                if self._stopping:
                    return False
                _log.warning("outcome not recorded yet", reason=str(error), message_id=record.job.id)
                await asyncio.sleep(_RECORD_AGAIN_S)
            else:
                return True

    async def _deliver(self, job: Job, message: Message) -> Record:
        still_open = [each for each in message.deliveries if each.state in _OPEN]
        late = await self._suppressed_since(job, message, still_open)
        blocked = [Step(delivery=each, kind="suppressed", state="suppressed") for each in late]
        pending = tuple(each for each in still_open if each not in late)
        rehearsed = tuple(each for each in pending if each.email.lower() in message.draft.rehearsals)
        real = tuple(each for each in pending if each not in rehearsed)
        steps = blocked + [step for each in rehearsed for step in _rehearse(message, each)]
        rendering = None
        try:
            if pending and message.templated and message.rendering is None:
                rendering = await render(self._core, message)
                message = msgspec.structs.replace(message, rendering=rendering)
            if real:
                steps.extend(await self._send(message, real))
        except RenderFailed as failure:
            return Record(job=job, message=message, steps=(*blocked, *_failed(pending, str(failure))))
        except FetchFailed as failure:
            if not failure.temporary:
                return Record(job=job, message=message, steps=(*blocked, *_failed(pending, failure.reason)))
            return self._later(job, message, (), failure.reason, rendering)
        if any(step.state == "deferred" for step in steps):
            return self._later(job, message, tuple(steps), "", rendering)
        return Record(job=job, message=message, steps=tuple(steps), rendering=rendering)

    async def _suppressed_since(
        self, job: Job, message: Message, still_open: Sequence[Delivery]
    ) -> list[Delivery]:
        """Who must not be sent to any longer; asked for only where time has passed since the acceptance."""
        if message.state != "scheduled" and not job.attempts:
            return []
        keys = listed([addresses.key(each.email) for each in still_open])
        found = await self._core.db.fetch(sql.suppressions_among(emails=keys))
        held = {row[1] for row in found if row[0] == message.workspace_id and row[2] in ("", message.stream)}
        return [each for each in still_open if addresses.key(each.email) in held]

    async def _send(self, message: Message, real: tuple[Delivery, ...]) -> list[Step]:
        mime = await self._mime(message)
        targets = message.draft.redirect_to
        envelope = Envelope(
            mail_from=message.draft.sender.email,
            rcpt_to=targets or tuple(each.email for each in real),
        )
        transport = self._routes.sandbox if message.draft.sandbox else self._routes.default
        outcomes = await transport.deliver(envelope, mime)
        # what came of the first target is told of every recipient in whose place it stands
        judged = outcomes[:1] * len(real) if targets else outcomes
        steps = [step for each, outcome in zip(real, judged, strict=True) for step in _judge(each, outcome)]
        # and says nothing against their addresses
        return [msgspec.structs.replace(step, suppress="") for step in steps] if targets else steps

    async def _mime(self, message: Message) -> bytes:
        files = await self._files.of(message)
        made = letter(self._core.policy, message, files)
        size = sum(file.size_bytes for file in files)
        return await asyncio.to_thread(build, made) if size > _THREAD_FROM_BYTES else build(made)

    def _later(
        self,
        job: Job,
        message: Message,
        steps: tuple[Step, ...],
        reason: str,
        rendering: Rendering | None = None,
    ) -> Record:
        """Put the open recipients off, or give up where the message has become too old."""
        policy, now = self._core.policy, self._core.clock.now()
        schedule = policy.retry_schedule_s
        wait_s = schedule[min(job.attempts, len(schedule) - 1)]
        again_at = now + int(wait_s * random.uniform(1, 1 + _JITTER) * SECOND)  # noqa: S311  # no secret
        due = message.scheduled_at or message.created_at
        if now >= due + policy.give_up_after_s * SECOND:
            return Record(
                job=job, message=message, steps=_given_up(message, steps, reason), rendering=rendering
            )
        return Record(
            job=job, message=message, steps=steps, rendering=rendering, again_at=again_at, error=reason
        )


def _portions(jobs: Sequence[Job]) -> list[list[Job]]:
    portions: list[list[Job]] = [[]]
    size = 0
    for job in jobs:
        size += job.size_bytes
        if portions[-1] and size > _PORTION_BYTES:
            portions.append([])
            size = job.size_bytes
        portions[-1].append(job)
    return portions


def _judge(delivery: Delivery, outcome: Outcome) -> list[Step]:
    """The steps that an attempt's outcome means; ``sent`` is told once, at the first attempt."""
    sent = [] if delivery.attempts else [Step(delivery=delivery, kind="sent")]
    detail = Detail(code=outcome.code, enhanced=outcome.enhanced, text=outcome.text, host=outcome.host)
    match outcome:
        case Delivered():
            return [*sent, Step(delivery=delivery, kind="delivered", state="delivered", detail=detail)]
        case Deferred():
            return [*sent, Step(delivery=delivery, kind="deferred", state="deferred", detail=detail)]
        case Bounced():
            suppress = "hard_bounce" if _is_hard(outcome) else ""
            bounced = Step(
                delivery=delivery, kind="bounced", state="bounced", detail=detail, suppress=suppress
            )
            return [*sent, bounced]
        case _:
            assert_never(outcome)


def _is_hard(outcome: Bounced) -> bool:
    """Whether the address itself is bad, and not the message or its path.

    The reply to this very address says so by RFC 3463 X.1.x, but for the sender's, or by a bare 550, 551 or 553.
    """
    if outcome.of_all:
        return False
    if outcome.enhanced:
        return outcome.enhanced.startswith("5.1.") and outcome.enhanced not in ("5.1.7", "5.1.8")
    return outcome.code in (550, 551, 553)


def _rehearse(message: Message, delivery: Delivery) -> list[Step]:
    """What a provider's test address goes through instead of a delivery."""
    rehearsal = message.draft.rehearsals[delivery.email.lower()]
    sent = Step(delivery=delivery, kind="sent")
    fine = Detail(code=250, enhanced="2.0.0", text="rehearsed", host="rehearsal")
    delivered = Step(delivery=delivery, kind="delivered", state="delivered", detail=fine)
    match rehearsal.outcome:
        case "deliver" | "drop":
            return [sent, delivered]
        case "complain":
            suppress = "complaint" if rehearsal.suppress else ""
            return [
                sent,
                delivered,
                Step(delivery=delivery, kind="complained", state="complained", suppress=suppress),
            ]
        case "suppress":
            return [Step(delivery=delivery, kind="suppressed", state="suppressed")]
        case "bounce":
            detail = Detail(
                code=550, enhanced="5.1.1", text="5.1.1 Unknown user", host="rehearsal", type=rehearsal.type
            )
            suppress = "hard_bounce" if rehearsal.suppress else ""
            return [
                sent,
                Step(delivery=delivery, kind="bounced", state="bounced", detail=detail, suppress=suppress),
            ]
        case _:
            assert_never(rehearsal.outcome)


def _failed(deliveries: Sequence[Delivery], reason: str) -> tuple[Step, ...]:
    detail = Detail(text=reason)
    return tuple(Step(delivery=each, kind="failed", state="failed", detail=detail) for each in deliveries)


def _given_up(message: Message, steps: tuple[Step, ...], reason: str) -> tuple[Step, ...]:
    """Deferred recipients fail instead; whoever got an outcome keeps it."""
    settled = tuple(step for step in steps if step.state != "deferred")
    done = {step.delivery.position for step in settled if step.state}
    texts = {step.delivery.position: step.detail.text for step in steps if step.state == "deferred"}
    left = [each for each in message.deliveries if each.state in _OPEN and each.position not in done]
    gave_up = tuple(
        step for each in left for step in _failed([each], texts.get(each.position) or each.text or reason)
    )
    return settled + gave_up
