"""A finished message is offered to the ways out of its route, one after another until one can take it."""

from collections.abc import Sequence
from contextlib import nullcontext

import msgspec

from core.jobs.gate import Gate
from core.jobs.lanes import News
from core.jobs.pauses import Place
from core.jobs.queue import Job
from core.jobs.routes import Routes, Way
from core.jobs.seats import Seat
from core.messages.message import Message
from core.store.statements import Many
from core.transport.transport import Deferred, Envelope, Outcome


class Offering(msgspec.Struct, frozen=True):
    """The ways to try, where to put what the store is to know of the destination, and the job's seat."""

    ways: Sequence[Way]
    lanes: list[Many]
    seat: Seat | None


class Offers:
    """Hands messages to ways out."""

    def __init__(self, routes: Routes, gate: Gate) -> None:
        """The gate knows which destinations are away, and learns of others."""
        self._routes = routes
        self._gate = gate

    def ways(self, message: Message, destination: str) -> list[Way]:
        """The ways to try now; none where the destination is away and nothing else leads there."""
        if message.draft.sandbox:
            return [Way(name="sandbox", transport=self._routes.sandbox)]
        ways = self._routes.of(_place(message))
        is_away = bool(self._gate.reason(destination))
        return [way for way in ways if not (way.direct and is_away)]

    def reason(self, destination: str) -> str:
        """Why a destination is let be; empty where it is not."""
        return self._gate.reason(destination)

    def parts(self, message: Message) -> bool:
        """Whether the message, being for several destinations, becomes a job for each."""
        return self._gate.parts(_place(message))

    async def make(
        self, offering: Offering, job: Job, envelope: Envelope, mime: bytes
    ) -> tuple[Outcome, ...]:
        """Offer it to the first way; whom it cannot reach at all, to the next. An outcome for each recipient."""
        outcomes: list[Outcome] = [Deferred(code=0)] * len(envelope.rcpt_to)
        left = list(range(len(outcomes)))
        for way in offering.ways:
            rest = msgspec.structs.replace(envelope, rcpt_to=tuple(envelope.rcpt_to[at] for at in left))
            with offering.seat.waiting() if way.direct and offering.seat else nullcontext():
                found = await way.transport.deliver(rest, mime)
            for at, outcome in zip(left, found, strict=True):
                outcomes[at] = outcome
            if way.direct and job.destination:
                offering.lanes.extend(self._gate.learn(_news(job.destination, found)))
            left = [at for at in left if _is_open(outcomes[at])]
            if not left:
                break
        return tuple(outcomes)


def _is_open(outcome: Outcome) -> bool:
    """Whether another way may be tried: nobody has said anything, and nobody can have taken the message."""
    return isinstance(outcome, Deferred) and outcome.unreached and not outcome.code


def _news(destination: str, outcomes: Sequence[Outcome]) -> News:
    lost = [each for each in outcomes if isinstance(each, Deferred) and each.unreached]
    reached = len(lost) < len(outcomes)
    return News(destination=destination, reason="" if reached else lost[0].text or "it could not be reached")


def _place(message: Message) -> Place:
    """Whose mail it is."""
    return Place(message.workspace_id, message.stream)
