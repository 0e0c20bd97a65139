"""Verifies domains: looks for their records, moves keys and states on, and tells of what changed.

Safe to repeat and to run at once: each run writes what it saw, and only one of two tells of a change.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from core import ids
from core.core import Core
from core.domains import keys
from core.domains.domain import Domain, find
from core.domains.keys import Key
from core.domains.looking import look
from core.domains.records import Record, wanted
from core.domains.standing import Check, after, next_look, of_domain
from core.store.database import rows, write
from core.store.statements import Query, sql

_log = structlog.get_logger(__name__)

# at once in the background: their name servers are many, ours may be one
_AT_ONCE: Final = 10


class DomainEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A domain's state changed to ``kind``; ``told`` is why, where it got worse."""

    id: str
    name: str
    kind: str
    told: str
    at: int


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """A check after a look, with the key that its record speaks of."""

    key: Key | None
    check: Check


async def checked(core: Core, domain: Domain) -> list[tuple[Record, Check]]:
    """The domain's records, each with how it was found last; ``checked_at`` 0: not looked for yet."""
    return await _checked(core, domain, await keys.of(core, domain.id))


async def _checked(core: Core, domain: Domain, held: Sequence[Key]) -> list[tuple[Record, Check]]:
    query = sql.domain_checks_of(domain_id=domain.id)
    found = {(each.purpose, each.name): each for each in await rows(core.db, Check, query)}
    now = core.clock.now()
    return [
        (record, found.get((record.purpose, record.name)) or _unseen(record, now))
        for record in wanted(core.policy, domain, held)
    ]


async def verify(core: Core, domain: Domain, *, anew: bool = False) -> Domain:
    """Look for all records now; the domain as it stands then. ``anew`` gives what has failed its time again.

    Nothing is looked for where a domain has no keys, since it is trusted and no more.
    """
    held = {key.id: key for key in await keys.of(core, domain.id)}
    pairs = await _checked(core, domain, list(held.values()))
    if not pairs:
        await write(core.db, sql.domain_check_at(id=domain.id, next_check_at=None))
        return domain
    looks = await asyncio.gather(*(look(core.resolver, record) for record, _ in pairs))
    now = core.clock.now()
    found = [
        _Found(key=held.get(record.key_id), check=after(_anew(check, now) if anew else check, seen, now))
        for (record, check), seen in zip(pairs, looks, strict=True)
    ]
    await _write(core, domain, found)
    core.identities.forget(domain.name)
    # it may have been removed meanwhile
    return await find(core, domain.account_id, domain.name) or domain


async def verify_due(core: Core) -> None:
    """Verify every domain whose time it is; may be broken off at any point."""
    while due := await rows(core.db, Domain, sql.domains_due(now=core.clock.now(), most=_AT_ONCE)):
        await asyncio.gather(*(verify(core, each) for each in due))


async def events_of(core: Core, domain: Domain) -> list[DomainEvent]:
    """What became of the domain, the oldest first."""
    query = sql.domain_events_of(account_id=domain.account_id, domain_id=domain.id)
    return await rows(core.db, DomainEvent, query)


def _unseen(record: Record, now: int) -> Check:
    return Check(purpose=record.purpose, name=record.name, state="pending", told="", since=now, checked_at=0)


def _anew(check: Check, now: int) -> Check:
    return msgspec.structs.replace(check, state="pending", since=now) if check.state == "failed" else check


async def _write(core: Core, domain: Domain, found: Sequence[_Found]) -> None:
    now = core.clock.now()
    signing = [each for each in found if each.key is not None]
    state = of_domain([each.check.state for each in signing])
    told = next((each.check.told for each in signing if each.check.told), "")
    moved = sql.domain_checked(
        id=domain.id,
        was=domain.state,
        state=state,
        verified_at=_verified_at(domain, state, now),
        checked_at=now,
        next_check_at=next_look([each.check for each in found], now),
    )
    event = [_event(domain, state, told, now)] if state != domain.state else []
    await core.outbox.refresh()
    puts = [_put(domain, each.check) for each in found]
    async with core.db.transaction() as work:
        # the domain first: who comes second finds another state, or no domain any more, and writes nothing
        if not (await work.run(moved))[0]:
            return
        await work.run(*puts, *_promotions(signing, now), *event)
        if event:
            verified_at = _verified_at(domain, state, now)
            changed = msgspec.structs.replace(domain, state=state, verified_at=verified_at, checked_at=now)
            await work.run(*core.outbox.of_account(domain.account_id, "domain_updated", changed.id, changed))
    if event:
        _log.info("domain changed", domain=domain.name, was=domain.state, state=state, reason=told)


def _promotions(signing: Sequence[_Found], now: int) -> list[Query]:
    seen = [each.key for each in signing if each.check.state == "verified" and each.key is not None]
    return [query for key in seen if key.state == "pending" for query in keys.promoted(key, now)]


def _verified_at(domain: Domain, state: str, now: int) -> int | None:
    if domain.trusted or state in ("verified", "temporary_failure"):
        return domain.verified_at or now
    return None


def _put(domain: Domain, check: Check) -> Query:
    return sql.domain_check_put(domain_id=domain.id, **msgspec.structs.asdict(check))


def _event(domain: Domain, state: str, told: str, now: int) -> Query:
    return sql.domain_event_insert(
        id=ids.new(),
        account_id=domain.account_id,
        domain_id=domain.id,
        name=domain.name,
        kind=state,
        told=told,
        at=now,
    )
