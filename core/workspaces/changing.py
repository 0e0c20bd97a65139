"""Workspaces made and changed, each in one commit with all that belongs to it."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from core import accounts, credentials, ids
from core.accounts import Workspace, WorkspaceSettings
from core.core import Caller, Core
from core.credentials import NewCredential
from core.errors import Conflict, NotFound
from core.inbound import addressing
from core.inbound.addressing import Domain
from core.store.database import Row, Transaction, listed, mapper
from core.store.statements import Query, sql
from core.webhooks.roles import Arrange, rearranging
from core.webhooks.webhook import from_row

# how many roles a dialect may have
_MOST_ROLES: Final = 10
_SETTINGS: Final = msgspec.msgpack.Decoder(WorkspaceSettings)
_PACK: Final = msgspec.msgpack.Encoder()


def _same(settings: WorkspaceSettings) -> WorkspaceSettings:
    return settings


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be otherwise. ``name`` and ``domain``: None leaves them; an empty domain takes the one that is there.

    ``arrange`` says which webhooks with roles there are to be under the settings, of those of ``dialect``.
    """

    dialect: str
    arrange: Arrange
    settle: "accounts.Settle" = _same
    name: str | None = None
    domain: str | None = None


async def create(core: Core, caller: Caller, wanted: Change, key: NewCredential) -> Workspace:
    """Make a workspace of the caller's account with its default streams and a key.

    Raises Conflict("workspace") where the account has one of this name, and what a change raises.
    """
    place = Workspace(
        id=ids.new(),
        number=await core.numbers.take("workspace"),
        account_id=caller.account_id,
        name=wanted.name or "",
        settings=wanted.settle(WorkspaceSettings()),
        created_at=core.clock.now(),
    )
    turn = await _Turn.prepared(core, place, wanted)
    own = msgspec.structs.replace(key, account_id=place.account_id, workspace_id=place.id)
    async with core.db.transaction() as work:
        hold, insert = sql.account_hold(id=place.account_id), accounts.insertion(place)
        if not (await work.run(hold, insert))[1]:
            raise _taken(place.name)
        steps = [*accounts.beginnings(place), credentials.insertion(core, ids.new(), own)]
        await turn.run(work, place, _NOTHING, steps)
    core.outbox.forget()
    return place


async def change(core: Core, place: Workspace, wanted: Change) -> Workspace:
    """Change a workspace; raises NotFound("workspace"), Conflict("workspace", "inbound_domain"), Invalid("domain")."""
    turn = await _Turn.prepared(core, place, wanted)
    async with core.db.transaction() as work:
        found = _Held.of(core, await work.run(*_questions(place, wanted)))
        settled = msgspec.structs.replace(
            place, name=wanted.name or found.name, settings=wanted.settle(found.settings)
        )
        if found.namesakes - {place.id}:
            raise _taken(settled.name)
        step = sql.workspace_change(id=place.id, name=settled.name, settings=_PACK.encode(settled.settings))
        await turn.run(work, settled, found, [step])
    # both are known elsewhere within seconds, and here from now on
    core.outbox.forget()
    core.credentials.forget()
    return settled


def _taken(name: str) -> Conflict:
    return Conflict("workspace", f"There is a workspace {name}.", id=name)


def _questions(place: Workspace, wanted: Change) -> list[Query]:
    """The rows are held by the first two: names in the account, and everything of the workspace."""
    return [
        sql.account_hold(id=place.account_id),
        sql.workspace_settings(id=place.id),
        sql.workspace_by_name(account_id=place.account_id, name=wanted.name or place.name),
        sql.webhooks_with_roles(workspace_id=place.id, dialect=wanted.dialect),
        sql.inbound_domains_of_workspaces(ids=listed([place.id])),
    ]


class _Held(msgspec.Struct, frozen=True, kw_only=True):
    """How a workspace is before the change."""

    name: str = ""
    settings: WorkspaceSettings = WorkspaceSettings()
    namesakes: frozenset[str] = frozenset()
    webhooks: dict[str, Any] = {}
    domains: tuple[str, ...] = ()

    @classmethod
    def of(cls, core: Core, answers: list[list[Row]]) -> "_Held":
        _, held, namesakes, webhooks, domains = answers
        if not held:
            raise NotFound("workspace")
        found = [from_row(core, row) for row in webhooks]
        return cls(
            name=held[0][1],
            settings=_SETTINGS.decode(held[0][0]),
            namesakes=frozenset(row[0] for row in namesakes),
            webhooks={each.role: each for each in found},
            domains=tuple(mapper(Domain)(row).name for row in domains),
        )


_NOTHING: Final = _Held()


class _Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out before the transaction, and the steps that end it."""

    core: Core
    wanted: Change
    number: int
    domain: str | None

    @classmethod
    async def prepared(cls, core: Core, place: Workspace, wanted: Change) -> "_Turn":
        domain = wanted.domain
        if domain:
            domain = await addressing.permitted(core, place.account_id, domain)
        number = await core.numbers.take("webhook", _MOST_ROLES)
        return cls(core=core, wanted=wanted, number=number, domain=domain)

    async def run(self, work: Transaction, place: Workspace, held: _Held, steps: Sequence[Query]) -> None:
        """End the transaction; raises Conflict("inbound_domain")."""
        roles = self.wanted.arrange(place.settings, held.webhooks)
        rest = [*steps, *rearranging(self.core, place.id, held.webhooks, roles, self.number)]
        if self.domain is not None and self.domain not in held.domains[:1]:
            rest += [sql.inbound_domain_delete(name=each, workspace_id=place.id) for each in held.domains[:1]]
            if self.domain:
                (found,) = await work.run(addressing.addition(self.core, place.id, self.domain))
                addressing.require_own(found, place.id, self.domain)
        await work.run(*rest, commit=True)
