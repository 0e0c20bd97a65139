"""Mail that came in: the list, and one letter."""

from starlette.responses import Response

from core import inbound
from core.inbound import Body, InboundMessage
from gateway.console import overview, preview
from gateway.console.listing import Search
from gateway.console.visit import Visit


async def page(visit: Visit) -> Response:
    """The newest letters, or those that were looked for."""
    search = Search.of(visit, "recipient", "sender", "subject")
    wanted = inbound.Filter(
        recipient=search.get("recipient"), sender=search.get("sender"), subject=search.get("subject")
    )
    found = await inbound.page(visit.core, visit.caller, wanted, search.page)
    return visit.page(
        "inbound.html",
        title="Received",
        rows=found.items,
        search=search,
        ways=search.ways([each.id for each in found.items], more=found.more),
        strip=await overview.strip(visit) if search.is_first else None,
    )


async def one(visit: Visit) -> Response:
    """One letter whole."""
    letter = await inbound.get(visit.core, visit.caller, visit.id)
    body = letter.body or Body()
    view = preview.chosen(visit.asked("view"), html=body.html, text=body.text)
    return visit.page(
        "letter.html",
        title=letter.subject,
        letter=letter,
        body=body,
        view=view,
        remote=bool(visit.asked("remote")),
        shown=await _shown(visit, letter, body, view),
    )


async def _shown(visit: Visit, letter: InboundMessage, body: Body, view: str) -> preview.Text:
    if view == "text":
        return preview.text(body.text or "")
    if view in ("headers", "source"):
        return preview.source(await inbound.source(visit.core, letter), view)
    return preview.text("")


async def html(visit: Visit) -> Response:
    """Its HTML, for a frame."""
    letter = await inbound.get(visit.core, visit.caller, visit.id)
    pictures = [
        preview.Picture(file.content_id, file.content_type, file.size_bytes, position)
        for position, file in enumerate(letter.head.files)
    ]

    async def read(position: int) -> bytes:
        return await inbound.file(visit.core, letter, position)

    body = await preview.with_pictures((letter.body or Body()).html or "", pictures, read)
    return preview.frame(body, remote=bool(visit.asked("remote")))


async def source(visit: Visit) -> Response:
    """Its source, to keep."""
    letter = await inbound.get(visit.core, visit.caller, visit.id)
    return preview.download(await inbound.source(visit.core, letter), f"{letter.id}.eml")


async def file(visit: Visit) -> Response:
    """One of its files, to keep."""
    letter = await inbound.get(visit.core, visit.caller, visit.id)
    data = await inbound.file(visit.core, letter, visit.position)
    return preview.download(data, letter.head.files[visit.position].name)
