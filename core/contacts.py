"""Contacts: people in a segment, with properties of their own."""

from typing import Literal

import msgspec

from core import addresses, ids
from core.core import Caller, Core
from core.paging import Page, PageRequest
from core.store.database import Row, Transaction, mapper, one, rows
from core.store.statements import Many, Query, sql

Status = Literal["confirmed", "unsubscribed"]


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """One person in one segment, told from others by address whatever the case."""

    id: str
    email: str
    status: str
    source: str
    properties: dict[str, str]
    created_at: int
    updated_at: int


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What to save of a contact; ``properties`` are merged, ``status`` counts only when it is new."""

    email: str
    status: Status = "confirmed"
    source: str = "api"
    properties: dict[str, str] = {}


async def save(core: Core, caller: Caller, segment_key: str, change: Change) -> Contact:
    """Make or update a contact; the segment is made where it is missing. Safe to run at once with itself."""
    await core.outbox.refresh()
    now = core.clock.now()
    async with core.db.transaction() as work:
        # the segment's row is locked until the end, which is what makes reading and merging properties safe
        segment_id = await _segment(work, caller, segment_key, now)
        key = addresses.key(change.email)
        held = (await work.run(sql.contact_for_update(segment_id=segment_id, email_key=key)))[0]
        known: dict[str, str] = msgspec.msgpack.decode(held[0][0]) if held else {}
        await work.run(_put(caller, segment_id, change, known, now))
        if core.outbox:
            kept = (await work.run(sql.contact_by_email(segment_id=segment_id, email_key=key)))[0][0]
            kind = "contact_updated" if held else "contact_created"
            await work.run(*_told(core, caller.workspace_id, kind, kept, segment_id))
    found = await one(core.db, Contact, sql.contact_by_email(segment_id=segment_id, email_key=key))
    return found or await save(core, caller, segment_key, change)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A contact as it was when something happened to it."""

    contact: Contact
    segment_id: str


def _told(core: Core, workspace_id: str, kind: str, kept: Row, segment_id: str) -> list[Many]:
    standing = Standing(contact=mapper(Contact)(kept), segment_id=segment_id)
    return core.outbox.thing(workspace_id, kind, standing.contact.id, standing)


async def _segment(work: Transaction, caller: Caller, key: str, now: int) -> str:
    ensure = sql.segment_ensure(
        id=ids.new(), workspace_id=caller.workspace_id, key=key, name=key, created_at=now
    )
    found: str = (await work.run(ensure))[0][0][0]
    return found


def _put(caller: Caller, segment_id: str, change: Change, known: dict[str, str], now: int) -> Query:
    return sql.contact_put(
        id=ids.new(),
        workspace_id=caller.workspace_id,
        segment_id=segment_id,
        email=change.email,
        email_key=addresses.key(change.email),
        status=change.status,
        source=change.source,
        properties=msgspec.msgpack.encode(known | change.properties),
        created_at=now,
        updated_at=now,
    )


async def delete(core: Core, caller: Caller, segment_key: str, email: str) -> bool:
    """Forget a contact; whether there was one."""
    await core.outbox.refresh()
    key = addresses.key(email)
    delete = sql.contact_delete(workspace_id=caller.workspace_id, key=segment_key, email_key=key)
    async with core.db.transaction() as work:
        removed = (await work.run(delete))[0]
        for *kept, segment_id in removed:
            await work.run(*_told(core, caller.workspace_id, "contact_deleted", kept, segment_id))
    return bool(removed)


async def mark(core: Core, work: Transaction, workspace_id: str, email_key: str, status: Status) -> None:
    """Whether somebody wants mail at all, in every segment of a workspace, within a transaction.

    The outbox was refreshed before.
    """
    query = sql.contacts_mark(
        workspace_id=workspace_id, email_key=email_key, status=status, updated_at=core.clock.now()
    )
    marked = (await work.run(query))[0]
    for *kept, segment_id in marked:
        await work.run(*_told(core, workspace_id, "contact_updated", kept, segment_id))


async def page(core: Core, caller: Caller, segment_key: str, request: PageRequest) -> Page[Contact]:
    """Contacts of a segment from the oldest on, by offset, with their total; an unknown segment is empty."""
    workspace_id = caller.workspace_id
    found = await rows(
        core.db,
        Contact,
        sql.contacts_page(
            workspace_id=workspace_id, key=segment_key, count=request.limit + 1, skip=request.offset
        ),
    )
    total = (await core.db.fetch(sql.contacts_count(workspace_id=workspace_id, key=segment_key)))[0][0]
    return Page.of(found, request, total)
