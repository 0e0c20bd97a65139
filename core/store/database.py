"""The narrow port to an engine, and the mapping of rows to structs."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from core.store.statements import Many, Query

Row = Sequence[Any]
T = TypeVar("T")


class StoreUnavailable(Exception):  # noqa: N818  # said of the store, not of a call
    """The engine cannot be reached or refuses to work; nothing of the call is kept."""


class Transaction(Protocol):
    """Statements that happen together or not at all."""

    async def ask(self, query: Query) -> list[Row]:
        """Read on the way to a write, before the first ``run``: sees what was committed before, and locks nothing."""
        ...

    async def run(self, *steps: Query | Many, commit: bool = False) -> list[list[Row]]:
        """Run steps in order, in one trip where the engine allows; rows of each step (``Many`` gives none).

        ``commit`` ends the transaction in the same trip; nothing may be run after it.
        """
        ...


class Database(Protocol):
    """An open engine. ``in_process``: its work takes this process's own time."""

    name: str
    in_process: bool

    async def fetch(self, query: Query) -> list[Row]:
        """Read outside any transaction; sees everything committed before the call."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction for writing; leaving the block commits durably, an exception rolls back."""
        ...

    async def close(self) -> None:
        """Let go of every connection, after running work ended."""
        ...


async def write(db: Database, *steps: Query | Many) -> list[list[Row]]:
    """Run steps as one transaction of their own."""
    async with db.transaction() as work:
        return await work.run(*steps, commit=True)


async def rows(db: Database, kind: type[T], query: Query) -> list[T]:
    """Read structs; the statement's columns stand in the order of the struct's fields, which may have more."""
    make = mapper(kind)
    return [make(row) for row in await db.fetch(query)]


async def one(db: Database, kind: type[T], query: Query) -> T | None:
    """Read a struct, or None where no row fits."""
    found = await db.fetch(query)
    return mapper(kind)(found[0]) if found else None


def mapper(kind: type[T]) -> Callable[[Row], T]:
    """From a row to a struct by the types of its fields: truth values, and msgpack or JSON for what is no scalar."""
    made: Callable[[Row], T] = _mapper(kind)  # type: ignore[arg-type]  # a class is hashable, whatever its fields
    return made


@cache
def _mapper(kind: type[Any]) -> Callable[[Row], Any]:
    names = tuple(field.name for field in msgspec.structs.fields(kind))
    hints = get_type_hints(kind)
    changes = tuple((position, _reader(hints[name])) for position, name in enumerate(names))
    changes = tuple((position, read) for position, read in changes if read is not None)

    def make(row: Row) -> Any:
        values = list(row)
        if len(values) > len(names):
            message = f"{kind.__name__} has {len(names)} fields, the row {len(values)}"
            raise TypeError(message)
        for position, read in changes:
            if read is not None and position < len(values) and values[position] is not None:
                values[position] = read(values[position])
        return kind(**dict(zip(names, values, strict=False)))

    return make


_SCALARS = (str, int, float, bytes)


def _present(hint: Any) -> tuple[Any, ...]:
    """What a value may be that is not None."""
    if get_origin(hint) not in (UnionType, Union):
        return (hint,)
    return tuple(each for each in get_args(hint) if each is not NoneType)


def _reader(hint: Any) -> Callable[[Any], Any] | None:  # a type expression
    if hint is bool:
        return bool
    if all(each in _SCALARS or get_origin(each) is Literal for each in _present(hint)):
        return None
    packed, text = msgspec.msgpack.Decoder(hint), msgspec.json.Decoder(hint)
    return lambda held: packed.decode(held) if isinstance(held, bytes) else text.decode(held)


def listed(values: Sequence[str]) -> str:
    """A list as the one JSON parameter that ``json_array_elements_text`` unfolds."""
    return msgspec.json.encode([sought(value) for value in values]).decode()


def sought(text: str) -> str:
    """A text that may be looked for: PostgreSQL holds no NUL in a text and takes none either, so it finds nothing."""
    return text.replace("\x00", "\ufffd") if "\x00" in text else text
