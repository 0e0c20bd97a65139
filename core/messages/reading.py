"""Messages read back: one, a page of them, their files and their source, always within the caller's workspace.

Lists are read without bodies, a portion at a time: what a page takes in memory does not depend on what was sent.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Final, TypeVar

import msgspec

from core import addresses, ids
from core.core import Caller, Core
from core.errors import NotFound
from core.messages import composition, lines
from core.messages.draft import Content, searchable
from core.messages.message import Batch, Delivery, Message, Rendering, StoredAttachment
from core.paging import MOST_COUNTED, Page, PageRequest, counted
from core.store.database import Database, Row, listed, one, rows
from core.store.statements import Statement, sql

T = TypeVar("T", Content, Rendering)

FIRST: Final = "00000000-0000-0000-0000-000000000000"
LAST: Final = "ffffffff-ffff-ffff-ffff-ffffffffffff"
_CONTENTS: Final = msgspec.msgpack.Decoder(Content)
_RENDERINGS: Final = msgspec.msgpack.Decoder(Rendering)
# of a message that is forgotten while it is read
_NONE: Final = Content()
# what a list reads at once: a little more where a single one is larger
_PORTION_BYTES: Final = 4 * 1024 * 1024
# building takes the files, their encoded form and the letter
_BUILD_FACTOR: Final = 3
_THREAD_FROM_BYTES: Final = 256 * 1024
# standings of what is still to be sent, and of what came to another end than wanted
_WITH_A_JOB: Final = frozenset({"queued", "scheduled", "deferred"})
_NOT_WELL: Final = frozenset({"suppressed", "failed", "bounced", "complained", "canceled"})


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


async def get(core: Core, caller: Caller, id: str) -> Message:
    """One message whole; raises NotFound("message") for unknown and foreign ids alike."""
    query = sql.message_get(id=id, workspace_id=caller.workspace_id, environment=caller.environment)
    found = await one(core.db, Message, query)
    if found is None:
        raise NotFound("message", id)
    return (await whole(core.db, [found]))[0]


async def page(core: Core, caller: Caller, wanted: Filter, request: PageRequest) -> Page[Message]:
    """Messages from the newest on, without their bodies; raises NotFound("cursor") for a cursor that names none."""
    await _check_cursor(core, caller, request)
    match = _match(caller, wanted, request)
    if _is_for_words(wanted):
        found, total = await lines.find(core, match, request, lower(wanted.subject))
    else:
        way = _way(wanted)
        if way is _ENDED:
            match |= {"among": match["states"]}
        found, total = await _found(core, way, match, request)
    cut = Page.of(found, request, total)
    return Page(items=tuple(await outlines(core.db, cut.items)), more=cut.more, total=cut.total)


async def _found(
    core: Core, way: "_Way", match: dict[str, str | bool | None], request: PageRequest
) -> tuple[list[Row], int]:
    statement = way.page if request.before is None else way.page_back
    found = await core.db.fetch(statement(**match, count=request.limit + 1, skip=request.offset))
    total = counted(request, len(found)) if request.total else 0
    if total is None:
        total = (await core.db.fetch(way.count(**match, most=MOST_COUNTED)))[0][0]
    return found, total


class _Way(msgspec.Struct, frozen=True):
    """The statements that go the same way to messages: by what leads to few of them, where that is wanted."""

    page: Statement
    page_back: Statement
    count: Statement


_ALL: Final = _Way(sql.messages_page, sql.messages_page_back, sql.messages_count)
_OF_RECIPIENT: Final = _Way(
    sql.messages_page_of_recipient, sql.messages_page_back_of_recipient, sql.messages_count_of_recipient
)
_OF_TAG: Final = _Way(sql.messages_page_of_tag, sql.messages_page_back_of_tag, sql.messages_count_of_tag)
_OF_TEMPLATE: Final = _Way(
    sql.messages_page_of_template, sql.messages_page_back_of_template, sql.messages_count_of_template
)
_WAITING: Final = _Way(
    sql.messages_page_of_waiting, sql.messages_page_back_of_waiting, sql.messages_count_of_waiting
)
_ENDED: Final = _Way(sql.messages_page_of_ended, sql.messages_page_back_of_ended, sql.messages_count_of_ended)


def _is_for_words(wanted: Filter) -> bool:
    words = (wanted.sender, wanted.subject, wanted.metadata)
    return wanted.recipient is None and wanted.states is None and any(each is not None for each in words)


def _way(wanted: Filter) -> _Way:
    states = frozenset(wanted.states or ())
    if wanted.recipient is not None:
        return _OF_RECIPIENT
    if states and states <= _WITH_A_JOB:
        return _WAITING
    if states and states <= _NOT_WELL:
        return _ENDED
    if wanted.template_id is not None:
        return _OF_TEMPLATE
    return _OF_TAG if wanted.tag else _ALL


async def _check_cursor(core: Core, caller: Caller, request: PageRequest) -> None:
    cursor = request.before if request.after is None else request.after
    if cursor is None:
        return
    query = sql.message_get(id=cursor, workspace_id=caller.workspace_id, environment=caller.environment)
    if not await core.db.fetch(query):
        raise NotFound("cursor", cursor)


def _match(caller: Caller, wanted: Filter, request: PageRequest) -> dict[str, str | bool | None]:
    floor = FIRST if wanted.since is None else ids.floor(wanted.since)
    ceiling = LAST if wanted.until is None else ids.floor(wanted.until)
    recipient = lower(wanted.recipient)
    return {
        "workspace_id": caller.workspace_id,
        "environment": caller.environment,
        "before_id": min(ceiling, request.after or LAST),
        "after_id": max(floor, request.before or FIRST),
        "stream": wanted.stream,
        "sender": lower(wanted.sender),
        "tag": wanted.tag,
        "template_id": wanted.template_id,
        "subject": None if wanted.subject is None else contains(wanted.subject),
        "metadata": None if wanted.metadata is None else searchable(dict([wanted.metadata]))[1:-1],
        "recipient": recipient,
        "destination": None if recipient is None else addresses.domain(recipient),
        "any_state": wanted.states is None,
        "states": listed(wanted.states or ()),
    }


def lower(text: str | None) -> str | None:
    """What is compared whatever the case."""
    return None if text is None else text.lower()


def contains(text: str) -> str:
    """The pattern of LIKE, with ! as its escape, for a text that is contained."""
    escaped = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"


async def whole(db: Database, found: list[Message]) -> list[Message]:
    """The same messages with their deliveries, shared contents and renderings, one query for each kind."""
    if not found:
        return []
    contents = listed(_content_ids(found))
    held = {} if contents == "[]" else await _contents(db, contents)
    renderings = {}
    # whether shared content is a template is not known before it is read
    if any(message.templated or message.content_id is not None for message in found):
        renderings = await _renderings(db, listed([message.id for message in found]))
    return await _together(db, found, held, renderings)


async def outlines(db: Database, sizes: Sequence[Row]) -> list[Message]:
    """Messages whole but for their bodies: neither html nor text. ``sizes`` are ids, each with a size in bytes."""
    found = await bare(db, sizes)
    if not found:
        return []
    contents: dict[str, Content] = {}
    for keys in _portions(await db.fetch(sql.contents_sizes(ids=listed(_content_ids(found))))):
        contents |= {id: _bodiless(content) for id, content in (await _contents(db, keys)).items()}
    renderings: dict[str, Rendering] = {}
    for keys in _portions(await db.fetch(sql.renderings_sizes(ids=listed([each.id for each in found])))):
        renderings |= {id: _bodiless(rendering) for id, rendering in (await _renderings(db, keys)).items()}
    return await _together(db, found, contents, renderings)


async def bare(db: Database, sizes: Sequence[Row]) -> list[Message]:
    """What the messages' own rows hold, in the order of ``sizes``, without bodies and what is kept elsewhere."""
    read: dict[str, Message] = {}
    for keys in _portions(sizes):
        for message in await rows(db, Message, sql.messages_by_ids(ids=keys)):
            draft = msgspec.structs.replace(message.draft, content=_bodiless(message.draft.content))
            read[message.id] = msgspec.structs.replace(message, draft=draft)
    return [read[row[0]] for row in sizes if row[0] in read]


def _portions(sizes: Iterable[Row]) -> Iterator[str]:
    """Lists of ids; what a list's ids name is no larger together than what may be read at once."""
    keys: list[str] = []
    total = 0
    for key, size in sizes:
        total += size
        if keys and total > _PORTION_BYTES:
            yield listed(keys)
            keys, total = [], size
        keys.append(key)
    if keys:
        yield listed(keys)


def _bodiless(held: T) -> T:
    return msgspec.structs.replace(held, html=None, text=None)


async def _together(
    db: Database, found: Sequence[Message], contents: dict[str, Content], renderings: dict[str, Rendering]
) -> list[Message]:
    deliveries: dict[str, list[Delivery]] = {}
    for delivery in await rows(db, Delivery, sql.deliveries_of(ids=listed([each.id for each in found]))):
        deliveries.setdefault(delivery.message_id, []).append(delivery)
    return [
        msgspec.structs.replace(
            message,
            draft=message.draft
            if message.content_id is None
            else msgspec.structs.replace(message.draft, content=contents.get(message.content_id, _NONE)),
            deliveries=tuple(deliveries.get(message.id, ())),
            rendering=renderings.get(message.id),
        )
        for message in found
    ]


def _content_ids(found: Sequence[Message]) -> list[str]:
    return list({message.content_id for message in found if message.content_id is not None})


async def _contents(db: Database, keys: str) -> dict[str, Content]:
    return {row[0]: _CONTENTS.decode(row[1]) for row in await db.fetch(sql.contents_of(ids=keys))}


async def _renderings(db: Database, keys: str) -> dict[str, Rendering]:
    return {row[0]: _RENDERINGS.decode(row[1]) for row in await db.fetch(sql.renderings_of(ids=keys))}


async def attachments(core: Core, message: Message, *, data: bool = False) -> list[StoredAttachment]:
    """The files of a message the caller was already given."""
    statement = sql.attachments_with_data if data else sql.attachments_of
    return await rows(core.db, StoredAttachment, statement(owner_id=message.content_id or message.id))


async def attachment(core: Core, message: Message, position: int) -> StoredAttachment:
    """One file of a message the caller was already given, with its data; raises NotFound("attachment").

    ``data`` is None where it is not fetched yet, or kept no more. Waits for room among the bodies in work.
    """
    listed_sizes = {file.position: file.size_bytes for file in await attachments(core, message)}
    query = sql.attachment_at(owner_id=message.content_id or message.id, position=position)
    async with core.bodies.hold(listed_sizes.get(position, 0)):
        found = await one(core.db, StoredAttachment, query)
    if found is None:
        raise NotFound("attachment", str(position))
    return found


async def source(core: Core, message: Message) -> bytes:
    """The RFC 5322 source as it is sent: built again, byte for byte, from what is kept. One of a list will do.

    Signatures, which are made as it leaves, do not stand before it. Where every recipient's is another one, it is the
    first recipient's.

    Waits for room among the bodies in work, which a large one takes much of.
    """
    size = int((await core.db.fetch(sql.message_size(id=message.id)))[0][0])
    async with core.bodies.hold(_BUILD_FACTOR * size):
        query = sql.messages_by_ids(ids=listed([message.id]))
        (kept,) = await whole(core.db, await rows(core.db, Message, query))
        files = await attachments(core, kept, data=True)
        policy = (await core.identities.of(kept.workspace_id, kept.draft.sender.email)).policy(core.policy)
        recipient = next(iter(kept.deliveries), None)
        build = partial(composition.source, policy, core.signer, kept, files, recipient)
        return await asyncio.to_thread(build) if size > _THREAD_FROM_BYTES else build()


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
    """The messages of a batch in the order they were made, ``most`` at a time, without their bodies."""
    query = sql.messages_of_batch(batch_id=batch_id, after=after, count=most)
    return await outlines(core.db, await core.db.fetch(query))
