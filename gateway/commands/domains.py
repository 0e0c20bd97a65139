"""``babelpost domains``: which domains an account may send from."""

import click

from core import accounts, addresses, senders
from gateway.assemble import opened
from gateway.commands.options import account_option, run, with_settings
from gateway.config import Settings


@click.group()
def domains() -> None:
    """Say which domains an account may send from (sender_policy "verified")."""


@domains.command()
@click.argument("name")
@account_option
@with_settings
def trust(settings: Settings, name: str, account: str) -> None:
    """Let the account send from every address at NAME."""
    run(_trust(settings, name, account))


async def _trust(settings: Settings, name: str, account: str) -> None:
    async with opened(settings, owner=False) as core:
        await senders.trust_domain(core, await accounts.ensure_account(core, account), name)
    click.echo(f"{account} may send from {name}.")


@domains.command()
@click.argument("address")
@account_option
@with_settings
def confirm(settings: Settings, address: str, account: str) -> None:
    """Let the account send from one ADDRESS alone, whatever its domain."""
    try:
        email = addresses.parse(address).email
    except addresses.AddressError as error:
        raise click.BadParameter(f"{address} is no address that mail can be sent from") from error
    run(_confirm(settings, email, account))


async def _confirm(settings: Settings, email: str, account: str) -> None:
    async with opened(settings, owner=False) as core:
        owner = await accounts.ensure_account(core, account)
        await senders.put_sender(core, owner, email, confirmed=True)
    click.echo(f"{account} may send from {email}.")


@domains.command()
@click.argument("name")
@account_option
@with_settings
def remove(settings: Settings, name: str, account: str) -> None:
    """Take NAME away from the account."""
    run(_remove(settings, name, account))


async def _remove(settings: Settings, name: str, account: str) -> None:
    async with opened(settings, owner=False) as core:
        await senders.distrust_domain(core, await accounts.ensure_account(core, account), name)
    click.echo(f"{account} may no longer send from {name}.")


@domains.command("list")
@account_option
@with_settings
def list_(settings: Settings, account: str) -> None:
    """List the account's domains."""
    run(_list(settings, account))


async def _list(settings: Settings, account: str) -> None:
    async with opened(settings, owner=False) as core:
        for domain in await senders.domains(core, await accounts.ensure_account(core, account)):
            click.echo(f"{domain.name}  {'verified' if domain.verified_at else 'not verified'}")
