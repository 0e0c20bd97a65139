"""Sends that were put off: called off or moved, as long as no worker has begun them."""

from core import ids
from core.core import Caller, Core
from core.errors import Conflict
from core.messages.message import Message
from core.messages.reading import get
from core.store.statements import Many, sql

_EMPTY = b"\x80"


async def cancel(core: Core, caller: Caller, id: str) -> Message:
    """Call a scheduled message off; raises NotFound, and Conflict("not_scheduled") once it is no longer waiting."""
    message = await _waiting(core, caller, id)
    await core.outbox.refresh()
    now = core.clock.now()
    async with core.db.transaction() as work:
        taken = await work.run(sql.job_take_back(id=id))
        if not taken[0]:
            raise Conflict("not_scheduled", "The message is no longer scheduled.", id=id)
        await work.run(
            sql.message_cancel(id=id),
            sql.deliveries_cancel(id=id, now=now),
            *_told(core, message, "canceled", now),
            commit=True,
        )
    return await get(core, caller, id)


async def reschedule(core: Core, caller: Caller, id: str, at: int) -> Message:
    """Move a scheduled message to another moment; raises as ``cancel`` does."""
    message = await _waiting(core, caller, id)
    await core.outbox.refresh()
    now = core.clock.now()
    async with core.db.transaction() as work:
        moved = await work.run(sql.job_move(id=id, run_at=at))
        if not moved[0]:
            raise Conflict("not_scheduled", "The message is no longer scheduled.", id=id)
        await work.run(
            sql.message_reschedule(id=id, scheduled_at=at),
            *_told(core, message, "rescheduled", now),
            commit=True,
        )
    core.wake.set()
    return await get(core, caller, id)


def _told(core: Core, message: Message, kind: str, now: int) -> list[Many]:
    event = (message.id, ids.new(), message.workspace_id, -1, kind, now, _EMPTY)
    return [sql.event_insert.many([event]), *core.outbox.events([event])]


async def _waiting(core: Core, caller: Caller, id: str) -> Message:
    message = await get(core, caller, id)
    if message.state != "scheduled":
        raise Conflict("not_scheduled", "The message is not scheduled.", id=id)
    return message
