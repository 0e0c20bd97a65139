"""One message on its way out, in named steps: render, gather its files, build, send, judge, record.

A message for several destinations is parted into a job for each where they have lanes of their own.
Safe to repeat: only recipients that are still open are sent to, and every outcome is recorded before the job ends.
A process that dies between a server's 250 and the record sends that one conversation again; of
personal copies, those of its message.
"""

import asyncio
import random
from collections.abc import Awaitable, Iterable, Sequence
from functools import partial
from typing import Final

import msgspec
import structlog

from core import bounces
from core.budget import Budget
from core.clock import SECOND
from core.core import Core
from core.errors import RenderFailed
from core.fetch import FetchFailed
from core.identities import Identity
from core.jobs.files import Files
from core.jobs.held import Held
from core.jobs.judgement import (
    OPEN,
    delayed,
    domain,
    domains,
    failed,
    given_up,
    judge,
    redirected,
    rehearse,
)
from core.jobs.offer import Offering, Offers
from core.jobs.queue import Job, portions
from core.jobs.record import Record, Recorder, Step
from core.jobs.seats import Seat, Seats
from core.messages.choices import Since, since
from core.messages.composition import is_personal, source
from core.messages.message import Delivery, Message, StoredAttachment
from core.messages.reading import whole
from core.messages.rendering import render
from core.sealing import SealBroken
from core.signing import identity_of, signed
from core.store.database import StoreUnavailable, listed, rows
from core.store.statements import Many, sql
from core.transport.transport import Envelope

_log = structlog.get_logger(__name__)

_THREAD_FROM_BYTES: Final = 256 * 1024
_JITTER: Final = 0.1
# what everybody may read of a fault of ours; the log has the rest
_CRASHED: Final = "an internal error"
_RECORD_AGAIN_S: Final = 0.5
# what was accepted so lately was looked up then
_FRESH_S: Final = 3


class _Lapsed(Exception):  # noqa: N818  # said of the lease
    """The job may be another worker's by now."""


class _Turn(msgspec.Struct, frozen=True, kw_only=True):
    """A job with what was read for it; ``since``: whom to hold back, where it had to be looked up."""

    job: Job
    message: Message | None
    held: Held
    since: Since
    seat: Seat | None = None


class _Waiting:
    """How many jobs of a portion wait for their turn."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.ended = asyncio.Event()

    def less(self) -> None:
        """One has got its turn."""
        self._count -= 1
        if self._count <= 0:
            self.ended.set()

    def over(self, _: object) -> None:
        """Nobody waits any longer, whatever became of them."""
        self.ended.set()


class Deliverer:
    """Runs jobs of kind ``deliver``, ``concurrency`` at once and within a budget of bytes."""

    def __init__(  # its collaborators
        self,
        core: Core,
        offers: Offers,
        recorder: Recorder,
        files: Files,
        *,
        concurrency: int,
        budget: Budget,
    ) -> None:
        """Everything it needs is handed in."""
        self._core = core
        self._offers = offers
        self._recorder = recorder
        self._files = files
        self._seats = Seats(concurrency)
        self._budget = budget
        self._stopping = False

    @property
    def waiting(self) -> int:
        """How many jobs wait for others' servers, without a seat."""
        return self._seats.waiting

    def stop(self) -> None:
        """Begin nothing new; what has begun goes on."""
        self._stopping = True

    async def run(self, jobs: Sequence[Job], held: Held) -> None:
        """Run a claim's jobs; those that are recorded leave ``held``. Others were not begun, or could not be ended."""
        tasks: list[asyncio.Task[None]] = []
        try:
            for portion in portions(jobs):
                waiting = _Waiting(len(portion))
                task = asyncio.create_task(self._portion(portion, held, waiting))
                task.add_done_callback(waiting.over)
                tasks.append(task)
                # the next is read when nothing of this one waits any longer, though some may still be sent
                await waiting.ended.wait()
            await _all(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _portion(self, jobs: Sequence[Job], held: Held, waiting: "_Waiting") -> None:
        try:
            found = await self._read(jobs)
        except msgspec.DecodeError as error:
            await self._part(jobs, held, waiting, error)
            return
        told = await self._since(jobs, found)
        # cleared, so that what has ended is not kept by what has not
        turns = [_Turn(job=job, message=found.get(job.message_id), held=held, since=told) for job in jobs]
        found.clear()
        work = [self._run_one(turn, waiting) for turn in turns]
        turns.clear()
        await _all(work)

    async def _read(self, jobs: Sequence[Job]) -> dict[str, Message]:
        query = sql.messages_by_ids(ids=listed(list({job.message_id for job in jobs})))
        found = await rows(self._core.db, Message, query)
        return {message.id: message for message in await whole(self._core.db, found)}

    async def _since(self, jobs: Sequence[Job], found: dict[str, Message]) -> Since:
        """Who must not be sent to any longer; asked for only where time has passed since the acceptance."""
        latest = self._core.clock.now() - _FRESH_S * SECOND
        tried = {job.message_id for job in jobs if job.attempts}
        return await since(
            self._core, [each for each in found.values() if each.created_at < latest or each.id in tried]
        )

    async def _part(
        self, jobs: Sequence[Job], held: Held, waiting: "_Waiting", error: msgspec.DecodeError
    ) -> None:
        """Keep a message that cannot be read from stopping those it was claimed with; it waits to be mended."""
        if len(jobs) > 1:
            await _all([self._portion([job], held, waiting) for job in jobs])
            return
        waiting.less()
        (job,) = jobs
        _log.error("message cannot be read", message_id=job.message_id, reason=str(error))
        again_at = self._core.clock.now() + int(self._core.policy.retry_schedule_s[-1] * SECOND)
        await self._recorder.add(Record(job=job, again_at=again_at, error=str(error)))
        held.end(job.id)

    async def _run_one(self, turn: "_Turn", waiting: "_Waiting") -> None:
        job = turn.job
        # the seat covers the record too: what may be sent twice after a crash is bounded by it, but for those that
        # wait for somebody's server
        async with self._seats.take() as seat, self._budget.hold(3 * job.size_bytes):
            waiting.less()
            if self._stopping:
                return
            try:
                if await self._is_done(msgspec.structs.replace(turn, seat=seat)):
                    turn.held.end(job.id)
            except _Lapsed:
                _log.warning("work not begun, its lease has ended or is about to", message_id=job.message_id)
            except StoreUnavailable as error:
                _log.warning(
                    "store unavailable, work given back", reason=str(error), message_id=job.message_id
                )

    async def _is_done(self, turn: "_Turn") -> bool:
        if not turn.held.begin(turn.job.id):
            raise _Lapsed
        if turn.message is None:
            return await self._is_kept(Record(job=turn.job))
        return await self._is_kept(await self._result(turn, turn.message))

    async def _result(self, turn: "_Turn", message: Message) -> Record:
        try:
            return await self._deliver(turn, message)
        except (StoreUnavailable, _Lapsed):
            raise
        except Exception:  # noqa: BLE001  # the worker must outlive any one message
            _log.exception("delivery crashed", message_id=message.id)
            # of its own recipients alone: the others have jobs that tell of them
            return self._later(turn.job, _share(turn.job, message), (), _CRASHED)

    async def _is_kept(self, record: Record) -> bool:
        """Record, again and again, since what a server took would be sent again otherwise.

        A store that is away is waited for. What it refuses for another reason is cut down to the state at the
        second refusal: the rest cannot be kept, and the mail has left.
        """
        refusals = 0
        while True:
            try:
                await self._recorder.add(record)
            except StoreUnavailable as error:
                _log.warning("outcome not recorded yet", reason=str(error), message_id=record.job.message_id)
            except Exception:  # noqa: BLE001  # whatever it is, the mail has left
                _log.exception("an outcome could not be recorded", message_id=record.job.message_id)
                refusals += 1
                if refusals > 1:
                    record = msgspec.structs.replace(record, bare=True)
            else:
                return True
            if self._stopping:
                return False
            await asyncio.sleep(_RECORD_AGAIN_S)

    async def _deliver(self, turn: "_Turn", whole: Message) -> Record:
        job, message = turn.job, _share(turn.job, whole)
        blocked, pending, real = _pending(turn, message)
        rehearsed = [each for each in pending if each not in real]
        steps = blocked + [step for each in rehearsed for step in rehearse(message, each)]
        if real and self._is_to_part(job, message):
            return Record(job=job, message=message, steps=tuple(steps), parts=domains(real))
        rendering = None
        try:
            if pending and message.templated and message.rendering is None:
                rendering = await render(self._core, message)
                message = msgspec.structs.replace(message, rendering=rendering)
            made = await self._attempt(turn, message, real, steps)
        except RenderFailed as failure:
            return Record(
                job=job, message=message, steps=(*blocked, *failed(pending, str(failure), "rendering_failed"))
            )
        except FetchFailed as failure:
            if not failure.temporary:
                return Record(job=job, message=message, steps=(*blocked, *failed(pending, failure.reason)))
            made = self._later(job, message, (), failure.reason)
        return msgspec.structs.replace(made, rendering=rendering)

    async def _attempt(
        self, turn: "_Turn", message: Message, real: tuple[Delivery, ...], steps: list[Step]
    ) -> Record:
        job = turn.job
        if not real:
            return Record(job=job, message=message, steps=tuple(steps))
        ways = self._offers.ways(message, job.destination)
        if not ways:
            return self._later(job, message, tuple(steps), self._offers.reason(job.destination))
        lanes: list[Many] = []
        steps = [*steps, *await self._send(turn, message, real, Offering(ways, lanes, turn.seat))]
        # of personal copies some may not have left yet
        settled = {step.delivery.position for step in steps if step.state not in ("", "deferred")}
        if any(each.position not in settled for each in real):
            made = self._later(job, message, tuple(steps), "")
            return msgspec.structs.replace(made, lanes=tuple(lanes))
        return Record(job=job, message=message, steps=tuple(steps), lanes=tuple(lanes))

    def _is_to_part(self, job: Job, message: Message) -> bool:
        """Whether recipients of several destinations go different ways from here on."""
        draft = message.draft
        if job.destination or draft.redirect_to or draft.sandbox:
            return False
        return self._offers.parts(message)

    async def _send(
        self, turn: "_Turn", message: Message, real: tuple[Delivery, ...], offering: Offering
    ) -> list[Step]:
        # once, however many copies leave
        files = await self._files.of(message)
        if message.draft.redirect_to or len(real) == 1 or not is_personal(message):
            return await self._send_copy(turn, message, files, real, offering)
        steps: list[Step] = []
        failure: Exception | None = None
        for each in real:
            try:
                steps.extend(await self._send_copy(turn, message, files, (each,), offering))
            except (_Lapsed, StoreUnavailable, SealBroken) as error:
                # the same holds for the others
                failure = error
                break
            except Exception as error:  # noqa: BLE001  # a fault with one recipient is none with the others
                _log.exception("a copy crashed", message_id=message.id, position=each.position)
                failure = error
            if not self._offers.ways(message, turn.job.destination):
                # the destination has proved to be away
                break
        if failure is not None and not steps:
            raise failure
        # what has left is recorded all the same; the others stay open
        return steps

    async def _send_copy(
        self,
        turn: "_Turn",
        message: Message,
        files: Sequence[StoredAttachment],
        real: tuple[Delivery, ...],
        offering: Offering,
    ) -> list[Step]:
        identity = await identity_of(self._core, message)
        mime = await signed(self._core, identity, await self._mime(message, files, real[0], identity))
        targets = message.draft.redirect_to
        envelope = Envelope(
            mail_from=bounces.mail_from(self._core, message, real, identity.return_domain),
            rcpt_to=targets or tuple(each.email for each in real),
            reported=bool(self._core.policy.return_host),
        )
        # files may have taken their time; from here on it leaves
        if not turn.held.is_safe(turn.job.id):
            raise _Lapsed
        outcomes = await self._offers.make(offering, turn.job, envelope, mime)
        if targets:
            return redirected(real, outcomes)
        return [step for each, outcome in zip(real, outcomes, strict=True) for step in judge(each, outcome)]

    async def _mime(
        self, message: Message, files: Sequence[StoredAttachment], recipient: Delivery, identity: Identity
    ) -> bytes:
        policy = identity.policy(self._core.policy)
        build = partial(source, policy, self._core.signer, message, files, recipient)
        size = sum(len(body or "") for body in (message.html, message.text))
        size += sum(file.size_bytes for file in files)
        return await asyncio.to_thread(build) if size > _THREAD_FROM_BYTES else build()

    def _later(self, job: Job, message: Message, steps: tuple[Step, ...], reason: str) -> Record:
        """Put the open recipients off, or give up where the message has become too old."""
        policy, now = self._core.policy, self._core.clock.now()
        due = job.due_at or message.scheduled_at or message.created_at
        if now >= due + policy.give_up_after_s * SECOND:
            return Record(job=job, message=message, steps=given_up(message, steps, reason))
        is_told = job.delayed or 0 < policy.delayed_after_s * SECOND <= now - due
        if is_told and not job.delayed:
            steps = (*steps, *delayed(message, steps, reason))
        schedule = policy.retry_schedule_s
        wait_s = schedule[min(job.attempts, len(schedule) - 1)]
        again_at = now + int(wait_s * random.uniform(1, 1 + _JITTER) * SECOND)  # noqa: S311  # no secret
        return Record(job=job, message=message, steps=steps, again_at=again_at, error=reason, delayed=is_told)


def _pending(
    turn: "_Turn", message: Message
) -> tuple[list[Step], tuple[Delivery, ...], tuple[Delivery, ...]]:
    """The end of those that were suppressed meanwhile; who is left, and who of them is no rehearsal's address."""
    still_open = [each for each in message.deliveries if each.state in OPEN]
    late = [each for each in still_open if turn.since.holds_back(message, each)]
    blocked = [Step(delivery=each, kind="suppressed", state="suppressed") for each in late]
    pending = tuple(each for each in still_open if each not in late)
    real = tuple(each for each in pending if each.email.lower() not in message.draft.rehearsals)
    return blocked, pending, real


def _share(job: Job, message: Message) -> Message:
    """The message with those recipients alone that are this job's."""
    if not job.is_part:
        return message
    own = tuple(
        each
        for each in message.deliveries
        if each.email.lower() in message.draft.rehearsals or domain(each) == job.destination
    )
    return msgspec.structs.replace(message, deliveries=own)


async def _all(work: Iterable[Awaitable[None]]) -> None:
    """Wait for every one, then tell of the first that failed.

    No task group: one that fails must not cut off the others in the middle of a conversation.
    """
    for each in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(each, BaseException):
            raise each
