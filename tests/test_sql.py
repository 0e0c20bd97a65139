"""The statements: each is understood by both engines, each is used, and each use exists."""

import re
import sqlite3
from pathlib import Path

import asyncpg
import pytest

from core.store.migrate import steps
from core.store.statements import sql

_ROOT = Path(__file__).parent.parent
_USE = re.compile(r"\bsql\.(\w+)")


@pytest.mark.parametrize("statement", list(sql), ids=lambda each: each.name)
def test_sqlite_understands(statement):
    """SQLite prepares the statement against the schema."""
    with sqlite3.connect(":memory:") as connection:
        for step in steps():
            connection.executescript(step.text)
        connection.execute(f"EXPLAIN {statement.sqlite}", [None] * len(statement.occurrences))
    connection.close()


@pytest.mark.postgres
async def test_postgres_understands(postgres_url):
    """PostgreSQL prepares every statement against the schema."""
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute("CREATE SCHEMA prepared; SET search_path = prepared")
        for step in steps():
            await connection.execute(step.text)
        for statement in sql:
            prepared = await connection.prepare(statement.postgres)
            assert len(statement.parameters) == len(prepared.get_parameters()), statement.name
    finally:
        await connection.execute("DROP SCHEMA prepared CASCADE")
        await connection.close()


def test_every_statement_is_used_and_every_use_exists():
    """No statement is dead, and no name is misspelt."""
    texts = [path.read_text() for top in ("core", "gateway") for path in (_ROOT / top).rglob("*.py")]
    used = {name for text in texts for name in _USE.findall(text)}
    assert {statement.name for statement in sql} == used
