"""Accounts, workspaces and keys as the command line makes them: with what each dialect expects to find."""

from collections.abc import Iterable

import msgspec

from core import accounts, credentials, templates
from core.accounts import Workspace
from core.core import Caller, Core
from core.errors import Conflict
from dialects.dialect import Dialect, KeyKind, TemplateSeed


class Made(msgspec.Struct, frozen=True):
    """A new credential; ``secret`` is shown once."""

    id: str
    secret: str


async def workspace(core: Core, dialects: Iterable[Dialect], account: str, name: str) -> Workspace:
    """The named workspace, made where missing, with every dialect's templates in it."""
    owner = await accounts.ensure_account(core, account)
    made = await accounts.ensure_workspace(core, owner, name)
    caller = Caller(account_id=made.account_id, workspace_id=made.id)
    for dialect in dialects:
        for seed in dialect.templates:
            await _plant(core, caller, seed)
    return made


async def _plant(core: Core, caller: Caller, seed: TemplateSeed) -> None:
    body = templates.Body(subject=seed.subject, html=seed.html, text=seed.text, layout=seed.layout)
    new = templates.NewTemplate(slug=seed.slug, name=seed.name, syntax=seed.syntax, body=body)
    try:
        await templates.create(core, caller, new)
    except Conflict:
        # planted at an earlier start, or the owner's own by now
        return


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a key is to be; ``scopes`` None means those the provider gives by default."""

    dialect: Dialect
    kind: KeyKind
    name: str = ""
    scopes: frozenset[str] | None = None
    environment: str = "live"


async def keep(core: Core, place: Workspace, wish: Wish, secret: str) -> str:
    """Keep a secret as a credential; its id. Raises Conflict("credential")."""
    kind = wish.kind
    new = credentials.NewCredential(
        account_id=place.account_id,
        workspace_id=None if kind.account else place.id,
        dialect=wish.dialect.name,
        kind=kind.name,
        secret=kind.fold(secret),
        name=wish.name,
        scopes=kind.scopes if wish.scopes is None else wish.scopes,
        environment=wish.environment,
        shown=kind.shown,
    )
    return await credentials.create(core, new)


async def mint(core: Core, place: Workspace, wish: Wish) -> Made:
    """Make a credential with a fresh secret in the provider's form."""
    secret = wish.kind.mint(wish.environment)
    return Made(await keep(core, place, wish, secret), secret)
