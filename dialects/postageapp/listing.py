"""get_messages: every message of the project that is not too old.

Source: PostageApp knowledge base, "get_messages", and the mocks of its Go and Java clients, read 2026-11.
"""

from typing import Final, Self

import msgspec

from core import messages
from core.clock import SECOND
from dialects.endpoint import Call
from dialects.postageapp.reports import counts
from dialects.postageapp.wire import Plain, Success
from dialects.times import offset

# the pages say 14 to 28 days
_KEPT: Final = 28 * 24 * 3600 * SECOND


class Summary(msgspec.Struct, kw_only=True):
    """One message. ``template`` is a slug or null, never a number; Go and Java take it for a text."""

    project_id: int
    template: str | None
    transmissions_total: int
    transmissions_failed: int
    transmissions_completed: int
    created_at: str
    will_purge_at: str

    @classmethod
    def of(cls, project_id: int, held: messages.Summary) -> Self:
        """Tell what one call made."""
        told = counts(held.states)
        return cls(
            project_id=project_id,
            template=held.template or None,
            transmissions_total=sum(told.values()),
            transmissions_failed=told.get("failed", 0),
            transmissions_completed=told.get("completed", 0),
            created_at=offset(held.created_at),
            will_purge_at=offset(held.created_at + _KEPT),
        )


async def get_messages(call: Call, body: Plain) -> Success:
    """Messages by uid, those of other providers' clients by id. The data is there even when empty: Go needs it."""
    since = call.core.clock.now() - _KEPT
    project_id = call.caller.workspace_number
    found = messages.summaries(call.core, call.caller, since=since)
    return body.answer({held.uid: Summary.of(project_id, held) async for held in found})
