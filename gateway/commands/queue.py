"""``babelpost queue``: what waits to be sent, and by which ways; hold it back, let it go on, try it again."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import click

from core import accounts, streams
from core.clock import SECOND
from core.core import Core
from core.jobs import overview, pauses, routes
from core.jobs.overview import Standing
from core.jobs.pauses import Pause, Place
from gateway.assemble import opened
from gateway.commands.options import DEFAULT_NAME, bare_domain, known_account_option, run, with_settings
from gateway.config import Settings

_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400

_workspace_option = click.option("--workspace", default="", help="Workspace by name; all where left out.")
_stream_option = click.option("--stream", default="", help="One stream alone; all where left out.")
_to_option = click.option(
    "--to",
    default="",
    metavar="DOMAIN",
    callback=bare_domain,
    help="Recipients' domain; all where left out.",
)


@click.group()
def queue() -> None:
    """Look at mail that waits to be sent, hold it back, let it go on, try it again."""


@queue.command("list")
@click.option(
    "--most",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Destinations to list, those with most mail first.",
)
@with_settings
def list_(settings: Settings, most: int) -> None:
    """List destinations: mail queued, of it held apart and for later, age of the oldest, trouble; then pauses."""
    run(_list(settings, most))


async def _list(settings: Settings, most: int) -> None:
    async with opened(settings, owner=False) as core:
        now = core.clock.now()
        click.echo(f"{'destination':<40}{'queued':>9}{'held':>9}{'later':>9}{'oldest':>9}  trouble")
        for each in await overview.standings(core, most=most):
            click.echo(_line(each, now))
        for pause in await pauses.current(core):
            click.echo(f"paused: {await _told(core, pause)}, for {_age(now - pause.created_at)}")
        for route in await routes.chosen(core):
            place = await _told(core, Pause(workspace_id=route.workspace_id, stream=route.stream))
            click.echo(f"route of {place}: {', '.join(route.ways)}")


def _line(each: Standing, now: int) -> str:
    oldest = _age(now - each.oldest_at) if each.oldest_at else "-"
    trouble = ""
    if each.failures:
        wait = f", tried again in {_age(each.closed_until - now)}" if each.closed_until > now else ""
        trouble = f"  not reached {each.failures} times{wait}: {each.reason}"
    name = each.destination or "(several)"
    return f"{name:<40}{each.total:>9}{each.held:>9}{each.later:>9}{oldest:>9}{trouble}"


def _age(microseconds: int) -> str:
    seconds = max(0, microseconds // SECOND)
    for unit, length in (("d", _DAY_S), ("h", _HOUR_S), ("m", _MINUTE_S)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


async def _told(core: Core, pause: Pause) -> str:
    """What a pause concerns, in words."""
    place = ""
    if pause.workspace_id:
        held = await accounts.workspace(core, pause.workspace_id)
        place = f"workspace {held.name if held is not None else pause.workspace_id}"
    words = (
        place,
        f"stream {pause.stream}" if pause.stream else "",
        f"to {pause.destination}" if pause.destination else "",
    )
    return ", ".join(word for word in words if word) or "everything"


def _place_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (_to_option, _stream_option, _workspace_option, known_account_option, with_settings):
        command = option(command)
    return command


@queue.command()
@_place_options
def pause(settings: Settings, account: str, workspace: str, stream: str, to: str) -> None:
    """Hold mail back: of a workspace, a stream, to a domain, or what they have in common; everything without options.

    Mail is taken meanwhile, and neither its attempts nor its patience are used up.
    """
    run(_pause(settings, account, workspace, stream, to))


async def _pause(settings: Settings, account: str, workspace: str, stream: str, to: str) -> None:
    async with opened(settings, owner=False) as core:
        wanted = await _found(core, account, workspace, stream, to)
        is_new = await pauses.pause(core, wanted)
        click.echo(f"{'Waits' if is_new else 'Waited already'}: {await _told(core, wanted)}.")


@queue.command()
@_place_options
def resume(settings: Settings, account: str, workspace: str, stream: str, to: str) -> None:
    """Let go on what was paused in the same words."""
    run(_resume(settings, account, workspace, stream, to))


async def _resume(settings: Settings, account: str, workspace: str, stream: str, to: str) -> None:
    async with opened(settings, owner=False) as core:
        wanted = await _wanted(core, account, workspace, stream, to)
        told = await _told(core, wanted)
        if not await pauses.resume(core, wanted):
            raise click.ClickException(f"not paused: {told}; 'babelpost queue list' tells what is")
        click.echo(f"Goes on: {told}.")


@queue.command()
@_to_option
@with_settings
def flush(settings: Settings, to: str) -> None:
    """Try again at once what waits after a failure; what is scheduled or paused stays so."""
    run(_flush(settings, to))


async def _flush(settings: Settings, to: str) -> None:
    async with opened(settings, owner=False) as core:
        count = await overview.flush(core, to or None)
    click.echo(f"{count:,} tried again.")


@queue.command()
@known_account_option
@click.option("--workspace", default=DEFAULT_NAME, show_default=True, help="Workspace by name.")
@_stream_option
@click.option("--reset", is_flag=True, help="Back to what everybody takes.")
@click.argument("ways", nargs=-1)
@with_settings
def route(  # what the command line has
    settings: Settings, account: str, workspace: str, stream: str, ways: tuple[str, ...], *, reset: bool
) -> None:
    """Send a workspace's mail, or one stream of it, by WAYS: `relay`, `mx`, `capture` or a name in `relays`.

    The next way is tried where one cannot be reached at all.
    """
    if bool(ways) == reset:
        raise click.UsageError("name at least one way, or --reset")
    known = {"relay", "mx", "capture", *settings.relays}
    if unknown := [each for each in ways if each not in known]:
        raise click.UsageError(f"no way out is called {unknown[0]}; known are {', '.join(sorted(known))}")
    run(_route(settings, account, workspace, stream, ways))


async def _route(settings: Settings, account: str, workspace: str, stream: str, ways: Sequence[str]) -> None:
    async with opened(settings, owner=False) as core:
        find = _found if ways else _wanted
        wanted = await find(core, account, workspace, stream, "")
        await routes.choose(core, Place(wanted.workspace_id, stream), ways)
        click.echo(f"{await _told(core, wanted)}: {', '.join(ways) or 'as everybody'}.")


async def _wanted(core: Core, account: str, workspace: str, stream: str, to: str) -> Pause:
    """What the options say; raises NotFound for a workspace that is not there."""
    id_ = (await accounts.named(core, account, workspace)).id if workspace else ""
    return Pause(workspace_id=id_, stream=stream, destination=to)


async def _found(core: Core, account: str, workspace: str, stream: str, to: str) -> Pause:
    """The same; refuses a stream that is not there, which would hold nothing back and send nothing elsewhere."""
    wanted = await _wanted(core, account, workspace, stream, to)
    if stream and not await streams.is_known(core, stream, wanted.workspace_id):
        raise click.ClickException(f"no stream is called {stream} there")
    return wanted
