"""Messages read back: one, a page of them, and what happened to one.

Source: PufferPost guide "Sending email", read 2026-11.
"""

from typing import Any, Final

import msgspec

from core import events, messages
from core.diagnosis import PASSING
from core.events import Event
from core.messages import Filter, Message, standing
from dialects.endpoint import Call, get
from dialects.pufferpost.violations import Violations
from dialects.pufferpost.wire import Listing, Paged, both, held, instant, listing, shown
from dialects.times import offset

# the provider's word for every standing of a message; its own list has no word for mail that waits or was called off
_STATUS: Final = {
    "scheduled": "accepted",
    "queued": "queued",
    "deferred": "sent",
    "delivered": "delivered",
    "bounced": "bounced",
    "complained": "complained",
    "suppressed": "suppressed",
    "failed": "errored",
    "canceled": "errored",
}
_STATUSES: Final = frozenset(_STATUS.values())
_TYPE: Final = {
    "accepted": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "opened": "opened",
    "clicked": "clicked",
    "bounced": "bounced",
    "complained": "complained",
    "suppressed": "suppressed",
    "unsubscribed": "unsubscribed",
    "failed": "errored",
    "expired": "errored",
    "canceled": "errored",
}


class File(msgspec.Struct):
    """A file of a message; its content is not given back."""

    filename: str
    content_type: str


class View(msgspec.Struct, kw_only=True):
    """A message. ``subject`` is null until a template was rendered."""

    id: str
    status: str
    to: str
    sender: str = msgspec.field(name="from")
    reply_to: str | None
    cc: list[str]
    bcc: list[str]
    attachments: list[File]
    subject: str | None
    template_id: str | None
    template_name: str | None
    template_version: int | None
    data: dict[str, Any]
    metadata: dict[str, str]
    tags: list[str]
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, message: Message) -> "View":
        """From a stored message."""
        draft, use = message.draft, message.draft.template
        return cls(
            id=shown("msg", message.id),
            status=_STATUS[standing(message)],
            to=", ".join(party.email for party in draft.to),
            sender=draft.sender.email,
            reply_to=", ".join(party.email for party in draft.reply_to) or None,
            cc=[party.email for party in draft.cc],
            bcc=[party.email for party in draft.bcc],
            attachments=[File(file.filename, file.content_type) for file in draft.content.attachments],
            subject=subject(message),
            template_id=shown("tpl", use.id) if use is not None else None,
            template_name=use.name if use is not None else None,
            template_version=use.version if use is not None else None,
            data=draft.variables,
            metadata=draft.metadata,
            tags=[tag.name for tag in draft.tags] or ([draft.tag] if draft.tag else []),
            created_at=offset(message.created_at),
            updated_at=offset(message.updated_at),
        )


class Query(Paged, rename="camel", kw_only=True):
    """Which messages; all that is given must hold."""

    status: str = ""
    recipient: str = ""
    sender: str = msgspec.field(default="", name="from")
    template_id: str = ""
    created_after: str = ""
    created_before: str = ""

    def filter(self, found: Violations) -> Filter:
        """In the domain's words; notes what is wrong."""
        if self.status and self.status not in _STATUSES:
            found.add("status", "The value you selected is not a valid choice.")
        return Filter(
            states=tuple(state for state, word in _STATUS.items() if word == self.status) or None,
            recipient=self.recipient or None,
            sender=self.sender or None,
            # an id that is none of ours names no template, and so no message
            template_id=held("tpl", self.template_id) if self.template_id else None,
            since=instant("createdAfter", self.created_after, found),
            until=instant("createdBefore", self.created_before, found),
        )


class Happened(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An event. The facts of a bounce stand only there, and so does where a link led."""

    id: str
    type: str
    occurred_at: str
    recorded_at: str
    bounce_type: str = ""
    diagnostic: str = ""
    url: str = ""

    @classmethod
    def of(cls, event: Event) -> "Happened":
        """From a stored event of a kind that has a word."""
        bounced = event.kind == "bounced"
        return cls(
            id=shown("evt", event.id),
            type=_TYPE[event.kind],
            occurred_at=offset(event.at),
            recorded_at=offset(event.at),
            bounce_type=bounce_type(event) if bounced else "",
            diagnostic=event.detail.text if bounced else "",
            url=event.detail.seen.link if event.detail.seen is not None else "",
        )


def subject(message: Message) -> str | None:
    """As sent; None until a template was rendered."""
    return None if message.templated and message.rendering is None else message.shown_subject


def bounce_type(event: Event) -> str:
    """Whether the address is bad for good."""
    return "transient" if event.detail.type in PASSING else "permanent"


class Timeline(msgspec.Struct):
    """Everything that happened to a message, the oldest first."""

    data: list[Happened]

    @classmethod
    def of(cls, message: Message, happened: list[Event]) -> "Timeline":
        """From a message and its events; those without a word of the provider's are left out."""
        told = [Happened.of(event) for event in happened if event.kind in _TYPE]
        if message.state == "accepted" and any(each.state != "suppressed" for each in message.deliveries):
            told.insert(1, _queued(message))
        return cls(told)


def _queued(message: Message) -> Happened:
    """Acceptance queues in the same commit: core has one event for both. This one's id is next to the message's."""
    at = offset(message.created_at)
    head, tail = message.id[:-12], int(message.id[-12:], 16)
    id = f"{head}{(tail + 1) & 0xFFFFFFFFFFFF:012x}"
    return Happened(id=shown("evt", id), type="queued", occurred_at=at, recorded_at=at)


async def read(call: Call, id: str) -> View:
    """One message."""
    return View.of(await messages.get(call.core, call.caller, held("msg", id)))


async def list_messages(call: Call, query: Query) -> Listing[View]:
    """A page of messages, the newest first."""
    found = Violations()
    wanted, page = query.filter(found), query.page("msg", found)
    found.refuse()
    read = await messages.page(call.core, call.caller, wanted, page)
    return listing(read, "msg", lambda message: message.id, View.of)


async def list_events(call: Call, id: str) -> Timeline:
    """What happened to one message."""
    message = await messages.get(call.core, call.caller, held("msg", id))
    return Timeline.of(message, await events.of_message(call.core, message))


OPERATIONS = both(
    get("/v1/messages", list_messages),
    get("/v1/messages/{id}", read),
    get("/v1/messages/{id}/events", list_events),
)
