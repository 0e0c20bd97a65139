"""Bounces: counts, search, one, its source, and taking an address into use again.

Source: Postmark developer docs, "Bounce API", its SDKs for JavaScript and PHP, postmarker for the tags, read 2026-11.
"""

from typing import Final

import msgspec

from core import bounces
from core.bounces import Bounce, Counts
from core.errors import Invalid, NotFound
from core.streams import DEFAULT_SEND
from dialects.endpoint import Call, get, put
from dialects.postmark.bounce_types import BY_NAME, OF_KIND, BounceType, details
from dialects.postmark.dates import eastern, end, start
from dialects.postmark.paging import Paged

_KIND: Final = "bounces"
_TRUTHS: Final = {"true": True, "false": False}
# more digits than any number of ours has
_LONGEST: Final = 18


class Search(Paged, kw_only=True):
    """The query of a search, its keys folded."""

    type: str | None = None
    inactive: str | None = None
    emailfilter: str | None = None
    tag: str | None = None
    messageid: str | None = None
    fromdate: str | None = None
    todate: str | None = None
    messagestream: str = DEFAULT_SEND

    def filter(self) -> bounces.Filter:
        """What to look for; raises Invalid("bounces")."""
        try:
            since, until = start(self.fromdate, "fromdate"), end(self.todate, "todate")
        except Invalid as error:
            raise Invalid(error.field, error.reason, kind=_KIND) from error
        return bounces.Filter(
            kinds=self._kinds(),
            inactive=self._inactive(),
            email=self.emailfilter or None,
            tag=self.tag or None,
            message_id=self.messageid.lower() if self.messageid else None,
            stream=self.messagestream,
            since=since,
            until=until,
        )

    def _kinds(self) -> tuple[str, ...] | None:
        if not self.type:
            return None
        found = BY_NAME.get(self.type.lower())
        if found is None:
            raise Invalid("type", f"The 'type' parameter '{self.type}' is not valid.", kind=_KIND)
        return found.kinds

    def _inactive(self) -> bool | None:
        if not self.inactive:
            return None
        found = _TRUTHS.get(self.inactive.lower())
        if found is None:
            raise Invalid("inactive", "The 'inactive' parameter must be true or false.", kind=_KIND)
        return found


class Told(msgspec.Struct, rename="pascal", kw_only=True, omit_defaults=True):
    """A bounce. Its content stands only where it is asked for alone."""

    record_type: str
    number: int = msgspec.field(name="ID")
    type: str
    type_code: int
    name: str
    tag: str
    message_id: str = msgspec.field(name="MessageID")
    server_id: int = msgspec.field(name="ServerID")
    message_stream: str
    description: str
    details: str
    email: str
    sender: str = msgspec.field(name="From")
    bounced_at: str
    dump_available: bool
    inactive: bool
    can_activate: bool
    subject: str
    content: str | None = None

    @classmethod
    def of(cls, call: Call, bounce: Bounce, content: bytes | None = None) -> "Told":
        """From a kept bounce."""
        sort = _type(bounce)
        return cls(
            record_type="Bounce",
            number=bounce.number,
            type=sort.type,
            type_code=sort.code,
            name=sort.name,
            tag=bounce.tag,
            message_id=bounce.message_id,
            server_id=call.caller.workspace_number,
            message_stream=bounce.stream,
            description=sort.description,
            details=details(bounce),
            email=bounce.email,
            sender=bounce.sender,
            bounced_at=eastern(bounce.at),
            dump_available=True,
            inactive=bounce.inactive,
            can_activate=bounce.can_activate,
            subject=bounce.subject,
            content=None if content is None else _text(content),
        )


class Listed(msgspec.Struct, rename="pascal", kw_only=True):
    """A page of a search; the count is of all that match."""

    total_count: int
    bounces: list[Told]


class Dump(msgspec.Struct, rename="pascal"):
    """What told of a bounce."""

    body: str


class Activated(msgspec.Struct, rename="pascal", kw_only=True):
    """An address that may be written to again."""

    message: str
    bounce: Told


class Count(msgspec.Struct, rename="pascal", kw_only=True, omit_defaults=True):
    """How many there are of a type, or of all."""

    type: str = ""
    name: str
    count: int


class Stats(msgspec.Struct, rename="pascal", kw_only=True):
    """Addresses out of use, and bounces by type: all of them first, then each type that occurred."""

    inactive_mails: int
    bounces: list[Count]

    @classmethod
    def of(cls, counted: Counts) -> "Stats":
        """From the counts by kind, of which a type has several."""
        found: dict[BounceType, int] = {}
        for kind, count in counted.kinds.items():
            found[OF_KIND[kind]] = found.get(OF_KIND[kind], 0) + count
        every = Count(name="All", count=sum(found.values()))
        each = [Count(type=sort.type, name=sort.name, count=count) for sort, count in found.items()]
        return cls(inactive_mails=counted.inactive, bounces=[every, *each])


def _type(bounce: Bounce) -> BounceType:
    return OF_KIND[bounce.kind]


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _number(id: str) -> int:
    if not (id.isascii() and id.isdecimal()):
        raise Invalid("bounceid", "A bounce is asked for by its number.", kind="bounce_id")
    if len(id) > _LONGEST:
        raise NotFound("bounce", id)
    return int(id)


async def _get(call: Call, id: str) -> Bounce:
    return await bounces.get(call.core, call.caller, _number(id))


async def stats(call: Call) -> Stats:
    """How the server's mail fared."""
    return Stats.of(await bounces.counts(call.core, call.caller))


async def search(call: Call, query: Search) -> Listed:
    """Bounces of one stream, the newest first."""
    request, wanted = query.page(_KIND), query.filter()
    found = await bounces.page(call.core, call.caller, wanted, request)
    return Listed(total_count=found.total, bounces=[Told.of(call, each) for each in found.items])


async def tags(call: Call) -> list[str]:
    """Tags of mail that bounced, for old clients."""
    return await bounces.tags(call.core, call.caller)


async def one(call: Call, id: str) -> Told:
    """A bounce with its source."""
    bounce = await _get(call, id)
    return Told.of(call, bounce, await bounces.dump(call.core, bounce))


async def dump(call: Call, id: str) -> Dump:
    """The source alone."""
    return Dump(_text(await bounces.dump(call.core, await _get(call, id))))


async def activate(call: Call, id: str) -> Activated:
    """Take the address into use again."""
    bounce = await bounces.activate(call.core, call.caller, _number(id))
    content = await bounces.dump(call.core, bounce)
    return Activated(message="OK", bounce=Told.of(call, bounce, content))


OPERATIONS = (
    get("/deliverystats", stats),
    get("/bounces", search),
    get("/bounces/tags", tags),
    get("/bounces/{id}", one),
    get("/bounces/{id}/dump", dump),
    put("/bounces/{id}/activate", activate),
)
