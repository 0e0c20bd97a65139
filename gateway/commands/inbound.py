"""``babelpost inbound``: where mail for a workspace comes in."""

import click

from core import accounts, inbound
from core.core import Caller, Core
from gateway.assemble import opened
from gateway.commands.options import account_option, run, with_settings, workspace_option
from gateway.config import Settings


@click.group("inbound")
def inbound_() -> None:
    """Say which domains' mail goes to a workspace, and tell the address it has anyway."""


@inbound_.command()
@click.argument("domain")
@account_option
@workspace_option
@with_settings
def add(settings: Settings, domain: str, account: str, workspace: str) -> None:
    """Let mail for every address at DOMAIN, or at *.DOMAIN, go to the workspace."""
    run(_add(settings, domain, account, workspace))


async def _add(settings: Settings, domain: str, account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        await inbound.add_domain(core, await _owner(core, account, workspace), domain)
    click.echo(f"Mail for {domain} goes to {workspace}.")


@inbound_.command()
@click.argument("domain")
@account_option
@workspace_option
@with_settings
def remove(settings: Settings, domain: str, account: str, workspace: str) -> None:
    """Take DOMAIN away from the workspace: mail for it is refused."""
    run(_remove(settings, domain, account, workspace))


async def _remove(settings: Settings, domain: str, account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        await inbound.remove_domain(core, await _owner(core, account, workspace), domain)
    click.echo(f"Mail for {domain} is refused from now on.")


@inbound_.command("list")
@account_option
@workspace_option
@with_settings
def list_(settings: Settings, account: str, workspace: str) -> None:
    """List what leads to the workspace: its own address, if there is a host for such, and its domains."""
    run(_list(settings, account, workspace))


async def _list(settings: Settings, account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        owner = await _owner(core, account, workspace)
        own = await inbound.address_of(core, owner.workspace_id)
        names = [domain.name for domain in await inbound.domains(core, owner)]
    for each in [own, *names] if own else names:
        click.echo(each)


async def _owner(core: Core, account: str, workspace: str) -> Caller:
    place = await accounts.ensure_workspace(core, await accounts.ensure_account(core, account), workspace)
    return Caller(account_id=place.account_id, workspace_id=place.id)
