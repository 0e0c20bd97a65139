"""Streams: separated classes of traffic within a workspace, so that one's trouble is not the other's."""

from typing import Final, Literal

import msgspec

from core.core import Caller, Core
from core.errors import Forbidden, NotFound
from core.store.database import rows
from core.store.statements import sql

DEFAULT_SEND: Final = "outbound"
OptOut = Literal["managed", "custom", "none"]


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
