"""A domain of an account: added to be proved by DNS, or trusted on the operator's word."""

from typing import Literal, TypeVar

import msgspec

from core import addresses, ids
from core.core import Core
from core.domains import keys
from core.errors import Invalid, NotFound
from core.store.database import mapper, one, rows, write
from core.store.statements import sql

T = TypeVar("T")

State = Literal["pending", "verified", "temporary_failure", "failed"]


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    """Mail may be sent from it once ``verified_at`` is set.

    ``state`` tells how its DKIM record stands: ``pending`` (not found yet), ``verified``, ``temporary_failure`` (it
    was there, and is not just now), ``failed``. ``trusted``: the operator's word stands instead, whatever the DNS
    says. ``return_domain`` and ``tracking_domain`` are names of the customer's own, "" for none; ``receiving``: its
    mail is to come here. ``given``: the name as its owner wrote it, "" where nobody did.
    """

    id: str
    account_id: str
    name: str
    verified_at: int | None
    created_at: int
    number: int
    trusted: bool
    state: State
    return_domain: str
    tracking_domain: str
    receiving: bool
    checked_at: int | None
    given: str = ""

    @property
    def shown(self) -> str:
        """The name as its owner knows it."""
        return self.given or self.name


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A domain before it is added. ``selector`` "": one of today's date. The two names are below ``name``, or ""."""

    name: str
    return_domain: str = ""
    tracking_domain: str = ""
    receiving: bool = False
    selector: str = ""
    ed25519: bool = False


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What of a domain is to be otherwise; None leaves a thing as it is, "" takes a name away."""

    return_domain: str | None = None
    tracking_domain: str | None = None
    receiving: bool | None = None


async def add(core: Core, account_id: str, draft: Draft) -> Domain:
    """Add a domain with its first keys, to be proved. One that is only trusted so far gets keys and stays trusted.

    Raises Invalid, or Conflict("domain") where it has keys already.
    """
    name = host(draft.name)
    draft = msgspec.structs.replace(
        draft,
        return_domain=_below(name, draft.return_domain, "return_domain"),
        tracking_domain=_below(name, draft.tracking_domain, "tracking_domain"),
    )
    _check_apart(draft)
    held = await find(core, account_id, name) or await _insert(core, account_id, name, trusted=False)
    if await keys.of(core, held.id):
        raise keys.there_already(held)
    made = await keys.first(core, held, selector=draft.selector, ed25519=draft.ed25519)
    fields = {
        "return_domain": draft.return_domain,
        "tracking_domain": draft.tracking_domain,
        "receiving": draft.receiving,
        "given": draft.name,
    }
    set_up = sql.domain_set_up(id=held.id, next_check_at=core.clock.now(), **fields)
    await core.outbox.refresh()
    told = msgspec.structs.replace(held, **fields)
    async with core.db.transaction() as work:
        # the row is held from here on: who comes second sees the keys of who was first
        await work.run(set_up)
        await keys.refuse_any(work, held)
        await work.run(*made, *core.outbox.of_account(account_id, "domain_created", told.id, told))
    core.identities.forget(name)
    return await get(core, account_id, name)


async def change(core: Core, domain: Domain, wanted: Change) -> Domain:
    """Give a domain other names or tasks, which are looked for soon; raises Invalid."""
    changed = msgspec.structs.replace(
        domain,
        return_domain=_below(domain.name, _or(wanted.return_domain, domain.return_domain), "return_domain"),
        tracking_domain=_below(
            domain.name, _or(wanted.tracking_domain, domain.tracking_domain), "tracking_domain"
        ),
        receiving=_or(wanted.receiving, domain.receiving),
    )
    _check_apart(changed)
    query = sql.domain_change(
        id=domain.id,
        return_domain=changed.return_domain,
        tracking_domain=changed.tracking_domain,
        receiving=changed.receiving,
        next_check_at=core.clock.now(),
    )
    await core.outbox.refresh()
    await write(
        core.db, query, *core.outbox.of_account(domain.account_id, "domain_updated", changed.id, changed)
    )
    core.identities.forget(domain.name)
    return await get(core, domain.account_id, domain.name)


async def rotate(core: Core, domain: Domain) -> None:
    """Begin to replace the domain's keys, or make the first ones; see ``keys.rotate``. Raises Conflict("renewal")."""
    if await keys.of(core, domain.id):
        await keys.rotate(core, domain)
        return
    draft = Draft(
        name=domain.shown,
        return_domain=domain.return_domain,
        tracking_domain=domain.tracking_domain,
        receiving=domain.receiving,
    )
    await add(core, domain.account_id, draft)


async def numbered(core: Core, account_id: str, number: int) -> Domain:
    """The account's domain with this number; raises NotFound("domain")."""
    found = await one(core.db, Domain, sql.domain_by_number(account_id=account_id, number=number))
    if found is None:
        raise NotFound("domain", str(number))
    return found


async def trust(core: Core, account_id: str, name: str) -> None:
    """Let the account send from every address at a domain, without proof; raises Invalid("domain")."""
    held = await find(core, account_id, host(name))
    if held is None:
        await _insert(core, account_id, host(name), trusted=True)
    else:
        await write(core.db, sql.domain_trust(id=held.id, now=core.clock.now()))


async def remove(core: Core, account_id: str, name: str) -> None:
    """Take a domain and its keys from the account; raises NotFound("domain") or Invalid("domain")."""
    held = await get(core, account_id, name)
    await core.outbox.refresh()
    await write(
        core.db,
        *core.outbox.of_account(account_id, "domain_deleted", held.id, held),
        sql.domain_delete(id=held.id),
        sql.domain_keys_delete(domain_id=held.id),
        sql.domain_checks_delete(domain_id=held.id),
    )
    core.identities.forget(held.name)


async def get(core: Core, account_id: str, name: str) -> Domain:
    """The account's domain of this name; raises NotFound("domain") or Invalid("domain")."""
    found = await find(core, account_id, host(name))
    if found is None:
        raise NotFound("domain", name)
    return found


async def find(core: Core, account_id: str, name: str) -> Domain | None:
    """The account's domain of a name in the form that ``host`` gives it."""
    return await one(core.db, Domain, sql.domain_by_name(account_id=account_id, name=name))


async def of_account(core: Core, account_id: str) -> list[Domain]:
    """The account's domains by name."""
    return await rows(core.db, Domain, sql.domains_of_account(account_id=account_id))


def host(name: str, field: str = "domain") -> str:
    """A domain as addresses have it: lower case, in A-labels; raises Invalid."""
    try:
        local, _, found = addresses.parse(f"postmaster@{name}").email.partition("@")
    except addresses.AddressError as error:
        raise Invalid(field, f"{name!r} is no domain name", kind=field, value=name) from error
    if "@" in name or local != "postmaster":
        raise Invalid(field, f"{name!r} is no domain name", kind=field, value=name)
    return found.lower()


def _or(wanted: T | None, held: T) -> T:
    return held if wanted is None else wanted


def _below(domain: str, name: str, field: str) -> str:
    if not name:
        return ""
    found = host(name, field)
    # an alias cannot stand where the domain has its other records (RFC 1034 3.6.2)
    if not found.endswith(f".{domain}"):
        raise Invalid(field, f"{name} is not below {domain}", kind=field, value=name)
    return found


def _check_apart(held: Draft | Domain) -> None:
    # one name has one alias (RFC 2181 10.1), and the two lead to different hosts
    if held.tracking_domain and held.tracking_domain == held.return_domain:
        reason = f"{held.tracking_domain} is where bounces come back to"
        raise Invalid("tracking_domain", reason, kind="tracking_domain", value=held.tracking_domain)


async def _insert(core: Core, account_id: str, name: str, *, trusted: bool) -> Domain:
    now = core.clock.now()
    insert = sql.domain_insert(
        id=ids.new(),
        account_id=account_id,
        name=name,
        verified_at=now if trusted else None,
        created_at=now,
        number=await core.numbers.take("domain"),
        trusted=trusted,
        state="verified" if trusted else "pending",
        return_domain="",
        tracking_domain="",
        receiving=False,
        next_check_at=None,
        given="",
    )
    await core.outbox.refresh()
    async with core.db.transaction() as work:
        inserted = (await work.run(insert))[0]
        # one that is to be proved is told of once it has its keys
        if trusted and inserted and core.outbox:
            made = (await work.run(sql.domain_by_name(account_id=account_id, name=name)))[0][0]
            told = core.outbox.of_account(account_id, "domain_created", made[0], mapper(Domain)(made))
            await work.run(*told)
    if trusted and not inserted:
        # somebody else was faster, perhaps without trusting it
        await trust(core, account_id, name)
    return await get(core, account_id, name)
