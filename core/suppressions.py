"""Suppressions: addresses a workspace will not send to, whole or on one stream, with reason and origin."""

from typing import Literal

import msgspec

from core import addresses, ids
from core.core import Caller, Core
from core.errors import NotFound
from core.store.database import rows, write
from core.store.statements import Many, sql

Reason = Literal["hard_bounce", "complaint", "manual", "unsubscribe"]
Origin = Literal["recipient", "customer", "admin"]


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """One suppressed address; an empty ``stream`` means every stream."""

    id: str
    email: str
    stream: str
    reason: str
    origin: str
    created_at: int


def insertion(rows: list[tuple[str, str, str, str, str, int]]) -> Many:
    """The step that suppresses: workspace, email, stream, reason, origin, moment. The first entry stays."""
    return sql.suppression_insert.many(
        [(workspace, addresses.key(email), stream, ids.new(), reason, origin, at)
         for workspace, email, stream, reason, origin, at in rows]
    )  # fmt: skip


async def suppress(  # reason and origin are facts of their own
    core: Core,
    caller: Caller,
    email: str,
    *,
    reason: Reason = "manual",
    origin: Origin = "customer",
    stream: str = "",
) -> None:
    """Stop mail to an address; repeating keeps the first entry."""
    await write(core.db, insertion([(caller.workspace_id, email, stream, reason, origin, core.clock.now())]))


async def release(core: Core, caller: Caller, email: str, *, stream: str = "") -> None:
    """Allow mail again; raises NotFound("suppression")."""
    delete = sql.suppression_delete(
        workspace_id=caller.workspace_id, email=addresses.key(email), stream=stream
    )
    if not (await write(core.db, delete))[0]:
        raise NotFound("suppression", email)


async def of_workspace(core: Core, caller: Caller) -> list[Suppression]:
    """Every suppression of the caller's workspace, in the order they were made."""
    return await rows(core.db, Suppression, sql.suppressions_of_workspace(workspace_id=caller.workspace_id))
