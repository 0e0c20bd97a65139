"""Mail that was sent, or is to be: the list, and one message with all that happened to it."""

from typing import Final

from starlette.responses import Response

from core import events, messages
from core.errors import NotFound
from core.messages import Message
from gateway.console import overview, preview
from gateway.console.listing import Search
from gateway.console.visit import Visit

STATES: Final = (
    "queued", "scheduled", "deferred", "delivered", "suppressed", "failed", "bounced", "complained", "canceled",
)  # fmt: skip
# more than a page can be read with; the API has them all
_MOST_EVENTS: Final = 300
_MOST_DELIVERIES: Final = 200


async def page(visit: Visit) -> Response:
    """The newest messages, or those that were looked for."""
    search = Search.of(visit, "recipient", "subject", "state")
    state = search.get("state")
    wanted = messages.Filter(
        recipient=search.get("recipient"),
        subject=search.get("subject"),
        states=None if state is None else (state,),
    )
    found = await messages.page(visit.core, visit.caller, wanted, search.page)
    return visit.page(
        "messages.html",
        title="Sent",
        rows=[(each, messages.standing(each)) for each in found.items],
        search=search,
        ways=search.ways([each.id for each in found.items], more=found.more),
        states=STATES,
        strip=await overview.strip(visit) if search.is_first else None,
    )


async def one(visit: Visit) -> Response:
    """One message whole."""
    core, message = visit.core, await messages.get(visit.core, visit.caller, visit.id)
    view = preview.chosen(visit.asked("view"), html=message.html, text=message.text)
    return visit.page(
        "message.html",
        title=message.shown_subject,
        message=message,
        standing=messages.standing(message),
        emails={each.position: each.email for each in message.deliveries},
        deliveries=message.deliveries[:_MOST_DELIVERIES],
        events=await events.latest(core, message, most=_MOST_EVENTS),
        most_events=_MOST_EVENTS,
        files=await messages.attachments(core, message),
        view=view,
        remote=bool(visit.asked("remote")),
        shown=await _shown(visit, message, view),
    )


async def _shown(visit: Visit, message: Message, view: str) -> preview.Text:
    if view == "text":
        return preview.text(message.text or "")
    if view in ("headers", "source"):
        return preview.source(await messages.source(visit.core, message), view)
    return preview.text("")


async def html(visit: Visit) -> Response:
    """Its HTML, for a frame."""
    core, message = visit.core, await messages.get(visit.core, visit.caller, visit.id)
    pictures = [
        preview.Picture(file.content_id, file.content_type, file.size_bytes, file.position)
        for file in await messages.attachments(core, message)
    ]

    async def read(position: int) -> bytes:
        return (await messages.attachment(core, message, position)).data or b""

    body = await preview.with_pictures(message.html or "", pictures, read)
    return preview.frame(body, remote=bool(visit.asked("remote")))


async def source(visit: Visit) -> Response:
    """Its source, to keep."""
    message = await messages.get(visit.core, visit.caller, visit.id)
    return preview.download(await messages.source(visit.core, message), f"{message.id}.eml")


async def file(visit: Visit) -> Response:
    """One of its files, to keep."""
    message = await messages.get(visit.core, visit.caller, visit.id)
    found = await messages.attachment(visit.core, message, visit.position)
    if found.data is None:
        raise NotFound("attachment", str(visit.position))
    return preview.download(found.data, found.filename)
