"""Letters that came in: search, details, source, and those that were held up sent on their way.

Source: Postmark developer docs, "Messages API", inbound, and its Ruby SDK for the dump, read 2026-11.
"""

from typing import Final

import msgspec

from core import ids, inbound
from core.errors import Invalid, NotFound
from core.inbound import Body, File, Filter, InboundMessage
from core.inbound.message import State
from dialects.endpoint import Call, get, put
from dialects.postmark.arrivals import STREAM, Header, Person, headers, listing
from dialects.postmark.dates import end, start
from dialects.postmark.done import Done
from dialects.postmark.paging import Paged

_STATES: Final[dict[str, State]] = {
    "queued": "queued",
    "processed": "processed",
    "blocked": "blocked",
    "scheduled": "scheduled",
    "failed": "failed",
}


class Search(Paged, kw_only=True):
    """The query of a search, its keys folded."""

    recipient: str | None = None
    fromemail: str | None = None
    subject: str | None = None
    mailboxhash: str | None = None
    tag: str | None = None
    # the docs' default
    status: str = "processed"
    fromdate: str | None = None
    todate: str | None = None

    def filter(self) -> Filter:
        """What to look for; raises Invalid("search")."""
        return Filter(
            recipient=self.recipient,
            sender=self.fromemail,
            subject=self.subject,
            mailbox_hash=self.mailboxhash,
            tag=self.tag,
            states=(self._state(),),
            since=start(self.fromdate, "fromdate"),
            until=end(self.todate, "todate"),
        )

    def _state(self) -> State:
        found = _STATES.get(self.status.lower())
        if found is None:
            raise Invalid("status", f"The 'status' parameter '{self.status}' is not valid.", kind="search")
        return found


class Attachment(msgspec.Struct, rename="pascal", kw_only=True):
    """What is said of a file here: its content is only told to the hook."""

    name: str
    content_type: str
    content_length: int
    content_id: str = msgspec.field(name="ContentID")

    @classmethod
    def of(cls, file: File) -> "Attachment":
        """From the domain's file."""
        return cls(
            name=file.name,
            content_type=file.content_type.partition(";")[0],
            content_length=file.size_bytes,
            content_id=file.content_id,
        )


class Inbound(msgspec.Struct, rename="pascal", kw_only=True):
    """A letter in a list."""

    sender: str = msgspec.field(name="From")
    from_name: str
    from_full: Person
    to: str
    to_full: list[Person]
    cc: str
    cc_full: list[Person]
    bcc: str
    bcc_full: list[Person]
    reply_to: str
    original_recipient: str
    subject: str
    date: str
    mailbox_hash: str
    tag: str
    attachments: list[Attachment]
    message_id: str = msgspec.field(name="MessageID")
    message_stream: str = STREAM
    status: str

    @classmethod
    def of(cls, message: InboundMessage) -> "Inbound":
        """From the domain's letter."""
        head = message.head
        return cls(
            sender=head.sender.email,
            from_name=head.sender.name,
            from_full=Person.of(head.sender),
            to=listing(head.to, head.to_text),
            to_full=[Person.of(each) for each in head.to],
            cc=listing(head.cc, head.cc_text),
            cc_full=[Person.of(each) for each in head.cc],
            bcc=listing(head.bcc, ""),
            bcc_full=[Person.of(each) for each in head.bcc],
            reply_to=head.reply_to_text,
            original_recipient=message.recipient,
            subject=message.subject,
            date=head.date,
            mailbox_hash=message.mailbox_hash,
            tag=message.tag,
            attachments=[Attachment.of(each) for each in head.files],
            message_id=message.id,
            status=message.state.capitalize(),
        )


class Details(Inbound, rename="pascal", kw_only=True):
    """A letter whole, but for the content of its files."""

    text_body: str
    html_body: str
    headers: list[Header]
    blocked_reason: str | None

    @classmethod
    def told(cls, message: InboundMessage) -> "Details":
        """From the domain's letter, its body in it."""
        body = message.body or Body()
        return cls(
            **msgspec.structs.asdict(Inbound.of(message)),
            text_body=body.text or "",
            html_body=body.html or "",
            headers=headers(body),
            blocked_reason=message.reason or None,
        )


class Listed(msgspec.Struct, rename="pascal", kw_only=True):
    """A page of a search; the count is of all that match."""

    total_count: int
    inbound_messages: list[Inbound]


class Dump(msgspec.Struct, rename="pascal"):
    """A letter's source, empty where it is kept no more."""

    body: str


def _id(id: str, kind: str) -> str:
    if not ids.is_uuid(id):
        raise NotFound(kind, id)
    return id.lower()


async def search(call: Call, query: Search) -> Listed:
    """Letters in one state, the newest first."""
    request, wanted = query.page("search"), query.filter()
    found = await inbound.page(call.core, call.caller, wanted, request)
    return Listed(total_count=found.total, inbound_messages=[Inbound.of(each) for each in found.items])


async def details(call: Call, id: str) -> Details:
    """One letter."""
    return Details.told(await inbound.get(call.core, call.caller, _id(id, "inbound")))


async def dump(call: Call, id: str) -> Dump:
    """One letter as it came."""
    message = await inbound.get(call.core, call.caller, _id(id, "inbound"))
    try:
        source = await inbound.source(call.core, message)
    except NotFound:
        return Dump("")
    return Dump(source.decode("utf-8", "replace"))


async def bypass(call: Call, id: str) -> Done:
    """Let a blocked letter through after all."""
    await inbound.bypass(call.core, call.caller, _id(id, "blocked_inbound"))
    return Done(f"Successfully bypassed message: {id}.")


async def retry(call: Call, id: str) -> Done:
    """Tell a letter once more that nobody took."""
    await inbound.retry(call.core, call.caller, _id(id, "failed_inbound"))
    return Done(f"Successfully rescheduled failed message: {id}.")


OPERATIONS = (
    get("/messages/inbound", search),
    get("/messages/inbound/{id}/details", details),
    get("/messages/inbound/{id}/dump", dump),
    put("/messages/inbound/{id}/bypass", bypass),
    put("/messages/inbound/{id}/retry", retry),
)
