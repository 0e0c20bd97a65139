"""Many rows in one statement on PostgreSQL."""

import asyncpg
import pytest

from core.store.bulk import Bulk, insertion
from core.store.database import listed, write
from core.store.postgres import Postgres
from core.store.statements import sql, statement

pytestmark = pytest.mark.postgres


@pytest.fixture(params=["postgres"])
def engine(request):
    """Only the engine it is for."""
    return request.param


async def derived(core, each):
    """A statement taken apart, or None."""
    assert isinstance(core.db, Postgres)
    async with core.db.transaction() as work:
        return await insertion(work._connection, each)


async def test_the_accept_path_inserts_whole_batches(core):
    """Every insertion of acceptance goes in one statement for all its rows."""
    for each in (
        sql.message_insert,
        sql.delivery_insert,
        sql.event_insert,
        sql.job_insert,
    ):
        found = await derived(core, each)
        assert found is not None, each.name
        assert " FROM unnest($1::text[], " in found.text(range(1, 1 + len(found.types)))


async def test_insertions_that_follow_one_another_are_one_statement(core):
    """What means the same in several of them is sent once where it is the same, and else for each."""
    rows = [(f"id{number}", number) for number in range(3)]
    one = statement("one", "INSERT INTO t (id, at, kind) VALUES (:id, :at, 'x')").many(rows)
    same = statement("same", "INSERT INTO u (id, until) VALUES (:id, :at)").many(rows)
    later = statement("later", "INSERT INTO u (id, until) VALUES (:id, :at)").many(
        [(id, at + 1) for id, at in rows]
    )
    async with core.db.transaction() as work:
        await work._connection.execute("CREATE TABLE t (id TEXT, at BIGINT, kind TEXT)")
        await work._connection.execute("CREATE TABLE u (id TEXT, until BIGINT)")
        bulk = Bulk()
        written = await bulk.write(work._connection, [one, same])
        assert written is not None
        assert [("id0", "id1", "id2"), (0, 1, 2)] == written.values
        written = await bulk.write(work._connection, [one, later])
        assert written is not None
        assert [("id0", "id1", "id2"), (0, 1, 2), (1, 2, 3)] == written.values
        await bulk.run(work._connection, [one, same])
        await bulk.run(work._connection, [one, later])
        stamps = await work._connection.fetch("SELECT until FROM u ORDER BY until")
        kinds = await work._connection.fetch("SELECT DISTINCT kind, count(*) FROM t GROUP BY kind")
        assert [0, 1, 1, 2, 2, 3] == [row[0] for row in stamps]
        assert [("x", 6)] == [tuple(row) for row in kinds]


async def test_a_value_that_all_rows_share_is_sent_once(core):
    """For each step by itself, never its first parameter, and only what is short."""
    insert = statement("all", "INSERT INTO a (id, at, kind, body) VALUES (:id, :at, :kind, :body)")
    same = insert.many([("id0", 7, None, "x" * 65), ("id1", 7, None, "x" * 65)])
    other = insert.many([("id2", 7, "k", ""), ("id2", 8, "k", "")])
    async with core.db.transaction() as work:
        await work._connection.execute("CREATE TABLE a (id TEXT, at BIGINT, kind TEXT, body TEXT)")
        bulk = Bulk()
        written = await bulk.write(work._connection, [same])
        assert written is not None
        assert [("id0", "id1"), 7, None, ("x" * 65, "x" * 65)] == written.values
        written = await bulk.write(work._connection, [other])
        assert written is not None
        assert [("id2", "id2"), (7, 8), "k", ""] == written.values
        await bulk.run(work._connection, [same])
        await bulk.run(work._connection, [other])
        found = await work._connection.fetch("SELECT id, at, kind, length(body) FROM a ORDER BY id, at")
    expected = [("id0", 7, None, 65), ("id1", 7, None, 65), ("id2", 7, "k", 0), ("id2", 8, "k", 0)]
    assert expected == [tuple(row) for row in found]


async def test_the_texts_are_bounded(core, monkeypatch):
    """Beyond a number of them everything is a list, which is right for any rows."""
    monkeypatch.setattr("core.store.bulk._MOST_TEXTS", 1)
    insert = statement("some", "INSERT INTO a (id, at) VALUES (:id, :at)")
    async with core.db.transaction() as work:
        await work._connection.execute("CREATE TABLE a (id TEXT, at BIGINT)")
        bulk = Bulk()
        texts = set()
        for rows in ([("a", 1), ("b", 2)], [("a", 1), ("b", 1)], [("c", 3), ("d", 3)]):
            written = await bulk.write(work._connection, [insert.many(rows)])
            assert written is not None
            assert [*zip(*rows, strict=True)] == written.values
            texts.add(written.text)
    assert 1 == len(texts)


async def test_insertions_that_would_have_to_see_each_other_stay_apart(core):
    """A conflict between two of them is only seen by the later statement."""
    stream = ("w", "s", "first", "broadcast", "", 1, 1, "none")
    again = ("w", "s", "second", "broadcast", "", 2, 2, "none")
    async with core.db.transaction() as work:
        await work.run(sql.stream_insert.many([stream]), sql.stream_insert.many([again]))
    held = await core.db.fetch(sql.streams_of_workspace(workspace_id="w"))
    assert ["first"] == [each[2] for each in held]


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE jobs SET run_at = :run_at WHERE id = :id",
        "INSERT INTO counters (name, next) VALUES (:name, 1 + :size)",
        "INSERT INTO claims (key) SELECT value FROM json_array_elements_text(:keys)",
        "INSERT INTO t (a, b) VALUES (:a, :b) ON CONFLICT (a) DO UPDATE SET b = excluded.b",
    ],
)
async def test_anything_else_runs_row_by_row(core, text):
    """A text that is more than its parameters and plain values is left as it is."""
    assert await derived(core, statement("other", text)) is None


async def test_a_batch_that_commits_by_itself_is_whole_or_not_there(core):
    """One value that the engine refuses keeps everything out, though nothing was begun."""
    event = ("m", "e", "w", 0, "sent", 1, b"")
    attachment = ("m", 0, "x", "", "text/plain", "", 3, "", "no bytes")
    with pytest.raises(asyncpg.DataError):
        await write(core.db, sql.event_insert.many([event]), sql.attachment_insert.many([attachment]))
    await write(core.db, sql.event_insert.many([event]))
    with pytest.raises(asyncpg.UniqueViolationError):
        await write(
            core.db,
            sql.attachment_insert.many([(*attachment[:-1], b"")]),
            sql.event_insert.many([event]),
        )
    assert [] == await core.db.fetch(sql.attachments_of(owner_id="m"))


async def test_rows_arrive_whole_and_in_order(core):
    """Every type of column survives, NULL and empty values too, and a conflict keeps its own row out alone."""
    rows = [
        ("a", 0, "x", "", "text/plain", "", 3, "", b"\x00\xff1"),
        ("a", 1, "y", "ü'\"{}", "", "", 0, "u", None),
    ]
    async with core.db.transaction() as work:
        await work.run(sql.attachment_insert.many(rows))
    found = await core.db.fetch(sql.attachments_with_data(owner_id="a"))
    assert [("x", 0, "", b"\x00\xff1"), ("y", 1, "ü'\"{}", None)] == [(r[0], r[1], r[2], r[7]) for r in found]

    streams = [("w", "s", f"name{number}", "broadcast", "", number, number, "none") for number in (1, 2)]
    async with core.db.transaction() as work:
        await work.run(sql.stream_insert.many([*streams, ("w", "t", "name3", "broadcast", "", 3, 3, "none")]))
    held = await core.db.fetch(sql.streams_of_workspace(workspace_id="w"))
    assert ["name1", "name3"] == [row[2] for row in held]


async def test_an_upsert_meets_its_own_rows(core):
    """Two of one batch for one address are one after the other: the weightier reason wins."""
    rows = [
        ("w", "a@b.c", "", "id1", "manual", "customer", 1, ""),
        ("w", "a@b.c", "", "id2", "complaint", "recipient", 2, ""),
    ]
    await write(core.db, sql.suppression_insert.many(rows))
    query = sql.suppressions_among(emails=listed(["a@b.c"]))
    assert 1 == len(await core.db.fetch(query))


async def test_a_name_is_of_one_type_wherever_it_may_be_joined(core):
    """A list that several insertions share has one type; two would be refused, at the first batch that has both."""
    kinds: dict[str, dict[str, list[str]]] = {}
    for each in sql:
        found = await derived(core, each)
        for name, kind in zip(each.parameters, found.types, strict=True) if found is not None else ():
            kinds.setdefault(name, {}).setdefault(kind, []).append(each.name)

    assert {} == {name: held for name, held in kinds.items() if len(held) > 1}
