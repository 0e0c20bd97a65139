"""What became of a message: its receipt, its transmissions, its status in short.

Source: PostageApp developer pages, "get_message_receipt", "get_message_transmissions", "message_delivery_status"; the
mocks in its Java and Objective-C clients for message_status; read 2026-11.
"""

from collections.abc import AsyncIterator
from typing import Final, Self

import msgspec

from core import events, messages
from core.events import WHOLE_MESSAGE
from core.messages.composition import message_id
from core.messages.message import worst_of
from dialects.endpoint import Call
from dialects.postageapp.lookup import Held, find
from dialects.postageapp.sending import Sent
from dialects.postageapp.wire import Lookup, Response, Success, reference
from dialects.times import blank

# complained: it was delivered; canceled: no attempt was ever made
STATUSES: Final = {
    "queued": "queued",
    "deferred": "retry",
    "delivered": "completed",
    "complained": "completed",
    "bounced": "failed",
    "failed": "failed",
    "suppressed": "rejected",
    "canceled": "rejected",
}
_SEEN: Final = ("opened", "clicked")

# when an event first happened, by kind, message and position
Moments = dict[tuple[str, str, int], int]


class Transmission(msgspec.Struct, kw_only=True):
    """One recipient, times as Java's client parses them in this method.

    The documents read ``result_message`` where the Go, Java and .NET clients read ``error_message``: both are one text.
    """

    status: str
    created_at: str
    failed_at: str | None
    opened_at: str | None
    clicked_at: str | None
    result_code: str | None
    result_message: str | None
    error_message: str | None

    @classmethod
    def of(cls, message: messages.Message, delivery: messages.Delivery, seen: Moments) -> Self:
        """Tell a delivery."""
        status = STATUSES[delivery.state]
        return cls(
            status=status,
            created_at=blank(message.created_at),
            failed_at=blank(delivery.updated_at) if status == "failed" else None,
            opened_at=_first(seen, "opened", delivery),
            clicked_at=_first(seen, "clicked", delivery),
            result_code=f"SMTP_{delivery.code}" if delivery.code else None,
            result_message=delivery.text or None,
            error_message=delivery.text or None,
        )


def _first(seen: Moments, kind: str, delivery: messages.Delivery) -> str | None:
    places = (delivery.position, WHOLE_MESSAGE)
    found = (seen.get((kind, delivery.message_id, position)) for position in places)
    at = next((moment for moment in found if moment is not None), None)
    return blank(at) if at is not None else None


class Number(msgspec.Struct):
    """A message by its number alone."""

    id: int


class Transmissions(msgspec.Struct):
    """Every recipient's transmission, by bare address."""

    message: Number
    transmissions: dict[str, Transmission]


class StatusCounts(msgspec.Struct):
    """How many transmissions have a status; a status that none has is left out."""

    message_status: dict[str, int]


class Delivered(msgspec.Struct):
    """One email to one recipient. ``unique_id`` is what stands in its Message-ID, and the recipient's place."""

    unique_id: str
    recipient: str
    status: str


class DeliveryStatus(msgspec.Struct):
    """Every email of a message."""

    delivery_status: list[Delivered]


async def get_message_receipt(call: Call, body: Lookup) -> Success:
    """That a message was accepted: what the Ruby client asks before it sends a kept one again."""
    held = await find(call, body.uid)
    return body.answer(Sent(reference(call, held.number)))


async def get_message_transmissions(call: Call, body: Lookup) -> Success:
    """What became of every recipient; of an address with several emails the worst is told."""
    held = await find(call, body.uid)
    told: dict[str, tuple[str, Transmission]] = {}
    async for page in _messages(call, held):
        seen = await _moments(call, page)
        for message, delivery in _deliveries(page):
            state, _ = told.get(delivery.email, ("", None))
            if not state or worst_of((state, delivery.state)) != state:
                told[delivery.email] = (delivery.state, Transmission.of(message, delivery, seen))
    listed = {email: transmission for email, (_, transmission) in told.items()}
    return body.answer(Transmissions(Number(held.number), listed))


async def message_status(call: Call, body: Lookup) -> Success:
    """How many recipients have which status."""
    held = await find(call, body.uid)
    return body.answer(StatusCounts(counts(await messages.states(call.core, held))))


async def message_delivery_status(call: Call, body: Lookup) -> Success:
    """The status of every email, and of all together in the envelope."""
    held = await find(call, body.uid, kind="delivery_status")
    told: list[Delivered] = []
    async for page in _messages(call, held):
        told += [_delivered(call, message, delivery) for message, delivery in _deliveries(page)]
    response = Response(uid=body.uid, delivery_status=_together({each.status for each in told}))
    return Success(response=response, data=DeliveryStatus(told))


def counts(states: dict[str, int]) -> dict[str, int]:
    """Numbers of deliveries by the provider's status."""
    told: dict[str, int] = {}
    for state, count in states.items():
        told[STATUSES[state]] = told.get(STATUSES[state], 0) + count
    return told


def _together(statuses: set[str]) -> str:
    if statuses & {"queued", "retry"}:
        return "queued"
    return "failed" if "failed" in statuses else "completed"


def _delivered(call: Call, message: messages.Message, delivery: messages.Delivery) -> Delivered:
    local, _, host = message_id(call.core.policy, message).strip("<>").rpartition("@")
    unique = f"{local}.{delivery.position}@{host}"
    return Delivered(unique, delivery.email, STATUSES[delivery.state])


async def _messages(call: Call, held: Held) -> AsyncIterator[list[messages.Message]]:
    if isinstance(held, messages.Message):
        yield [held]
        return
    after = ""
    while page := await messages.of_batch(call.core, held.id, after=after):
        yield page
        after = page[-1].id


def _deliveries(page: list[messages.Message]) -> list[tuple[messages.Message, messages.Delivery]]:
    return [(message, delivery) for message in page for delivery in message.deliveries]


async def _moments(call: Call, page: list[messages.Message]) -> Moments:
    seen: Moments = {}
    for event in await events.of_messages(call.core, page, _SEEN):
        seen.setdefault((event.kind, event.message_id, event.position), event.at)
    return seen
