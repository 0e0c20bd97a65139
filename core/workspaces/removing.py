"""Workspaces removed: from one commit on nobody gets in and nothing comes in; what was in them is forgotten later."""

import msgspec

from core.accounts import Workspace, WorkspaceSettings
from core.core import Core
from core.errors import NotFound
from core.store.statements import sql

# the least there is: as soon as retention comes by
_AT_ONCE_DAYS = 1
_LEFT = WorkspaceSettings(
    keep_bodies_days=_AT_ONCE_DAYS, keep_events_days=_AT_ONCE_DAYS, keep_messages_days=_AT_ONCE_DAYS
)


async def remove(core: Core, place: Workspace) -> None:
    """Remove a workspace; raises NotFound("workspace") where it is gone.

    Its keys know nobody from now on, its addresses are nobody's, its webhooks are told nothing more, and its name is
    free. Mail that was accepted to leave at once still leaves, what was to leave later does not.
    """
    now = core.clock.now()
    steps = (
        sql.workspace_remove(id=place.id, settings=msgspec.msgpack.encode(_LEFT), now=now),
        sql.credentials_revoke(workspace_id=place.id),
        sql.webhook_lanes_forget(workspace_id=place.id),
        sql.webhooks_forget(workspace_id=place.id),
        sql.inbound_hashes_forget(workspace_id=place.id),
        sql.inbound_domains_forget(workspace_id=place.id),
        sql.scheduled_jobs_forget(workspace_id=place.id),
        sql.scheduled_deliveries_cancel(workspace_id=place.id, now=now),
        sql.scheduled_cancel(workspace_id=place.id),
    )
    async with core.db.transaction() as work:
        if not (await work.run(steps[0]))[0]:
            raise NotFound("workspace", str(place.number))
        await work.run(*steps[1:], commit=True)
    core.credentials.forget()
    core.outbox.forget()
