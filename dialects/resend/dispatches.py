"""What was told to a webhook, each with its attempts, and telling it again.

Source: Resend API reference, "List webhook events" and its neighbours, and the types of the node SDK 6.38.0, read
2026-11.
"""

from typing import Final

import msgspec

from core import webhooks
from core.errors import Invalid, NotFound
from core.paging import PageRequest
from core.webhooks import Attempt, Dispatch, Filter, Webhook
from dialects.endpoint import Call, get, post
from dialects.resend.handles import ATTEMPT, EVENT, held, shown
from dialects.resend.webhooks import find
from dialects.resend.wire import List, limit
from dialects.times import iso

_WAITS: Final = frozenset({"pending", "attempting"})


class Paging(msgspec.Struct, kw_only=True):
    """The query of these lists, which run in one direction alone."""

    limit: str | None = None
    after: str | None = None

    def request(self, prefix: str) -> PageRequest:
        """The page asked for; raises Invalid."""
        after = held(prefix, self.after) if self.after else None
        if after == "":
            raise Invalid("after", "The pagination cursor must be a valid ID.", kind="paging")
        return PageRequest(limit=limit(self.limit), after=after)


class Listed(msgspec.Struct, kw_only=True):
    """What was told, in a list."""

    id: str
    type: str
    created_at: str
    status: str

    @classmethod
    def of(cls, dispatch: Dispatch) -> "Listed":
        """From the domain's dispatch, whose states have the provider's names."""
        return cls(
            id=shown(EVENT, dispatch.id),
            type=dispatch.event,
            created_at=iso(dispatch.created_at),
            status=dispatch.state,
        )


class Whole(msgspec.Struct, kw_only=True):
    """What was told, by itself."""

    object: str = "webhook_event"
    id: str
    type: str
    created_at: str
    status: str
    next_attempt_at: str | None
    payload: msgspec.Raw

    @classmethod
    def of(cls, dispatch: Dispatch) -> "Whole":
        """From the domain's dispatch with its body."""
        listed = Listed.of(dispatch)
        waits = dispatch.state in _WAITS and dispatch.due_at is not None
        return cls(
            id=listed.id,
            type=listed.type,
            created_at=listed.created_at,
            status=listed.status,
            next_attempt_at=iso(dispatch.due_at) if waits and dispatch.due_at is not None else None,
            payload=msgspec.Raw(dispatch.body or b"null"),
        )


class Tried(msgspec.Struct, kw_only=True):
    """An attempt: the answer, or why there was none, which has the status 0."""

    id: str
    http_status_code: int
    response: str
    sent_at: str

    @classmethod
    def of(cls, attempt: Attempt) -> "Tried":
        """From the domain's attempt."""
        return cls(
            id=shown(ATTEMPT, attempt.id),
            http_status_code=attempt.status,
            response=attempt.text if attempt.status else attempt.error,
            sent_at=iso(attempt.at),
        )


class Replayed(msgspec.Struct, kw_only=True):
    """What will be told again."""

    object: str = "webhook_event"
    id: str


async def list_events(call: Call, id: str, query: Paging) -> List[Listed]:
    """What was told to a webhook, from the newest on."""
    webhook, request = await find(call, id), query.request(EVENT)
    if request.after is not None:
        await _cursor(call, webhook, request.after)
    page = await webhooks.dispatches(call.core, webhook, Filter(), request)
    return List(has_more=page.more, data=[Listed.of(each) for each in page.items])


async def retrieve(call: Call, id: str, event_id: str) -> Whole:
    """What was told, whole."""
    return Whole.of(await _dispatch(call, await find(call, id), event_id))


async def attempts(call: Call, id: str, event_id: str, query: Paging) -> List[Tried]:
    """The attempts to tell it, from the newest on."""
    dispatch = await _dispatch(call, await find(call, id), event_id)
    page = await webhooks.attempts(call.core, dispatch, query.request(ATTEMPT))
    return List(has_more=page.more, data=[Tried.of(each) for each in page.items])


async def replay(call: Call, id: str, event_id: str) -> Replayed:
    """Tell it once more; what is still to be tried is tried as it would have been."""
    again = await webhooks.replay(call.core, await find(call, id), _id(event_id))
    return Replayed(id=shown(EVENT, again.id))


async def _dispatch(call: Call, webhook: Webhook, event_id: str) -> Dispatch:
    return await webhooks.dispatch(call.core, webhook, _id(event_id))


def _id(event_id: str) -> str:
    found = held(EVENT, event_id)
    if not found:
        raise Invalid("eventId", "The `eventId` must be a valid ID.", kind="words")
    return found


async def _cursor(call: Call, webhook: Webhook, id: str) -> None:
    try:
        await webhooks.dispatch(call.core, webhook, id)
    except NotFound as error:
        raise NotFound("cursor", id) from error


OPERATIONS = (
    get("/webhooks/{id}/events", list_events),
    get("/webhooks/{id}/events/{event_id}", retrieve),
    get("/webhooks/{id}/events/{event_id}/attempts", attempts),
    post("/webhooks/{id}/events/{event_id}/replay", replay),
)
