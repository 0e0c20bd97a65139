"""The strip of figures above each list, and the choice of a workspace."""

from datetime import UTC, datetime
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from core import accounts, inbound, messages, suppressions
from core.core import Core
from core.jobs import overview
from core.jobs.overview import Depth
from core.paging import PageRequest
from gateway.console.visit import GUARDED, MOST_NUMBER, Visit, page, root

_COUNT: Final = PageRequest(limit=1, total=True)
_AT_ONCE: Final = 200


class Strip(msgspec.Struct, frozen=True, kw_only=True):
    """The workspace's day (UTC), how many addresses it does not write to, and the whole server's queue."""

    sent: int
    received: int
    suppressed: int
    queue: Depth
    waits_s: int


async def strip(visit: Visit) -> Strip:
    """Count what the strip tells; the day's mail only, so that it costs no more the longer a server runs."""
    core, caller, now = visit.core, visit.caller, visit.core.clock.now()
    since = _midnight(now)
    sent = await messages.page(core, caller, messages.Filter(since=since), _COUNT)
    received = await inbound.page(core, caller, inbound.Filter(since=since), _COUNT)
    suppressed = await suppressions.page(core, caller, suppressions.Filter(), _COUNT)
    queue = await overview.depth(core)
    return Strip(
        sent=sent.total,
        received=received.total,
        suppressed=suppressed.total,
        queue=queue,
        waits_s=(now - queue.oldest_at) // 1_000_000 if queue.due else 0,
    )


def _midnight(now: int) -> int:
    day = datetime.fromtimestamp(now / 1_000_000, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return int(day.timestamp()) * 1_000_000


async def workspaces(core: Core, request: Request) -> Response:
    """Lead to the only workspace there is, or let one be chosen."""
    after = request.query_params.get("after", "")
    number = min(int(after), MOST_NUMBER) if after.isascii() and after.isdecimal() else 0
    found = await accounts.all_workspaces(core, after=number, most=_AT_ONCE + 1)
    shown = found[:_AT_ONCE]
    if len(found) == 1 and not number and "all" not in request.query_params:
        # relative to the host: the same behind whatever leads here
        return RedirectResponse(f"{root(core)}/{found[0].number}/live/messages", 303, headers=GUARDED)
    further = shown[-1].number if len(found) > len(shown) else None
    return page(200, "workspaces.html", root=root(core), workspaces=shown, further=further)
