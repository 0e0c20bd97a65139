"""``babelpost tracking``: what a workspace tracks in messages that do not say themselves."""

from typing import get_args

import click
import msgspec

from core import accounts
from core.domains.domain import host
from core.tracking.choice import Tracking, TrackLinks
from dialects.dialect import discover
from gateway import provision
from gateway.assemble import opened
from gateway.commands.options import account_option, run, with_settings, workspace_option
from gateway.config import Settings


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; None and empty for nothing."""

    opens: bool | None
    links: TrackLinks | None
    domain: str


@click.command()
@click.option("--opens/--no-opens", default=None, help="Put a pixel into HTML, or no longer.")
@click.option(
    "--links",
    type=click.Choice(get_args(TrackLinks)),
    help="Lead the links of these parts through this server.",
)
@click.option("--domain", default="", help="In mail from this domain and those below it alone.")
@account_option
@workspace_option
@with_settings
def tracking(
    settings: Settings,
    account: str,
    workspace: str,
    domain: str,
    *,
    opens: bool | None,
    links: TrackLinks | None,
) -> None:
    """Say what a workspace tracks, and change it.

    It holds for messages accepted from now on that do not say themselves what to track, of any provider's API.
    """
    run(_track(settings, (account, workspace), Change(opens=opens, links=links, domain=domain)))


async def _track(settings: Settings, names: tuple[str, str], change: Change) -> None:
    async with opened(settings, owner=False) as core:
        place = await provision.workspace(core, discover().values(), *names)
        held = await accounts.track(
            core,
            place.id,
            opens=change.opens,
            links=change.links,
            domain=host(change.domain) if change.domain else "",
        )
    click.echo(_line(place.name, held))
    for domain, own in sorted(held.domains.items()):
        click.echo(_line(f"  {domain}", own))


def _line(name: str, held: Tracking) -> str:
    return f"{name}: opens {'on' if held.opens else 'off'}, links {held.links}"
