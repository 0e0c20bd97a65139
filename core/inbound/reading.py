"""Letters read back, always within the caller's workspace, and moved on: past a block, or to be told once more."""

from collections.abc import Sequence

import msgspec

from core import events, ids
from core.core import Caller, Core
from core.errors import NotFound
from core.inbound.message import InboundMessage, State
from core.messages.reading import FIRST, LAST, contains, lower
from core.paging import MOST_COUNTED, Page, PageRequest, counted
from core.store.database import listed, one, rows, sought
from core.store.statements import sql

_EMPTY = msgspec.msgpack.encode({})


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which letters; None asks for no particular one.

    ``recipient`` equals an address that it was sent to, ``sender`` that of From, ``subject`` is contained, all whatever
    the case. ``since`` is inclusive, ``until`` exclusive, both moments.
    """

    recipient: str | None = None
    sender: str | None = None
    subject: str | None = None
    mailbox_hash: str | None = None
    tag: str | None = None
    states: tuple[State, ...] | None = None
    since: int | None = None
    until: int | None = None


async def get(core: Core, caller: Caller, id: str) -> InboundMessage:
    """One letter with its body; raises NotFound("inbound")."""
    query = sql.inbound_get(id=id, workspace_id=caller.workspace_id)
    found = await one(core.db, InboundMessage, query)
    if found is None:
        raise NotFound("inbound", id)
    return found


async def page(core: Core, caller: Caller, wanted: Filter, request: PageRequest) -> Page[InboundMessage]:
    """Letters from the newest on, without their bodies; raises NotFound("cursor") for a cursor that names none."""
    cursor = request.before if request.after is None else request.after
    if cursor is not None:
        await _check_cursor(core, caller, cursor)
    statement = sql.inbound_page if request.before is None else sql.inbound_page_back
    match = _match(caller, wanted, request)
    query = statement(**match, count=request.limit + 1, skip=request.offset)
    found = await rows(core.db, InboundMessage, query)
    total = counted(request, len(found)) if request.total else 0
    if total is None:
        total = (await core.db.fetch(sql.inbound_count(**match, most=MOST_COUNTED)))[0][0]
    return Page.of(found, request, total)


async def _check_cursor(core: Core, caller: Caller, cursor: str) -> None:
    if not await core.db.fetch(sql.inbound_get(id=cursor, workspace_id=caller.workspace_id)):
        raise NotFound("cursor", cursor)


def _match(caller: Caller, wanted: Filter, request: PageRequest) -> dict[str, str | bool | None]:
    floor = FIRST if wanted.since is None else ids.floor(wanted.since)
    ceiling = LAST if wanted.until is None else ids.floor(wanted.until)
    recipient = lower(wanted.recipient)
    return {
        "workspace_id": caller.workspace_id,
        "before_id": min(ceiling, request.after or LAST),
        "after_id": max(floor, request.before or FIRST),
        "any_state": wanted.states is None,
        "states": listed(wanted.states or ()),
        "sender": lower(wanted.sender),
        "mailbox_hash": wanted.mailbox_hash,
        "tag": wanted.tag,
        "subject": None if wanted.subject is None else contains(sought(wanted.subject)),
        "recipient": None if recipient is None else f"\n{recipient}\n",
    }


async def source(core: Core, message: InboundMessage) -> bytes:
    """The bytes of a letter the caller was already given: as they came, below the fields of their arrival.

    Waits for room among the bodies in work. Raises NotFound("inbound_source") where they are kept no more.
    """
    size = await core.db.fetch(sql.inbound_source_size(message_id=message.id))
    if not size:
        raise NotFound("inbound_source", message.id)
    async with core.bodies.hold(2 * size[0][0]):
        found = await core.db.fetch(sql.inbound_source(message_id=message.id))
        if not found:
            raise NotFound("inbound_source", message.id)
        return bytes(found[0][0]) + bytes(found[0][1])


async def file(core: Core, message: InboundMessage, position: int) -> bytes:
    """One file of a letter the caller was already given, by its place in ``head.files``.

    Raises NotFound("attachment"), also where it is kept no more.
    """
    listed_size = message.head.files[position].size_bytes if position < len(message.head.files) else 0
    async with core.bodies.hold(listed_size):
        found = await files(core, message, [position])
    if not found:
        raise NotFound("attachment", str(position))
    return found[position]


async def files(core: Core, message: InboundMessage, positions: Sequence[int]) -> dict[int, bytes]:
    """Those of several files that are still kept, by their places.

    Whoever asks holds room for all of them: to wait for more while holding some could be to wait for oneself.
    """
    places = listed([str(position) for position in positions])
    found = await core.db.fetch(sql.inbound_files_at(message_id=message.id, positions=places))
    return {row[0]: bytes(row[1]) for row in found}


async def bypass(core: Core, caller: Caller, id: str) -> None:
    """Let a blocked letter through after all, as if it came now; raises NotFound("blocked_inbound")."""
    await _move(core, caller, id, "blocked")


async def retry(core: Core, caller: Caller, id: str) -> None:
    """Tell a letter once more that nobody took; raises NotFound("failed_inbound")."""
    await _move(core, caller, id, "failed")


async def _move(core: Core, caller: Caller, id: str, held: State) -> None:
    """Change a state together with the event that it is received: whoever hears of those acts on it."""
    await core.outbox.refresh()
    # without a webhook there is nobody to tell, and nothing left to do
    state = "queued" if core.outbox.wants(caller.workspace_id, "received") else "processed"
    move = sql.inbound_move(id=id, workspace_id=caller.workspace_id, held=held, state=state)
    event = (id, ids.new(), caller.workspace_id, events.WHOLE_MESSAGE, "received", core.clock.now(), _EMPTY)
    async with core.db.transaction() as work:
        if not (await work.run(move))[0]:
            raise NotFound(f"{held}_inbound", id)
        await work.run(sql.event_insert.many([event]), *core.outbox.events([event]), commit=True)
