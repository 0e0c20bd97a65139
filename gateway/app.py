"""The request path as one visible list: request id, own paths, dialect picked, answered, counted."""

import time
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core import ids
from core.core import Core
from core.store.database import StoreUnavailable
from core.store.statements import sql
from dialects.picking import Picker
from dialects.request import Receive, Scope, Send
from dialects.serving import Surface
from gateway import confirmation, console, downloads, tracking, unsubscribe
from gateway.logs import bind
from gateway.metrics import CONTENT_TYPE, Metrics
from gateway.proxies import Proxies

_log = structlog.get_logger(__name__)
_OWN: Final = "/_/"


class Entrance(NamedTuple):
    """What stands before our own pages: proxies in front of this server, and the console's door; without one, none."""

    proxies: Proxies = Proxies()
    door: console.Door | None = None


class Gateway:
    """The ASGI application: every dialect on one listener, the gateway's own pages under /_/."""

    def __init__(
        self,
        core: Core,
        surfaces: Sequence[Surface],
        hosts: Mapping[str, str],
        entrance: Entrance = Entrance(),  # noqa: B008  # nothing in it changes
        metrics: Metrics | None = None,
    ) -> None:
        """Serve these dialects; ``hosts`` are further host names, to the dialect's. ``metrics`` may be shared."""
        self._core = core
        self._picker = Picker([each.dialect for each in surfaces], hosts)
        self._surfaces = {each.dialect.name: each for each in surfaces}
        self._metrics = metrics or Metrics()
        self._own = _own_pages(core, self._metrics, entrance)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            message = f"{scope['type']} is not served"
            raise RuntimeError(message)
        began = time.perf_counter()
        path: str = scope["path"]
        if path.startswith(_OWN):
            await self._own(scope, receive, send)
            return
        # the raw path, since a dialect decodes a segment only after it was cut: %2F is no slash
        raw: bytes | None = scope.get("raw_path")
        picked = self._picker.pick(
            scope["headers"], raw.partition(b"?")[0].decode("latin-1") if raw else path
        )
        if picked is None:
            await _not_served(scope, receive, send)
            return
        surface, request_id = self._surfaces[picked.name], ids.new()
        # a request is a task of its own, and so has a context of its own: nothing needs to be taken back
        bind(request_id=request_id, dialect=picked.name)
        served = await surface.serve(self._core, scope, receive, send, picked.path, request_id)
        self._metrics.count(picked.name, served, began)


_not_served = JSONResponse({"error": "No dialect of this server takes this request."}, status_code=404)


def _own_pages(core: Core, metrics: Metrics, entrance: Entrance) -> Starlette:
    async def live(request: Request) -> Response:
        del request
        return JSONResponse({"status": "live"})

    async def ready(request: Request) -> Response:
        del request
        try:
            await core.db.fetch(sql.jobs_next())
        except StoreUnavailable as error:
            _log.warning("not ready", reason=str(error))
            return JSONResponse({"status": "store unavailable"}, status_code=503)
        return JSONResponse({"status": "ready"})

    async def figures(request: Request) -> Response:
        del request
        return Response(await metrics.text(core), media_type=CONTENT_TYPE)

    return Starlette(
        routes=[
            Route("/_/live", live),
            Route("/_/ready", ready),
            Route("/_/metrics", figures),
            *tracking.pages(core, entrance.proxies),
            *unsubscribe.pages(core),
            *confirmation.pages(core),
            *downloads.pages(core),
            *console.pages(core, entrance.door),
        ],
    )
