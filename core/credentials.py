"""Credentials: made, imported, looked up on every request, revoked. Only a keyed hash of the secret is kept.

A key that its provider shows again and again is kept sealed besides, where the operator has set a secret to seal with:
without one the store alone would give it away, and it is shown only when it is made, unless that does not matter here.
"""

import asyncio
import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from core import ids
from core.accounts import WorkspaceSettings
from core.clock import MINUTE
from core.core import Caller, Core
from core.errors import Conflict, Forbidden, NotFound, Unauthenticated
from core.sealing import SealBroken
from core.store.database import Database, listed, one, rows, write
from core.store.statements import Query, sql
from core.tracking.choice import Tracking

_log = structlog.get_logger(__name__)

# one query a second and key at most; a revocation anywhere is obeyed everywhere within that second
_LIFETIME_S: Final = 1.0
_MOST: Final = 10_000
_SHOWN: Final = 4
_SHOWN_FROM: Final = 24


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its secret. ``state``: ``active``, ``disabled``, ``suspended`` or ``revoked``.

    ``workspace_id`` is None for a key of the whole account. ``kind`` is the dialect's own word for the key's sort.
    ``last_used_at`` is right to the minute.
    """

    id: str
    account_id: str
    workspace_id: str | None
    dialect: str
    kind: str
    name: str
    prefix: str
    last4: str
    hash: str
    scopes: frozenset[str]
    environment: str
    state: str
    created_at: int
    last_used_at: int | None = None
    workspace_number: int | None = None
    workspace_name: str | None = None
    settings: WorkspaceSettings | None = None


class NewCredential(msgspec.Struct, frozen=True, kw_only=True):
    """What to make or import; the dialect has already brought ``secret`` into the form it compares by.

    ``shown``: it can be read again, by those who may see all keys of its workspace.
    """

    account_id: str
    workspace_id: str | None
    dialect: str
    kind: str
    secret: str
    name: str = ""
    scopes: frozenset[str] = frozenset()
    environment: str = "live"
    state: str = "active"
    shown: bool = False


def digest(pepper: str, secret: str) -> str:
    """The stored form of a secret: SHA-256 keyed with the operator's pepper."""
    return hmac.new(pepper.encode(), secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


class Known(msgspec.Struct, frozen=True):
    """A credential as the cache holds it, with the caller it stands for made once; ``until`` by the monotonic clock."""

    until: float
    credential: Credential
    caller: Caller


class CredentialCache:
    """Credentials by secret, for a second; bounded, the least used ones go first. Unknown keys are not kept."""

    def __init__(self, db: Database, pepper: str) -> None:
        """Nothing is read before it is asked for."""
        self._db = db
        self._pepper = pepper
        self._held: OrderedDict[tuple[str, str], Known] = OrderedDict()
        self._reading: dict[tuple[str, str], asyncio.Task[Known | None]] = {}

    async def find(self, dialect: str, secret: str, now: int) -> Known | None:
        """The credential with this secret, in whatever state, or None; ``now`` may be kept as its last use."""
        # by the secret itself, in memory alone: hashing it for every request would cost more than all else here
        key = (dialect, secret)
        held = self._held.get(key)
        if held is not None and held.until > time.monotonic():
            return held
        reading = self._reading.get(key)
        if reading is None:
            # requests that come together ask the store once
            reading = self._reading[key] = asyncio.create_task(self._read(key, now))
            reading.add_done_callback(lambda _: self._reading.pop(key, None))
        return await asyncio.shield(reading)

    async def _read(self, key: tuple[str, str], now: int) -> Known | None:
        dialect, hashed = key[0], digest(self._pepper, key[1])
        found = await rows(self._db, Credential, sql.credential_by_hash(dialect=dialect, hash=hashed))
        if not found or not hmac.compare_digest(found[0].hash, hashed):
            self._held.pop(key, None)
            return None
        credential = found[0]
        if credential.state == "active" and now - (credential.last_used_at or 0) >= MINUTE:
            await write(self._db, sql.credential_used(id=credential.id, now=now))
        known = Known(time.monotonic() + _LIFETIME_S, credential, caller_of(credential))
        self._held[key] = known
        self._held.move_to_end(key)
        if len(self._held) > _MOST:
            self._held.popitem(last=False)
        return known

    def forget(self) -> None:
        """Ask the store again, for every key."""
        self._held.clear()


async def identify(core: Core, dialect: str, secret: str) -> Caller:
    """Who calls with this secret.

    Raises Unauthenticated (kind ``missing``, ``unknown``, ``revoked``) and Forbidden (``disabled``, ``suspended``).
    """
    if not secret:
        raise Unauthenticated(kind="missing")
    found = await core.credentials.find(dialect, secret, core.clock.now())
    if found is None:
        raise Unauthenticated(kind="unknown")
    state = found.credential.state
    if state == "active":
        return found.caller
    if state == "revoked":
        raise Unauthenticated(kind="revoked")
    raise Forbidden(kind=state)


def caller_of(credential: Credential) -> Caller:
    """The caller a credential stands for."""
    return Caller(
        account_id=credential.account_id,
        workspace_id=credential.workspace_id or "",
        workspace_number=credential.workspace_number or 0,
        workspace_name=credential.workspace_name or "",
        credential_id=credential.id,
        kind=credential.kind,
        scopes=credential.scopes,
        environment=credential.environment,
        tracking=_tracking(credential.settings),
        sandbox=credential.settings is not None and credential.settings.sandbox,
        takes_smtp=credential.settings is None or credential.settings.takes_smtp,
    )


def _tracking(settings: WorkspaceSettings | None) -> Tracking | None:
    return None if settings is None or settings.tracking == Tracking() else settings.tracking


async def create(core: Core, new: NewCredential) -> str:
    """Keep a credential; its id. Raises Conflict("credential") where the secret is in use in its dialect."""
    id = ids.new()
    if not (await write(core.db, insertion(core, id, new)))[0]:
        raise Conflict("credential", "This key is in use already.")
    return id


def insertion(core: Core, id: str, new: NewCredential) -> Query:
    """The step that keeps a credential; no row where the secret is in use in its dialect."""
    is_kept = new.shown and (core.seal.hides or core.policy.show_tokens)
    return sql.credential_insert(
        id=id,
        account_id=new.account_id,
        workspace_id=new.workspace_id,
        dialect=new.dialect,
        kind=new.kind,
        name=new.name,
        # to know a key by, and far too little to guess the rest from
        prefix=new.secret[: min(12, len(new.secret) // 4)],
        last4=new.secret[-_SHOWN:] if len(new.secret) >= _SHOWN_FROM else "",
        hash=digest(core.policy.key_pepper, new.secret),
        scopes=msgspec.msgpack.encode(sorted(new.scopes)),
        environment=new.environment,
        state=new.state,
        created_at=core.clock.now(),
        shown=core.seal.close(new.secret.encode(), _context(id)) if is_kept else None,
    )


def _context(id: str) -> str:
    return f"credential {id}"


async def shown(core: Core, workspaces: Sequence[str], dialect: str, kind: str) -> dict[str, list[str]]:
    """The keys of workspaces that can be read again, the oldest first; one sealed with another secret cannot."""
    query = sql.credentials_shown(ids=listed(workspaces), dialect=dialect, kind=kind)
    found: dict[str, list[str]] = {}
    for id, workspace_id, sealed in await core.db.fetch(query):
        try:
            secret = core.seal.open(bytes(sealed), _context(id)).decode()
        except SealBroken:
            _log.warning("a key cannot be shown, it was sealed with another secret", credential=id)
            continue
        found.setdefault(workspace_id, []).append(secret)
    return found


async def get(core: Core, caller: Caller) -> Credential:
    """The key that the caller came with; raises NotFound("credential") once it is gone."""
    found = await one(core.db, Credential, sql.credential_get(id=caller.credential_id))
    if found is None:
        raise NotFound("credential", caller.credential_id)
    return found


async def every(core: Core) -> list[Credential]:
    """All credentials of the installation, the oldest first."""
    return await rows(core.db, Credential, sql.credentials_all())


async def set_state(core: Core, id: str, state: str) -> None:
    """Revoke, disable, suspend or activate; raises NotFound("credential")."""
    if not (await write(core.db, sql.credential_set_state(id=id, state=state)))[0]:
        raise NotFound("credential", id)
    core.credentials.forget()
