"""Sending: one message, or up to five hundred that are accepted or refused each for itself.

Source: Postmark developer docs, "Email", "Batch emails", and "Sandbox mode", read 2026-11.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec

from core import ids, messages, streams
from core.errors import Invalid, Malformed, Refusal
from core.messages import Draft, Receipt
from dialects.endpoint import MIB, Call, post
from dialects.postmark import errors, outgoing
from dialects.postmark.auth import is_test
from dialects.postmark.codec import Reader
from dialects.postmark.outgoing import Message
from dialects.times import iso

M = TypeVar("M")

MOST_MESSAGES: Final = 500
BATCH_BYTES: Final = 50 * MIB
_PARTLY: Final = f"Message OK, but will not deliver to these inactive addresses: {{}}. {errors.INACTIVE_ARE}"
_message: Final = Reader(Message).read


class Sent(msgspec.Struct, rename="pascal", kw_only=True, omit_defaults=False):
    """An accepted message. ``To`` is the request's own text; a request without one gets none back."""

    to: str | msgspec.UnsetType = msgspec.UNSET
    submitted_at: str
    message_id: str = msgspec.field(name="MessageID")
    error_code: int = 0
    message: str = "OK"

    @classmethod
    def of(cls, asked: Message, receipt: Receipt) -> "Sent":
        """From what was kept."""
        return cls(
            to=asked.to or msgspec.UNSET,
            submitted_at=iso(receipt.created_at, digits=7),
            message_id=receipt.id,
            message=_PARTLY.format(", ".join(receipt.dropped)) if receipt.dropped else "OK",
        )

    @classmethod
    def tested(cls, asked: Message, at: int) -> "Sent":
        """For a message that was only looked at."""
        return cls(
            to=asked.to or msgspec.UNSET,
            submitted_at=iso(at, digits=7),
            message_id=ids.new(),
            message="Test job accepted",
        )


async def send(call: Call, body: Message) -> Sent:
    """Accept one message."""
    if is_test(call.caller):
        body.draft()
        return Sent.tested(body, call.core.clock.now())
    await streams.require_sending(call.core, call.caller, body.stream)
    (draft,) = await call.core.replies.filled(call.caller.account_id, [body.draft()])
    return Sent.of(body, await messages.submit(call.core, call.caller, draft))


async def send_batch(call: Call, body: list[msgspec.Raw]) -> list[Sent | errors.Failed]:
    """Accept every message that can be accepted; a result for each, in order."""
    check_count(len(body))
    asked = [read(raw, _message) for raw in body]
    # the texts hold on to the whole body, which may be fifty megabytes
    body.clear()
    return await accept(call, asked)


def check_count(count: int) -> None:
    """Refuse a batch of too many messages; raises Invalid("batch")."""
    if count > MOST_MESSAGES:
        raise Invalid("Messages", f"A batch may hold {MOST_MESSAGES} messages.", kind="batch")


def read(raw: msgspec.Raw, reader: Callable[[bytes], M]) -> M | Refusal:
    """A message of a batch, or why it is none; raises Malformed."""
    text = bytes(raw)
    try:
        outgoing.check_size(text)
        return reader(text)
    except Malformed:
        # what is no JSON spoils the whole request
        raise
    except Refusal as refusal:
        return refusal


async def accept(call: Call, asked: list[Message | Refusal]) -> list[Sent | errors.Failed]:
    """Results in order: accepted messages, and the refusals of the others."""
    closed = await closed_streams(call, asked)
    return await settle(call, asked, [draft_of(each, closed) for each in asked])


async def settle(
    call: Call, asked: Sequence[Message | Refusal], drafts: Sequence[Draft | Refusal]
) -> list[Sent | errors.Failed]:
    """Results in order, once those that became drafts are accepted."""
    receipts = iter(await _submit(call, [each for each in drafts if isinstance(each, Draft)]))
    settled = [next(receipts) if isinstance(each, Draft) else each for each in drafts]
    now = call.core.clock.now()
    return [_result(each, result, now) for each, result in zip(asked, settled, strict=True)]


async def closed_streams(call: Call, asked: Sequence[Message | Refusal]) -> dict[str, Refusal]:
    """Why nothing can go through some of the streams that are asked for."""
    wanted = {each.stream for each in asked if isinstance(each, Message)}
    closed: dict[str, Refusal] = {}
    for key in () if is_test(call.caller) else wanted:
        try:
            await streams.require_sending(call.core, call.caller, key)
        except Refusal as refusal:
            closed[key] = refusal
    return closed


def draft_of(asked: Message | Refusal, closed: dict[str, Refusal]) -> Draft | Refusal:
    """What a message asks for, or why it is refused."""
    if isinstance(asked, Refusal):
        return asked
    if asked.stream in closed:
        return closed[asked.stream]
    try:
        return asked.draft()
    except Refusal as refusal:
        return refusal


async def _submit(call: Call, drafts: list[Draft]) -> list[Receipt | Refusal | None]:
    """None for each where the call is only a test."""
    if is_test(call.caller) or not drafts:
        return [None for _ in drafts]
    filled = await call.core.replies.filled(call.caller.account_id, drafts)
    return [*await messages.submit_all(call.core, call.caller, filled)]


def _result(asked: Message | Refusal, result: Any, now: int) -> Sent | errors.Failed:
    match asked, result:
        case Message(), Receipt():
            return Sent.of(asked, result)
        case Message(), None:
            return Sent.tested(asked, now)
        case _:
            return errors.failed(result)


OPERATIONS = (
    post("/email", send, limit_bytes=outgoing.MOST_BYTES),
    post("/email/batch", send_batch, limit_bytes=BATCH_BYTES),
)
