"""Dispatches: calls made, or to be made, because something happened; and asking for one again."""

from typing import Final, Literal

import msgspec

from core import ids
from core.core import Core
from core.errors import NotFound
from core.paging import Page, PageRequest
from core.store.database import listed, one, rows, write
from core.store.statements import sql
from core.webhooks.webhook import Webhook

# attempting: a call failed and will be made again
State = Literal["pending", "attempting", "success", "failed"]

_FIRST: Final = ""
# every id is smaller: they are hexadecimal
_LAST: Final = "g"
# what one commit asks for again
_PORTION: Final = 1000


class Dispatch(msgspec.Struct, frozen=True, kw_only=True):
    """One happening for one webhook. ``event`` is the dialect's word, ``kind`` ours, ``subject`` the message's id.

    ``attempts`` that count against the dialect's ladder; ``status`` of the last answer, 0 for none. ``due_at`` None:
    no further call is made by itself. ``body`` None in lists.
    """

    id: str
    webhook_id: str
    happening_id: str
    kind: str
    subject: str
    event: str
    state: State
    attempts: int
    status: int
    attempted_at: int | None
    due_at: int | None
    created_at: int
    body: bytes | None = None


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One call. ``status`` 0: there was no answer, and ``error`` says why. ``body`` is how the answer's begins."""

    id: str
    dispatch_id: str
    number: int
    success: bool
    status: int
    error: str
    body: bytes
    duration_ms: int
    at: int

    @property
    def text(self) -> str:
        """The answer as text, whatever its bytes are."""
        return self.body.decode("utf-8", "replace")


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of one event since a moment; ``final``: after which no other was to follow. Times are averages.

    ``final_ms`` is of the final ones, ``retry_ms`` of the rest.
    """

    event: str
    total: int
    success: int
    retries: int
    slow: int
    very_slow: int
    final: int
    final_ms: float | None
    retry_ms: float | None


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which dispatches; None asks for none in particular. ``since`` is inclusive, ``until`` exclusive, both moments."""

    states: tuple[State, ...] | None = None
    since: int | None = None
    until: int | None = None


async def get(core: Core, webhook: Webhook, id: str) -> Dispatch:
    """One with its body, of a webhook the caller was already given; raises NotFound("dispatch")."""
    found = await one(core.db, Dispatch, sql.dispatch_get(id=id, webhook_id=webhook.id))
    if found is None:
        raise NotFound("dispatch", id)
    return found


async def page(core: Core, webhook: Webhook, wanted: Filter, request: PageRequest) -> Page[Dispatch]:
    """A webhook's dispatches from the newest on, without their bodies."""
    match = _match(webhook, wanted, request)
    statement = sql.dispatches_page if request.before is None else sql.dispatches_page_back
    query = statement(**match, count=request.limit + 1, skip=request.offset)
    total = (await core.db.fetch(sql.dispatches_count(**match)))[0][0] if request.total else 0
    return Page.of(await rows(core.db, Dispatch, query), request, total)


def _match(webhook: Webhook, wanted: Filter, request: PageRequest) -> dict[str, str | bool]:
    floor = _FIRST if wanted.since is None else ids.floor(wanted.since)
    ceiling = _LAST if wanted.until is None else ids.floor(wanted.until)
    return {
        "webhook_id": webhook.id,
        "before_id": min(ceiling, request.after or _LAST),
        "after_id": max(floor, request.before or _FIRST),
        "any_state": wanted.states is None,
        "states": listed(wanted.states or ()),
    }


async def attempts(core: Core, dispatch: Dispatch, request: PageRequest) -> Page[Attempt]:
    """The calls of a dispatch the caller was already given, from the newest on."""
    match = {
        "dispatch_id": dispatch.id,
        "before_id": request.after or _LAST,
        "after_id": request.before or _FIRST,
    }
    statement = sql.dispatch_attempts_page if request.before is None else sql.dispatch_attempts_page_back
    query = statement(**match, count=request.limit + 1, skip=request.offset)
    return Page.of(await rows(core.db, Attempt, query), request)


async def replay(core: Core, webhook: Webhook, id: str) -> Dispatch:
    """Make a call once more, soon, whatever came of it before; what is still to be tried goes on as it was.

    The dispatch as it stands now; raises NotFound("dispatch").
    """
    now = core.clock.now()
    wake = sql.webhook_lane_wake(now=now, webhook_id=webhook.id)
    again = sql.dispatch_replay(id=id, webhook_id=webhook.id, now=now)
    # a second wish before the first is granted is the same wish
    await write(core.db, again, wake)
    return await get(core, webhook, id)


async def replay_all(core: Core, webhook: Webhook, wanted: Filter) -> int:
    """The same for many, those of a range of time and of states; how many.

    In portions, each a commit of its own: who accepts mail waits for no more than one. Safe to repeat where it was
    broken off, but for what was told again meanwhile.
    """
    match, count = _match(webhook, wanted, PageRequest()), 0
    # what is told again meanwhile is not found a second time
    before = str(match.pop("before_id"))
    while True:
        now = core.clock.now()
        again = sql.dispatches_replay(**match, before_id=before, now=now, count=_PORTION)
        wake = sql.webhook_lane_wake(now=now, webhook_id=webhook.id)
        found = [row[0] for row in (await write(core.db, again, wake))[0]]
        count += len(found)
        if len(found) < _PORTION:
            return count
        before = min(found)


async def tallies(
    core: Core, webhook: Webhook, *, since: int, slow_ms: int, very_slow_ms: int
) -> list[Tally]:
    """How the calls of each event went since a moment, in the order of their names."""
    query = sql.dispatch_tallies(
        webhook_id=webhook.id, after_id=ids.floor(since), slow_ms=slow_ms, very_slow_ms=very_slow_ms
    )
    return await rows(core.db, Tally, query)
