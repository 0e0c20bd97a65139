"""The named statements of ``queries/*.sql``, read once.

A statement is written in PostgreSQL's words with ``:name`` parameters; ``@name`` on a line of its own stands for a
``-- fragment: name`` further up in the file. For SQLite each ``:name`` becomes ``?`` and two words change; for asyncpg
each becomes ``$n``. Numbered ``$1`` for both would be wrong: SQLite takes ``$2, $1`` for names in order of appearance.
"""

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

import msgspec

_FRAGMENT_LINE: Final = re.compile(r"^-- (name|fragment): (\w+)\s*$", re.MULTILINE)
_INCLUDE: Final = re.compile(r"^@(\w+)$", re.MULTILINE)
_COMMENT: Final = re.compile(r"--[^\n]*")
_PARAMETER: Final = re.compile(r"(?<!:):([a-z_][a-z_0-9]*)")

# the whole difference between the engines' texts: SQLite has one writer and needs no row locks, and spells the
# list that travels as one JSON parameter otherwise
_SQLITE_WORDS: Final = (("FOR UPDATE SKIP LOCKED", ""), ("json_array_elements_text(", "json_each("))


class Query(msgspec.Struct, frozen=True):
    """One statement with the values for one run of it."""

    statement: "Statement"
    values: dict[str, Any]


class Many(msgspec.Struct, frozen=True):
    """One statement to run for each row; a row's values stand in the statement's own order of parameters.

    ``size_bytes``: of large values, where there are any; an engine may treat what is large differently.
    """

    statement: "Statement"
    rows: list[tuple[Any, ...]]
    size_bytes: int = 0


class Statement(msgspec.Struct, frozen=True):
    """A named SQL text in both engines' forms; called with its parameters it is a ``Query``."""

    name: str
    parameters: tuple[str, ...]
    occurrences: tuple[str, ...]
    sqlite: str
    postgres: str

    def __call__(self, **values: Any) -> Query:  # a column's value: text, number, bytes or None
        """Bind values by name; every parameter needs one."""
        if values.keys() != set(self.parameters):
            message = f"{self.name} takes {self.parameters}, not {tuple(values)}"
            raise TypeError(message)
        return Query(self, values)

    def many(self, rows: list[tuple[Any, ...]], size_bytes: int = 0) -> Many:
        """Bind many rows at once; the statement names each parameter once, so that one order serves both engines."""
        if self.parameters != self.occurrences:
            message = f"{self.name} repeats a parameter and cannot run for many rows"
            raise TypeError(message)
        return Many(self, rows, size_bytes)


class Statements:
    """All statements, as attributes by name."""

    def __init__(self, texts: Iterator[str]) -> None:
        """Read every statement; a name may stand once."""
        self._held: dict[str, Statement] = {}
        for text in texts:
            for statement in _parse(text):
                if statement.name in self._held:
                    message = f"two statements are named {statement.name}"
                    raise ValueError(message)
                self._held[statement.name] = statement

    def __getattr__(self, name: str) -> Statement:
        """The statement of this name."""
        try:
            return self._held[name]
        except KeyError:
            raise AttributeError(name) from None

    def __iter__(self) -> Iterator[Statement]:
        """Every statement, for tests that prepare them all."""
        return iter(self._held.values())


def _parse(text: str) -> Iterator[Statement]:
    pieces = _FRAGMENT_LINE.split(text)
    fragments: dict[str, str] = {}
    for kind, name, body in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        clean = _COMMENT.sub("", body).strip().rstrip(";")
        if kind == "fragment":
            fragments[name] = clean
        else:
            yield statement(name, _INCLUDE.sub(lambda found: fragments[found[1]], clean))


def statement(name: str, body: str) -> Statement:
    """Make a statement of a text in PostgreSQL's words."""
    occurrences = tuple(_PARAMETER.findall(body))
    parameters = tuple(dict.fromkeys(occurrences))
    numbered = {parameter: f"${position}" for position, parameter in enumerate(parameters, 1)}
    lite = _PARAMETER.sub("?", body)
    for word, other in _SQLITE_WORDS:
        lite = lite.replace(word, other)
    return Statement(
        name=name,
        parameters=parameters,
        occurrences=occurrences,
        sqlite=lite,
        postgres=_PARAMETER.sub(lambda found: numbered[found[1]], body),
    )


def _texts() -> Iterator[str]:
    folder = files("core.store") / "queries"
    for entry in sorted(folder.iterdir(), key=lambda path: path.name):
        if entry.name.endswith(".sql"):
            yield entry.read_text(encoding="utf-8")


sql: Final = Statements(_texts())
