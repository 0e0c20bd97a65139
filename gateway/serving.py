"""The running process: listener and worker side by side, stopped in order by SIGTERM or SIGINT."""

import asyncio
import errno
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import uvicorn
from click import ClickException

from core.core import Core
from core.jobs.worker import Worker
from dialects.dialect import Dialect, discover
from gateway.app import Gateway
from gateway.config import Settings, SettingsError, check_dialects
from gateway.conversation import Conversation
from gateway.protocol import Protocol
from gateway.submission import Desk
from gateway.submitter import Submitter

_KEEP_ALIVE_S: Final = 75
_DRAIN_S: Final = 20
_BACKLOG: Final = 2048
_LOOK_S: Final = 0.01
_PORT_IS_AT_FAULT: Final = (errno.EADDRINUSE, errno.EACCES)


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handlers, which would end the process before its mail is given back."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def enabled(settings: Settings) -> Mapping[str, Dialect]:
    """The dialects that the settings ask for; raises SettingsError for unknown ones."""
    known = discover()
    check_dialects(settings, known.keys())
    wanted = known.keys() if settings.dialects is None else settings.dialects
    if idle := sorted(settings.hosts.keys() - set(wanted)):
        raise SettingsError([f"hosts names {name!r}, which dialects leaves out" for name in idle])
    return {name: known[name] for name in wanted}


def listen(host: str, port: int, option: str = "port") -> socket.socket:
    """A bound socket; raises ClickException that says what to do where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG, reuse_port=False)
    except OSError as error:
        remedy = f"BABELPOST_{option.upper()} (of babelpost dev: --{option.replace('_', '-')})"
        if error.errno not in _PORT_IS_AT_FAULT:
            remedy = "BABELPOST_HOST"
        reason = str(error.strerror).partition(" (while")[0]
        message = f"cannot listen on {host}:{port}: {reason}. Choose another with {remedy}."
        raise ClickException(message) from error


@asynccontextmanager
async def serving(core: Core, settings: Settings, bound: socket.socket) -> AsyncIterator[uvicorn.Server]:
    """Answer requests for the length of the block; leaving it lets running requests end."""
    dialects = enabled(settings)
    hosts = {host: name for name, names in settings.hosts.items() for host in names}
    config = uvicorn.Config(
        Gateway(core, list(dialects.values()), hosts),
        loop="none",
        http=Protocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_DRAIN_S,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        while not server.started and not task.done():  # noqa: ASYNC110  # uvicorn has a flag for it, no event
            await asyncio.sleep(_LOOK_S)
        yield server
    finally:
        server.should_exit = True
        await task


def listen_for_mail(settings: Settings) -> socket.socket | None:
    """A bound socket for SMTP, or None where the settings want none."""
    if not settings.smtp_submission:
        return None
    return listen(settings.host, settings.smtp_port, "smtp_port")


@asynccontextmanager
async def submitting(core: Core, settings: Settings, bound: socket.socket | None) -> AsyncIterator[None]:
    """Take mail by SMTP for the length of the block; leaving it lets the messages in work end."""
    if bound is None:
        yield
        return
    desk = Desk(core, enabled(settings))
    async with _talking(bound, lambda others: Submitter(desk, others)):
        yield


@asynccontextmanager
async def _talking(
    bound: socket.socket, begin: Callable[[set[Conversation]], Conversation]
) -> AsyncIterator[None]:
    """Talk with everybody who connects; leaving the block ends it as ``submitting`` says."""
    talking: set[Conversation] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: begin(talking), sock=bound, backlog=_BACKLOG)
    try:
        yield
    finally:
        server.close()
        await _leave(talking)


async def _leave(talking: set[Conversation]) -> None:
    for each in tuple(talking):
        each.leave()
    tasks = [each.task for each in talking]
    if tasks:
        await asyncio.wait(tasks, timeout=_DRAIN_S)
    for each in tuple(talking):
        each.abort()


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[None]:
    """Work on jobs for the length of the block; leaving it finishes or gives back what is held."""
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await task


@contextmanager
def stoppable() -> Iterator[asyncio.Event]:
    """Give an event that SIGTERM and SIGINT set; entered before anything listens, so that no stop comes too early."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
