"""What came of an attempt, as steps to record: by a server's replies, by rehearsal, by our own failure, by age."""

from collections.abc import Sequence
from typing import Final, assert_never

import msgspec

from core import addresses
from core.diagnosis import HARD, Kind, diagnose
from core.events import Detail
from core.jobs.record import Step
from core.messages.draft import Rehearsal
from core.messages.message import Delivery, Message
from core.transport.transport import Bounced, Deferred, Delivered, Outcome

OPEN: Final = ("queued", "deferred")
# the worst first: a target that can still be reached is not given up because another one refused
_WORST: Final = (Deferred, Bounced, Delivered)

_REHEARSAL: Final = "rehearsal"
_UNKNOWN_USER: Final = (550, "5.1.1", "Unknown user")
# what a server would have said of a rehearsed bounce
_REFUSALS: Final[dict[Kind, tuple[int, str, str]]] = {
    "soft": (552, "5.2.2", "Mailbox full"),
    "mailbox_full": (552, "5.2.2", "Mailbox full"),
    "transient": (451, "4.4.7", "Message delayed"),
    "dns": (451, "4.4.3", "Name service error"),
    "blocked": (550, "5.7.1", "Blocked"),
    "spam": (554, "5.7.1", "Message is taken for spam"),
    "dmarc": (550, "5.7.26", "Not accepted by DMARC policy"),
    "virus": (554, "5.7.0", "Message holds a virus"),
    "bad_address": (553, "5.1.3", "Bad address"),
}


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
            return [*sent, _refused(delivery, outcome, detail)]
        case _:
            assert_never(outcome)


def _refused(delivery: Delivery, outcome: Bounced, detail: Detail) -> Step:
    """A refusal; where the sender or the message was refused it says nothing of the address."""
    kind = diagnose(outcome.code, outcome.enhanced, outcome.text)
    if outcome.of_all and kind in HARD:
        kind = "blocked"
    return Step(
        delivery=delivery,
        kind="bounced",
        state="bounced",
        detail=msgspec.structs.replace(detail, type=kind),
        suppress="hard_bounce" if kind in HARD else "",
    )


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
        case "refuse":
            return [_kept_back(delivery, rehearsal)]
        case _:
            assert_never(rehearsal.outcome)


def _rehearsed(delivery: Delivery) -> Step:
    fine = Detail(code=250, enhanced="2.0.0", text="rehearsed", host=_REHEARSAL)
    return Step(delivery=delivery, kind="delivered", state="delivered", detail=fine)


def _complained(delivery: Delivery, rehearsal: Rehearsal) -> Step:
    suppress = "complaint" if rehearsal.suppress else ""
    detail = Detail(type="complaint", host=_REHEARSAL)
    return Step(delivery=delivery, kind="complained", state="complained", detail=detail, suppress=suppress)


def _bounced(delivery: Delivery, rehearsal: Rehearsal) -> Step:
    code, enhanced, words = _REFUSALS.get(rehearsal.kind, _UNKNOWN_USER)
    text = f"{enhanced} {words}"
    detail = Detail(code=code, enhanced=enhanced, text=text, host=_REHEARSAL, type=rehearsal.kind)
    suppress = "hard_bounce" if rehearsal.suppress else ""
    return Step(delivery=delivery, kind="bounced", state="bounced", detail=detail, suppress=suppress)


def _kept_back(delivery: Delivery, rehearsal: Rehearsal) -> Step:
    detail = Detail(text=rehearsal.text, type=rehearsal.kind)
    return Step(delivery=delivery, kind="bounced", state="bounced", detail=detail)


def failed(deliveries: Sequence[Delivery], reason: str, kind: Kind = "unknown") -> tuple[Step, ...]:
    """The end of deliveries without a last word from the other side."""
    detail = Detail(text=reason, type=kind)
    return tuple(Step(delivery=each, kind="failed", state="failed", detail=detail) for each in deliveries)


def given_up(message: Message, steps: tuple[Step, ...], reason: str) -> tuple[Step, ...]:
    """Deferred recipients are given up instead; whoever got an outcome keeps it."""
    settled = tuple(step for step in steps if step.state != "deferred")
    return settled + tuple(_gave_up(each, last, reason) for each, last in _left(message, steps))


def _gave_up(delivery: Delivery, last: Detail, reason: str) -> Step:
    text = last.text or delivery.text or reason
    kind = diagnose(last.code or delivery.code, last.enhanced, text)
    # it was never refused for good
    (step,) = failed([delivery], text, "soft" if kind in HARD else kind)
    return msgspec.structs.replace(step, kind="expired")


def delayed(message: Message, steps: tuple[Step, ...], reason: str) -> tuple[Step, ...]:
    """What is told once of recipients whose mail is late."""
    return tuple(
        Step(delivery=each, kind="delayed", detail=Detail(text=last.text or each.text or reason))
        for each, last in _left(message, steps)
    )


def _left(message: Message, steps: tuple[Step, ...]) -> list[tuple[Delivery, Detail]]:
    """Who has no outcome yet, and what was said of them last."""
    done = {step.delivery.position for step in steps if step.state not in ("", "deferred")}
    last = {step.delivery.position: step.detail for step in steps if step.state == "deferred"}
    left = [each for each in message.deliveries if each.state in OPEN and each.position not in done]
    return [(each, last.get(each.position, Detail())) for each in left]


def domain(delivery: Delivery) -> str:
    """Where a delivery goes, as jobs have it."""
    return addresses.domain(addresses.key(delivery.email))


def domains(deliveries: Sequence[Delivery]) -> tuple[str, ...]:
    """Where they all go, each domain once."""
    return tuple(dict.fromkeys(domain(each) for each in deliveries))
