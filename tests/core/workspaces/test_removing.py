"""Workspaces removed: nothing of them stays for ever, and nothing is done for them any more."""

import re
from typing import Any

import msgspec
import pytest

from core import accounts, messages, retention, stats, workspaces
from core.clock import DAY, SECOND
from core.errors import NotFound
from core.store.database import write
from core.store.migrate import steps
from core.store.statements import Query, statement
from tests.core.post import alter, caller_in, count, draft, select

OLD = "00000000-0000-7000-8000-000000000001"
_TABLES = {
    name: re.findall(r"^    (\w+) (TEXT|BIGINT|BYTEA|BOOLEAN|DOUBLE PRECISION)(.*)", body, re.MULTILINE)
    for step in steps()
    for name, body in re.findall(
        r"CREATE TABLE (\w+) \((.*?)\)\s*(?:/\* clustered \*/)?;",
        re.sub(r"--[^\n]*", "", step.text),
        re.DOTALL,
    )
}
# columns that a later step took away
_GONE = {
    found
    for step in steps()
    for found in re.findall(r"^ALTER TABLE (\w+) DROP COLUMN (\w+);", step.text, re.MULTILINE)
}
# in them things of a workspace stand under others of its things
_BELOW = ("topic_choices", "template_versions", "mailing_portions")
# though they may be empty
_FILLED = ("workspace_id", "batch_id")
_VALUES: dict[str, Any] = {"BIGINT": 1, "BYTEA": b"\x80", "BOOLEAN": False, "DOUBLE PRECISION": 0.0}
_WORDS = {"environment": "live", "subscription": "opt_out", "name": "x", "key": "x"}


def _owned() -> list[str]:
    return [
        name
        for name, columns in _TABLES.items()
        if name in _BELOW or any(column == "workspace_id" for column, _, _ in columns)
    ]


def _row(name: str, workspace_id: str) -> dict[str, Any]:
    """A row of a table, old, that belongs to a workspace and to the other rows made so."""
    made = {}
    for column, kind, more in _TABLES[name]:
        if (name, column) in _GONE:
            continue
        if "NOT NULL" not in more and "PRIMARY KEY" not in more and column not in _FILLED:
            continue
        text = OLD if column == "id" or column.endswith("_id") else _WORDS.get(column, "x")
        made[column] = _VALUES.get(kind, text)
    return made | ({"workspace_id": workspace_id} if name not in _BELOW else {})


async def _fill(core, workspace_id):
    for name in _owned():
        row = _row(name, workspace_id)
        columns, values = ", ".join(row), ", ".join(f":{column}" for column in row)
        text = f"INSERT INTO {name} ({columns}) VALUES ({values})"  # noqa: S608  # names of ours
        await write(core.db, Query(statement("fill", text), row))


async def test_nothing_is_left_of_it(core, caller, clock):
    """Every table that has something of a workspace has nothing of it after a while, whichever tables there are."""
    # what is still to be told is taken out of there by whoever tells
    tables = [name for name in _owned() if name not in {"outbox", "inbound_domains", "inbound_hashes"}]
    await alter(core, "DELETE FROM streams")
    await _fill(core, caller.workspace_id)
    place = await accounts.numbered(core, caller.workspace_number)
    assert [1] * len(tables) == [await count(core, each) for each in tables]

    await workspaces.remove(core, place)
    await workspaces.forget(core)
    # its mail is retention's to forget, and keeps its row
    assert await accounts.workspace(core, place.id) is not None
    clock.pass_s(3 * DAY // SECOND)
    await stats.fold(core)
    await retention.run(core)
    await workspaces.forget(core)

    left = {each: await count(core, each) for each in tables}
    assert dict.fromkeys(tables, 0) == left
    assert await accounts.workspace(core, place.id) is None


async def test_what_was_to_leave_later_stays(core, caller):
    """A scheduled message is called off; one that was to leave at once still does."""
    later = await messages.submit(core, caller, draft(send_at=core.clock.now() + DAY))
    now = await messages.submit(core, caller, draft())
    place = await accounts.numbered(core, caller.workspace_number)

    await workspaces.remove(core, place)

    assert [(now.id,)] == [tuple(row) for row in await select(core, "SELECT id FROM jobs")]
    found = [await messages.get(core, caller, each.id) for each in (later, now)]
    assert [("canceled", "canceled"), ("accepted", "queued")] == [
        (each.state, each.deliveries[0].state) for each in found
    ]


async def test_another_is_not_touched(core, caller):
    """Only what belongs to the removed one goes; a second removal finds none."""
    other = await caller_in(core, "other")
    kept = await messages.submit(core, other, draft(send_at=core.clock.now() + DAY))
    place = await accounts.numbered(core, caller.workspace_number)
    before = await select(core, "SELECT key FROM streams WHERE workspace_id = :id", id=other.workspace_id)

    await workspaces.remove(core, place)
    await workspaces.forget(core)

    assert before == await select(
        core, "SELECT key FROM streams WHERE workspace_id = :id", id=other.workspace_id
    )
    assert "scheduled" == (await messages.get(core, other, kept.id)).state
    with pytest.raises(NotFound):
        await workspaces.remove(core, place)
    with pytest.raises(NotFound):
        await accounts.settle(core, place.id, lambda held: msgspec.structs.replace(held, sandbox=True))
