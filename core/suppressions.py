"""Suppressions: addresses a workspace will not send to, whole or on one stream, with reason and origin.

They have no end of their own. Every change of who may be sent to is told once in ``subscription_changes``.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from operator import itemgetter
from typing import Any, Final, Literal

import msgspec

from core import addresses, ids, veils
from core.core import Caller, Core
from core.errors import NotFound
from core.outbox import Outbox
from core.paging import Page, PageRequest
from core.store.database import Transaction, listed, mapper, one, rows, write
from core.store.statements import Many, sql

Reason = Literal["hard_bounce", "complaint", "manual", "unsubscribe"]
Origin = Literal["recipient", "customer", "admin"]
Released = Literal["released", "absent", "guarded"]

_FIRST: Final = ""
# every id is smaller: they are hexadecimal
_LAST: Final = "g"
_PORTION: Final = 1000
# what two say together is what the first of them says
_RELEASED: Final[tuple[Released, ...]] = ("guarded", "released", "absent")
_WEIGHT: Final = {"complaint": 3, "unsubscribe": 2}


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """One suppressed address; an empty ``stream`` means every stream, ``message_id`` is what led to it, if any."""

    id: str
    email: str
    stream: str
    reason: str
    origin: str
    created_at: int
    message_id: str = ""

    @property
    def guarded(self) -> bool:
        """Whether it was the recipient or the operator who decided, and no customer can undo it."""
        return self.reason in _WEIGHT or self.origin == "admin"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What to suppress; an empty ``stream`` for every stream."""

    workspace_id: str
    email: str
    stream: str
    reason: str
    origin: str
    at: int
    message_id: str = ""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to allow mail again: addresses as they are compared, on a stream or None for all, of a reason or any.

    With ``guarded``, what recipients and the operator decided stays. ``origin`` is who allows it.
    """

    workspace_id: str
    keys: tuple[str, ...]
    at: int
    stream: str | None = ""
    reason: Reason | None = None
    guarded: bool = False
    origin: Origin = "customer"
    message_id: str = ""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What came about: ``suppress`` stopped mail, else allowed it again; of a topic where ``topic_id`` is set."""

    id: str
    email: str
    stream: str
    topic_id: str
    reason: str
    origin: str
    suppress: bool
    message_id: str
    at: int


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries; None asks for no particular one. ``since`` is inclusive, ``until`` exclusive, both moments.

    ``wide``: besides a stream's those of every stream, which stop mail through it as well.
    """

    email: str | None = None
    stream: str | None = None
    wide: bool = False
    reasons: tuple[str, ...] | None = None
    origin: str | None = None
    since: int | None = None
    until: int | None = None


def insertion(outbox: Outbox, entries: Iterable[Entry]) -> list[Many]:
    """The steps that suppress and tell of it. An entry that is there stays, unless the new one weighs more."""
    chosen: dict[tuple[str, str, str], Entry] = {}
    for entry in entries:
        # one statement may not change a row twice
        place = (entry.workspace_id, addresses.key(entry.email), entry.stream)
        held = chosen.get(place)
        if held is None or _weight(entry) > _weight(held):
            chosen[place] = entry
    # in one order for all processes, which wait for each other's rows
    made = [_row(entry, place[1]) for place, entry in sorted(chosen.items(), key=itemgetter(0))]
    told = sql.suppression_told.many([(row[0], row[3]) for row in made])
    return [sql.suppression_insert.many(made), told, *outbox.suppressed(told)]


def _weight(entry: Entry) -> int:
    return _WEIGHT.get(entry.reason, int(entry.origin == "admin"))


def _row(entry: Entry, email: str) -> tuple[Any, ...]:
    return (
        entry.workspace_id, email, entry.stream, ids.new(), entry.reason, entry.origin, entry.at, entry.message_id
    )  # fmt: skip  # a column list reads better in lines than in a column


async def enter(core: Core, work: Transaction, entry: Entry) -> bool:
    """Suppress within a transaction; whether that made a difference. The outbox was refreshed before."""
    put, told, *others = insertion(core.outbox, [entry])
    ((workspace_id, id),) = told.rows
    find = sql.suppression_find(workspace_id=workspace_id, named=id, email=None)
    return bool((await work.run(put, told, *others, find))[-1])


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
    await suppress_all(core, caller, [email], reason=reason, origin=origin, stream=stream)


async def suppress_all(
    core: Core,
    caller: Caller,
    emails: Sequence[str],
    *,
    reason: Reason = "manual",
    origin: Origin = "customer",
    stream: str = "",
) -> list[Suppression]:
    """Stop mail to addresses; the entry that each has from now on, in order, which may be an earlier one."""
    now = core.clock.now()
    entries = [
        Entry(
            workspace_id=caller.workspace_id, email=email, stream=stream, reason=reason, origin=origin, at=now
        )
        for email in emails
    ]
    keys = [addresses.key(email) for email in emails]
    if not keys:
        return []
    await core.outbox.refresh()
    held = sql.suppressions_of(workspace_id=caller.workspace_id, emails=listed(keys), stream=stream)
    found = (await write(core.db, *insertion(core.outbox, entries), held))[-1]
    kept = {entry.email: entry for entry in map(mapper(Suppression), found)}
    return [kept[key] for key in keys]


async def release(core: Core, caller: Caller, email: str, *, stream: str = "") -> None:
    """Allow mail again; raises NotFound("suppression")."""
    if await release_all(core, caller, [email], stream=stream) != ["released"]:
        raise NotFound("suppression", email)


async def release_all(
    core: Core,
    caller: Caller,
    emails: Sequence[str],
    *,
    stream: str | None = "",
    guarded: bool = False,
) -> list[Released]:
    """Allow mail to addresses again on a stream, None for all; what came of each, in order.

    With ``guarded``, what recipients and the operator decided stays.
    """
    keys = tuple(addresses.key(email) for email in emails)
    if not keys:
        return []
    wanted = Release(
        workspace_id=caller.workspace_id, keys=keys, at=core.clock.now(), stream=stream, guarded=guarded
    )
    left = sql.suppressions_of(workspace_id=caller.workspace_id, emails=listed(keys), stream=stream)
    await core.outbox.refresh()
    async with core.db.transaction() as work:
        let_go = await leave_out(core, work, wanted)
        let_go |= await veils.release(core, work, caller.workspace_id, keys, stream, guarded=guarded)
        kept = {row[1] for row in (await work.run(left, commit=True))[0]}
    return ["guarded" if key in kept else "released" if key in let_go else "absent" for key in keys]


async def release_through(core: Core, caller: Caller, emails: Sequence[str], stream: str) -> list[Released]:
    """Allow mail to addresses through a stream: what stops it there or everywhere goes, but for what is guarded."""
    own, wide = [await release_all(core, caller, emails, stream=each, guarded=True) for each in (stream, "")]
    return [_both(*pair) for pair in zip(own, wide, strict=True)]


def _both(one: Released, other: Released) -> Released:
    return next(each for each in _RELEASED if each in (one, other))


async def leave_out(core: Core, work: Transaction, wanted: Release) -> set[str]:
    """Release within a transaction and tell of it; the addresses of which any entry went.

    The outbox was refreshed before.
    """
    delete = sql.suppressions_delete(
        workspace_id=wanted.workspace_id,
        emails=listed(wanted.keys),
        stream=wanted.stream,
        reason=wanted.reason,
        guarded=wanted.guarded,
    )
    gone = [mapper(Suppression)(row) for row in (await work.run(delete))[0]]
    if gone:
        told = [_told(wanted, each) for each in gone]
        await work.run(sql.change_insert.many(told), *core.outbox.changes(told))
    return {each.email for each in gone}


def _told(wanted: Release, gone: Suppression) -> tuple[Any, ...]:
    return (
        ids.new(), wanted.workspace_id, gone.email, gone.stream, "", gone.reason, wanted.origin, False,
        wanted.message_id, wanted.at,
    )  # fmt: skip  # likewise


async def get(core: Core, caller: Caller, named: str) -> Suppression:
    """One entry by its id or, the oldest, by its address; raises NotFound("suppression")."""
    query = sql.suppression_find(workspace_id=caller.workspace_id, named=named, email=addresses.key(named))
    found = await one(core.db, Suppression, query)
    if found is None:
        raise NotFound("suppression", named)
    return found


async def of_workspace(core: Core, caller: Caller) -> list[Suppression]:
    """Every suppression of the caller's workspace, in the order they were made."""
    return await rows(core.db, Suppression, sql.suppressions_of_workspace(workspace_id=caller.workspace_id))


async def page(core: Core, caller: Caller, wanted: Filter, request: PageRequest) -> Page[Suppression]:
    """Entries from the newest on."""
    match = _match(caller, wanted, request)
    statement = sql.suppressions_page if request.before is None else sql.suppressions_page_back
    query = statement(**match, count=request.limit + 1, skip=request.offset)
    total = (await core.db.fetch(sql.suppressions_page_count(**match)))[0][0] if request.total else 0
    return Page.of(await rows(core.db, Suppression, query), request, total)


async def every(core: Core, caller: Caller, wanted: Filter) -> AsyncIterator[Suppression]:
    """Every entry from the newest on, read in portions."""
    request = PageRequest(limit=_PORTION)
    while True:
        found = await page(core, caller, wanted, request)
        for each in found.items:
            yield each
        if not found.more:
            return
        request = PageRequest(limit=_PORTION, after=found.items[-1].id)


async def count(core: Core, caller: Caller, wanted: Filter) -> int:
    """How many entries there are."""
    match = _match(caller, wanted, PageRequest())
    total: int = (await core.db.fetch(sql.suppressions_page_count(**match)))[0][0]
    return total


def _match(caller: Caller, wanted: Filter, request: PageRequest) -> dict[str, Any]:
    return {
        "workspace_id": caller.workspace_id,
        "before_id": request.after or _LAST,
        "after_id": request.before or _FIRST,
        "email": None if wanted.email is None else addresses.key(wanted.email),
        "stream": wanted.stream,
        "wide": wanted.wide,
        "origin": wanted.origin,
        "any_reason": wanted.reasons is None,
        "reasons": listed(wanted.reasons or ()),
        "since": wanted.since,
        "until": wanted.until,
    }


async def changes(core: Core, workspace_id: str, *, after: str = "", most: int = 1000) -> list[Change]:
    """What changed in a workspace from the oldest on, beginning after an id."""
    return await rows(
        core.db, Change, sql.changes_page(workspace_id=workspace_id, after_id=after, count=most)
    )
