"""What each call made, counted by outcome: a batch is one, and so is a message that came alone."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec

from core import ids
from core.core import Caller, Core
from core.messages.message import Batch, Message
from core.messages.reading import bare, batches
from core.store.database import Database, listed
from core.store.statements import Query, Statement, sql

_AT_ONCE: Final = 100


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One call. ``uid`` is the batch's, else the message's id; ``template`` a slug or empty.

    ``states`` are the numbers of deliveries by state.
    """

    uid: str
    number: int
    created_at: int
    template: str
    states: dict[str, int]


async def summaries(core: Core, caller: Caller, *, since: int) -> AsyncIterator[Summary]:
    """Every call of the workspace since a moment: the batches from the oldest on, then the messages without one."""
    async for batch_page in _batches(core, caller, since):
        for summary in await _of_batches(core.db, batch_page):
            yield summary
    async for message_page in _alone(core, caller, since):
        for summary in await _of_messages(core.db, message_page):
            yield summary


async def states(core: Core, held: Batch | Message) -> dict[str, int]:
    """The numbers of deliveries by state, for what the caller was already given."""
    statement = sql.batch_states if isinstance(held, Batch) else sql.message_states
    return (await _states(core.db, statement, [held.id])).get(held.id, {})


async def _batches(core: Core, caller: Caller, since: int) -> AsyncIterator[list[Batch]]:
    after = ""
    while found := await batches(core, caller, since=since, most=_AT_ONCE, after=after):
        yield found
        after = found[-1].id


async def _alone(core: Core, caller: Caller, since: int) -> AsyncIterator[list[Message]]:
    after = ids.floor(since)
    while found := await bare(core.db, await core.db.fetch(_alone_after(caller, after))):
        yield found
        after = found[-1].id


def _alone_after(caller: Caller, after: str) -> Query:
    return sql.messages_alone(
        workspace_id=caller.workspace_id, environment=caller.environment, after=after, count=_AT_ONCE
    )


async def _of_batches(db: Database, found: list[Batch]) -> list[Summary]:
    keys = [batch.id for batch in found]
    counted = await _states(db, sql.batch_states, keys)
    firsts = await bare(db, await db.fetch(sql.batch_beginnings(ids=listed(keys))))
    slugs = {message.batch_id: _slug(message) for message in firsts}
    return [
        Summary(
            uid=batch.uid,
            number=batch.number,
            created_at=batch.created_at,
            template=slugs.get(batch.id, ""),
            states=counted.get(batch.id, {}),
        )
        for batch in found
    ]


async def _of_messages(db: Database, found: list[Message]) -> list[Summary]:
    counted = await _states(db, sql.message_states, [message.id for message in found])
    return [
        Summary(
            uid=message.id,
            number=message.number,
            created_at=message.created_at,
            template=_slug(message),
            states=counted.get(message.id, {}),
        )
        for message in found
    ]


def _slug(message: Message) -> str:
    return message.draft.template.slug if message.draft.template is not None else ""


async def _states(db: Database, statement: Statement, keys: Sequence[str]) -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = {}
    for owner, state, count in await db.fetch(statement(ids=listed(keys))):
        counted.setdefault(owner, {})[state] = count
    return counted
