"""``babelpost suppressions``: addresses a workspace sends no mail to."""

import click

from core import suppressions as nouns
from core.core import Caller, Core
from core.suppressions import Suppression
from dialects.dialect import discover
from dialects.times import iso
from gateway import provision
from gateway.assemble import opened
from gateway.commands.options import account_option, bare_address, run, with_settings, workspace_option
from gateway.config import Settings

_stream_option = click.option("--stream", default="", help="One stream alone; all where left out.")


@click.group()
def suppressions() -> None:
    """List addresses that get no more mail, add some, let them go."""


@suppressions.command("list")
@account_option
@workspace_option
@with_settings
def list_(settings: Settings, account: str, workspace: str) -> None:
    """List them: address, stream, reason, origin, since when."""
    run(_list(settings, account, workspace))


async def _list(settings: Settings, account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        for each in await nouns.of_workspace(core, await _caller(core, account, workspace)):
            click.echo(_line(each))


def _line(held: Suppression) -> str:
    return "  ".join(
        (held.email, held.stream or "(all)", held.reason, held.origin, iso(held.created_at, digits=0))
    )


@suppressions.command()
@click.argument("email", callback=bare_address)
@_stream_option
@account_option
@workspace_option
@with_settings
def add(settings: Settings, email: str, stream: str, account: str, workspace: str) -> None:
    """Send EMAIL no more mail."""
    run(_add(settings, email, stream, account, workspace))


async def _add(settings: Settings, email: str, stream: str, account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        caller = await _caller(core, account, workspace)
        await nouns.suppress(core, caller, email, origin="admin", stream=stream)
    click.echo(f"{email} gets no more mail.")


@suppressions.command()
@click.argument("email", callback=bare_address)
@_stream_option
@account_option
@workspace_option
@with_settings
def release(settings: Settings, email: str, stream: str, account: str, workspace: str) -> None:
    """Send EMAIL mail again; name the stream it was stopped on."""
    run(_release(settings, email, stream, account, workspace))


async def _release(settings: Settings, email: str, stream: str, account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        await nouns.release(core, await _caller(core, account, workspace), email, stream=stream)
    click.echo(f"{email} gets mail again.")


async def _caller(core: Core, account: str, workspace: str) -> Caller:
    place = await provision.workspace(core, discover().values(), account, workspace)
    return Caller(account_id=place.account_id, workspace_id=place.id)
