"""The page behind the link to unsubscribe by, and the one click of a mail program.

Looking at it changes nothing, however often and by whatever machine. A POST does, and needs no cookie: who has the
link may decide, and nobody can make one up.
"""

from collections.abc import Awaitable, Callable
from email.parser import BytesParser
from email.policy import HTTP
from typing import Final
from urllib.parse import parse_qsl

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import optout, subscriptions
from core.core import Core
from core.optout import Link
from core.store.database import StoreUnavailable
from gateway.visitors import notice, page

Fields = list[tuple[str, str]]

_log = structlog.get_logger(__name__)
# a form of a workspace's topics, and far more
_MOST_BYTES: Final = 256 * 1024
# RFC 8058 3.2
_ONE_CLICK: Final = ("List-Unsubscribe", "One-Click")
_UNKNOWN: Final = "It may have been cut off on its way to you. Try to copy it whole from the message."
_UNCLEAR: Final = "Nothing was changed. Go back, reload the page, and try again."
_AWAY: Final = "Nothing was changed. Please try again in a few minutes."


def pages(core: Core) -> list[Route]:
    """The page, to look at and to act on."""

    async def answer(request: Request) -> Response:
        link = optout.read(core.signer, request.path_params["token"])
        if link is None:
            return notice(404, "This link does not lead anywhere", _UNKNOWN)
        try:
            link = await subscriptions.current(core, link)
            if request.method == "POST":
                return await _decided(core, request, link)
            return await _shown(core, link)
        except StoreUnavailable as error:
            _log.warning("a subscription could not be reached", reason=str(error))
            return notice(503, "This does not work right now", _AWAY)

    return [Route("/_/u/{token}", answer, methods=["GET", "POST"])]


async def _decided(core: Core, request: Request, link: Link) -> Response:
    body = await _body(request)
    if body is None:
        return notice(413, "This was too much", _UNCLEAR)
    fields = _fields(request.headers.get("content-type", ""), body)
    if _ONE_CLICK in fields:
        await subscriptions.leave(core, link)
        return await _shown(core, link)
    act = _ACTIONS.get(dict(fields).get("action", ""))
    if act is None:
        return notice(400, "This was not understood", _UNCLEAR)
    await act(core, link, fields)
    return await _shown(core, link)


async def _leave(core: Core, link: Link, _: Fields) -> None:
    await subscriptions.leave(core, link)


async def _leave_all(core: Core, link: Link, _: Fields) -> None:
    await subscriptions.leave_all(core, link)


async def _rejoin(core: Core, link: Link, _: Fields) -> None:
    await subscriptions.rejoin(core, link)


async def _choose(core: Core, link: Link, fields: Fields) -> None:
    await subscriptions.choose(core, link, {value for name, value in fields if name == "topic"})


_ACTIONS: Final[dict[str, Callable[[Core, Link, Fields], Awaitable[None]]]] = {
    "leave": _leave,
    "leave_all": _leave_all,
    "rejoin": _rejoin,
    "choose": _choose,
}


async def _body(request: Request) -> bytes | None:
    """What was posted, None where it is more than any form of ours."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return None
    return body


def _fields(content_type: str, body: bytes) -> Fields:
    """A form's fields; RFC 8058 3.2 has mail programs send them in either of the two ways that browsers do."""
    if content_type.lower().startswith("multipart/form-data"):
        return _parts(content_type, body)
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


def _parts(content_type: str, body: bytes) -> Fields:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    whole = BytesParser(policy=HTTP).parsebytes(head + body)
    found: Fields = []
    for part in whole.iter_parts():
        name = part.get_param("name", header="content-disposition")
        value = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(value, bytes):
            found.append((name, value.decode("utf-8", "replace").strip()))
    return found


async def _shown(core: Core, link: Link) -> Response:
    standing = await subscriptions.standing(core, link)
    title = "You are unsubscribed" if standing.left else "Unsubscribe"
    return page(200, "subscription.html", title=title, standing=standing)
