"""Bounces read back, and an address taken into use again, always within the caller's workspace."""

from typing import Final

import msgspec

from core import addresses, ids, suppressions
from core.bounces.bounce import Bounce
from core.core import Caller, Core
from core.errors import Conflict, NotFound
from core.messages.reading import get as get_message
from core.messages.reading import source
from core.paging import MOST_COUNTED, Page, PageRequest, counted
from core.store.database import listed, one, rows
from core.store.statements import sql

_FIRST: Final = "00000000-0000-0000-0000-000000000000"
_LAST: Final = "ffffffff-ffff-ffff-ffff-ffffffffffff"


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which bounces; None asks for no particular one.

    ``email`` is contained, whatever the case. ``since`` is inclusive, ``until`` exclusive, both moments.
    """

    kinds: tuple[str, ...] | None = None
    inactive: bool | None = None
    email: str | None = None
    tag: str | None = None
    message_id: str | None = None
    stream: str | None = None
    since: int | None = None
    until: int | None = None


class Counts(msgspec.Struct, frozen=True):
    """How many bounces there are of each kind, and how many addresses are out of use."""

    inactive: int
    kinds: dict[str, int]


async def get(core: Core, caller: Caller, number: int) -> Bounce:
    """One bounce; raises NotFound("bounce") for unknown and foreign numbers alike."""
    query = sql.bounce_get(number=number, workspace_id=caller.workspace_id, environment=caller.environment)
    found = await one(core.db, Bounce, query)
    if found is None:
        raise NotFound("bounce", str(number))
    return found


async def page(core: Core, caller: Caller, wanted: Filter, request: PageRequest) -> Page[Bounce]:
    """Bounces from the newest on."""
    match = _match(caller, wanted, request)
    statement = sql.bounces_page if request.before is None else sql.bounces_page_back
    query = statement(**match, count=request.limit + 1, skip=request.offset)
    found = await rows(core.db, Bounce, query)
    total = counted(request, len(found)) if request.total else 0
    if total is None:
        total = (await core.db.fetch(sql.bounces_count(**match, most=MOST_COUNTED)))[0][0]
    return Page.of(found, request, total)


def _match(caller: Caller, wanted: Filter, request: PageRequest) -> dict[str, str | bool | None]:
    floor = _FIRST if wanted.since is None else ids.floor(wanted.since)
    ceiling = _LAST if wanted.until is None else ids.floor(wanted.until)
    return {
        "workspace_id": caller.workspace_id,
        "environment": caller.environment,
        "before_id": min(ceiling, request.after or _LAST),
        "after_id": max(floor, request.before or _FIRST),
        "any_kind": wanted.kinds is None,
        "kinds": listed(wanted.kinds or ()),
        "stream": wanted.stream,
        "tag": wanted.tag,
        "message_id": wanted.message_id,
        "email": None if wanted.email is None else _contains(wanted.email),
        "inactive": wanted.inactive,
    }


def _contains(text: str) -> str:
    escaped = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"


async def dump(core: Core, bounce: Bounce) -> bytes:
    """What told of a bounce that the caller was already given: the letter, cut to a bound, else the server's reply.

    Where a letter was taken and not sent, the reason and the letter.
    """
    if bounce.kind == "submission_error":
        return bounce.details.encode() + b"\r\n\r\n" + await _letter(core, bounce)
    found = await core.db.fetch(sql.bounce_dump(number=bounce.number)) if bounce.reported else []
    return bytes(found[0][0]) if found else bounce.details.encode()


async def _letter(core: Core, bounce: Bounce) -> bytes:
    caller = Caller(account_id="", workspace_id=bounce.workspace_id, environment=bounce.environment)
    try:
        return await source(core, await get_message(core, caller, bounce.message_id))
    except NotFound:
        # a bounce outlives its message
        return b""


async def activate(core: Core, caller: Caller, number: int) -> Bounce:
    """Release what the bounce suppressed; it stays in lists. Safe to repeat.

    Raises NotFound("bounce"), and Conflict("bounce") for what the recipient wanted, which stands.
    """
    bounce = await get(core, caller, number)
    if not bounce.can_activate:
        raise Conflict("bounce", "The recipient wanted no more mail.", id=str(number))
    if not bounce.inactive:
        return bounce
    wanted = suppressions.Release(
        workspace_id=caller.workspace_id,
        keys=(addresses.key(bounce.email),),
        at=core.clock.now(),
        stream=bounce.suppressed_stream,
        # a complaint that came meanwhile stands
        reason="hard_bounce",
    )
    await core.outbox.refresh()
    async with core.db.transaction() as work:
        await suppressions.leave_out(core, work, wanted)
    return msgspec.structs.replace(bounce, inactive=False)


async def counts(core: Core, caller: Caller, *, stream: str | None = None) -> Counts:
    """The workspace's bounces by kind, of one stream or of all."""
    workspace = caller.workspace_id
    query = sql.bounces_by_kind(workspace_id=workspace, environment=caller.environment, stream=stream)
    kinds = {row[0]: row[1] for row in await core.db.fetch(query)}
    held = await core.db.fetch(sql.suppressions_count(workspace_id=workspace, stream=stream))
    return Counts(inactive=held[0][0], kinds=kinds)


async def tags(core: Core, caller: Caller) -> list[str]:
    """The tags of messages that bounced, in order."""
    query = sql.bounces_tags(workspace_id=caller.workspace_id, environment=caller.environment)
    return [row[0] for row in await core.db.fetch(query)]
