"""``babelpost retention``: how long what is kept, and forgetting what is too old."""

import sys

import click
import msgspec

from core import accounts
from core import retention as nouns
from core.accounts import WorkspaceSettings
from dialects.dialect import discover
from gateway import logs, provision
from gateway.assemble import opened
from gateway.commands.options import account_option, run, with_settings, workspace_option
from gateway.config import Settings

_days = click.IntRange(0, 36_525)
_KINDS = ("bodies", "events", "messages")


@click.group()
def retention() -> None:
    """Forget what is older than it is wanted; a worker does so by itself every hour."""


@retention.command("run")
@with_settings
def run_(settings: Settings) -> None:
    """Forget now. It may be broken off at any moment, and goes on from there."""
    # the bar and the counts say the rest
    logs.configure("warning", "console")
    run(_run(settings))


async def _run(settings: Settings) -> None:
    async with opened(settings, owner=False) as core:
        waiting = sum((await nouns.backlog(core)).values())
        with click.progressbar(length=waiting, label="forgetting", file=sys.stderr) as bar:
            done = await nouns.run(core, lambda _, count: bar.update(count))
    for name, count in done.items():
        click.echo(f"{name}: {count:,}")
    if not done:
        click.echo("nothing is too old")


@retention.command()
@account_option
@workspace_option
@click.option("--bodies", type=_days, help="Days for what messages said, and their files; 0 for ever.")
@click.option("--events", type=_days, help="Days for what happened to messages; 0 for ever.")
@click.option("--messages", type=_days, help="Days for messages with everything of theirs; 0 for ever.")
@click.option("--reset", is_flag=True, help="Go back to the settings of the installation first.")
@with_settings
def keep(settings: Settings, account: str, workspace: str, *, reset: bool, **days: int | None) -> None:
    """Show how long a workspace keeps what, and give it ages of its own."""
    chosen: dict[str, int | None] = {
        f"keep_{name}_days": count for name, count in days.items() if count is not None
    }
    if reset:
        chosen = {**{f"keep_{name}_days": None for name in _KINDS}, **chosen}
    run(_keep(settings, account, workspace, chosen))


async def _keep(settings: Settings, account: str, workspace: str, chosen: dict[str, int | None]) -> None:
    async with opened(settings, owner=False) as core:
        place = await provision.workspace(core, discover().values(), account, workspace)
        held = await accounts.settle(core, place.id, lambda held: _changed(held, chosen))
        ages = nouns.ages(core.policy, held)
    for name in _KINDS:
        days = getattr(ages, f"{name}_days")
        own = " (its own)" if getattr(held, f"keep_{name}_days") is not None else ""
        click.echo(f"{name}: {f'{days} days' if days else 'for ever'}{own}")


def _changed(held: WorkspaceSettings, chosen: dict[str, int | None]) -> WorkspaceSettings:
    return msgspec.structs.replace(held, **chosen)
