"""The keys that a domain's mail is signed with, from the first sight of their record to their last mail.

A key is ``pending`` until its record is seen in the DNS, then ``active``: it signs. It is ``retired`` when a newer one
of its algorithm becomes active; its record has to stay for as long as mail that it signed is still on the way.
"""

import asyncio
from datetime import UTC, datetime
from typing import Final, Literal, Protocol

import msgspec

from core import dkim, ids
from core.clock import DAY, SECOND
from core.core import Core
from core.errors import Conflict, Invalid
from core.headers import is_safe
from core.store.database import Transaction, mapper, rows
from core.store.statements import Query, sql

# RFC 5321 4.5.4.1 lets servers try for 4 to 5 days; who forwards may look at the signature later still
KEPT: Final = 7 * DAY
# the public half of an RSA key of 1024 bits as SubjectPublicKeyInfo in DER; RFC 8301 3.2 wants no shorter ones
_WEAK_BELOW_BYTES: Final = 160
_SUFFIX: Final = {"rsa": "", "ed25519": "e"}
_SELECTOR_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")


class Place(Protocol):
    """What keys need to know of their domain."""

    @property
    def id(self) -> str:
        """The domain's id."""
        ...

    @property
    def name(self) -> str:
        """The domain's name."""
        ...


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its secret half. ``state``: ``pending``, ``active`` or ``retired``."""

    id: str
    domain_id: str
    selector: str
    algorithm: dkim.Algorithm
    public_key: str
    state: Literal["pending", "active", "retired"]
    created_at: int
    activated_at: int | None
    retired_at: int | None

    @property
    def is_weak(self) -> bool:
        """Whether verifiers may leave its signatures out of account for its length."""
        return self.algorithm == "rsa" and len(self.public_key) * 3 // 4 < _WEAK_BELOW_BYTES

    def is_needed(self, now: int) -> bool:
        """Whether its record has to be in the DNS."""
        return self.retired_at is None or now < self.retired_at + KEPT


async def of(core: Core, domain_id: str) -> list[Key]:
    """The domain's keys, the oldest first."""
    return await rows(core.db, Key, sql.domain_keys_of(domain_id=domain_id))


async def first(core: Core, place: Place, *, selector: str, ed25519: bool) -> list[Query]:
    """What makes a domain's first keys; raises Invalid("selector") or Conflict("selector")."""
    algorithms: tuple[dkim.Algorithm, ...] = ("rsa", "ed25519") if ed25519 else ("rsa",)
    taken = await _taken(core, place.name)
    if selector:
        _check(selector)
        if selector in taken:
            raise Conflict("selector", f"{selector} is in use")
        return [
            await _made(core, place, f"{selector}{_SUFFIX[algorithm]}", algorithm) for algorithm in algorithms
        ]
    return [await _dated(core, place, taken, algorithm) for algorithm in algorithms]


async def rotate(core: Core, place: Place) -> None:
    """Make a successor for each key that signs; it signs once its record is seen.

    Raises Conflict("renewal") while an earlier one, or the first key, is still waited for.
    """
    held = await of(core, place.id)
    _refuse_pending(place, held)
    taken = await _taken(core, place.name)
    made = [await _dated(core, place, taken, key.algorithm) for key in held if key.state == "active"]
    async with core.db.transaction() as work:
        # the row is held from here on: who comes second sees the keys of who was first
        await work.run(sql.domain_check_at(id=place.id, next_check_at=core.clock.now()))
        _refuse_pending(place, await _within(work, place))
        await work.run(*made)


async def refuse_any(work: Transaction, place: Place) -> None:
    """Refuse, in a transaction that holds the domain's row, first keys of a domain that has some."""
    if await _within(work, place):
        raise there_already(place)


def there_already(place: Place) -> Conflict:
    """The refusal of a domain that is there with keys."""
    return Conflict("domain", f"{place.name} is there already", id=place.id)


async def _within(work: Transaction, place: Place) -> list[Key]:
    return [mapper(Key)(row) for row in (await work.run(sql.domain_keys_of(domain_id=place.id)))[0]]


def _refuse_pending(place: Place, held: list[Key]) -> None:
    if not held or any(key.state == "pending" for key in held):
        raise Conflict("renewal", "a new key is waited for already", id=place.id)


def promoted(key: Key, now: int) -> list[Query]:
    """What lets a key whose record was seen sign from now on, in its predecessor's place."""
    retire = sql.domain_key_retire_others(
        domain_id=key.domain_id, algorithm=key.algorithm, id=key.id, now=now, nothing=b""
    )
    return [retire, sql.domain_key_activate(id=key.id, now=now)]


async def _taken(core: Core, name: str) -> set[str]:
    return {row[0] for row in await core.db.fetch(sql.domain_selectors(name=name))}


async def _dated(core: Core, place: Place, taken: set[str], algorithm: dkim.Algorithm) -> Query:
    day = datetime.fromtimestamp(core.clock.now() / SECOND, UTC)
    start = f"bp{day:%Y%m%d}{_SUFFIX[algorithm]}"
    selector = next(
        each
        for each in (start, *(f"{start}-{count}" for count in range(2, len(taken) + 3)))
        if each not in taken
    )
    return await _made(core, place, selector, algorithm)


async def _made(core: Core, place: Place, selector: str, algorithm: dkim.Algorithm) -> Query:
    private = await asyncio.to_thread(dkim.generate, algorithm)
    return sql.domain_key_insert(
        id=ids.new(),
        domain_id=place.id,
        selector=selector,
        algorithm=algorithm,
        private_key=core.seal.close(private, dkim.record_name(place.name, selector)),
        public_key=dkim.public_text(private),
        created_at=core.clock.now(),
    )


def _check(selector: str) -> None:
    labels = selector.split(".")
    if not is_safe(selector) or not all(
        0 < len(label) <= 60 and set(label) <= _SELECTOR_LETTERS for label in labels
    ):
        raise Invalid("selector", "has letters, digits and hyphens only", value=selector)
