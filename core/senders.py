"""Who may stand in From: domains an account has proved, and single addresses it has confirmed.

Proof by DNS comes with the delivery engine; until then an administrator says which domains and senders to trust.
"""

import msgspec

from core import ids
from core.accounts import Account
from core.core import Core
from core.errors import NotFound
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
    """Let the account send from every address at a domain."""
    now = core.clock.now()
    await write(
        core.db,
        sql.domain_put(
            id=ids.new(), account_id=account.id, name=name.lower(), verified_at=now, created_at=now
        ),
    )


async def distrust_domain(core: Core, account: Account, name: str) -> None:
    """Take that back; raises NotFound("domain")."""
    if not (await write(core.db, sql.domain_delete(account_id=account.id, name=name.lower())))[0]:
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
