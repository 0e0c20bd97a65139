"""``babelpost dev``, ``serve`` and ``worker``: the processes."""

import gc
import os
import socket
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
import msgspec
import uvloop

from gateway import logs
from gateway.assemble import opened, working
from gateway.commands.options import config_option
from gateway.config import Settings, load
from gateway.development import Development, development
from gateway.memory import return_large_blocks
from gateway.metrics import Metrics
from gateway.serving import (
    MailSockets,
    enabled,
    listen,
    listen_for_mail,
    listen_for_servers,
    receiving,
    running,
    serving,
    stoppable,
    submitting,
)

# what lives for one request is freed by counting references; the collector is only there for rare cycles
_COLLECT_AFTER: Final = 20_000
# RFC 6761 6.5: names below example are nobody's; neither are those below localhost, but strict clients, Postmark's for
# Python among them, take no address with one
_DEV_INBOUND_HOST: Final = "inbound.example"


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run a process's main coroutine. What was loaded until now stays for good and is not looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 20)
    return_large_blocks()
    uvloop.run(work)


class _Bound(NamedTuple):
    """Bound sockets: for HTTP and, unless they are turned off, for mail to be sent and for mail from other servers."""

    http: socket.socket
    mail: MailSockets
    servers: socket.socket | None


def _listening(settings: Settings) -> tuple[Settings, _Bound]:
    """Every listener's socket; the settings then have the ports they got."""
    bound = _Bound(
        listen(settings.host, settings.port), listen_for_mail(settings), listen_for_servers(settings)
    )
    settings = msgspec.structs.replace(settings, port=bound.http.getsockname()[1])
    if bound.servers is not None:
        settings = msgspec.structs.replace(settings, inbound_smtp_port=bound.servers.getsockname()[1])
    return bound.mail.told(settings), bound


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="HTTP port; 0 picks a free one.  [default: 8025]")
@click.option(
    "--smtp-port", type=click.IntRange(0, 65535), help="SMTP port; 0 picks a free one.  [default: 1025]"
)
@click.option(
    "--inbound-port",
    type=click.IntRange(0, 65535),
    help="SMTP port for mail from other servers; 0 picks a free one.  [default: 2525]",
)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=Path("var"), show_default=True,
              help="Folder for the database and dev.json; delete it to begin anew.")  # fmt: skip
@click.option(
    "--relay", help="Send for real through smtp://user:password@host:port instead of keeping mail here."
)
@config_option
def dev(  # an argument for each option
    port: int | None,
    smtp_port: int | None,
    inbound_port: int | None,
    data: Path,
    relay: str | None,
    config: Path | None,
) -> None:
    """Start a server for development: SQLite, one key for each dialect, mail is kept and not sent.

    Any sender is accepted. When it listens, dev.json in the data folder tells its addresses and keys.
    """
    base = Settings(
        transport="capture",
        sender_policy="any",
        smtp_require_tls=False,
        # of the developer's own machine
        allow_private_targets=True,
        database=f"sqlite:///{data / 'babelpost.db'}",
        log_format="console",
        console_open=True,
        show_tokens=True,
        inbound_host=_DEV_INBOUND_HOST,
    )
    if relay is not None:
        base = msgspec.structs.replace(base, transport="relay", relay=relay)
    settings = load(config, os.environ, base)
    chosen = {"port": port, "smtp_port": smtp_port, "inbound_smtp_port": inbound_port}
    given = {name: number for name, number in chosen.items() if number is not None}
    # who names a port wants it open
    listeners = {"smtp_port": "smtp_submission", "inbound_smtp_port": "inbound_smtp"}
    wanted = {listeners[name]: True for name in given if name in listeners}
    settings = msgspec.structs.replace(settings, **given, **wanted)
    logs.configure(settings.log_level, settings.log_format)
    _run(_dev(settings, data))


async def _dev(settings: Settings, data: Path) -> None:
    with stoppable() as stopped:
        settings, bound = _listening(settings)
        metrics = Metrics()
        async with (
            opened(settings) as core,
            working(core, settings) as worker,
            serving(core, settings, bound.http, metrics),
            submitting(core, settings, bound.mail, metrics),
            receiving(core, settings, bound.servers),
            running(worker),
        ):
            made: Development = await development(core, settings, enabled(settings), data)
            click.echo(made.welcome(), nl=False)
            await stopped.wait()
            click.echo("stopping: running requests and deliveries end first", err=True)


@click.command()
@config_option
@click.option(
    "--no-worker", is_flag=True, help="Answer requests only; deliver with 'babelpost worker' processes."
)
def serve(config: Path | None, *, no_worker: bool) -> None:
    """Serve every dialect, and deliver mail in the same process unless --no-worker."""
    # who does not deliver needs no relay
    base = Settings(transport="capture") if no_worker else None
    settings = load(config, os.environ, base)
    if no_worker and settings.database.startswith("sqlite:"):
        click.echo(
            "mail is taken and waits: with SQLite no other process can deliver it, only a start without --no-worker",
            err=True,
        )
    logs.configure(settings.log_level, settings.log_format)
    _run(_serve(settings, deliver=not no_worker))


async def _serve(settings: Settings, *, deliver: bool) -> None:
    with stoppable() as stopped:
        settings, bound = _listening(settings)
        metrics = Metrics()
        async with AsyncExitStack() as stack:
            core = await stack.enter_async_context(opened(settings))
            if deliver:
                worker = await stack.enter_async_context(working(core, settings))
            await stack.enter_async_context(serving(core, settings, bound.http, metrics))
            await stack.enter_async_context(submitting(core, settings, bound.mail, metrics))
            await stack.enter_async_context(receiving(core, settings, bound.servers))
            if deliver:
                await stack.enter_async_context(running(worker))
            click.echo(f"listening on {settings.url}", err=True)
            if settings.console_url:
                click.echo(f"showing the console on {settings.console_url}", err=True)
            for url in filter(None, (settings.smtp_url, settings.smtps_url)):
                click.echo(f"taking mail on {url}", err=True)
            if bound.servers is not None:
                click.echo(f"taking mail from other servers on {settings.inbound_smtp_url}", err=True)
            await stopped.wait()


@click.command()
@config_option
def worker(config: Path | None) -> None:
    """Deliver mail, beside servers on the same PostgreSQL; start as many as you need."""
    settings = load(config, os.environ)
    if settings.database.startswith("sqlite:"):
        raise click.UsageError(
            "a worker of its own needs PostgreSQL; with SQLite, 'babelpost serve' delivers itself"
        )
    logs.configure(settings.log_level, settings.log_format)
    _run(_worker(settings))


async def _worker(settings: Settings) -> None:
    with stoppable() as stopped:
        async with opened(settings) as core, working(core, settings) as made, running(made):
            click.echo("working", err=True)
            await stopped.wait()
