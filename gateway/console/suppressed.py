"""Addresses that a workspace does not write to, and why."""

from starlette.responses import Response

from core import addresses, suppressions
from gateway.console import overview
from gateway.console.listing import Search
from gateway.console.visit import Visit


async def page(visit: Visit) -> Response:
    """The newest entries, or those of one address."""
    search = Search.of(visit, "email")
    email = search.get("email")
    wanted = suppressions.Filter(email=None if email is None else addresses.key(email))
    found = await suppressions.page(visit.core, visit.caller, wanted, search.page)
    return visit.page(
        "suppressions.html",
        title="Suppressed",
        rows=found.items,
        search=search,
        ways=search.ways([each.id for each in found.items], more=found.more),
        strip=await overview.strip(visit) if search.is_first else None,
    )
