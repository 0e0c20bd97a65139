"""Incidents: what befell endpoints without anybody's wish, kept for the operator.

A dialect may have an endpoint disabled that only fails, after a notice. None of them has an event for it that other
endpoints could be told.
"""

from typing import Final, Literal

import msgspec
import structlog

from core import ids
from core.core import Core
from core.paging import Page, PageRequest
from core.store.database import rows, write
from core.store.statements import Query, sql
from core.webhooks.webhook import Webhook

_log = structlog.get_logger(__name__)

_FIRST: Final = ""
# every id is smaller: they are hexadecimal
_LAST: Final = "g"

# failing: nothing went well for long, and it will be disabled if that goes on
Kind = Literal["failing", "disabled"]


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One of a webhook."""

    id: str
    webhook_id: str
    kind: Kind
    reason: str
    at: int


async def notice(core: Core, webhook: Webhook, *, since: int, ends_at: int) -> None:
    """Say that an endpoint has only failed since a moment and will be disabled; once for the same moment."""
    insert = sql.webhook_incident_once(**_row(core, webhook, "failing", "it only fails"), since=since)
    if (await write(core.db, insert))[0]:
        left_s = (ends_at - core.clock.now()) // 1_000_000
        _log.warning(
            "webhook only fails, and will be disabled", webhook=webhook.id, url=webhook.place, left_s=left_s
        )


async def disable(core: Core, webhook: Webhook, reason: str) -> None:
    """Tell an endpoint nothing more, and keep why, in one commit; nothing where somebody else did so before."""
    now = core.clock.now()
    update = sql.webhook_disable(id=webhook.id, reason=reason, now=now)
    async with core.db.transaction() as work:
        is_new = bool((await work.run(update))[0])
        if is_new:
            await work.run(_insertion(core, webhook, "disabled", reason))
    core.outbox.forget()
    if is_new:
        _log.warning("webhook disabled", webhook=webhook.id, url=webhook.place, reason=reason)


def _insertion(core: Core, webhook: Webhook, kind: Kind, reason: str) -> Query:
    return sql.webhook_incident_insert(**_row(core, webhook, kind, reason))


def _row(core: Core, webhook: Webhook, kind: Kind, reason: str) -> dict[str, str | int]:
    return {
        "id": ids.new(),
        "workspace_id": webhook.workspace_id,
        "webhook_id": webhook.id,
        "kind": kind,
        "reason": reason,
        "at": core.clock.now(),
    }


async def page(core: Core, workspace_id: str, request: PageRequest) -> Page[Incident]:
    """Those of a workspace from the newest on."""
    match = {
        "workspace_id": workspace_id,
        "before_id": request.after or _LAST,
        "after_id": request.before or _FIRST,
    }
    statement = sql.webhook_incidents_page if request.before is None else sql.webhook_incidents_page_back
    found = await rows(core.db, Incident, statement(**match, count=request.limit + 1, skip=request.offset))
    return Page.of(found, request)
