"""Emails that were sent: read, listed, moved to another time, called off.

Source: Resend API reference, "Retrieve email", "List sent emails", "Update email", "Cancel email", read 2026-11. The
OpenAPI file answers a cancel with the whole email; every SDK reads ``object`` and ``id``, as the page has it.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from core import events, messages
from core.errors import Invalid
from core.messages import Message, Party
from core.messages.composition import message_id
from core.tracking.choice import is_tracked
from dialects.endpoint import Call, get, patch, post
from dialects.resend.moments import scheduled
from dialects.resend.wire import List, Paging, ts, uuid

_ID: Final = "emailId"
# the domain's words that differ from the provider's
_EVENTS: Final = {"deferred": "delivery_delayed"}
# the further one first
_SEEN: Final = ("clicked", "opened")

# message and kind
Seen = set[tuple[str, str]]


class Tag(msgspec.Struct, frozen=True):
    """A tag as it was given."""

    name: str
    value: str


class Listed(msgspec.Struct, kw_only=True):
    """An email in a list: copies and replies are null where there are none."""

    id: str
    message_id: str
    to: list[str]
    sender: str = msgspec.field(name="from")
    created_at: str
    subject: str
    bcc: list[str] | None
    cc: list[str] | None
    reply_to: list[str] | None
    last_event: str
    scheduled_at: str | None

    @classmethod
    def of(cls, call: Call, message: Message, seen: Seen) -> "Listed":
        """From the domain's message, with what was seen of it."""
        draft = message.draft
        return cls(
            id=message.id,
            message_id=message_id(call.core.policy, message),
            to=_texts(draft.to),
            sender=draft.sender.text,
            created_at=ts(message.created_at),
            subject=message.shown_subject,
            bcc=_texts(draft.bcc) or None,
            cc=_texts(draft.cc) or None,
            reply_to=_texts(draft.reply_to) or None,
            last_event=_last_event(message, seen),
            scheduled_at=None if message.scheduled_at is None else ts(message.scheduled_at),
        )


class Whole(msgspec.Struct, kw_only=True):
    """An email by itself: copies and replies are empty lists where there are none. Made text is not shown."""

    object: str = "email"
    id: str
    message_id: str
    to: list[str]
    sender: str = msgspec.field(name="from")
    created_at: str
    subject: str
    html: str | None
    text: str | None
    bcc: list[str]
    cc: list[str]
    reply_to: list[str]
    last_event: str
    scheduled_at: str | None
    tags: list[Tag] | UnsetType = UNSET

    @classmethod
    def of(cls, call: Call, message: Message, seen: Seen) -> "Whole":
        """From the domain's message, with what was seen of it."""
        listed = Listed.of(call, message, seen)
        return cls(
            id=listed.id,
            message_id=listed.message_id,
            to=listed.to,
            sender=listed.sender,
            created_at=listed.created_at,
            subject=listed.subject,
            html=message.html,
            text=message.text,
            bcc=listed.bcc or [],
            cc=listed.cc or [],
            reply_to=listed.reply_to or [],
            last_event=listed.last_event,
            scheduled_at=listed.scheduled_at,
            tags=[Tag(tag.name, tag.value) for tag in message.draft.tags] or UNSET,
        )


class Change(msgspec.Struct):
    """A new time; SDKs repeat the id in the body, which says nothing."""

    scheduled_at: str | None = None


class Changed(msgspec.Struct, kw_only=True):
    """Which email was changed."""

    object: str = "email"
    id: str


def _texts(parties: tuple[Party, ...]) -> list[str]:
    return [party.text for party in parties]


def _last_event(message: Message, seen: Seen) -> str:
    standing = messages.standing(message)
    if standing == "delivered":
        # what is worse than delivered is not made better by a reader
        return next((kind for kind in _SEEN if (message.id, kind) in seen), standing)
    return _EVENTS.get(standing, standing)


async def _seen(call: Call, page: Sequence[Message]) -> Seen:
    """Which messages were opened and clicked; asked for only of those that tell."""
    tracked = [
        each for each in page if is_tracked(opens=each.draft.track_opens, links=each.draft.track_links)
    ]
    return {(event.message_id, event.kind) for event in await events.of_messages(call.core, tracked, _SEEN)}


async def retrieve(call: Call, id: str) -> Whole:
    """One email."""
    message = await messages.get(call.core, call.caller, uuid(id, _ID))
    return Whole.of(call, message, await _seen(call, [message]))


async def list_emails(call: Call, query: Paging) -> List[Listed]:
    """Emails from the newest on."""
    page = await messages.page(call.core, call.caller, messages.Filter(), query.request())
    seen = await _seen(call, page.items)
    return List(has_more=page.more, data=[Listed.of(call, message, seen) for message in page.items])


async def update(call: Call, id: str, body: Change) -> Changed:
    """Move a scheduled email to another time."""
    if not body.scheduled_at:
        raise Invalid("scheduled_at", "is missing", kind="missing")
    now = call.core.clock.now()
    at = scheduled(body.scheduled_at, now)
    message = await messages.reschedule(call.core, call.caller, uuid(id, _ID), now if at is None else at)
    return Changed(id=message.id)


async def cancel(call: Call, id: str) -> Changed:
    """Call a scheduled email off."""
    return Changed(id=(await messages.cancel(call.core, call.caller, uuid(id, _ID))).id)


OPERATIONS = (
    get("/emails", list_emails),
    get("/emails/{id}", retrieve),
    patch("/emails/{id}", update),
    post("/emails/{id}/cancel", cancel),
)
