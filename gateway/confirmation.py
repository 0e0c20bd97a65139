"""The page behind the link by which whoever reads an address's mail lets an account send from it.

Looking at it changes nothing, since machines look at links before people do. A POST does: who has the link may decide.
"""

from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import accounts, confirmation, senders
from core.core import Core
from core.errors import NotFound
from core.senders import Sender
from core.store.database import StoreUnavailable
from gateway.visitors import notice, page

_log = structlog.get_logger(__name__)
_UNKNOWN: Final = (
    "It may have been cut off on its way to you, or be too old, or nobody wants to send from the address any more. "
    "Whoever asked you can have another one sent."
)
_AWAY: Final = "Nothing was changed. Please try again in a few minutes."


def pages(core: Core) -> list[Route]:
    """The page, to look at and to say yes by."""

    async def shown(request: Request) -> Response:
        try:
            sender = await confirmation.read(core, request.path_params["token"])
            if sender is not None and request.method == "POST":
                sender = await senders.confirm(core, sender)
                _log.info("sender confirmed", sender_id=sender.id)
        except NotFound:
            # taken away in this moment
            sender = None
        except StoreUnavailable as error:
            _log.warning("a sender could not be reached", reason=str(error))
            return notice(503, "This does not work right now", _AWAY)
        if sender is None:
            return notice(404, "This link does not lead anywhere", _UNKNOWN)
        return await _page(core, sender)

    return [Route("/_/s/{token}", shown, methods=["GET", "POST"])]


async def _page(core: Core, sender: Sender) -> Response:
    owner = await accounts.account(core, sender.account_id)
    title = "Confirm your address" if sender.confirmed_at is None else "Your address is confirmed"
    account = owner.name if owner is not None else ""
    return page(200, "confirmation.html", title=title, sender=sender, account=account)
