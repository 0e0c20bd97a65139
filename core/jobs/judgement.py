"""What came of an attempt, as steps to record: by a server's replies, by rehearsal, by our own failure, by age."""

from collections.abc import Sequence
from typing import Final, assert_never

import msgspec

from core.events import Detail
from core.jobs.record import Step
from core.messages.draft import Rehearsal
from core.messages.message import Delivery, Message
from core.transport.transport import Bounced, Deferred, Delivered, Outcome

OPEN: Final = ("queued", "deferred")
# the worst first: a target that can still be reached is not given up because another one refused
_WORST: Final = (Deferred, Bounced, Delivered)


def judge(delivery: Delivery, outcome: Outcome) -> list[Step]:
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


def redirected(real: Sequence[Delivery], outcomes: Sequence[Outcome]) -> list[Step]:
    """What came of the targets in whose place the recipients stand: the worst of it, told of each recipient.

    It says nothing against their addresses. A target that took the message has it again if another one is retried:
    a delivery keeps one state, and none for each target.
    """
    worst = min(outcomes, key=lambda each: _WORST.index(type(each)))
    return [msgspec.structs.replace(step, suppress="") for each in real for step in judge(each, worst)]


def rehearse(message: Message, delivery: Delivery) -> list[Step]:
    """What a provider's test address goes through instead of a delivery."""
    rehearsal = message.draft.rehearsals[delivery.email.lower()]
    sent = Step(delivery=delivery, kind="sent")
    match rehearsal.outcome:
        case "deliver" | "drop":
            return [sent, _rehearsed(delivery)]
        case "complain":
            return [sent, _rehearsed(delivery), _complained(delivery, rehearsal)]
        case "suppress":
            return [Step(delivery=delivery, kind="suppressed", state="suppressed")]
        case "bounce":
            return [sent, _bounced(delivery, rehearsal)]
        case _:
            assert_never(rehearsal.outcome)


def _rehearsed(delivery: Delivery) -> Step:
    fine = Detail(code=250, enhanced="2.0.0", text="rehearsed", host="rehearsal")
    return Step(delivery=delivery, kind="delivered", state="delivered", detail=fine)


def _complained(delivery: Delivery, rehearsal: Rehearsal) -> Step:
    suppress = "complaint" if rehearsal.suppress else ""
    return Step(delivery=delivery, kind="complained", state="complained", suppress=suppress)


def _bounced(delivery: Delivery, rehearsal: Rehearsal) -> Step:
    text = "5.1.1 Unknown user"
    detail = Detail(code=550, enhanced="5.1.1", text=text, host="rehearsal", type=rehearsal.type)
    suppress = "hard_bounce" if rehearsal.suppress else ""
    return Step(delivery=delivery, kind="bounced", state="bounced", detail=detail, suppress=suppress)


def failed(deliveries: Sequence[Delivery], reason: str) -> tuple[Step, ...]:
    """The end of deliveries for a reason of our own side."""
    detail = Detail(text=reason)
    return tuple(Step(delivery=each, kind="failed", state="failed", detail=detail) for each in deliveries)


def given_up(message: Message, steps: tuple[Step, ...], reason: str) -> tuple[Step, ...]:
    """Deferred recipients fail instead; whoever got an outcome keeps it."""
    settled = tuple(step for step in steps if step.state != "deferred")
    done = {step.delivery.position for step in settled if step.state}
    texts = {step.delivery.position: step.detail.text for step in steps if step.state == "deferred"}
    left = [each for each in message.deliveries if each.state in OPEN and each.position not in done]
    gave_up = tuple(
        step for each in left for step in failed([each], texts.get(each.position) or each.text or reason)
    )
    return settled + gave_up
