"""Many rows in one statement on PostgreSQL."""

import pytest

from core.store.bulk import _derive
from core.store.postgres import Postgres
from core.store.statements import sql, statement

pytestmark = pytest.mark.postgres


@pytest.fixture(params=["postgres"])
def engine(request):
    """Only the engine it is for."""
    return request.param


async def derived(core, each):
    """The text for many rows of a statement."""
    assert isinstance(core.db, Postgres)
    async with core.db.transaction() as work:
        return await _derive(work._connection, each)


async def test_the_accept_path_inserts_whole_batches(core):
    """Every insertion of acceptance and of outcomes goes in one statement for all its rows."""
    for each in (
        sql.message_insert,
        sql.delivery_insert,
        sql.event_insert,
        sql.job_insert,
        sql.suppression_insert,
    ):
        text = await derived(core, each)
        assert text is not None, each.name
        assert " SELECT * FROM unnest($1::text[], " in text


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE jobs SET run_at = :run_at WHERE id = :id",
        "INSERT INTO counters (name, next) VALUES (:name, 1 + :size)",
        "INSERT INTO claims (key) SELECT value FROM json_array_elements_text(:keys)",
    ],
)
async def test_anything_else_runs_row_by_row(core, text):
    """A text that is more than its parameters in order is left as it is."""
    assert await derived(core, statement("other", text)) is None


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

    suppressed = [("w", "a@b.c", "", f"id{number}", "manual", "customer", number) for number in (1, 2)]
    async with core.db.transaction() as work:
        await work.run(
            sql.suppression_insert.many([*suppressed, ("w", "d@b.c", "", "id3", "manual", "customer", 3)])
        )
    held = await core.db.fetch(sql.suppressions_of_workspace(workspace_id="w"))
    assert ["id1", "id3"] == [row[0] for row in held]
