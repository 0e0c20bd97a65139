"""Sending: one message, or up to a hundred in a call.

Source: PufferPost guide "Sending email", read 2026-11. Its Symfony bridge sends everything as a batch, under /api/v1.
"""

from collections.abc import Sequence
from typing import ClassVar, Final

import msgspec

from core import messages
from core.errors import Malformed, Refusal
from core.messages import Draft, Receipt
from dialects.endpoint import MIB, Call, post
from dialects.pufferpost.bodies import Reader
from dialects.pufferpost.choice import Choices
from dialects.pufferpost.errors import ERRORS, Problem, problem
from dialects.pufferpost.mail import Email
from dialects.pufferpost.violations import BLANK, ValidationFailed, Violation, Violations
from dialects.pufferpost.wire import both, shown

_LIMIT_BYTES: Final = 8 * MIB
_BATCH_LIMIT_BYTES: Final = 64 * MIB
_MOST_ENTRIES: Final = 100
_LONGEST_KEY: Final = 255
_ENTRY: Final = Reader(Email)
_OBJECT: Final = ord("{")


class Accepted(msgspec.Struct):
    """The answer to a send."""

    id: str
    status: str = "accepted"


class Batch(msgspec.Struct, kw_only=True):
    """Entries, each read on its own: one that is wrong does not spoil the others."""

    parts: ClassVar[dict[str, type[msgspec.Struct]]] = {}

    messages: list[msgspec.Raw] | None = None

    def check(self, found: Violations) -> None:
        """Note what is wrong with the batch as such."""
        if not self.messages:
            found.add("messages", BLANK)
        else:
            found.count("messages", len(self.messages), _MOST_ENTRIES)


class Result(msgspec.Struct, kw_only=True):
    """What came of one entry."""

    index: int
    status: str
    id: str | msgspec.UnsetType = msgspec.UNSET
    error: Problem | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, index: int, outcome: Receipt | Refusal) -> "Result":
        """From a receipt or a refusal."""
        if isinstance(outcome, Refusal):
            return cls(index=index, status="error", error=problem(outcome, ERRORS.row(outcome)))
        return cls(index=index, status="accepted", id=shown("msg", outcome.id))


class Results(msgspec.Struct):
    """The answer to a batch: one result for each entry, in their order."""

    data: list[Result]


async def send(call: Call, body: Email) -> Accepted:
    """Accept one message. A repetition under the same idempotency key gets the first answer again."""
    found = Violations()
    draft, key = body.draft(found), _key(call, found)
    found.refuse()
    draft = await Choices(call).settle(body, draft)
    receipt = await messages.submit(call.core, call.caller, draft, claim=_claim(key, body))
    if receipt.replayed:
        call.headers.append((b"idempotent-replayed", b"true"))
    return Accepted(shown("msg", receipt.id))


def _key(call: Call, found: Violations) -> str:
    """The idempotency key; an empty one is none."""
    key = call.request.header(b"idempotency-key") or ""
    found.length("Idempotency-Key", key, _LONGEST_KEY)
    return key


def _claim(key: str, body: Email) -> messages.Claim | None:
    return messages.Claim(scope="idempotency", key=key, fingerprint=body.fingerprint()) if key else None


async def send_batch(call: Call, body: Batch) -> Results:
    """Accept each entry or say why not; an Idempotency-Key is not looked at."""
    found = Violations()
    body.check(found)
    found.refuse()
    choices = Choices(call)
    wanted = [await _entry(raw, choices) for raw in body.messages or ()]
    outcomes = await _submitted(call, [each for each in wanted if isinstance(each, Draft)])
    results = iter(outcomes)
    return Results(
        [
            Result.of(index, next(results) if isinstance(each, Draft) else each)
            for index, each in enumerate(wanted)
        ]
    )


async def _submitted(call: Call, drafts: Sequence[Draft]) -> list[Receipt | Refusal]:
    return await messages.submit_all(call.core, call.caller, drafts) if drafts else []


async def _entry(raw: msgspec.Raw, choices: Choices) -> Draft | Refusal:
    if memoryview(raw)[0] != _OBJECT:
        return ValidationFailed((Violation("", "This value should be of type object."),))
    found = Violations()
    try:
        email = _ENTRY.read(raw)
        draft = email.draft(found)
        found.refuse()
        return await choices.settle(email, draft)
    except Malformed:
        # no JSON in the end: letters of an entry are looked at later than its brackets
        raise
    except Refusal as refusal:
        return refusal


OPERATIONS = both(
    post("/v1/messages", send, status=202, limit_bytes=_LIMIT_BYTES),
    post("/v1/messages/batch", send_batch, limit_bytes=_BATCH_LIMIT_BYTES),
)
