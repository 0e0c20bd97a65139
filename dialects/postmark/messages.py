"""Messages read back: search, details, source.

Source: Postmark developer docs, "Messages", read 2026-11; the forms of From and Recipients by recorded answers.
"""

from typing import Final

import msgspec

from core import events, ids, messages
from core.errors import Invalid, NotFound
from core.streams import DEFAULT_SEND
from dialects.endpoint import Call, get
from dialects.postmark import places
from dialects.postmark.dates import eastern, end, start
from dialects.postmark.paging import Paged
from dialects.postmark.timeline import MessageEvent, timeline

_QUEUED: Final = ("queued", "scheduled")
_PROCESSED: Final = ("deferred", "delivered", "suppressed", "failed", "bounced", "complained", "canceled")
# the two last words mean the same
_STATES: Final = {"queued": _QUEUED, "sent": _PROCESSED, "processed": _PROCESSED}
TRACK_LINKS: Final = {"none": "None", "both": "HtmlAndText", "html": "HtmlOnly", "text": "TextOnly"}


class Search(Paged, kw_only=True):
    """The query of a search, its keys folded."""

    recipient: str | None = None
    fromemail: str | None = None
    tag: str | None = None
    status: str | None = None
    fromdate: str | None = None
    todate: str | None = None
    subject: str | None = None
    messagestream: str = DEFAULT_SEND
    metadata: dict[str, str] = msgspec.field(default_factory=dict)

    def filter(self) -> messages.Filter:
        """What to look for; raises Invalid("search")."""
        return messages.Filter(
            recipient=self.recipient,
            sender=self.fromemail,
            tag=self.tag,
            subject=self.subject,
            metadata=self._metadata(),
            stream=self.messagestream,
            states=self._states(),
            since=start(self.fromdate, "fromdate"),
            until=end(self.todate, "todate"),
        )

    def _states(self) -> tuple[str, ...] | None:
        if self.status is None:
            return None
        states = _STATES.get(self.status.lower())
        if states is None:
            raise Invalid("status", f"The 'status' parameter '{self.status}' is not valid.", kind="search")
        return states

    def _metadata(self) -> tuple[str, str] | None:
        if len(self.metadata) > 1:
            raise Invalid("metadata", "Only one 'metadata_' parameter can be searched for.", kind="search")
        return next(iter(self.metadata.items()), None)


class Person(msgspec.Struct, frozen=True, rename="pascal"):
    """A recipient as it was given."""

    email: str
    name: str


class Outbound(msgspec.Struct, rename="pascal", kw_only=True):
    """A message in a list."""

    tag: str
    message_id: str = msgspec.field(name="MessageID")
    message_stream: str
    to: list[Person]
    cc: list[Person]
    bcc: list[Person]
    recipients: list[str]
    received_at: str
    sender: str = msgspec.field(name="From")
    subject: str
    attachments: list[str]
    status: str
    track_opens: bool
    track_links: str
    metadata: dict[str, str]
    sandboxed: bool

    @classmethod
    def of(cls, message: messages.Message) -> "Outbound":
        """From a kept message."""
        draft = message.draft
        return cls(
            tag=message.tag,
            message_id=message.id,
            message_stream=message.stream,
            to=_people(draft.to),
            cc=_people(draft.cc),
            bcc=_people(draft.bcc),
            recipients=[delivery.email for delivery in message.deliveries],
            received_at=eastern(message.created_at),
            sender=_sender(draft.sender),
            subject=message.shown_subject,
            attachments=[each.filename for each in draft.content.attachments],
            status="Queued" if messages.standing(message) in _QUEUED else "Sent",
            track_opens=bool(draft.track_opens),
            track_links=TRACK_LINKS[draft.track_links or "none"],
            metadata=draft.metadata,
            sandboxed=draft.sandbox,
        )


class Listed(msgspec.Struct, rename="pascal", kw_only=True):
    """A page of a search; the count is of all that match."""

    total_count: int
    messages: list[Outbound]


class Details(Outbound, rename="pascal", kw_only=True):
    """A message whole: its bodies as sent, its source, its story."""

    text_body: str
    html_body: str
    body: str
    message_events: list[MessageEvent]

    @classmethod
    def told(cls, message: messages.Message, source: str, story: list[events.Event]) -> "Details":
        """From a kept message and what is kept apart from it."""
        return cls(
            **msgspec.structs.asdict(Outbound.of(message)),
            text_body=message.text or "",
            html_body=message.html or "",
            body=source,
            message_events=timeline(message, story),
        )


class Dump(msgspec.Struct, rename="pascal"):
    """A message's source."""

    body: str


def _people(parties: tuple[messages.Party, ...]) -> list[Person]:
    return [Person(each.email, each.address.name) for each in parties]


def _sender(party: messages.Party) -> str:
    name = party.address.name
    if not name:
        return party.email
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{party.email}>'


async def search(call: Call, query: Search) -> Listed:
    """Messages of one stream, the newest first."""
    request, wanted = query.page("search"), query.filter()
    await places.require_stream(call, query.messagestream)
    found = await messages.page(call.core, call.caller, wanted, request)
    return Listed(total_count=found.total, messages=[Outbound.of(each) for each in found.items])


async def details(call: Call, id: str) -> Details:
    """One message with everything."""
    message = await _get(call, id)
    story = await events.of_message(call.core, message)
    return Details.told(message, await _source(call, message), story)


async def details_by_id(call: Call, id: str) -> Details:
    """The same where the JavaScript client up to 3.x looks for it."""
    if not ids.is_uuid(id):
        # the names of other lists stand in the same place
        raise NotFound("path", id)
    return await details(call, id)


async def dump(call: Call, id: str) -> Dump:
    """One message as it is sent."""
    return Dump(await _source(call, await _get(call, id)))


async def _get(call: Call, id: str) -> messages.Message:
    if not ids.is_uuid(id):
        raise NotFound("message", id)
    return await messages.get(call.core, call.caller, id.lower())


async def _source(call: Call, message: messages.Message) -> str:
    return (await messages.source(call.core, message)).decode("ascii")


OPERATIONS = (
    get("/messages/outbound", search),
    get("/messages/outbound/{id}/details", details),
    get("/messages/outbound/{id}/dump", dump),
    get("/messages/outbound/{id}", details_by_id),
)
