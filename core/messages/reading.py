"""Messages read back: one, a page of them, their files and their source, always within the caller's workspace."""

from collections.abc import Sequence
from typing import Final

import msgspec

from core import ids
from core.core import Caller, Core
from core.errors import NotFound
from core.messages.composition import letter
from core.messages.draft import Content, searchable
from core.messages.message import Batch, Delivery, Message, Rendering, StoredAttachment
from core.mime import build
from core.paging import Page, PageRequest
from core.store.database import Database, listed, one, rows
from core.store.statements import sql

_FIRST: Final = "00000000-0000-0000-0000-000000000000"
_LAST: Final = "ffffffff-ffff-ffff-ffff-ffffffffffff"
_CONTENTS: Final = msgspec.msgpack.Decoder(Content)
_RENDERINGS: Final = msgspec.msgpack.Decoder(Rendering)


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages; None asks for no particular one.

    ``recipient`` equals any To, Cc or Bcc address; ``subject`` is contained, both whatever the case.
    ``metadata`` is a key, whatever its case, and the value it holds.
    ``states`` are those of ``standing``; ``since`` is inclusive, ``until`` exclusive, both moments.
    """

    recipient: str | None = None
    sender: str | None = None
    tag: str | None = None
    subject: str | None = None
    metadata: tuple[str, str] | None = None
    template_id: str | None = None
    stream: str | None = None
    states: tuple[str, ...] | None = None
    since: int | None = None
    until: int | None = None


async def get(core: Core, caller: Caller, id: str) -> Message:  # noqa: A002
    """One message whole; raises NotFound("message") for unknown and foreign ids alike."""
    query = sql.message_get(id=id, workspace_id=caller.workspace_id, environment=caller.environment)
    found = await one(core.db, Message, query)
    if found is None:
        raise NotFound("message", id)
    return (await whole(core.db, [found]))[0]


async def page(core: Core, caller: Caller, wanted: Filter, request: PageRequest) -> Page[Message]:
    """Messages from the newest on; raises NotFound("cursor") for a cursor that names none of them."""
    await _check_cursor(core, caller, request)
    back = request.before is not None
    statement = sql.messages_page_back if back else sql.messages_page
    match = _match(caller, wanted, request)
    found = await rows(core.db, Message, statement(**match, count=request.limit + 1, skip=request.offset))
    total = 0
    if request.total:
        total = (await core.db.fetch(sql.messages_count(**match)))[0][0]
    cut = Page.of(found, request, total)
    return Page(items=tuple(await whole(core.db, list(cut.items))), more=cut.more, total=cut.total)


async def _check_cursor(core: Core, caller: Caller, request: PageRequest) -> None:
    cursor = request.before if request.after is None else request.after
    if cursor is None:
        return
    query = sql.message_get(id=cursor, workspace_id=caller.workspace_id, environment=caller.environment)
    if not await core.db.fetch(query):
        raise NotFound("cursor", cursor)


def _match(caller: Caller, wanted: Filter, request: PageRequest) -> dict[str, str | bool | None]:
    floor = _FIRST if wanted.since is None else ids.floor(wanted.since)
    ceiling = _LAST if wanted.until is None else ids.floor(wanted.until)
    return {
        "workspace_id": caller.workspace_id,
        "environment": caller.environment,
        "before_id": min(ceiling, request.after or _LAST),
        "after_id": max(floor, request.before or _FIRST),
        "stream": wanted.stream,
        "sender": _lower(wanted.sender),
        "tag": wanted.tag,
        "template_id": wanted.template_id,
        "subject": None if wanted.subject is None else _contains(wanted.subject),
        "metadata": None if wanted.metadata is None else searchable(dict([wanted.metadata]))[1:-1],
        "recipient": _lower(wanted.recipient),
        "any_state": wanted.states is None,
        "states": listed(wanted.states or ()),
    }


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _contains(text: str) -> str:
    escaped = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"


async def whole(db: Database, found: list[Message]) -> list[Message]:
    """The same messages with their deliveries, shared contents and renderings, one query for each kind."""
    if not found:
        return []
    keys = listed([message.id for message in found])
    deliveries: dict[str, list[Delivery]] = {}
    for delivery in await rows(db, Delivery, sql.deliveries_of(ids=keys)):
        deliveries.setdefault(delivery.message_id, []).append(delivery)
    renderings = {}
    # whether shared content is a template is not known before it is read
    if any(message.templated or message.content_id is not None for message in found):
        renderings = {
            row[0]: _RENDERINGS.decode(row[1]) for row in await db.fetch(sql.renderings_of(ids=keys))
        }
    contents = await _contents(db, found)
    return [
        msgspec.structs.replace(
            message,
            draft=message.draft
            if message.content_id is None
            else msgspec.structs.replace(message.draft, content=contents[message.content_id]),
            deliveries=tuple(deliveries.get(message.id, ())),
            rendering=renderings.get(message.id),
        )
        for message in found
    ]


async def _contents(db: Database, found: Sequence[Message]) -> dict[str, Content]:
    wanted = list({message.content_id for message in found if message.content_id is not None})
    if not wanted:
        return {}
    return {row[0]: _CONTENTS.decode(row[1]) for row in await db.fetch(sql.contents_of(ids=listed(wanted)))}


async def attachments(core: Core, message: Message, *, data: bool = False) -> list[StoredAttachment]:
    """The files of a message the caller was already given."""
    statement = sql.attachments_with_data if data else sql.attachments_of
    return await rows(core.db, StoredAttachment, statement(owner_id=message.content_id or message.id))


async def source(core: Core, message: Message) -> bytes:
    """The RFC 5322 source as it is sent: built again, byte for byte, from what is kept."""
    files = await attachments(core, message, data=True)
    return build(letter(core.policy, message, files))


async def batch_by_uid(core: Core, caller: Caller, uid: str) -> Batch:
    """The batch with the caller's uid; raises NotFound("batch")."""
    query = sql.batch_by_uid(workspace_id=caller.workspace_id, environment=caller.environment, uid=uid)
    found = await one(core.db, Batch, query)
    if found is None:
        raise NotFound("batch", uid)
    return found


async def batches(
    core: Core, caller: Caller, *, since: int, most: int = 1000, after: str = ""
) -> list[Batch]:
    """Batches from the oldest on, beginning at a moment or after an id."""
    query = sql.batches_since(
        workspace_id=caller.workspace_id,
        environment=caller.environment,
        after=max(after, ids.floor(since)),
        count=most,
    )
    return await rows(core.db, Batch, query)


async def of_batch(core: Core, batch_id: str, *, after: str = "", most: int = 1000) -> list[Message]:
    """The messages of a batch in the order they were made, ``most`` at a time."""
    query = sql.messages_of_batch(batch_id=batch_id, after=after, count=most)
    return await whole(core.db, await rows(core.db, Message, query))


async def count_deliveries(core: Core, caller: Caller, *, since: int) -> int:
    """How many recipients mail was accepted for since a moment."""
    query = sql.deliveries_count(workspace_id=caller.workspace_id, since=ids.floor(since))
    count: int = (await core.db.fetch(query))[0][0]
    return count
