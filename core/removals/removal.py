"""A request to forget a person: made, looked at, done."""

from typing import Literal

import msgspec

from core import addresses, ids
from core.core import Caller, Core
from core.errors import NotFound
from core.store.database import one, write
from core.store.statements import sql

State = Literal["pending", "done"]


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to forget: in a workspace, or where it is empty in all of the account's.

    ``email`` is empty once it is done; ``erased`` counts what was found of the person. ``notify``: who asked for it is
    told by mail when it is done.
    """

    id: str
    number: int
    account_id: str
    workspace_id: str
    requested_by: str
    email: str
    state: str
    erased: int
    created_at: int
    done_at: int | None = None
    notify: bool = False


async def request(
    core: Core, caller: Caller, email: str, *, requested_by: str = "", notify: bool = False
) -> Removal:
    """Ask for a person to be forgotten, in the caller's workspace or, without one, in the whole account.

    What comes in later is another matter. A worker begins within seconds.
    """
    removal = Removal(
        id=ids.new(),
        number=await core.numbers.take("removal"),
        account_id=caller.account_id,
        workspace_id=caller.workspace_id,
        requested_by=requested_by,
        email=addresses.key(email),
        state="pending",
        erased=0,
        created_at=core.clock.now(),
        notify=notify,
    )
    insert = sql.removal_insert(
        id=removal.id,
        number=removal.number,
        account_id=removal.account_id,
        workspace_id=removal.workspace_id,
        requested_by=requested_by,
        email=removal.email,
        created_at=removal.created_at,
        notify=notify,
    )
    await write(core.db, insert)
    return removal


async def get(core: Core, caller: Caller, number: int) -> Removal:
    """A removal that the caller may know of; raises NotFound("removal")."""
    query = sql.removal_get(
        account_id=caller.account_id, number=number, workspace_id=caller.workspace_id or None
    )
    found = await one(core.db, Removal, query)
    if found is None:
        raise NotFound("removal", str(number))
    return found
