"""Opens and clicks read back: a page of the first ones by filter, and how many there were of a message."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from core import addresses, ids
from core.core import Caller, Core
from core.errors import NotFound
from core.events import Detail
from core.messages.message import Message
from core.paging import MOST_COUNTED, Page, PageRequest, counted
from core.store.database import listed, rows
from core.store.statements import Query, Statement, sql
from core.tracking.sighting import Platform, Seen

Kind = Literal["opened", "clicked"]

_FIRST: Final = "00000000-0000-0000-0000-000000000000"
_LAST: Final = "ffffffff-ffff-ffff-ffff-ffffffffffff"


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which opens or clicks; None asks for no particular one.

    ``recipient``, programs and systems are compared whatever their case. ``since`` is inclusive, ``until`` exclusive.
    Of one message it is not asked who the recipient is.
    """

    message_id: str | None = None
    recipient: str | None = None
    tag: str | None = None
    stream: str | None = None
    client_name: str | None = None
    client_company: str | None = None
    client_family: str | None = None
    os_name: str | None = None
    os_company: str | None = None
    os_family: str | None = None
    platform: Platform | None = None
    since: int | None = None
    until: int | None = None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The first open of a recipient and message, or the first click of a recipient and link.

    ``recipient`` is the first of the message where it is not known who it was (``position`` WHOLE_MESSAGE).
    """

    id: str
    message_id: str
    position: int
    tag: str
    stream: str
    recipient: str
    at: int
    detail: Detail

    @property
    def seen(self) -> Seen:
        """What is known of it."""
        return self.detail.seen or Seen()


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Of a message: all opens and clicks, and those that were the first of their recipient or recipient and link."""

    opens: int = 0
    unique_opens: int = 0
    clicks: int = 0
    unique_clicks: int = 0


async def page(core: Core, caller: Caller, kind: Kind, wanted: Filter, request: PageRequest) -> Page[Row]:
    """From the newest on; raises NotFound("cursor") for a cursor that is no id."""
    way, match = _way(wanted), _match(caller, kind, wanted, request)
    statement = way.page if request.before is None else way.page_back
    found = await rows(core.db, Row, statement(**match, count=request.limit + 1, skip=request.offset))
    total = counted(request, len(found)) if request.total else 0
    if total is None:
        total = (await core.db.fetch(way.count(**match, most=MOST_COUNTED)))[0][0]
    return Page.of(found, request, total)


async def counts(core: Core, messages: Sequence[Message]) -> dict[str, Counts]:
    """By message, of messages of one workspace that the caller was already given."""
    if not messages:
        return {}
    chosen = {
        "workspace_id": messages[0].workspace_id,
        "ids": listed([message.id for message in messages]),
    }
    unique = await _by_kind(core, sql.sightings_unique(**chosen))
    total = await _by_kind(core, sql.sightings_total(**chosen))
    return {
        message.id: Counts(
            opens=total.get((message.id, "opened"), 0),
            unique_opens=unique.get((message.id, "opened"), 0),
            clicks=total.get((message.id, "clicked"), 0),
            unique_clicks=unique.get((message.id, "clicked"), 0),
        )
        for message in messages
    }


async def _by_kind(core: Core, query: Query) -> dict[tuple[str, str], int]:
    return {(row[0], row[1]): row[2] for row in await core.db.fetch(query)}


class _Way(msgspec.Struct, frozen=True):
    """The statements that go the same way to sightings, and what they ask for beside the rest."""

    page: Statement
    page_back: Statement
    count: Statement


_ALL: Final = _Way(sql.sightings_page, sql.sightings_page_back, sql.sightings_count)
_OF_MESSAGE: Final = _Way(
    sql.sightings_page_of_message, sql.sightings_page_back_of_message, sql.sightings_count_of_message
)
_OF_RECIPIENT: Final = _Way(
    sql.sightings_page_of_recipient, sql.sightings_page_back_of_recipient, sql.sightings_count_of_recipient
)


def _way(wanted: Filter) -> _Way:
    if wanted.message_id is not None:
        return _OF_MESSAGE
    return _ALL if wanted.recipient is None else _OF_RECIPIENT


def _match(caller: Caller, kind: Kind, wanted: Filter, request: PageRequest) -> dict[str, str | bool | None]:
    for cursor in (request.after, request.before):
        if cursor is not None and not ids.is_uuid(cursor):
            raise NotFound("cursor", cursor)
    floor = _FIRST if wanted.since is None else ids.floor(wanted.since)
    ceiling = _LAST if wanted.until is None else ids.floor(wanted.until)
    match = {
        "workspace_id": caller.workspace_id,
        "environment": caller.environment,
        "kind": kind,
        "before_id": min(ceiling, request.after or _LAST),
        "after_id": max(floor, request.before or _FIRST),
        "tag": wanted.tag,
        "stream": wanted.stream,
        **_agents(wanted),
    }
    if wanted.message_id is not None:
        return match | {"message_id": wanted.message_id}
    if wanted.recipient is not None:
        recipient = wanted.recipient.lower()
        return match | {"recipient": recipient, "destination": addresses.domain(recipient)}
    return match


def _agents(wanted: Filter) -> dict[str, str | bool | None]:
    asked: dict[str, str | None] = {
        "client_name": _lower(wanted.client_name),
        "client_company": _lower(wanted.client_company),
        "client_family": _lower(wanted.client_family),
        "os_name": _lower(wanted.os_name),
        "os_company": _lower(wanted.os_company),
        "os_family": _lower(wanted.os_family),
        "platform": wanted.platform,
    }
    return {"any_agent": all(each is None for each in asked.values()), **asked}


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()
