"""Numbered schema steps: ``schema/NNNN_words.sql``, each applied once and never edited after a release."""

from importlib.resources import files
from typing import Protocol

import msgspec

from core.store.database import Database
from core.store.statements import Query, Statement, statement

_TABLE = "CREATE TABLE IF NOT EXISTS schema_steps (number BIGINT PRIMARY KEY, name TEXT NOT NULL)"
_APPLIED: Statement = statement("schema_steps_applied", "SELECT number FROM schema_steps ORDER BY number")


class Migratable(Database, Protocol):
    """An engine that can run a schema step."""

    async def script(self, text: str) -> None:
        """Run several statements as one transaction."""
        ...


class SchemaStep(msgspec.Struct, frozen=True):
    """One file of the schema folder."""

    number: int
    name: str
    text: str


def steps() -> list[SchemaStep]:
    """All schema steps, in order."""
    folder = files("core.store") / "schema"
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [
        SchemaStep(int(name[:4]), name.removesuffix(".sql"), (folder / name).read_text(encoding="utf-8"))
        for name in found
    ]


async def pending(db: Migratable) -> list[SchemaStep]:
    """The steps this database has not seen."""
    await db.script(_TABLE + ";")
    applied = {row[0] for row in await db.fetch(Query(_APPLIED, {}))}
    return [step for step in steps() if step.number not in applied]


async def migrate(db: Migratable) -> list[str]:
    """Apply what is pending; names of the steps applied. Safe to run from several processes at once."""
    return [step.name for step in await pending(db) if await _apply(db, step)]


async def _apply(db: Migratable, step: SchemaStep) -> bool:
    # the mark comes first: where another process was faster, its key refuses the whole step
    mark = f"INSERT INTO schema_steps (number, name) VALUES ({step.number}, '{step.name}');"  # noqa: S608
    try:
        await db.script(mark + "\n" + step.text)
    except Exception:
        if step.number in {other.number for other in await pending(db)}:
            raise
        return False
    return True
