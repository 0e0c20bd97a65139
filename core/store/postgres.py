"""PostgreSQL through asyncpg: any number of processes share one database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Final, Self

import asyncpg
import asyncpg.transaction
import structlog

from core.errors import Invalid
from core.store.bulk import Bulk
from core.store.database import Row, StoreUnavailable, sought
from core.store.statements import Many, Query

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

_log = structlog.get_logger(__name__)

_MIGRATION_LOCK: Final = 0x42414245
_COMMAND_TIMEOUT_S: Final = 30
_SCHEMA_TIMEOUT_S: Final = 3600
_STATEMENT_CACHE: Final = 512
_LOST: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # asyncpg 0.32 says "another operation is in progress" of a connection that was cut in the middle of one
    asyncpg.InternalClientError,
    # the server is being stopped, or its disk, memory or connections are used up
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    # after a failover the old primary, or a name that still leads to a replica
    asyncpg.ReadOnlySQLTransactionError,
)


class _Connection(asyncpg.Connection):
    """A connection that is given back as it is: we set nothing on it, and a reset is one trip more for each batch."""

    def get_reset_query(self) -> str:
        """See ``asyncpg.Connection.get_reset_query``."""
        return ""


class Postgres:
    """An open pool."""

    name = "postgres"
    in_process = False

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        """Use an open pool."""
        self._pool = pool
        # the connection that wrote last: what is accepted is written batch after batch, and the pool's ways of taking
        # one back and giving it out again cost as much as the writing of a message
        self._kept: PoolConnectionProxy[asyncpg.Record] | None = None
        self._closing = False
        self._bulk = Bulk()

    @classmethod
    async def open(cls, url: str, *, connections: int = 10) -> Self:
        """Connect; raises StoreUnavailable with the server's reason."""
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=connections,
                statement_cache_size=_STATEMENT_CACHE,
                max_cached_statement_lifetime=0,
                # a server that hangs is an outage like one that is gone
                command_timeout=_COMMAND_TIMEOUT_S,
                connection_class=_Connection,
                # compiling a plan to machine code costs more than these short statements take
                server_settings={"jit": "off", "application_name": "babelpost"},
            )
        except (*_LOST, asyncpg.PostgresError) as error:
            message = f"PostgreSQL cannot be reached: {error}. Look at BABELPOST_DATABASE, and whether the server runs."
            raise StoreUnavailable(message) from error
        except ValueError:
            # its text would show the half of a password that was taken for a port
            message = (
                "PostgreSQL's address cannot be read. In BABELPOST_DATABASE, write / in a password as %2F."
            )
            raise StoreUnavailable(message) from None
        return cls(pool)

    async def fetch(self, query: Query) -> list[Row]:
        """Read on any connection of the pool; raises Invalid for a text with NUL in it."""
        try:
            async with self._pool.acquire() as connection:
                return _rows(await connection.fetch(query.statement.postgres, *_sought(query)))
        except ValueError:
            # asyncpg's DataError, which is an InterfaceError too: a value is at fault, and only its own call
            raise
        except _LOST as error:
            raise StoreUnavailable(str(error)) from error
        except asyncpg.CharacterNotInRepertoireError as error:
            raise _nul() from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["PostgresTransaction"]:
        """See ``Database.transaction``; raises Invalid for a text with NUL in it."""
        try:
            async with self._writer() as connection:
                work = PostgresTransaction(connection, self._bulk)
                try:
                    yield work
                except BaseException:
                    await work.give_up()
                    raise
                await work.commit()
        except ValueError:
            # asyncpg's DataError, which is an InterfaceError too: a value is at fault, and only its own call
            raise
        except _LOST as error:
            raise StoreUnavailable(str(error)) from error
        except asyncpg.CharacterNotInRepertoireError as error:
            raise _nul() from error

    @asynccontextmanager
    async def _writer(self) -> AsyncIterator["PoolConnectionProxy[asyncpg.Record]"]:
        """The kept connection where nobody else writes, else one of the pool's; kept again when all went well."""
        connection, self._kept = self._kept, None
        if connection is not None and connection.is_closed():
            await self._pool.release(connection)
            connection = None
        if connection is None:
            connection = await self._pool.acquire()
        is_fine = False
        try:
            yield connection
            is_fine = True
        finally:
            if is_fine and self._may_keep():
                self._kept = connection
            else:
                await self._pool.release(connection)

    def _may_keep(self) -> bool:
        return self._kept is None and not self._closing

    async def script(self, text: str) -> None:
        """Run a schema step in one transaction; processes that start together take turns."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
            await connection.execute(text, timeout=_SCHEMA_TIMEOUT_S)

    async def close(self) -> None:
        """Wait for running work, then disconnect."""
        self._closing = True
        kept, self._kept = self._kept, None
        if kept is not None:
            await self._pool.release(kept)
        await self._pool.close()


class PostgresTransaction:
    """Steps on one connection, begun when the first of them needs it."""

    def __init__(self, connection: "PoolConnectionProxy[asyncpg.Record]", bulk: Bulk) -> None:
        """Nothing is begun."""
        self._connection = connection
        self._bulk = bulk
        self._begun: asyncpg.transaction.Transaction | None = None

    async def ask(self, query: Query) -> list[Row]:
        """See ``Transaction.ask``: nothing is begun for it, which spares two trips where one statement writes all."""
        return _rows(await self._connection.fetch(query.statement.postgres, *_sought(query)))

    async def run(self, *steps: Query | Many, commit: bool = False) -> list[list[Row]]:
        """See ``Transaction.run``."""
        if commit and self._begun is None and await self._is_done_at_once(steps):
            return [[] for _ in steps]
        if self._begun is None:
            self._begun = self._connection.transaction()
            await self._begun.start()
        found = [rows for kind, group in groupby(steps, type) for rows in await self._group(kind, [*group])]
        if commit:
            await self.commit()
        return found

    async def _is_done_at_once(self, steps: Sequence[Query | Many]) -> bool:
        """Write everything with one statement that commits by itself, where there is one."""
        filled = [step for step in steps if isinstance(step, Many) and step.rows]
        if not filled or any(isinstance(step, Query) for step in steps):
            return False
        written = await self._bulk.write(self._connection, filled)
        if written is None:
            return False
        await self._connection.execute(written.text, *written.values)
        return True

    async def _group(self, kind: type[Query | Many], steps: list[Query | Many]) -> list[list[Row]]:
        if kind is Many:
            filled = [step for step in steps if isinstance(step, Many) and step.rows]
            if filled:
                await self._bulk.run(self._connection, filled)
            return [[] for _ in steps]
        return [await self._query(step) for step in steps if isinstance(step, Query)]

    async def _query(self, query: Query) -> list[Row]:
        return _rows(await self._connection.fetch(query.statement.postgres, *_values(query)))

    async def commit(self) -> None:
        """Make everything durable, where the last step did not already."""
        if self._begun is not None:
            begun, self._begun = self._begun, None
            await begun.commit()

    async def give_up(self) -> None:
        """Undo everything; safe to call when nothing was begun.

        Whatever made an end of it must come out, above all a cancellation: the server's word of a statement that was
        called off can meet the rollback instead. A connection on which that fails is cut, which undoes everything too.
        """
        if self._begun is None:
            return
        begun, self._begun = self._begun, None
        try:
            await begun.rollback()
        except Exception as error:  # noqa: BLE001  # what matters is raised by whoever gives up
            _log.info("not rolled back but cut off", reason=str(error))
            self._connection.terminate()


def _rows(found: list[asyncpg.Record]) -> list[Row]:
    return found  # type: ignore[return-value]  # a Record is a sequence in all but name


def _values(query: Query) -> list[object]:
    return [query.values[name] for name in query.statement.parameters]


def _sought(query: Query) -> list[object]:
    return [sought(value) if isinstance(value, str) else value for value in _values(query)]


def _nul() -> Invalid:
    """The one character that JSON and addresses can bring in and this engine's texts cannot hold."""
    return Invalid("text", "may not contain NUL", kind="nul")
