"""``babelpost domains``: which domains an account may send from, and what proves them."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import click
import msgspec

from core import accounts, addresses, domains, senders
from core.accounts import Account
from core.clock import SECOND
from core.core import Core
from core.domains import Domain
from gateway.assemble import opened
from gateway.commands.options import account_option, run, with_settings
from gateway.config import Settings

_Work = Callable[[Core, Account], Awaitable[None]]


@click.group("domains")
def domains_group() -> None:
    """Say which domains an account may send from, and prove them by DNS."""


def _run(settings: Settings, account: str, work: _Work) -> None:
    """Do something for an account."""

    async def whole() -> None:
        async with opened(settings, owner=False) as core:
            await work(core, await accounts.ensure_account(core, account))

    run(whole())


@domains_group.command()
@click.argument("name")
@click.option("--ed25519", is_flag=True, help="Sign with Ed25519 too, beside RSA.")
@click.option("--selector", default="", help="Selector of the key; unset: one of today's date.")
@click.option("--return-domain", default="", help="Name below NAME that bounces come back to.")
@click.option("--tracking-domain", default="", help="Name below NAME for links in mail.")
@click.option(
    "--receiving", is_flag=True, help="Ask for an MX record; whose the mail is, 'inbound add' says."
)
@account_option
@with_settings
def add(settings: Settings, name: str, account: str, **chosen: str | bool) -> None:
    """Add NAME with a key of its own, and print the DNS records to publish."""
    _check_hosts(settings, chosen)
    draft = msgspec.convert({"name": name, **chosen}, domains.Draft)

    async def work(core: Core, owner: Account) -> None:
        await _print_records(core, await domains.add(core, owner.id, draft))

    _run(settings, account, work)


@domains_group.command()
@click.argument("name")
@click.option("--return-domain", help="Name below NAME that bounces come back to; '' for none.")
@click.option("--tracking-domain", help="Name below NAME for links in mail; '' for none.")
@click.option("--receiving/--no-receiving", default=None, help="Whether to ask for an MX record.")
@account_option
@with_settings
def change(settings: Settings, name: str, account: str, **chosen: str | bool | None) -> None:
    """Give NAME other names or tasks, keeping its keys, and print the DNS records to publish."""
    _check_hosts(settings, chosen)
    wanted = msgspec.convert(chosen, domains.Change)

    async def work(core: Core, owner: Account) -> None:
        domain = await domains.get(core, owner.id, name)
        await _print_records(core, await domains.change(core, domain, wanted))

    _run(settings, account, work)


def _check_hosts(settings: Settings, chosen: Mapping[str, str | bool | None]) -> None:
    """Refuse a name whose record would lead nowhere."""
    for option, host in (
        ("return_domain", settings.return_host),
        ("tracking_domain", settings.tracking_host),
    ):
        if chosen[option] and not host:
            setting = option.replace("domain", "host")
            message = f"--{option.replace('_', '-')} needs the setting {setting}, which its record leads to"
            raise click.UsageError(message)
    if chosen["receiving"] and not settings.inbound_host:
        raise click.UsageError("--receiving needs the setting inbound_host, which its record leads to")


@domains_group.command()
@click.argument("name")
@account_option
@with_settings
def records(settings: Settings, name: str, account: str) -> None:
    """Print the DNS records of NAME, as lines of a zone file."""

    async def work(core: Core, owner: Account) -> None:
        await _print_records(core, await domains.get(core, owner.id, name))

    _run(settings, account, work)


async def _print_records(core: Core, domain: Domain) -> None:
    pairs = await domains.checked(core, domain)
    if not pairs:
        click.echo(f"; {domain.name} is trusted and has no key: babelpost domains add {domain.name}")
    for record, check in pairs:
        click.echo(f"; {record.purpose}: {check.state}{_why(check.told)}")
        click.echo(record.zone_line())
    now = core.clock.now()
    for record, needed in domains.kept(domain, await domains.keys_of(core, domain.id), now):
        click.echo(
            f"; {'retired: keep it, mail on its way needs it' if needed else 'retired: may be removed'}"
        )
        click.echo(record.zone_line())


@domains_group.command()
@click.argument("name")
@account_option
@with_settings
def verify(settings: Settings, name: str, account: str) -> None:
    """Look for the DNS records of NAME now; fails where mail may not be sent from it."""

    async def work(core: Core, owner: Account) -> None:
        domain = await domains.verify(core, await domains.get(core, owner.id, name), anew=True)
        for record, check in await domains.checked(core, domain):
            click.echo(f"{record.purpose:9}{check.state:18}{record.kind:6}{record.name}{_why(check.told)}")
        click.echo(_line(domain))
        if domain.verified_at is None:
            raise click.exceptions.Exit(1)

    _run(settings, account, work)


@domains_group.command()
@click.argument("name")
@account_option
@with_settings
def rotate(settings: Settings, name: str, account: str) -> None:
    """Make a new key for NAME; the present one signs until the new one's record is seen."""

    async def work(core: Core, owner: Account) -> None:
        domain = await domains.get(core, owner.id, name)
        await domains.rotate(core, domain)
        await _print_records(core, domain)

    _run(settings, account, work)


@domains_group.command()
@click.argument("name")
@account_option
@with_settings
def trust(settings: Settings, name: str, account: str) -> None:
    """Let the account send from every address at NAME, without proof."""

    async def work(core: Core, owner: Account) -> None:
        await domains.trust(core, owner.id, name)
        click.echo(f"{account} may send from {name}.")

    _run(settings, account, work)


@domains_group.command()
@click.argument("address")
@account_option
@with_settings
def confirm(settings: Settings, address: str, account: str) -> None:
    """Let the account send from one ADDRESS alone, whatever its domain."""
    try:
        email = addresses.parse(address).email
    except addresses.AddressError as error:
        raise click.BadParameter(f"{address} is no address that mail can be sent from") from error

    async def work(core: Core, owner: Account) -> None:
        await senders.put_sender(core, owner, email, confirmed=True)
        click.echo(f"{account} may send from {email}.")

    _run(settings, account, work)


@domains_group.command()
@click.argument("name")
@account_option
@with_settings
def remove(settings: Settings, name: str, account: str) -> None:
    """Take NAME and its keys away from the account."""

    async def work(core: Core, owner: Account) -> None:
        await domains.remove(core, owner.id, name)
        click.echo(f"{account} may no longer send from {name}.")

    _run(settings, account, work)


@domains_group.command("list")
@account_option
@with_settings
def list_(settings: Settings, account: str) -> None:
    """List the account's domains."""

    async def work(core: Core, owner: Account) -> None:
        for domain in await domains.of_account(core, owner.id):
            click.echo(_line(domain))

    _run(settings, account, work)


@domains_group.command()
@click.argument("name")
@account_option
@with_settings
def history(settings: Settings, name: str, account: str) -> None:
    """Tell when NAME turned verified, and when it failed."""

    async def work(core: Core, owner: Account) -> None:
        for event in await domains.events_of(core, await domains.get(core, owner.id, name)):
            moment = datetime.fromtimestamp(event.at // SECOND, UTC).isoformat()
            click.echo(f"{moment}  {event.kind}{_why(event.told)}")

    _run(settings, account, work)


def _line(domain: Domain) -> str:
    state = domain.state.replace("_", " ")
    if not domain.trusted:
        return f"{domain.name}  {state}"
    # without a key there is nothing that could be pending or found
    has_key = domain.checked_at is not None or domain.state != "verified"
    return f"{domain.name}  trusted{f', dkim {state}' if has_key else ''}"


def _why(told: str) -> str:
    return f" ({told})" if told else ""
