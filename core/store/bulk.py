"""Many rows in one statement: what PostgreSQL is fast at, derived from the same text that inserts a single row.

``INSERT INTO t (a, b) VALUES ($1, $2)`` becomes ``INSERT INTO t (a, b) SELECT * FROM unnest($1::text[], $2::int8[])``
with a list for each column. Row by row, even pipelined, the server spends several times as long on each.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.store.statements import Many, Statement

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

_INSERT: Final = re.compile(r"(INSERT INTO \w+ \([^()]*\))\s*VALUES\s*\(([^()]*)\)(.*)", re.DOTALL)
# a large value would be copied once more on its way into a list
_MOST_BYTES: Final = 1024 * 1024


class Bulk:
    """The derived statements of one pool, made when first used: the server says the columns' types."""

    def __init__(self) -> None:
        """Nothing is derived yet."""
        self._texts: dict[str, str | None] = {}

    async def run(self, connection: "PoolConnectionProxy[asyncpg.Record]", step: Many) -> None:
        """Run a statement for all its rows, in one trip where it can be derived and carries nothing large."""
        statement = step.statement
        text = None
        if len(step.rows) > 1 and step.size_bytes < _MOST_BYTES:
            if statement.name not in self._texts:
                self._texts[statement.name] = await _derive(connection, statement)
            text = self._texts[statement.name]
        if text is None:
            await connection.executemany(statement.postgres, step.rows)
        else:
            await connection.execute(text, *zip(*step.rows, strict=True))


async def _derive(connection: "PoolConnectionProxy[asyncpg.Record]", statement: Statement) -> str | None:
    """The text for many rows; None where the statement is no plain insertion of its parameters in order."""
    found = _INSERT.fullmatch(statement.postgres)
    if found is None or _words(found[2]) != [
        f"${number}" for number in range(1, len(statement.parameters) + 1)
    ]:
        return None
    types = [each.name for each in (await connection.prepare(statement.postgres)).get_parameters()]
    columns = ", ".join(f"${number}::{name}[]" for number, name in enumerate(types, 1))
    return f"{found[1]} SELECT * FROM unnest({columns}){found[3]}"  # noqa: S608  # our own texts and the server's words


def _words(listed: str) -> Sequence[str]:
    return [word.strip() for word in listed.split(",")]
