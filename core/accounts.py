"""Accounts and the workspaces in them."""

from collections.abc import Callable

import msgspec

from core import ids, streams
from core.core import Core
from core.errors import NotFound
from core.store.database import one, rows, write
from core.store.statements import Query, sql
from core.tracking.choice import Tracking, TrackLinks


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant: owns workspaces, domains, senders and account credentials."""

    id: str
    number: int
    name: str
    created_at: int


class WorkspaceSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an owner can choose for a workspace. ``default_sender`` is used where a dialect lets From be absent.

    ``tracking`` holds for messages that do not say themselves. ``inbound_spam_threshold``: letters that a scanner gave
    a higher score are blocked; 0 blocks none. ``keep_…_days``: how long what is kept, 0 for ever; None: as long as the
    operator has it. ``takes_smtp``: mail may be submitted by SMTP too. ``sandbox``: everything happens but nothing
    leaves. ``choices``: dialects' own, by their names, in forms of their own.
    """

    default_sender: str = ""
    takes_smtp: bool = True
    tracking: Tracking = Tracking()
    inbound_spam_threshold: float = 0
    keep_bodies_days: int | None = None
    keep_events_days: int | None = None
    keep_messages_days: int | None = None
    sandbox: bool = False
    choices: dict[str, bytes] = {}


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace as it is chosen from among others: by its number, with its own name and its account's."""

    number: int
    name: str
    account: str


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    """A project within an account: owns everything that is not the account's."""

    id: str
    number: int
    account_id: str
    name: str
    settings: WorkspaceSettings
    created_at: int


Settle = Callable[[WorkspaceSettings], WorkspaceSettings]


async def ensure_account(core: Core, name: str) -> Account:
    """The account of this name, made where there is none. Safe to repeat and to run at once."""
    found = await one(core.db, Account, sql.account_by_name(name=name))
    if found is not None:
        return found
    number = await core.numbers.take("account")
    await write(
        core.db, sql.account_insert(id=ids.new(), number=number, name=name, created_at=core.clock.now())
    )
    return await ensure_account(core, name)


async def ensure_workspace(core: Core, account: Account, name: str) -> Workspace:
    """The account's workspace of this name, made with its default streams where there is none."""
    query = sql.workspace_by_name(account_id=account.id, name=name)
    found = await one(core.db, Workspace, query)
    if found is not None:
        return found
    made = Workspace(
        id=ids.new(),
        number=await core.numbers.take("workspace"),
        account_id=account.id,
        name=name,
        settings=WorkspaceSettings(),
        created_at=core.clock.now(),
    )
    await write(core.db, insertion(made), *beginnings(made))
    return await ensure_workspace(core, account, name)


def insertion(made: Workspace) -> Query:
    """The step that keeps a workspace; no row where its account has one of this name."""
    return sql.workspace_insert(
        id=made.id,
        number=made.number,
        account_id=made.account_id,
        name=made.name,
        settings=msgspec.msgpack.encode(made.settings),
        created_at=made.created_at,
    )


def beginnings(made: Workspace) -> list[Query]:
    """The steps that keep what every workspace begins with."""
    return [
        sql.stream_insert(
            workspace_id=made.id,
            key=each.key,
            name=each.name,
            kind=each.kind,
            description=each.description,
            created_at=made.created_at,
            updated_at=made.created_at,
            opt_out=each.opt_out,
        )
        for each in streams.DEFAULTS
    ]


async def track(
    core: Core,
    workspace_id: str,
    *,
    opens: bool | None = None,
    links: TrackLinks | None = None,
    domain: str = "",
) -> Tracking:
    """Change what the workspace tracks, or in mail from one domain; None leaves it. Obeyed within a second.

    ``domain`` is in the form that addresses have it in. Raises NotFound("workspace").
    """

    def change(held: WorkspaceSettings) -> WorkspaceSettings:
        tracking = held.tracking.changed(opens=opens, links=links, domain=domain)
        return msgspec.structs.replace(held, tracking=tracking)

    return (await settle(core, workspace_id, change)).tracking


async def settle(core: Core, id: str, change: Settle) -> WorkspaceSettings:
    """Change a workspace's settings; raises NotFound("workspace")."""
    async with core.db.transaction() as work:
        # nothing else may change the settings between the look and the change
        held = (await work.run(sql.workspace_settings(id=id)))[0]
        if not held:
            raise NotFound("workspace", id)
        changed = change(msgspec.msgpack.decode(held[0][0], type=WorkspaceSettings))
        await work.run(sql.workspace_settle(settings=msgspec.msgpack.encode(changed), id=id), commit=True)
    return changed


async def workspace(core: Core, id: str) -> Workspace | None:
    """The workspace with this id."""
    return await one(core.db, Workspace, sql.workspace_get(id=id))


async def named(core: Core, account: str, name: str) -> Workspace:
    """The workspace of this name in the account of that name; raises NotFound("account") and NotFound("workspace")."""
    owner = await account_named(core, account)
    found = await one(core.db, Workspace, sql.workspace_by_name(account_id=owner.id, name=name))
    if found is None:
        raise NotFound("workspace", name)
    return found


async def account_named(core: Core, name: str) -> Account:
    """The account of this name; raises NotFound("account")."""
    found = await one(core.db, Account, sql.account_by_name(name=name))
    if found is None:
        raise NotFound("account", name)
    return found


async def account(core: Core, id: str) -> Account | None:
    """The account with this id."""
    return await one(core.db, Account, sql.account_get(id=id))


async def numbered(core: Core, number: int) -> Workspace:
    """The workspace with this number, which is one of its kind in the installation; raises NotFound("workspace")."""
    found = await one(core.db, Workspace, sql.workspace_by_number(number=number))
    if found is None:
        raise NotFound("workspace", str(number))
    return found


async def all_workspaces(core: Core, *, after: int = 0, most: int = 200) -> list[Listed]:
    """Every account's workspaces by number, ``most`` at a time; for the operator alone."""
    return await rows(core.db, Listed, sql.workspaces_all(after=after, count=most))
