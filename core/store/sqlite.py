"""SQLite: one file in WAL mode, one writer on its own thread, a few readers on theirs.

A commit is on disk when it is answered (``synchronous=FULL``). Checkpoints run on a thread of their own, since one
in the writer would hold up a whole batch; only the last bit of one, without which the log would grow for as long as
somebody writes, takes the writer's turn.
"""

import asyncio
import fcntl
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from threading import local
from typing import Final, Self, TypeVar

from core.store.database import Row, StoreUnavailable
from core.store.statements import Many, Query

T = TypeVar("T")

_READERS: Final = 2
# large files pass through a reader's cache once; they should not stay there
_READER_CACHE_KIB: Final = 4096
_CLUSTERED: Final = "/* clustered */"
_CHECKPOINT_EVERY_S: Final = 1.0
# a log this long begins anew, and its file is cut back to this length
_LOG_BYTES: Final = 64 * 1024 * 1024
# how long writers are held up for a reader that still needs the log
_RESTART_WAIT_MS: Final = 100
_BUSY_TIMEOUT_S: Final = 10.0
_BUSY_LOOK_S: Final = 0.005
# up to about ten milliseconds of work may run on the loop's thread
_INLINE_BYTES: Final = 1024 * 1024
_ROW_BYTES: Final = 200
# how a statement ends that is long at work whatever it carries
_MANY_ROWS: Final = "/* many rows */"
# 8 KiB pages suit rows that carry a message body; they only take effect on a new file
_PRAGMAS: Final = (
    "PRAGMA page_size=8192",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=OFF",
    "PRAGMA cache_size=-16384",
)


class SQLite:
    """An open SQLite file."""

    name = "sqlite"
    in_process = True

    def __init__(self, path: Path, *, owner: bool) -> None:
        """Open the file, made where missing. ``owner``: serve from it, alone; a second owner is refused."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock_file = _own(path) if owner else None
        _make(path)
        self._write = _connect(path)
        # from here on the loop's own thread uses it, which may not wait: see _begin
        self._write.execute("PRAGMA busy_timeout=0")
        self._write.execute("PRAGMA wal_autocheckpoint=0" if owner else "PRAGMA wal_autocheckpoint=1000")
        self._write.execute(f"PRAGMA journal_size_limit={_LOG_BYTES}")
        self._writer = ThreadPoolExecutor(1, "sqlite-writer")
        self._readers = ThreadPoolExecutor(_READERS, "sqlite-reader")
        self._checkpointer = ThreadPoolExecutor(1, "sqlite-checkpoint")
        self._turn = asyncio.Lock()
        self._held = local()
        self._opened: list[sqlite3.Connection] = []
        self._checkpoints = asyncio.create_task(self._checkpoint_forever()) if owner else None

    @classmethod
    async def open(cls, path: Path, *, owner: bool = True) -> Self:
        """Open inside a running loop; raises StoreUnavailable with what is in the way."""
        try:
            return cls(path, owner=owner)
        except (OSError, sqlite3.DatabaseError) as error:
            message = (
                f"{path} cannot be opened: {error}. Name a file in a folder where this process may write."
            )
            raise StoreUnavailable(message) from error

    async def fetch(self, query: Query) -> list[Row]:
        """Read on one of the readers' connections."""
        return await _on(self._readers, lambda: _run(self._reader(), query))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["SQLiteTransaction"]:
        """Wait for the one writer; see ``Database.transaction``."""
        async with self._turn:
            work = SQLiteTransaction(self._write, self._writer)
            try:
                yield work
            except BaseException:
                await asyncio.shield(work.roll_back())
                raise
            await asyncio.shield(work.commit())

    async def script(self, text: str) -> None:
        """Run a schema step, statement by statement, in one transaction."""
        async with self._turn:
            await _on(
                self._writer, lambda: _run_script(self._write, text.replace(_CLUSTERED, "WITHOUT ROWID"))
            )

    async def close(self) -> None:
        """Finish, checkpoint and let the file go."""
        if self._checkpoints is not None:
            self._checkpoints.cancel()
            with suppress(asyncio.CancelledError):
                await self._checkpoints
        self._checkpointer.shutdown()
        self._readers.shutdown()
        async with self._turn:
            self._writer.shutdown()
            for connection in (*self._opened, self._write):
                connection.close()
        if self._lock_file is not None:
            os.close(self._lock_file)

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._held, "connection", None)
        if connection is None:
            connection = self._held.connection = _connect(self._path)
            connection.execute("PRAGMA query_only=ON")
            connection.execute(f"PRAGMA cache_size=-{_READER_CACHE_KIB}")
            self._opened.append(connection)
        return connection

    async def _checkpoint_forever(self) -> None:
        while True:
            await asyncio.sleep(_CHECKPOINT_EVERY_S)
            # a file that is busy or cannot be opened is no failure: the next round, a second later, does it
            with suppress(StoreUnavailable):
                if await _on(self._checkpointer, self._checkpoint) > _LOG_BYTES:
                    # what came while that one worked is less than it was, and what is left then lesser still
                    await _on(self._checkpointer, self._checkpoint)
                    async with self._turn:
                        await _whole(self._writer, self._restart)

    def _checkpoint(self) -> int:
        """Move what can be moved without holding up anybody; the length of the log in bytes.

        While somebody writes that is never all, and a log begins anew only when all of it was moved.
        """
        with closing(sqlite3.connect(self._path, timeout=0, isolation_level=None)) as connection:
            (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
            _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            return int(page_bytes) * int(pages)

    def _restart(self) -> None:
        """Move the rest while nobody writes, so that the next write begins the log anew; a busy file has it later."""
        self._write.execute(f"PRAGMA busy_timeout={_RESTART_WAIT_MS}")
        try:
            self._write.execute("PRAGMA wal_checkpoint(RESTART)")
        finally:
            self._write.execute("PRAGMA busy_timeout=0")


class SQLiteTransaction:
    """Steps on the one writing connection.

    Small steps run on the loop's own thread: they touch memory alone, and the ``sqlite3`` module gives up the
    interpreter's lock at every row, so on another thread each row would wait for the busy loop to let it back in
    (measured: a third of the rate). What waits for the disk, the commit, and what is large run on the writer's.
    """

    def __init__(self, connection: sqlite3.Connection, writer: ThreadPoolExecutor) -> None:
        """Nothing is begun before the first step."""
        self._connection = connection
        self._writer = writer
        self._begun = False
        self._is_large = False

    async def ask(self, query: Query) -> list[Row]:
        """See ``Transaction.ask``: on the writer's connection, whose turn it is anyway."""
        (found,) = await self.run(query)
        return found

    async def run(self, *steps: Query | Many, commit: bool = False) -> list[list[Row]]:
        """See ``Transaction.run``."""
        if not self._begun:
            await _begin(self._connection)
            self._begun = True
        if sum(_weight(step) for step in steps) > _INLINE_BYTES:
            self._is_large = True
            found = await _whole(self._writer, lambda: [_run(self._connection, step) for step in steps])
        else:
            with _told():
                found = [_run(self._connection, step) for step in steps]
        if commit:
            await self.commit()
        return found

    async def commit(self) -> None:
        """Make everything durable, where the last step did not already."""
        if self._begun:
            self._begun = False
            await _whole(self._writer, self._commit)

    def _commit(self) -> None:
        self._connection.execute("COMMIT")
        if self._is_large:
            # the pages of a large file would fill the cache for good, and nobody writes them again
            self._connection.execute("PRAGMA shrink_memory")

    async def roll_back(self) -> None:
        """Undo everything; safe to call when nothing was begun."""
        self._begun = False
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


async def _begin(connection: sqlite3.Connection) -> None:
    """Take the write lock; another process (a command beside the server) may hold it for a moment."""
    ends = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if time.monotonic() > ends:
                raise StoreUnavailable(str(error)) from error
            await asyncio.sleep(_BUSY_LOOK_S)
        else:
            return


def _weight(step: Query | Many) -> int:
    """About the bytes that a step carries."""
    if isinstance(step, Many):
        return len(step.rows) * _ROW_BYTES + step.size_bytes
    if step.statement.sqlite.endswith(_MANY_ROWS):
        return _INLINE_BYTES + 1
    return _ROW_BYTES + sum(len(value) for value in step.values.values() if isinstance(value, (bytes, str)))


async def _whole(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    # a caller that is cancelled must not go on beside a thread that still uses the connection
    task = asyncio.ensure_future(_on(threads, work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def _on(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    with _told():
        return await asyncio.get_running_loop().run_in_executor(threads, work)


@contextmanager
def _told() -> Iterator[None]:
    """A full disk, an unreadable file, a lock that stays: told as what they mean to whoever waits."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreUnavailable(str(error)) from error


def _make(path: Path) -> None:
    """Make the file where missing, readable by its owner alone; SQLite gives its log the same rights."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    # SQLite's own knows the letters of ASCII alone
    connection.create_function("lower", 1, str.lower, deterministic=True)
    return connection


def _run(connection: sqlite3.Connection, step: Query | Many) -> list[Row]:
    statement = step.statement
    if isinstance(step, Many):
        connection.executemany(statement.sqlite, step.rows)
        return []
    values = step.values
    return connection.execute(statement.sqlite, [values[name] for name in statement.occurrences]).fetchall()


def _run_script(connection: sqlite3.Connection, text: str) -> None:
    """Run several statements whole or not at all; on the writer's thread, which may wait for another process."""
    connection.execute(f"PRAGMA busy_timeout={int(_BUSY_TIMEOUT_S * 1000)}")
    try:
        connection.executescript(f"BEGIN IMMEDIATE;\n{text}\nCOMMIT;")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.execute("PRAGMA busy_timeout=0")


def _own(path: Path) -> int:
    """Hold a lock beside the file for as long as the process lives; the kernel frees it after any death."""
    handle = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        message = (
            f"{path} is served by another process. SQLite serves one process; "
            "use PostgreSQL (BABELPOST_DATABASE=postgresql://…) for more."
        )
        raise StoreUnavailable(message) from error
    return handle
