"""Streams: what mail may go out through."""

import pytest

from core import streams
from core.errors import Forbidden, NotFound, Refusal
from tests.core.post import alter, caller_in


@pytest.mark.parametrize(
    ("key", "refusal", "kind"),
    [
        ("outbound", None, ""),
        ("broadcast", None, ""),
        ("inbound", Forbidden, "inbound_stream"),
        ("unknown", NotFound, "sending_stream"),
        ("Outbound", NotFound, "sending_stream"),
        ("archived", NotFound, "sending_stream"),
    ],
)
async def test_what_can_be_sent_through(core, caller, key, refusal, kind):
    """Streams that send and are not archived; the others are told apart."""
    await alter(
        core,
        "INSERT INTO streams (workspace_id, key, name, kind, description, archived_at, created_at, updated_at)"
        " VALUES (:id, 'archived', 'A', 'transactional', '', 1, 1, 1)",
        id=caller.workspace_id,
    )
    if refusal is None:
        await streams.require_sending(core, caller, key)
        return

    with pytest.raises(Refusal) as refused:
        await streams.require_sending(core, caller, key)
    assert (refusal, kind) == (type(refused.value), refused.value.kind)


async def test_a_stream_is_its_workspaces(core, caller):
    """Read by key, archived or not, and by nobody else."""
    other = await caller_in(core, "other")
    await alter(
        core, "DELETE FROM streams WHERE workspace_id = :id AND key = 'broadcast'", id=other.workspace_id
    )

    assert ("broadcast", "broadcast") == (
        (found := await streams.get(core, caller, "broadcast")).key,
        found.kind,
    )
    with pytest.raises(NotFound):
        await streams.get(core, other, "broadcast")
