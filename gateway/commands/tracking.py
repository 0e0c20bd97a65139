"""``babelpost tracking``: what a workspace tracks in messages that do not say themselves."""

from typing import get_args

import click
import msgspec

from core import accounts
from core.tracking.choice import Tracking, TrackLinks
from dialects.dialect import discover
from gateway import provision
from gateway.assemble import opened
from gateway.commands.options import account_option, run, with_settings, workspace_option
from gateway.config import Settings


@click.command()
@click.option("--opens/--no-opens", default=None, help="Put a pixel into HTML, or no longer.")
@click.option(
    "--links",
    type=click.Choice(get_args(TrackLinks)),
    help="Lead the links of these parts through this server.",
)
@account_option
@workspace_option
@with_settings
def tracking(
    settings: Settings, account: str, workspace: str, *, opens: bool | None, links: TrackLinks | None
) -> None:
    """Say what a workspace tracks, and change it.

    It holds for messages accepted from now on that do not say themselves what to track, of any provider's API.
    """
    given = {"opens": opens, "links": links}
    run(
        _track(
            settings, {name: value for name, value in given.items() if value is not None}, account, workspace
        )
    )


async def _track(settings: Settings, changes: dict[str, bool | str], account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        place = await provision.workspace(core, discover().values(), account, workspace)
        chosen: Tracking = msgspec.structs.replace(place.settings.tracking, **changes)
        if changes:
            await accounts.track(core, place.id, chosen)
    click.echo(f"{workspace}: opens {'on' if chosen.opens else 'off'}, links {chosen.links}")
