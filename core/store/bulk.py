"""Many rows in one statement: what PostgreSQL is fast at, derived from the same texts that insert a single row.

``INSERT INTO t (a, b) VALUES ($1, 'x')`` becomes ``INSERT INTO t (a, b) SELECT c1, 'x' FROM unnest($1::text[]) v (c1)``
with a list for each parameter, or one value where it is the same in all rows. Row by row, even pipelined, the server
spends several times as long on each. Insertions that follow one another become one statement (``WITH``), which spares
a trip for each; a batch that is nothing else commits by itself, which spares two more.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from core.store.statements import Many, Statement

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    Connection = PoolConnectionProxy[asyncpg.Record]

# an upsert is left out: within one statement it may not meet the same row twice
_INSERT: Final = re.compile(
    r"INSERT INTO (\w+) (\([^()]*\))\s*VALUES\s*\(([^()]*)\)\s*(ON CONFLICT[\w\s(),]*DO NOTHING)?", re.DOTALL
)
_PARAMETER: Final = re.compile(r"\$(\d+)")
_LITERAL: Final = re.compile(r"-?\d+|NULL|'[\w ]*'")
# a large value would be copied once more on its way into a list
_MOST_BYTES: Final = 1024 * 1024
# every text is prepared once on each connection; which values are the same in all rows of a batch could make many
_MOST_TEXTS: Final = 100
# values that are longer are not compared
_SHORT: Final = 64


class _Insertion(msgspec.Struct, frozen=True):
    """An INSERT taken apart; ``values`` are parameters and literals, ``types`` those of the parameters."""

    table: str
    columns: str
    values: tuple[str, ...]
    types: tuple[str, ...]
    ending: str

    def text(self, numbers: Sequence[int]) -> str:
        """For many rows, each parameter under its number in the whole statement: negative where it is no list."""
        given = tuple(enumerate(zip(numbers, self.types, strict=True), 1))
        lists = ", ".join(f"${number}::{kind}[]" for _, (number, kind) in given if number > 0)
        names = ", ".join(f"c{at}" for at, (number, _) in given if number > 0)
        words = {f"${at}": f"c{at}" if number > 0 else f"${-number}::{kind}" for at, (number, kind) in given}
        chosen = ", ".join(words.get(value, value) for value in self.values)
        source = f"SELECT {chosen} FROM unnest({lists}) v ({names})"  # noqa: S608  # our own texts
        return f"INSERT INTO {self.table} {self.columns} {source} {self.ending}"


class Written(msgspec.Struct, frozen=True):
    """One statement that does several steps, with its parameters: lists, and values that hold for all rows."""

    text: str
    values: list[Any]


class Bulk:
    """The derived statements of one pool, made when first used: the server says the parameters' types."""

    def __init__(self) -> None:
        """Nothing is derived yet."""
        self._insertions: dict[str, _Insertion | None] = {}
        self._texts: dict[tuple[tuple[str, ...], tuple[int, ...]], str] = {}

    async def write(self, connection: "Connection", steps: Sequence[Many]) -> Written | None:
        """One statement that does all the steps; None where one of them is no plain insertion, or is large."""
        if sum(step.size_bytes for step in steps) >= _MOST_BYTES:
            return None
        found = [await self._insertion(connection, step.statement) for step in steps]
        insertions = [each for each in found if each is not None]
        if len(insertions) < len(steps) or _meet(insertions):
            return None
        names = tuple([step.statement.name for step in steps])
        values, numbers = _numbered(steps)
        if (names, numbers) not in self._texts:
            if len(self._texts) >= _MOST_TEXTS:
                values, numbers = _numbered(steps, alike=False)
            self._texts[names, numbers] = _joined(insertions, numbers)
        return Written(self._texts[names, numbers], values)

    async def _insertion(self, connection: "Connection", statement: Statement) -> _Insertion | None:
        if statement.name not in self._insertions:
            self._insertions[statement.name] = await insertion(connection, statement)
        return self._insertions[statement.name]

    async def run(self, connection: "Connection", steps: Sequence[Many]) -> None:
        """Run steps in order: all in one statement, else each by itself."""
        written = await self.write(connection, steps)
        if written is not None:
            await connection.execute(written.text, *written.values)
            return
        for step in steps:
            await self._alone(connection, step)

    async def _alone(self, connection: "Connection", step: Many) -> None:
        written = await self.write(connection, [step]) if len(step.rows) > 1 else None
        if written is None:
            await connection.executemany(step.statement.postgres, step.rows)
        else:
            await connection.execute(written.text, *written.values)


def _numbered(steps: Sequence[Many], *, alike: bool = True) -> tuple[list[Any], tuple[int, ...]]:
    """The values to send, and for each parameter of each step the number of its own, negative for one that is no list.

    Every list costs both sides, by its length. So a value that all rows of a step share is sent once (``alike``), but
    for the step's first, whose list tells how many rows there are. Parameters of one name whose lists are equal share
    one; names, not chance, so that few texts come of it.
    """
    values: list[Any] = []
    numbers: list[int] = []
    first: dict[str, int] = {}
    for step in steps:
        for position, (name, column) in enumerate(
            zip(step.statement.parameters, zip(*step.rows, strict=True), strict=True)
        ):
            at = first.get(name, 0)
            if alike and position and _is_alike(column):
                values.append(column[0])
                numbers.append(-len(values))
            elif at and values[at - 1] == column:
                numbers.append(at)
            else:
                values.append(column)
                numbers.append(len(values))
                first.setdefault(name, len(values))
    return values, tuple(numbers)


def _is_alike(column: tuple[Any, ...]) -> bool:
    """Whether a step of several rows has one short value in all of them."""
    value = column[0]
    if len(column) == 1 or (isinstance(value, (str, bytes)) and len(value) > _SHORT):
        return False
    return column[-1] == value and column.count(value) == len(column)


async def insertion(connection: "Connection", statement: Statement) -> _Insertion | None:
    """A statement taken apart; None where it is more than an insertion of its parameters and plain values."""
    found = _INSERT.fullmatch(statement.postgres)
    if found is None:
        return None
    table, columns, values, ending = found.groups()
    words = tuple(word.strip() for word in values.split(","))
    if not all(_PARAMETER.fullmatch(word) or _LITERAL.fullmatch(word) for word in words):
        return None
    types = (await connection.prepare(statement.postgres)).get_parameters()
    return _Insertion(table, columns, words, tuple(each.name for each in types), ending or "")


def _meet(insertions: Sequence[_Insertion]) -> bool:
    """Whether one would have to see what another wrote: the parts of a statement do not."""
    tables = Counter(each.table for each in insertions)
    return any(each.ending and tables[each.table] > 1 for each in insertions)


def _joined(insertions: Sequence[_Insertion], numbers: Sequence[int]) -> str:
    texts, at = [], 0
    for each in insertions:
        texts.append(each.text(numbers[at : at + len(each.types)]))
        at += len(each.types)
    *others, last = texts
    named = ", ".join(f"s{number} AS ({text})" for number, text in enumerate(others))
    return f"WITH {named} {last}" if named else last
