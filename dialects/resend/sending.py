"""The operations that a key with sending access may call: one email, or up to a hundred.

Source: Resend API reference, "Send email" and "Send batch emails", read 2026-11; the aliases stand on its page of OAuth
scopes. A success is exactly 200: Symfony's mailer refuses any other.
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from core import messages
from core.errors import Invalid, Refusal, Unverified
from core.messages import Claim, Draft, Receipt
from dialects.endpoint import MIB, Call, decode, post
from dialects.request import Request
from dialects.resend.emails import Email, EmailWithFiles
from dialects.resend.errors import say
from dialects.resend.idempotency import claim, meaning

# 40 MB of message as the Go SDK writes it: four letters for each byte of an attachment
_EMAIL_BYTES: Final = 128 * MIB
_BATCH_BYTES: Final = 40 * MIB
_MOST: Final = 100
_VALIDATION: Final = b"x-batch-validation"
_ELEMENT: Final = msgspec.json.Decoder(Email)

Batch = list[msgspec.Raw]
KEYED: Final = (EmailWithFiles, Batch)


class Accepted(msgspec.Struct, frozen=True):
    """The id of an email."""

    id: str


class Accepteds(msgspec.Struct, frozen=True):
    """The ids of a batch, in its order."""

    data: list[Accepted]


class Rejected(msgspec.Struct, frozen=True):
    """Why one element of a batch is not sent; ``index`` counts from 0."""

    index: int
    message: str


class Report(msgspec.Struct, frozen=True):
    """What a permissive batch came to: the accepted ones alone, and the others by place."""

    data: list[Accepted]
    errors: list[Rejected]


async def send(call: Call, body: EmailWithFiles) -> Accepted:
    """Accept one email; a repeated idempotency key gets the first answer again."""
    key = claim(call.request, "POST /emails", lambda: body)
    if key is not None and (first := await messages.recall(call.core, call.caller, key)) is not None:
        return Accepted(first[0].id)
    draft = await body.draft(call.core, call.caller, call.core.clock.now())
    return Accepted((await messages.submit(call.core, call.caller, draft, claim=key)).id)


async def send_batch(call: Call, body: Batch) -> Accepteds | Report:
    """Accept up to a hundred: all or none, or in permissive mode those that can be."""
    mode = _mode(call.request)
    key = claim(call.request, "POST /emails/batch", lambda: [meaning(raw) for raw in body])
    if not 1 <= len(body) <= _MOST:
        raise Invalid("body", f"The batch must contain between 1 and {_MOST} emails.", kind="words")
    if mode == "strict":
        return Accepteds([Accepted(receipt.id) for receipt in await _all_or_none(call, body, key)])
    return _report(await _those_that_can(call, body, key))


def _mode(request: Request) -> Literal["strict", "permissive"]:
    match request.header(_VALIDATION) or "strict":
        case "strict":
            return "strict"
        case "permissive":
            return "permissive"
        case _:
            reason = "The `x-batch-validation` header must be `strict` or `permissive`."
            raise Invalid("x-batch-validation", reason, kind="words")


async def _all_or_none(call: Call, body: Batch, key: Claim | None) -> Sequence[Receipt]:
    if key is not None and (first := await messages.recall(call.core, call.caller, key)) is not None:
        return first
    now = call.core.clock.now()
    drafts = [await _draft(call, raw, now) for raw in body]
    results = await messages.submit_all(call.core, call.caller, drafts, claim=key, atomic=True)
    return [each for each in results if isinstance(each, Receipt)]


async def _those_that_can(call: Call, body: Batch, key: Claim | None) -> list[Receipt | Refusal]:
    """A receipt or a refusal for each element."""
    core, caller = call.core, call.caller
    answers: Sequence[Receipt | Refusal] = ()
    if key is not None:
        answers = await messages.recall(core, caller, key) or ()
    made = [await _draft_or_refusal(call, raw, _judged_at(call, answers)) for raw in body]
    drafts = [each for each in made if isinstance(each, Draft)]
    if drafts and not answers:
        answers = await messages.submit_all(core, caller, drafts, claim=key)
    placed = iter(_placed(drafts, answers))
    return [next(placed) if isinstance(each, Draft) else each for each in made]


def _judged_at(call: Call, answers: Sequence[Receipt | Refusal]) -> int:
    """Now; for a repetition the moment of the first call, so that no time has become past since."""
    first = answers[0] if answers else None
    return first.created_at if isinstance(first, Receipt) else call.core.clock.now()


def _placed(drafts: Sequence[Draft], answers: Sequence[Receipt | Refusal]) -> Sequence[Receipt | Refusal]:
    """An answer for each draft; a repetition remembers those that were accepted, the others lacked a sender."""
    if len(drafts) == len(answers):
        return answers
    held = {each.position: each for each in answers if isinstance(each, Receipt)}
    return [held.get(at) or Unverified(draft.sender.email) for at, draft in enumerate(drafts)]


async def _draft(call: Call, raw: msgspec.Raw, now: int) -> Draft:
    email: Email = decode(_ELEMENT.decode, bytes(raw))
    return await email.draft(call.core, call.caller, now)


async def _draft_or_refusal(call: Call, raw: msgspec.Raw, now: int) -> Draft | Refusal:
    try:
        return await _draft(call, raw, now)
    except Refusal as refusal:
        return refusal


def _report(results: Sequence[Receipt | Refusal]) -> Report:
    return Report(
        data=[Accepted(each.id) for each in results if isinstance(each, Receipt)],
        errors=[Rejected(at, say(each)) for at, each in enumerate(results) if isinstance(each, Refusal)],
    )


OPERATIONS = (
    *(
        post(path, send, limit_bytes=_EMAIL_BYTES)
        for path in ("/emails", "/email", "/emails/sending", "/email/sending")
    ),
    post("/emails/batch", send_batch, limit_bytes=_BATCH_BYTES),
)
