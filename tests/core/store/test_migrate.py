"""Schema steps: each applied once, by whoever comes first."""

import asyncio
import sys
from pathlib import Path

import asyncpg
import pytest

import core.store.migrate
from core.numbers import Numbers
from core.store.database import StoreUnavailable
from core.store.migrate import migrate, pending, steps
from core.store.statements import Query, statement
from gateway.assemble import open_database
from gateway.config import Settings

_PROGRAM = """
import asyncio, sys
from core.store.migrate import migrate
from gateway.assemble import open_database
from gateway.config import Settings

async def main():
    db = await open_database(Settings(database=sys.argv[1]), owner=False)
    print(*await migrate(db))
    await db.close()

asyncio.run(main())
"""


@pytest.fixture
def database(database):
    """Nothing is there yet, not even the file."""
    if database.startswith("sqlite:///"):
        Path(database.removeprefix("sqlite:///")).unlink()
    return database


async def test_a_second_time_changes_nothing(database):
    """The first run applies every step in order, the second none."""
    db = await open_database(Settings(database=database), owner=True)
    every = [step.name for step in steps()]
    assert every == [step.name for step in await pending(db)]
    assert every == await migrate(db)
    assert ([], []) == (await pending(db), await migrate(db))
    await db.close()


async def test_domains_of_an_older_release_stay_trusted(database, monkeypatch):
    """What an operator said before proofs were known holds, and each domain has a number nobody else gets."""
    db = await open_database(Settings(database=database), owner=True)
    with monkeypatch.context() as patch:
        patch.setattr(core.store.migrate, "steps", lambda: [each for each in steps() if each.number < 20])
        await migrate(db)
    await db.script(
        "INSERT INTO domains VALUES ('a', 'acc', 'a.example', 7, 1); "
        "INSERT INTO domains VALUES ('b', 'acc', 'b.example', NULL, 2);"
    )
    await migrate(db)
    look = "SELECT name, trusted, state, number, next_check_at FROM domains ORDER BY id"
    assert [("a.example", 1, "verified", 1, None), ("b.example", 0, "pending", 2, None)] == [
        tuple(row) for row in await db.fetch(Query(statement("look", look), {}))
    ]
    assert 3 == await Numbers(db).take("domain")
    await db.close()


async def test_processes_that_start_together_take_turns(database):
    """Each step is applied by one of them, and all come up."""
    programs = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", _PROGRAM, database, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    said = [(await each.communicate())[0].decode().split() for each in programs]

    assert [0, 0, 0] == [each.returncode for each in programs]
    assert [step.name for step in steps()] == sorted(name for names in said for name in names)


async def test_two_at_once_in_one_process(database):
    """Each step is applied by one of the two, and each of them goes through its own in order."""
    both = [await open_database(Settings(database=database), owner=False) for _ in range(2)]
    done = await asyncio.gather(*[migrate(each) for each in both])

    assert [step.name for step in steps()] == sorted(done[0] + done[1])
    assert done == [sorted(each) for each in done]
    for each in both:
        await each.close()


@pytest.mark.parametrize("attempt", ["CREATE TABLE x (a TEXT); CREATE TABLE x (a TEXT);", "nonsense;"])
async def test_a_step_that_fails_leaves_nothing(database, attempt):
    """Half a step is no step, and the connection goes on working."""
    db = await open_database(Settings(database=database), owner=True)
    with pytest.raises((StoreUnavailable, asyncpg.PostgresSyntaxError, asyncpg.DuplicateTableError)):
        await db.script(attempt)
    await db.script("CREATE TABLE x (a TEXT);")
    await migrate(db)
    await db.close()


async def test_sightings_of_an_older_release_are_found(database, monkeypatch):
    """By the tag and stream of their message, and by what they were done with, whatever its case."""
    db = await open_database(Settings(database=database), owner=True)
    with monkeypatch.context() as patch:
        patch.setattr(core.store.migrate, "steps", lambda: [each for each in steps() if each.number <= 150])
        await migrate(db)
    await db.script(
        "INSERT INTO messages (id, workspace_id, environment, number, stream, state, sender, subject, tag, "
        "created_at, metadata, body) VALUES ('m', 'w', 'live', 1, 'news', 'accepted', '', '', 'welcome', 1, '', '');"
    )
    columns = "0, 'opened', '', '{}', 'w', 'live', '{}', 'Mozilla', 'Firefox', '', '', '', 'desktop'"
    for message, *facts in (("m", "a", "Firefox 1"), ("gone", "b", "FIREFOX 1"), ("x", "c", "Other")):
        await db.script(f"INSERT INTO sightings VALUES ('{message}', {columns.format(*facts)});")  # noqa: S608  # ours
    await migrate(db)
    look = (
        "SELECT event_id, stream, s.tag, a.client_name, platform FROM sightings s JOIN agents a ON a.id = agent "
        "ORDER BY event_id"
    )
    assert [
        ("a", "news", "welcome", "firefox 1", "desktop"),
        ("b", "", "", "firefox 1", "desktop"),
        ("c", "", "", "other", "desktop"),
    ] == [tuple(row) for row in await db.fetch(Query(statement("look", look), {}))]
    await db.close()
