"""Domains as their owners look at them: with keys and with how their records were found last, many in three trips."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from core.core import Core
from core.domains.domain import Domain, find
from core.domains.keys import Key
from core.domains.records import Purpose, of_key
from core.domains.standing import Check
from core.paging import Page, PageRequest
from core.store.database import listed, rows
from core.store.statements import sql

_FOUND = ("verified", "temporary_failure")


class _Held(Check, frozen=True, kw_only=True):
    """A check with whose it is."""

    domain_id: str


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """A domain with its keys, the oldest first, and its checks."""

    domain: Domain
    keys: tuple[Key, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def is_proved(self) -> bool:
        """Whether mail may be sent from it: by its record, or on the operator's word."""
        return self.domain.verified_at is not None

    def key(self, state: str) -> Key | None:
        """The latest RSA key in a state; those of another algorithm only sign beside it."""
        return next(
            (key for key in reversed(self.keys) if (key.algorithm, key.state) == ("rsa", state)), None
        )

    def has_failed(self, key: Key) -> bool:
        """Whether a key's record was missed for so long that nobody seems to mean to publish it."""
        name = of_key(self.domain, key).name
        return any(each.name == name and each.state == "failed" for each in self.checks)

    def is_found(self, purpose: Purpose, name: str) -> bool:
        """Whether a record of one of its own names leads here, and the name is used therefore."""
        return any(
            (each.purpose, each.name) == (purpose, name) and each.state in _FOUND for each in self.checks
        )


async def overview(core: Core, domain: Domain) -> Overview:
    """One domain."""
    return (await _overviews(core, [domain]))[0]


async def of_name(core: Core, account_id: str, name: str) -> Overview:
    """The account's domain of a name; one that nothing is known of where it has none."""
    held = await find(core, account_id, name)
    return Overview(domain=_unknown(account_id, name)) if held is None else await overview(core, held)


async def page(core: Core, account_id: str, asked: PageRequest) -> Page[Overview]:
    """The account's domains, the newest first."""
    query = sql.domains_page(account_id=account_id, count=asked.limit + 1, skip=asked.offset)
    found = Page.of(await rows(core.db, Domain, query), asked)
    total = (await core.db.fetch(sql.domains_count(account_id=account_id)))[0][0]
    items = await _overviews(core, found.items)
    return Page(items=tuple(items), more=found.more, total=total)


async def _overviews(core: Core, domains: Sequence[Domain]) -> list[Overview]:
    ids = listed([domain.id for domain in domains])
    keys: defaultdict[str, list[Key]] = defaultdict(list)
    for key in await rows(core.db, Key, sql.domain_keys_among(ids=ids)):
        keys[key.domain_id].append(key)
    checks: defaultdict[str, list[Check]] = defaultdict(list)
    for check in await rows(core.db, _Held, sql.domain_checks_among(ids=ids)):
        checks[check.domain_id].append(check)
    return [
        Overview(domain=each, keys=tuple(keys[each.id]), checks=tuple(checks[each.id])) for each in domains
    ]


def _unknown(account_id: str, name: str) -> Domain:
    return Domain(
        id="",
        account_id=account_id,
        name=name,
        verified_at=None,
        created_at=0,
        number=0,
        trusted=False,
        state="pending",
        return_domain="",
        tracking_domain="",
        receiving=False,
        checked_at=None,
    )
