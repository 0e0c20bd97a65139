"""Streams: what mail may go out through."""

import asyncio

import pytest

from core import streams
from core.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from core.streams import NewStream, StreamChange
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


async def test_no_more_than_there_may_be(core, caller):
    """However many are made at once; each key is there once, and another workspace has room of its own."""
    other = await caller_in(core, "other")

    async def made(key, who=caller):
        try:
            await streams.create(core, who, NewStream(key=key, name="n", kind="transactional"))
        except Conflict as refused:
            return refused.kind
        return ""

    outcomes = await asyncio.gather(*(made(f"a{each % 9}") for each in range(18)))

    assert (7, {"", "stream", "stream_limit"}) == (outcomes.count(""), set(outcomes))
    assert 10 == len(await streams.of_workspace(core, caller))
    assert "" == await made("a1", other)


async def test_what_a_stream_can_be_changed_to(core, caller):
    """In part, within the workspace; the default one offers no way out."""
    other = await caller_in(core, "other")
    held = await streams.get(core, caller, "broadcast")

    assert held == await streams.change(core, caller, "broadcast", StreamChange())
    changed = await streams.change(core, caller, "broadcast", StreamChange(name="News"))
    assert ("News", held.description, "managed") == (changed.name, changed.description, changed.opt_out)
    assert held.name == (await streams.get(core, other, "broadcast")).name
    with pytest.raises(Invalid):
        await streams.change(core, caller, "outbound", StreamChange(opt_out="managed"))
    with pytest.raises(NotFound):
        await streams.change(core, caller, "nowhere", StreamChange(name="n"))


async def test_what_is_archived_sends_nothing(core, caller):
    """Until it is taken back; the two that a workspace needs cannot be archived."""
    await streams.archive(core, caller, "broadcast")
    with pytest.raises(NotFound):
        await streams.require_sending(core, caller, "broadcast")
    await streams.restore(core, caller, "broadcast")
    await streams.require_sending(core, caller, "broadcast")
    for key in ("outbound", "inbound"):
        with pytest.raises(Forbidden):
            await streams.archive(core, caller, key)
