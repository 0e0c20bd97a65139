"""Forgetting a person, a portion at a time.

What was erased is not found again, so a removal that was broken off is simply begun anew and does the rest.
"""

from collections.abc import Callable
from typing import Final

import structlog

from core import veils
from core.core import Core
from core.removals import letters, telling
from core.removals.removal import Removal
from core.removals.traces import TRACES, Trace
from core.store.database import listed, one, write
from core.store.statements import sql

_log = structlog.get_logger(__name__)

# what one commit erases: whoever accepts mail waits meanwhile
_PORTION: Final = 50

# how many rows of the person were erased
Tell = Callable[[int], None]


async def run(core: Core) -> None:
    """Carry out what is asked for, the oldest first; what cannot be ended yet is tried again by the next run."""
    after = ""
    while (removal := await one(core.db, Removal, sql.removals_pending(after=after))) is not None:
        after = removal.id
        await carry_out(core, removal)


async def carry_out(core: Core, removal: Removal, tell: Tell | None = None) -> bool:
    """Erase everything there is; False where mail to the person was being sent meanwhile and has to be looked at again.

    Safe to repeat, and to run at once with itself.
    """
    told = tell or (lambda _: None)
    query = sql.workspaces_of_account(
        account_id=removal.account_id, workspace_id=removal.workspace_id or None
    )
    finished = True
    for (workspace_id,) in await core.db.fetch(query):
        await _suppressions(core, removal, workspace_id, told)
        finished &= await _letters(core, removal, workspace_id, told)
        for trace in TRACES:
            await _trace(core, removal, workspace_id, trace, told)
    if finished:
        if removal.notify:
            await telling.tell(core, removal)
        await write(core.db, sql.removal_end(id=removal.id, now=core.clock.now()))
        _log.info("a person is forgotten", removal=removal.number)
    return finished


async def extent(core: Core, removal: Removal) -> int:
    """About how many rows there are."""
    total = 0
    query = sql.workspaces_of_account(
        account_id=removal.account_id, workspace_id=removal.workspace_id or None
    )
    for (workspace_id,) in await core.db.fetch(query):
        count = sql.traces_count(workspace_id=workspace_id, email=removal.email)
        total += (await core.db.fetch(count))[0][0]
    return total


async def _suppressions(core: Core, removal: Removal, workspace_id: str, told: Tell) -> None:
    """Before anything else: there is no moment in which mail to the person is not blocked."""
    place = {"workspace_id": workspace_id, "email": removal.email}
    veil = veils.veil(core.signer, removal.email)
    async with core.db.transaction() as work:
        found = await work.run(
            sql.veil_suppressions(hash=veil, **place),
            sql.veil_choices(hash=veil, **place),
            sql.suppressions_forget(**place),
            sql.choices_forget(**place),
        )
        count = len(found[2]) + len(found[3])
        await work.run(sql.removal_advance(id=removal.id, count=count), commit=True)
    told(count)


async def _letters(core: Core, removal: Removal, workspace_id: str, told: Tell) -> bool:
    after, finished = "", True
    while True:
        query = sql.traces_messages(
            workspace_id=workspace_id, email=removal.email, after=after, before=removal.id, count=_PORTION
        )
        keys = [row[0] for row in await core.db.fetch(query)]
        if not keys:
            return finished
        after = keys[-1]
        found = await letters.read(core, keys, removal.email)
        await core.outbox.refresh()
        async with core.db.transaction() as work:
            count = await letters.veil(core, work, found, removal.email)
            await work.run(sql.removal_advance(id=removal.id, count=count), commit=True)
        finished &= count == len(keys)
        told(count)


async def _trace(core: Core, removal: Removal, workspace_id: str, trace: Trace, told: Tell) -> None:
    while True:
        query = trace.found(workspace_id=workspace_id, email=removal.email, before=removal.id, count=_PORTION)
        keys = [row[0] for row in await core.db.fetch(query)]
        if not keys:
            return
        advance = sql.removal_advance(id=removal.id, count=len(keys))
        await write(core.db, *[statement(ids=listed(keys)) for statement in trace.erase], advance)
        told(len(keys))
