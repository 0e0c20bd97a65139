"""The running process: listener and worker side by side, stopped in order by SIGTERM or SIGINT."""

import asyncio
import errno
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Final, NamedTuple

import msgspec
import uvicorn
from click import ClickException

from core import bounces
from core.budget import Budget
from core.core import Core
from core.jobs.worker import Worker
from dialects.dialect import Dialect, discover
from dialects.serving import Surface
from gateway import console
from gateway.app import Entrance, Gateway
from gateway.certificate import HANDSHAKE_S, Certificate
from gateway.config import Settings, SettingsError, check_dialects
from gateway.conversation import Conversation
from gateway.exchanger import Exchanger
from gateway.metrics import Metrics
from gateway.protocol import Protocol
from gateway.proxies import Proxies
from gateway.reception import Reception
from gateway.submission import Desk
from gateway.submitter import Submitter

_KEEP_ALIVE_S: Final = 75
_DRAIN_S: Final = 20
_BACKLOG: Final = 2048
_LOOK_S: Final = 0.01
_PORT_IS_AT_FAULT: Final = (errno.EADDRINUSE, errno.EACCES)

_NO_CERTIFICATE: Final = (
    "smtp_tls_certificate is needed, because keys come by SMTP from other machines; where something else protects "
    "them on their way, set smtp_require_tls to false; smtp_submission false leaves the port closed"
)


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
async def serving(
    core: Core, settings: Settings, bound: socket.socket, metrics: Metrics | None = None
) -> AsyncIterator[uvicorn.Server]:
    """Answer requests for the length of the block; leaving it lets running requests end."""
    surfaces = [Surface(each) for each in enabled(settings).values()]
    hosts = {host: name for name, names in settings.hosts.items() for host in names}
    proxies = Proxies(settings.trusted_proxies)
    config = uvicorn.Config(
        Gateway(core, surfaces, hosts, Entrance(proxies, console.door(settings, proxies)), metrics),
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


def listen_for_servers(settings: Settings) -> socket.socket | None:
    """A bound socket for mail from other servers, or None where the settings want none."""
    if not settings.inbound_smtp:
        return None
    return listen(settings.host, settings.inbound_smtp_port, "inbound_smtp_port")


class MailSockets(NamedTuple):
    """Where mail is submitted: in the open at first, and with TLS from the start."""

    plain: socket.socket | None
    tls: socket.socket | None

    def told(self, settings: Settings) -> Settings:
        """The settings with the ports that were got."""
        ports = {"smtp_port": self.plain, "smtps_port": self.tls}
        got = {name: bound.getsockname()[1] for name, bound in ports.items() if bound is not None}
        return msgspec.structs.replace(settings, **got)


def listen_for_mail(settings: Settings) -> MailSockets:
    """Bound sockets for SMTP, None where the settings want none; raises SettingsError where nobody could log in."""
    if not settings.smtp_submission:
        return MailSockets(None, None)
    if Certificate.of(settings) is None and settings.is_smtp_encrypted:
        raise SettingsError([_NO_CERTIFICATE])
    tls = None if settings.smtps_port is None else listen(settings.host, settings.smtps_port, "smtps_port")
    return MailSockets(listen(settings.host, settings.smtp_port, "smtp_port"), tls)


@asynccontextmanager
async def submitting(
    core: Core, settings: Settings, bound: MailSockets, metrics: Metrics | None = None
) -> AsyncIterator[None]:
    """Take mail by SMTP for the length of the block; leaving it lets the messages in work end."""
    certificate = Certificate.of(settings)
    desk = Desk(
        core,
        enabled(settings),
        certificate=certificate,
        needs_tls=settings.is_smtp_encrypted,
        metrics=metrics or Metrics(),
    )

    def begin(others: set[Conversation]) -> Conversation:
        return Submitter(desk, others)

    async with AsyncExitStack() as stack:
        if certificate is not None:
            stack.enter_context(_reloading(certificate))
        if bound.plain is not None:
            await stack.enter_async_context(_talking(bound.plain, begin))
        if bound.tls is not None and certificate is not None:
            await stack.enter_async_context(_talking(bound.tls, begin, certificate))
        yield


@contextmanager
def _reloading(certificate: Certificate) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, certificate.reload)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


@asynccontextmanager
async def receiving(core: Core, settings: Settings, bound: socket.socket | None) -> AsyncIterator[None]:
    """Take mail from other servers for the length of the block; leaving it lets the messages in work end."""
    if bound is None:
        yield
        return
    desk = Reception(
        core,
        (bounces,),
        settings.inbound_most_bytes,
        bodies=Budget(settings.in_flight_body_bytes),
        certificate=Certificate.of(settings),
    )
    async with _talking(bound, lambda others: Exchanger(desk, others)):
        yield


@asynccontextmanager
async def _talking(
    bound: socket.socket,
    begin: Callable[[set[Conversation]], Conversation],
    certificate: Certificate | None = None,
) -> AsyncIterator[None]:
    """Talk with everybody who connects, over TLS where there is a certificate; leaving the block ends it."""
    talking: set[Conversation] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: begin(talking),
        sock=bound,
        backlog=_BACKLOG,
        ssl=certificate.context if certificate is not None else None,
        ssl_handshake_timeout=HANDSHAKE_S if certificate is not None else None,
    )
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
