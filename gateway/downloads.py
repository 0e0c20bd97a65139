"""Files of letters, for whoever has a link: handed over to be saved, never shown in the place of ours."""

import re
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.core import Core
from core.errors import NotFound
from core.inbound import downloads as received
from core.links import Download
from core.messages import downloads as sent
from core.store.database import StoreUnavailable

_HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
Follow = Callable[[Core, str], Awaitable[Download]]
# what a stranger's letter calls a file may be anything
_PLAIN_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*", re.IGNORECASE)


def pages(core: Core) -> list[Route]:
    """A page for what came in, and one for what went out."""
    return [
        Route("/_/f/{token}", _page(core, received.download)),
        Route("/_/f/sent/{token}", _page(core, sent.download)),
    ]


def _page(core: Core, download: Follow) -> Callable[[Request], Awaitable[Response]]:
    async def file(request: Request) -> Response:
        try:
            found = await download(core, request.path_params["token"])
        except NotFound:
            return PlainTextResponse(
                "There is no such file, or no longer.", status_code=404, headers=_HEADERS
            )
        except StoreUnavailable:
            return PlainTextResponse("Try again later.", status_code=503, headers=_HEADERS)
        headers = _HEADERS | {
            "Content-Type": _type(found.content_type),
            "Content-Disposition": f"attachment; filename*=utf-8''{quote(found.name, safe='')}",
        }
        return Response(found.content, headers=headers)

    return file


def _type(told: str) -> str:
    plain = told.partition(";")[0].strip()
    return plain if _PLAIN_TYPE.fullmatch(plain) else "application/octet-stream"
