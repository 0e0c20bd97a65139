"""``babelpost erase``: forget a person."""

import sys

import click

from core import accounts, removals
from core.core import Caller, Core
from gateway import logs
from gateway.assemble import opened
from gateway.commands.options import bare_address, known_account_option, run, with_settings
from gateway.config import Settings


@click.command()
@click.argument("email", callback=bare_address)
@known_account_option
@click.option("--workspace", default="", help="One workspace alone; the whole account where left out.")
@with_settings
def erase(settings: Settings, email: str, account: str, workspace: str) -> None:
    """Forget everything about EMAIL: what was sent to it and came from it, bounces, opens, clicks, contacts.

    Of mail that others got too the address alone is forgotten. What waits for EMAIL is not sent. Mail to it stays
    blocked where it was. This cannot be undone.
    """
    logs.configure("warning", "console")
    run(_erase(settings, email, account, workspace))


async def _erase(settings: Settings, email: str, account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        caller = await _caller(core, account, workspace)
        removal = await removals.request(core, caller, email, requested_by="babelpost erase")
        length = await removals.extent(core, removal)
        with click.progressbar(length=length, label="forgetting", file=sys.stderr) as bar:
            finished = await removals.carry_out(core, removal, bar.update)
        erased = (await removals.get(core, caller, removal.number)).erased
    click.echo(f"{erased:,} entries of {email} are forgotten.")
    if not finished:
        click.echo("Mail to it is being sent at this moment; a worker does the rest within seconds.")


async def _caller(core: Core, account: str, workspace: str) -> Caller:
    """Whose data it is: of names that are there, since nothing is found, and all seems done, under a mistyped one."""
    if not workspace:
        return Caller(account_id=(await accounts.account_named(core, account)).id)
    place = await accounts.named(core, account, workspace)
    return Caller(account_id=place.account_id, workspace_id=place.id)
