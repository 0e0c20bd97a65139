"""Deliveries to a webhook: listed, read with what was asked and answered, made once more.

Source: PufferPost guide "Webhooks", read 2026-11, says that every attempt is stored and can be replayed; the bodies are
in the style of the API.
"""

from typing import Final

import msgspec

from core import webhooks
from core.paging import PageRequest
from core.webhooks import Dispatch, Filter
from core.webhooks.dispatch import State
from dialects.endpoint import Call, get, post
from dialects.pufferpost.violations import Violations
from dialects.pufferpost.webhooks import find
from dialects.pufferpost.wire import Listing, Paged, both, held, listing, shown
from dialects.times import offset

# the provider's word for every state of a call
_STATUS: Final[dict[State, str]] = {
    "pending": "pending",
    "attempting": "pending",
    "success": "succeeded",
    "failed": "failed",
}
_STATUSES: Final = frozenset(_STATUS.values())
_NOT_A_CHOICE: Final = "The value you selected is not a valid choice."
_LAST: Final = PageRequest(limit=1)


class View(msgspec.Struct, kw_only=True):
    """A delivery, in a list."""

    id: str
    event_id: str
    event: str
    status: str
    attempts: int
    response_status: int | None
    last_attempt_at: str | None
    next_attempt_at: str | None

    @classmethod
    def of(cls, dispatch: Dispatch) -> "View":
        """From a stored call."""
        return cls(
            id=shown("whd", dispatch.id),
            event_id=shown("evt", dispatch.happening_id),
            event=dispatch.event,
            status=_STATUS[dispatch.state],
            attempts=dispatch.attempts,
            response_status=dispatch.status or None,
            last_attempt_at=_offset(dispatch.attempted_at),
            next_attempt_at=_offset(dispatch.due_at),
        )


class Whole(View, kw_only=True):
    """A delivery by itself: what is or was asked, and the last answer's beginning, or why there was none."""

    request_body: str
    response_body: str | None


class Query(Paged, kw_only=True):
    """Which deliveries."""

    status: str = ""

    def filter(self, found: Violations) -> Filter:
        """In the domain's words; notes what is wrong."""
        if not self.status:
            return Filter()
        if self.status not in _STATUSES:
            found.add("status", _NOT_A_CHOICE)
        return Filter(states=tuple(state for state, word in _STATUS.items() if word == self.status))


def _offset(at: int | None) -> str | None:
    return None if at is None else offset(at)


async def list_deliveries(call: Call, id: str, query: Query) -> Listing[View]:
    """A page of a webhook's deliveries, the newest first."""
    found = Violations()
    wanted, page = query.filter(found), query.page("whd", found)
    found.refuse()
    read = await webhooks.dispatches(call.core, await find(call, id), wanted, page)
    return listing(read, "whd", lambda dispatch: dispatch.id, View.of)


async def read(call: Call, id: str, did: str) -> Whole:
    """One delivery."""
    dispatch = await webhooks.dispatch(call.core, await find(call, id), held("whd", did))
    last = (await webhooks.attempts(call.core, dispatch, _LAST)).items
    answered = next(((each.text if each.status else each.error) for each in last), None)
    return Whole(
        **msgspec.structs.asdict(View.of(dispatch)),
        request_body=(dispatch.body or b"").decode(),
        response_body=answered,
    )


async def replay(call: Call, id: str, did: str) -> View:
    """Make a delivery once more, soon."""
    return View.of(await webhooks.replay(call.core, await find(call, id), held("whd", did)))


MANAGING = both(post("/v1/webhooks/{id}/deliveries/{did}/replay", replay, status=202))
READING = both(
    get("/v1/webhooks/{id}/deliveries", list_deliveries),
    get("/v1/webhooks/{id}/deliveries/{did}", read),
)
