"""Events: what happened to a message or one of its deliveries; appended, never changed.

The first of them, the acceptance, is told by the message's own row and has none of its own: it would say nothing more,
and every message would wait for it to be on disk.

Kinds: accepted, scheduled, rescheduled, canceled, sent, delivered, deferred, delayed (once, when mail that is still
tried is late), bounced, complained, failed (for a reason of our own side), expired (when nobody took it in time),
suppressed, opened, clicked, scanned (a machine fetched or followed what a reader might have), unsubscribed,
resubscribed, returned.
"""

from collections.abc import Sequence

import msgspec

from core.core import Core
from core.messages.message import ACCEPTED, WHOLE_MESSAGE, Message
from core.store.database import listed, rows
from core.store.statements import sql
from core.tracking.sighting import Seen

__all__ = ["WHOLE_MESSAGE", "Detail", "Event", "acceptance", "latest", "of_message", "of_messages"]


class Detail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The facts of an event: the SMTP reply and where it came from.

    ``type`` is a bounce's kind (``core.diagnosis``), ``bounce`` the number of its record.
    ``seen``: what a pixel or a link told. ``topic_id``: what was unsubscribed from, empty where it was more than that.
    """

    code: int = 0
    enhanced: str = ""
    text: str = ""
    host: str = ""
    type: str = ""
    bounce: int = 0
    topic_id: str = ""
    seen: Seen | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event; ``position`` is the delivery's, or WHOLE_MESSAGE."""

    id: str
    message_id: str
    position: int
    kind: str
    at: int
    detail: Detail


def acceptance(message: Message) -> Event:
    """A message's first event; it has the message's own id, which is lower than the others'."""
    return Event(
        id=message.id,
        message_id=message.id,
        position=WHOLE_MESSAGE,
        kind=ACCEPTED,
        at=message.created_at,
        detail=Detail(),
    )


async def of_message(core: Core, message: Message) -> list[Event]:
    """What happened to a message the caller was already given, the oldest first."""
    query = sql.events_of_message(message_id=message.id, workspace_id=message.workspace_id)
    return [acceptance(message), *await rows(core.db, Event, query)]


async def latest(core: Core, message: Message, *, most: int) -> list[Event]:
    """The last of them, the newest first: a letter that many read has any number of them."""
    query = sql.events_latest(message_id=message.id, workspace_id=message.workspace_id, count=most)
    found = await rows(core.db, Event, query)
    return found if len(found) >= most else [*found, acceptance(message)]


async def of_messages(core: Core, messages: Sequence[Message], kinds: Sequence[str]) -> list[Event]:
    """The same for several messages of one workspace, only events of these kinds; the oldest of a message first."""
    if not messages:
        return []
    query = sql.events_of_messages(
        workspace_id=messages[0].workspace_id,
        ids=listed([message.id for message in messages]),
        kinds=listed(kinds),
    )
    found = await rows(core.db, Event, query)
    if ACCEPTED in kinds:
        found = sorted([*map(acceptance, messages), *found], key=lambda each: (each.message_id, each.id))
    return found
