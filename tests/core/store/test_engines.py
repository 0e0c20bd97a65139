"""What both engines promise: transactions whole or not at all, durable, and an end that is told apart."""

import asyncio
import sqlite3
from threading import current_thread

import asyncpg
import pytest

from core.accounts import Account
from core.store import sqlite
from core.store.database import StoreUnavailable, rows, write
from core.store.migrate import migrate
from core.store.sqlite import SQLite
from core.store.statements import Query, sql, statement
from gateway.assemble import open_database
from gateway.config import Settings


@pytest.fixture
async def db(database):
    """An open database with its tables."""
    opened = await open_database(Settings(database=database), owner=True)
    await migrate(opened)
    yield opened
    await opened.close()


def account(name, number=1):
    """The step that makes an account."""
    return sql.account_insert(id=name, number=number, name=name, created_at=0)


async def names(db):
    """Who is there."""
    return [
        row[0]
        for row in await db.fetch(Query(statement("look", "SELECT name FROM accounts ORDER BY name"), {}))
    ]


async def test_a_transaction_is_kept_when_its_block_ends(db):
    """What a block has written is read by everybody after it."""
    async with db.transaction() as work:
        await work.run(account("a", 1), account("b", 2))
        assert ["a", "b"] == [row[0] for row in (await work.run(everybody()))[0]]

    assert ["a", "b"] == await names(db)


def everybody():
    """The question for all names."""
    return Query(statement("everybody", "SELECT name FROM accounts ORDER BY name"), {})


async def test_an_exception_undoes_a_transaction(db):
    """Nothing of a block that was left by an exception remains, and the next block works."""

    async def break_off():
        async with db.transaction() as work:
            await work.run(account("a"))
            raise LookupError

    with pytest.raises(LookupError):
        await break_off()
    assert [] == await names(db)
    await write(db, account("b"))
    assert ["b"] == await names(db)


async def test_a_step_that_fails_undoes_those_before_it(db):
    """A value that the engine refuses takes the whole transaction with it."""
    with pytest.raises((UnicodeEncodeError, asyncpg.DataError)):
        await write(db, account("a"), account("b\ud800", 2))

    assert [] == await names(db)


async def test_a_block_that_is_cancelled_is_undone(db):
    """A caller that goes away in the middle leaves nothing, and no lock."""
    begun = asyncio.Event()

    async def dawdle():
        async with db.transaction() as work:
            await work.run(account("a"))
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(dawdle())
    await begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert [] == await names(db)
    await write(db, account("b"))


async def test_transactions_at_once_do_not_mix(db):
    """Many writers, each with two steps: each is there whole."""
    await asyncio.gather(
        *[write(db, account(f"a{n}", 2 * n), account(f"b{n}", 2 * n + 1)) for n in range(20)]
    )

    assert 40 == len(await names(db))


async def test_large_values_arrive(db):
    """Rows beyond what is written on the loop's own thread arrive whole."""
    data = bytes(range(256)) * 8192
    values = ("owner", 0, "id", "f", "t", "", len(data), "", data)
    await write(db, sql.attachment_insert.many([values], len(data)))

    assert data == (await db.fetch(sql.attachments_with_data(owner_id="owner")))[0][-1]


async def test_rows_become_structs(db):
    """Columns stand in the order of the fields."""
    await write(db, account("a", 7))

    assert [Account(id="a", number=7, name="a", created_at=0)] == await rows(
        db, Account, sql.account_by_name(name="a")
    )


async def test_what_was_written_is_there_after_reopening(database):
    """A commit survives the end of whoever made it."""
    for expected in ([], ["a"]):
        db = await open_database(Settings(database=database), owner=True)
        await migrate(db)
        assert expected == await names(db)
        await write(db, account("a"))
        await db.close()


async def test_a_second_owner_of_a_file_is_refused(tmp_path):
    """One process serves a file; the refusal says what to do. The file is free once the first has gone."""
    first = await SQLite.open(tmp_path / "x.db")
    with pytest.raises(StoreUnavailable, match="PostgreSQL"):
        await SQLite.open(tmp_path / "x.db")
    await first.close()

    await (await SQLite.open(tmp_path / "x.db")).close()


async def test_mail_is_for_its_owner_to_read(tmp_path):
    """Everything is in the files; a folder that others may enter gives none of it away."""
    db = await SQLite.open(tmp_path / "x.db")
    await migrate(db)
    modes = {each.name: oct(each.stat().st_mode & 0o777) for each in tmp_path.iterdir()}
    await db.close()
    assert dict.fromkeys(["x.db", "x.db-shm", "x.db-wal", "x.db.lock"], "0o600") == modes


async def test_a_command_beside_the_server_waits_for_its_turn(tmp_path):
    """Another process that holds the file for a moment is waited for, by writes and by schema steps alike."""
    ours = await SQLite.open(tmp_path / "x.db")
    await migrate(ours)
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    tasks = [asyncio.create_task(ours.script("SELECT 1;")), asyncio.create_task(write(ours, account("a")))]
    await asyncio.sleep(0.05)
    assert not any(each.done() for each in tasks)

    other.execute("COMMIT")
    other.close()
    await asyncio.gather(*tasks)
    assert ["a"] == await names(ours)
    await ours.close()


async def test_a_full_disk_is_told_as_the_store_being_away(tmp_path):
    """Whoever waits can say so and try again; nothing is kept of the failed write, and there is room for the next."""
    db = await SQLite.open(tmp_path / "x.db")
    await migrate(db)
    pages = db._write.execute("PRAGMA page_count").fetchone()[0]
    db._write.execute(f"PRAGMA max_page_count={pages}")
    data = bytes(100_000)
    values = ("owner", 0, "id", "f", "t", "", len(data), "", data)
    with pytest.raises(StoreUnavailable):
        await write(db, account("a"), sql.attachment_insert.many([values]))

    db._write.execute(f"PRAGMA max_page_count={pages + 100}")
    await write(db, account("b"))
    assert ["b"] == await names(db)
    await db.close()


@pytest.mark.postgres
async def test_a_server_that_ends_connections_is_told_as_the_store_being_away(postgres_url):
    """An administrator's end of a connection is no fault of what was written."""
    db = await open_database(Settings(database=postgres_url), owner=True)
    suicide = Query(statement("end", "SELECT pg_terminate_backend(pg_backend_pid())"), {})
    with pytest.raises(StoreUnavailable):
        await db.fetch(suicide)
    with pytest.raises(StoreUnavailable):
        await write(db, suicide)

    assert 1 == (await db.fetch(Query(statement("one", "SELECT 1"), {})))[0][0]
    await db.close()


@pytest.mark.postgres
async def test_a_server_that_is_not_there_is_told(unused_tcp_port):
    """The reason is in the words of the system."""
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await open_database(
            Settings(database=f"postgresql://nobody@127.0.0.1:{unused_tcp_port}/x"), owner=True
        )


async def test_the_log_stays_short_while_somebody_writes(tmp_path, monkeypatch):
    """Writers that never pause do not keep the log from beginning anew, and nothing of what they wrote is lost."""
    monkeypatch.setattr(sqlite, "_CHECKPOINT_EVERY_S", 0.01)
    monkeypatch.setattr(sqlite, "_LOG_BYTES", 1 << 20)
    db = await SQLite.open(tmp_path / "x.db")
    await migrate(db)
    data, lengths = bytes(200_000), []

    async def keep_writing(owner):
        for position in range(100):
            values = (owner, position, "id", "f", "t", "", len(data), "", data)
            await write(db, sql.attachment_insert.many([values], len(data)))
            lengths.append((tmp_path / "x.db-wal").stat().st_size)

    await asyncio.gather(*[keep_writing(owner) for owner in "abcd"])
    assert (400, 400 * len(data)) == tuple((await db.fetch(kept()))[0])
    assert 400 * len(data) // 2 > max(lengths)
    await db.close()


def kept():
    """The question for the number and the size of all files."""
    return Query(statement("kept", "SELECT count(*), sum(length(data)) FROM attachments"), {})


async def test_a_large_value_is_written_off_the_loop(tmp_path):
    """A statement with a large value, or that says it is long, goes to the writer's thread; others need none."""
    db = await SQLite.open(tmp_path / "x.db")
    threads = []
    db._write.create_function("seen", 1, lambda _: threads.append(current_thread().name))
    look = statement("look", "SELECT seen(:data)")
    for data in (b"small", bytes(2 << 20), "x" * (2 << 20)):
        await write(db, look(data=data))
    await write(db, statement("long", "SELECT seen(1) /* many rows */")())
    await db.close()

    assert [current_thread().name, *["sqlite-writer_0"] * 3] == threads


@pytest.mark.parametrize("moment", range(12))
async def test_a_cancellation_comes_out_whenever_it_comes(db, moment):
    """It is no outage, at whatever statement it comes: whoever is told to stop would go on. Nothing is left behind."""

    async def write_on():
        while True:
            async with db.transaction() as work:
                await work.run(account("a"))
                await work.run(everybody())
                await work.run(Query(statement("undo", "DELETE FROM accounts"), {}))

    for round_ in range(10):
        task = asyncio.create_task(write_on())
        await asyncio.sleep(0.001 + moment * 0.0007 + round_ * 0.0001)
        task.cancel()
        async with asyncio.timeout(20):
            await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
    assert [] == await names(db)
    await write(db, account("b"))
