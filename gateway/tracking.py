"""What a mail's pixel and links lead to: a picture of nothing, and the way on to where the link was meant to lead.

Both are answered from the token alone, and whatever the store does. A link of ours never leads where its sender did
not say: the target is signed.
"""

import base64
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from core.core import Core
from core.tracking import targets, tokens
from gateway.proxies import Proxies

# one transparent point, the shortest that every reader shows
_GIF: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_NEVER_KEPT: Final = {
    "Cache-Control": "no-store, no-cache, must-revalidate, private, max-age=0",
    "Pragma": "no-cache",
    "Expires": "0",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    # the token is nobody's business where the link leads
    "Referrer-Policy": "no-referrer",
}
_POLICY: Final = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
# shown inside a page of somebody else's, which webmail is
_PIXEL_HEADERS: Final = _NEVER_KEPT | {"Cross-Origin-Resource-Policy": "cross-origin"}
_UNKNOWN: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Link not found</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem}</style>
<h1>This link does not lead anywhere</h1>
<p>It may have been cut off on its way to you. Try to copy it whole from the message, or ask whoever sent it.</p>
</html>
"""
# by what browsers and previews say that nobody has followed the link yet: Fetch's Sec-Purpose, and what came before it
_AHEAD: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_AHEAD_WORDS: Final = ("prefetch", "prerender", "preview")


def pages(core: Core, proxies: Proxies) -> list[Route]:
    """The two pages."""

    async def pixel(request: Request) -> Response:
        place = tokens.opened(core.signer, request.path_params["token"].removesuffix(".gif"))
        if place is not None and _counts(request):
            core.sightings.opened(place, proxies.client(request), _agent(request))
        return Response(_GIF, media_type="image/gif", headers=_PIXEL_HEADERS)

    async def link(request: Request) -> Response:
        click = tokens.clicked(core.signer, request.path_params["token"])
        if click is None:
            return HTMLResponse(_UNKNOWN, status_code=404, headers=_NEVER_KEPT | _POLICY)
        if _counts(request):
            core.sightings.clicked(click, proxies.client(request), _agent(request))
        headers = _NEVER_KEPT | {"Location": targets.location(click.target)}
        return Response(status_code=302, headers=headers)

    return [Route("/_/t/o/{token}", pixel), Route("/_/t/c/{token}", link)]


def _agent(request: Request) -> str:
    return request.headers.get("user-agent", "")


def _counts(request: Request) -> bool:
    """Whether somebody may have seen it: not where it was only asked about, or fetched ahead."""
    if request.method == "HEAD":
        return False
    ahead = " ".join(request.headers.get(name, "").lower() for name in _AHEAD)
    return not any(word in ahead for word in _AHEAD_WORDS)
