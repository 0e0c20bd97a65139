"""Streams: separated classes of traffic within a workspace, so that one's trouble is not the other's."""

from typing import Final, Literal

import msgspec

from core.clock import DAY
from core.core import Caller, Core
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.store.database import mapper, rows, write
from core.store.statements import Query, sql

DEFAULT_SEND: Final = "outbound"
# so many a workspace may have, and of those that receive
_MOST: Final = 10
_MOST_INBOUND: Final = 1
# what is archived can be taken back for so long
_KEPT: Final = 45 * DAY

OptOut = Literal["managed", "custom", "none"]
Kind = Literal["transactional", "broadcast", "inbound"]


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream. ``kind``: ``transactional``, ``broadcast`` or ``inbound``.

    ``opt_out``: ``managed`` letters offer a way out by themselves, ``custom`` ones have one of the sender's own. The
    default stream's do neither, whatever stands here.
    """

    workspace_id: str
    key: str
    name: str
    kind: str
    description: str
    archived_at: int | None
    created_at: int
    updated_at: int
    opt_out: str = "none"

    @property
    def is_default(self) -> bool:
        """Whether it is one of the two that a workspace cannot be without."""
        return self.key == DEFAULT_SEND or self.kind == "inbound"

    @property
    def purged_at(self) -> int | None:
        """When it can no longer be taken back, of an archived one."""
        return None if self.archived_at is None else self.archived_at + _KEPT


class NewStream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream to make."""

    key: str
    name: str
    kind: Kind
    description: str = ""
    opt_out: OptOut = "none"


class StreamChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change of one; None leaves it."""

    name: str | None = None
    description: str | None = None
    opt_out: OptOut | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to change."""
        return self == StreamChange()


class Default(msgspec.Struct, frozen=True):
    """A stream that every workspace begins with."""

    key: str
    name: str
    kind: str
    description: str = ""
    opt_out: OptOut = "none"


DEFAULTS: Final = (
    Default(DEFAULT_SEND, "Default Transactional Stream", "transactional"),
    Default("inbound", "Default Inbound Stream", "inbound"),
    Default("broadcast", "Default Broadcast Stream", "broadcast", opt_out="managed"),
)


async def of_workspace(core: Core, caller: Caller) -> list[Stream]:
    """Every stream of the caller's workspace, archived ones too, in the order they were made."""
    return await rows(core.db, Stream, sql.streams_of_workspace(workspace_id=caller.workspace_id))


async def get(core: Core, caller: Caller, key: str) -> Stream:
    """One stream, archived or not; raises NotFound("stream")."""
    found = {stream.key: stream for stream in await of_workspace(core, caller)}.get(key)
    if found is None:
        raise NotFound("stream", key)
    return found


async def is_known(core: Core, key: str, workspace_id: str = "") -> bool:
    """Whether a workspace, or any, has a stream of this key."""
    return bool(await core.db.fetch(sql.stream_known(key=key, workspace_id=workspace_id or None)))


async def require_sending(core: Core, caller: Caller, key: str) -> None:
    """Make sure that mail can go out through a stream.

    Raises NotFound("sending_stream") for an unknown or archived one, Forbidden("inbound_stream"). The default stream
    cannot be taken away and is not asked for, which spares the common send a query.
    """
    if key == DEFAULT_SEND:
        return
    found = {stream.key: stream for stream in await of_workspace(core, caller)}.get(key)
    if found is None or found.archived_at is not None:
        raise NotFound("sending_stream", key)
    if found.kind == "inbound":
        raise Forbidden(kind="inbound_stream")


async def create(core: Core, caller: Caller, new: NewStream) -> Stream:
    """Make a stream; raises Conflict("stream"), Conflict("stream_limit") and Conflict("second_inbound_stream")."""
    now = core.clock.now()
    insert = sql.stream_insert(
        workspace_id=caller.workspace_id,
        key=new.key,
        name=new.name,
        kind=new.kind,
        description=new.description,
        created_at=now,
        updated_at=now,
        opt_out=new.opt_out,
    )
    held = sql.streams_of_workspace(workspace_id=caller.workspace_id)
    async with core.db.transaction() as work:
        # the workspace's row is held: nobody else makes one between the look and the insertion
        found = (await work.run(sql.workspace_settings(id=caller.workspace_id), held))[1]
        _check_room([mapper(Stream)(row) for row in found], new, now)
        await work.run(insert, commit=True)
    return await get(core, caller, new.key)


def _check_room(held: list[Stream], new: NewStream, now: int) -> None:
    if any(each.key == new.key for each in held):
        raise Conflict("stream", f"There is a stream {new.key}.", id=new.key)
    if new.kind == "inbound" and sum(each.kind == "inbound" for each in held) >= _MOST_INBOUND:
        raise Conflict("second_inbound_stream", "A workspace has one inbound stream.")
    if sum(each.purged_at is None or each.purged_at > now for each in held) >= _MOST:
        raise Conflict("stream_limit", f"A workspace has at most {_MOST} streams.")


async def change(core: Core, caller: Caller, key: str, wanted: StreamChange) -> Stream:
    """Change a stream, archived or not; raises NotFound("stream"), and Invalid("stream_opt_out").

    The default stream's letters offer no way out, so that it cannot be asked to.
    """
    if key == DEFAULT_SEND and wanted.opt_out not in (None, "none"):
        raise Invalid("opt_out", "the default stream's letters offer no way out", kind="stream_opt_out")
    if wanted.is_empty:
        return await get(core, caller, key)
    return await _changed(
        core,
        key,
        sql.stream_change(
            workspace_id=caller.workspace_id,
            key=key,
            name=wanted.name,
            description=wanted.description,
            opt_out=wanted.opt_out,
            now=core.clock.now(),
        ),
    )


async def archive(core: Core, caller: Caller, key: str) -> Stream:
    """Let nothing go through a stream any longer; repeating keeps the first moment.

    Raises NotFound("stream") and Forbidden("default_stream").
    """
    if (await get(core, caller, key)).is_default:
        raise Forbidden(kind="default_stream")
    query = sql.stream_archive(workspace_id=caller.workspace_id, key=key, now=core.clock.now())
    return await _changed(core, key, query)


async def restore(core: Core, caller: Caller, key: str) -> Stream:
    """Take an archived stream back; raises NotFound("stream") and Conflict("stream_purged") where it is too late."""
    await get(core, caller, key)
    query = sql.stream_restore(
        workspace_id=caller.workspace_id, key=key, purged_before=core.clock.now() - _KEPT
    )
    found = (await write(core.db, query))[0]
    if not found:
        raise Conflict("stream_purged", "It was archived too long ago.", id=key)
    return mapper(Stream)(found[0])


async def _changed(core: Core, key: str, query: Query) -> Stream:
    found = (await write(core.db, query))[0]
    if not found:
        raise NotFound("stream", key)
    return mapper(Stream)(found[0])
