"""Who may stand in From: domains an account has proved, and single addresses it has confirmed.

Proof by DNS comes with the delivery engine; until then an administrator says which domains and senders to trust.
"""

import msgspec

from core import addresses, ids
from core.accounts import Account
from core.core import Core
from core.errors import Invalid, NotFound
from core.store.database import rows, write
from core.store.statements import sql


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    """A domain of an account; mail may be sent from it once ``verified_at`` is set."""

    id: str
    account_id: str
    name: str
    verified_at: int | None
    created_at: int


async def trust_domain(core: Core, account: Account, name: str) -> None:
    """Let the account send from every address at a domain; raises Invalid("domain")."""
    now, host = core.clock.now(), _host(name)
    await write(
        core.db,
        sql.domain_put(id=ids.new(), account_id=account.id, name=host, verified_at=now, created_at=now),
    )


def _host(name: str) -> str:
    """The domain as addresses have it: lower case, in A-labels; raises Invalid("domain")."""
    try:
        local, _, host = addresses.parse(f"postmaster@{name}").email.partition("@")
    except addresses.AddressError as error:
        raise Invalid("domain", f"{name!r} is no domain name") from error
    if "@" in name or local != "postmaster":
        raise Invalid("domain", f"{name!r} is no domain name")
    return host


async def distrust_domain(core: Core, account: Account, name: str) -> None:
    """Take that back; raises NotFound("domain") or Invalid("domain")."""
    if not (await write(core.db, sql.domain_delete(account_id=account.id, name=_host(name))))[0]:
        raise NotFound("domain", name)


async def domains(core: Core, account: Account) -> list[Domain]:
    """The account's domains by name."""
    return await rows(core.db, Domain, sql.domains_of_account(account_id=account.id))


async def put_sender(core: Core, account: Account, email: str, *, name: str = "", confirmed: bool) -> None:
    """Know a single address, confirmed or not yet."""
    now = core.clock.now()
    await write(
        core.db,
        sql.sender_put(
            id=ids.new(),
            account_id=account.id,
            email=email.lower(),
            name=name,
            confirmed_at=now if confirmed else None,
            created_at=now,
        ),
    )
