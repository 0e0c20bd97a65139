"""Webhooks: which there are and what befell them, what each was told, and what came of every call. Only to look at."""

from typing import Final

from starlette.responses import Response

from core import webhooks
from core.paging import PageRequest
from core.webhooks import Filter, incidents
from core.webhooks.dispatch import State
from gateway.console import preview
from gateway.console.listing import Search
from gateway.console.visit import Visit

_STATES: Final[dict[str, State]] = {
    "pending": "pending",
    "attempting": "attempting",
    "success": "success",
    "failed": "failed",
}
_INCIDENTS: Final = PageRequest(limit=20)
# no ladder of a provider's has so many steps; a call that is asked for again and again may
_ATTEMPTS: Final = PageRequest(limit=100)

# a letter that came in may be told with its files; a page shows less of it than this
_MOST_BYTES: Final = 512 * 1024


async def page(visit: Visit) -> Response:
    """The newest webhooks, and the last incidents."""
    search = Search.of(visit)
    found = await webhooks.outlines(visit.core, visit.place.id, search.page)
    befell = await incidents.page(visit.core, visit.place.id, _INCIDENTS) if search.is_first else None
    return visit.page(
        "webhooks.html",
        title="Webhooks",
        rows=found.items,
        incidents=() if befell is None else befell.items,
        search=search,
        ways=search.ways([each.id for each in found.items], more=found.more),
    )


async def one(visit: Visit) -> Response:
    """One webhook, and what it was told, the newest first."""
    search = Search.of(visit, "state")
    webhook = await webhooks.outline(visit.core, visit.place.id, visit.id)
    state = _STATES.get(search.get("state") or "")
    wanted = Filter(states=None if state is None else (state,))
    found = await webhooks.dispatches(visit.core, webhook, wanted, search.page)
    return visit.page(
        "webhook.html",
        title="Webhook",
        webhook=webhook,
        rows=found.items,
        search=search,
        states=_STATES,
        ways=search.ways([each.id for each in found.items], more=found.more),
    )


async def call(visit: Visit) -> Response:
    """One thing that it was told, with every attempt."""
    webhook = await webhooks.outline(visit.core, visit.place.id, visit.id)
    dispatch = await webhooks.dispatch(visit.core, webhook, visit.within)
    tried = await webhooks.attempts(visit.core, dispatch, _ATTEMPTS)
    return visit.page(
        "call.html",
        title=dispatch.event,
        webhook=webhook,
        dispatch=dispatch,
        attempts=tried.items,
        more=tried.more,
        shown=preview.text((dispatch.body or b"")[:_MOST_BYTES].decode("utf-8", "replace")),
    )
