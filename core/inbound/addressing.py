"""Where mail goes: which workspace an address belongs to.

Each workspace has a managed address, ``<hash>@<inbound host>``, and may have domains, at which every local part is its
own: given to it, or proved by its account (``core.domains``) to be for receiving. What stands behind a plus is the
sender's to choose, for all of them.
"""

import re
import secrets
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from core import addresses
from core.core import Caller, Core
from core.errors import Conflict, Invalid, NotFound
from core.inbound.people import hash_of
from core.store.database import Row, listed, rows, sought, write
from core.store.statements import Query, sql

_HASH_BYTES: Final = 16
_WILDCARD: Final = "*."
# longer than RFC 5321 4.5.3.1.1 has it, since senders put long words behind the plus; what the store can hold
_LOCAL: Final = re.compile("[^\x00-\x1f\x7f\ud800-\udfff]{1,256}")
# of a name: nobody nests deeper, and each costs a look
_MOST_LABELS: Final = 32


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    """A domain whose mail goes to a workspace; ``*.`` in front stands for all names below it."""

    name: str
    workspace_id: str
    created_at: int


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Whose an address is, and what its sender put behind the plus."""

    workspace_id: str
    address: str
    hash: str = ""


async def place(core: Core, address: str) -> Place | None:
    """The workspace that takes mail for an address, None where there is none."""
    local, _, domain = address.rpartition("@")
    domain = _plain(domain)
    if not domain or _LOCAL.fullmatch(local) is None:
        return None
    if domain == core.policy.inbound_host:
        workspace = await _by_hash(core, local.partition("+")[0].lower())
    else:
        workspace = await _by_domain(core, domain)
    if workspace is None:
        return None
    return Place(workspace_id=workspace, address=f"{local}@{domain}", hash=hash_of(address))


async def _by_hash(core: Core, text: str) -> str | None:
    found = await core.db.fetch(sql.inbound_workspace_by_hash(hash=sought(text)))
    return found[0][0] if found else None


async def _by_domain(core: Core, domain: str) -> str | None:
    """The workspace that was given the domain, else whose account has proved it, else that of a wildcard above it."""
    names = list(_covering(domain))
    answer = await core.db.fetch(sql.inbound_domains_among(names=listed(names)))
    found: dict[str, str] = {row[0]: row[1] for row in answer}
    if domain not in found and (proved := await core.db.fetch(sql.inbound_domain_proved(name=domain))):
        return str(proved[0][0]) if proved[0][0] else None
    return next((found[name] for name in names if name in found), None)


def _covering(domain: str) -> Iterator[str]:
    yield domain
    labels = domain.split(".", _MOST_LABELS)
    yield from (_WILDCARD + ".".join(labels[at:]) for at in range(1, len(labels)))


def _plain(domain: str) -> str:
    """A domain as names are kept: lower case, A-labels; empty where it is none."""
    try:
        return addresses.parse(f"any@{domain}").email.rpartition("@")[2]
    except addresses.AddressError:
        return ""


async def address_of(core: Core, workspace_id: str) -> str:
    """The managed address of a workspace, made when it is first asked for. Safe to run at once with itself.

    Empty where the installation has no host for such addresses.
    """
    if not core.policy.inbound_host:
        return ""
    return f"{(await hashes(core, [workspace_id]))[workspace_id]}@{core.policy.inbound_host}"


async def hashes(core: Core, workspaces: Sequence[str]) -> dict[str, str]:
    """What stands at the left of the managed addresses, made for those that have none yet."""
    query = sql.inbound_hashes_among(ids=listed(workspaces))
    found = {row[0]: row[1] for row in await core.db.fetch(query)}
    missing = [(secrets.token_hex(_HASH_BYTES), each) for each in workspaces if each not in found]
    if missing:
        await write(core.db, sql.inbound_hash_put.many(missing))
        found = {row[0]: row[1] for row in await core.db.fetch(query)}
    return found


async def add_domain(core: Core, caller: Caller, name: str) -> None:
    """Let every address at a domain lead to the caller's workspace; repeating changes nothing.

    Raises what ``permitted`` does, and Conflict("inbound_domain") where another workspace has it.
    """
    kept = await permitted(core, caller.account_id, name)
    (found,) = await write(core.db, addition(core, caller.workspace_id, kept))
    require_own(found, caller.workspace_id, kept)


async def permitted(core: Core, account_id: str, name: str) -> str:
    """A domain that an account's workspaces may have, in the form that it is kept in.

    Raises Invalid("domain") for what is no domain or is the managed addresses' own, and Conflict("inbound_domain")
    where another account has proved that it is its own.
    """
    kept = _kept(name)
    if not kept or kept == core.policy.inbound_host:
        raise Invalid("domain", "cannot be a workspace's own", kind="domain", value=name)
    proved = {row[0] for row in await core.db.fetch(sql.inbound_domain_accounts(name=_bare(kept)))}
    if proved and account_id not in proved:
        raise Conflict("inbound_domain", f"{_bare(kept)} belongs to another account.", id=kept)
    return kept


def addition(core: Core, workspace_id: str, kept: str) -> Query:
    """The step that gives a domain to a workspace, and says whose it is after that."""
    return sql.inbound_domain_insert(name=kept, workspace_id=workspace_id, created_at=core.clock.now())


def require_own(found: Sequence[Row], workspace_id: str, kept: str) -> None:
    """Look at what the step said; raises Conflict("inbound_domain")."""
    if found[0][0] != workspace_id:
        raise Conflict("inbound_domain", f"Mail for {kept} goes to another workspace.", id=kept)


async def remove_domain(core: Core, caller: Caller, name: str) -> None:
    """Take a domain away from the caller's workspace; raises NotFound("inbound_domain")."""
    delete = sql.inbound_domain_delete(name=_kept(name), workspace_id=caller.workspace_id)
    if not (await write(core.db, delete))[0]:
        raise NotFound("inbound_domain", name)


def _bare(name: str) -> str:
    return name.removeprefix(_WILDCARD)


def _kept(name: str) -> str:
    bare = _bare(name)
    plain = _plain(bare)
    return _WILDCARD + plain if plain and bare != name else plain


async def domains(core: Core, caller: Caller) -> list[Domain]:
    """The caller's, by name."""
    query = sql.inbound_domains_of_workspace(workspace_id=caller.workspace_id)
    return await rows(core.db, Domain, query)
