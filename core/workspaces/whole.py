"""A workspace with what belongs to it and stands elsewhere: keys, webhooks that are settings, where mail comes in."""

from collections.abc import Sequence

import msgspec

from core import credentials, inbound
from core.accounts import Workspace
from core.core import Caller, Core
from core.errors import NotFound
from core.inbound import Domain
from core.messages.reading import contains
from core.paging import Page, PageRequest
from core.store.database import listed, one, rows, sought
from core.store.statements import sql
from core.webhooks import Webhook
from core.webhooks.spreading import readable


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """``keys``: those that can be read again. ``webhooks`` by role. ``domain``: the one given first, or empty.

    ``hash`` stands at the left of the address that the workspace has at the installation's own host for mail.
    """

    workspace: Workspace
    keys: tuple[str, ...]
    webhooks: dict[str, Webhook]
    domain: str
    hash: str


async def get(core: Core, caller: Caller, number: int) -> Workspace:
    """A workspace of the caller's account by its number; raises NotFound("workspace")."""
    query = sql.workspace_of_account(account_id=caller.account_id, number=number)
    found = await one(core.db, Workspace, query)
    if found is None:
        raise NotFound("workspace", str(number))
    return found


async def page(core: Core, caller: Caller, request: PageRequest, *, name: str = "") -> Page[Workspace]:
    """The account's, the newest first, those whose name contains a text in whatever case."""
    match = {"account_id": caller.account_id, "name": contains(sought(name)) if name else None}
    query = sql.workspaces_page(**match, count=request.limit + 1, skip=request.offset)
    found = await rows(core.db, Workspace, query)
    total = (await core.db.fetch(sql.workspaces_count(**match)))[0][0] if request.total else 0
    return Page.of(found, request, total)


async def whole(core: Core, places: Sequence[Workspace], dialect: str, kind: str) -> list[Whole]:
    """The same with what belongs to them, of one dialect and its keys of one kind."""
    ids = [place.id for place in places]
    keys = await credentials.shown(core, ids, dialect, kind)
    webhooks = await _webhooks(core, ids, dialect)
    domains = await _domains(core, ids)
    hashes = await inbound.hashes(core, ids)
    return [
        Whole(
            workspace=place,
            keys=tuple(keys.get(place.id, ())),
            webhooks=webhooks.get(place.id, {}),
            domain=domains.get(place.id, ""),
            hash=hashes[place.id],
        )
        for place in places
    ]


async def _webhooks(core: Core, ids: Sequence[str], dialect: str) -> dict[str, dict[str, Webhook]]:
    found: dict[str, dict[str, Webhook]] = {}
    for row in await core.db.fetch(sql.webhooks_of_workspaces(ids=listed(ids))):
        webhook = readable(core, row)
        if webhook is not None and webhook.role and webhook.dialect == dialect:
            found.setdefault(webhook.workspace_id, {})[webhook.role] = webhook
    return found


async def _domains(core: Core, ids: Sequence[str]) -> dict[str, str]:
    found = await rows(core.db, Domain, sql.inbound_domains_of_workspaces(ids=listed(ids)))
    return {each.workspace_id: each.name for each in reversed(found)}
