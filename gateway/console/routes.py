"""The console's addresses, each behind the door."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core.core import Core
from core.errors import NotFound
from core.store.database import StoreUnavailable
from gateway.console import incoming, outgoing, overview, suppressed, telling
from gateway.console.door import Door
from gateway.console.visit import PATH, Visit, notice

Page = Callable[[Core, Request], Awaitable[Response]]
Handler = Callable[[Visit], Awaitable[Response]]

_log = structlog.get_logger(__name__)

_HANDLERS: Final[dict[str, Handler]] = {
    "messages": outgoing.page,
    "messages/{id}": outgoing.one,
    "messages/{id}/html": outgoing.html,
    "messages/{id}/source": outgoing.source,
    "messages/{id}/files/{position:int}": outgoing.file,
    "inbound": incoming.page,
    "inbound/{id}": incoming.one,
    "inbound/{id}/html": incoming.html,
    "inbound/{id}/source": incoming.source,
    "inbound/{id}/files/{position:int}": incoming.file,
    "suppressions": suppressed.page,
    "webhooks": telling.page,
    "webhooks/{id}": telling.one,
    "webhooks/{id}/calls/{within}": telling.call,
}
_GONE: Final = "It is not here, not in this workspace, or kept no more."
_AWAY: Final = "What is kept cannot be reached. Please try again in a few minutes."


def pages(core: Core, door: Door | None) -> Iterator[Route]:
    """Every page; none without a door."""
    if door is None:
        return
    yield Route(PATH, _guarded(core, door, overview.workspaces))
    for path, handler in _HANDLERS.items():
        yield Route(
            f"{PATH}/{{workspace:int}}/{{environment}}/{path}", _guarded(core, door, _visited(handler))
        )
    yield Route("/_/servers/{workspace:int}/streams", _link)


async def _link(request: Request) -> Response:
    """Where a provider's API leads people who want to see a server; nothing is told here, so nobody is kept out."""
    return RedirectResponse(f"{PATH}/{request.path_params['workspace']}/live/messages")


def _visited(handler: Handler) -> Page:
    async def page(core: Core, request: Request) -> Response:
        return await handler(await Visit.of(core, request))

    return page


def _guarded(core: Core, door: Door, page: Page) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        refused = door.refusal(core, request)
        if refused is not None:
            answer = notice(core, refused.status, refused.title, refused.text)
            answer.headers.update(refused.headers)
            return answer
        try:
            return await page(core, request)
        except NotFound:
            return notice(core, 404, "Nothing is here", _GONE)
        except StoreUnavailable as error:
            _log.warning("the console could not reach the store", reason=str(error))
            return notice(core, 503, "This does not work right now", _AWAY)

    return guarded
