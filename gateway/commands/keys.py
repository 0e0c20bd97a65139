"""``babelpost keys``: make, import, list and revoke clients' keys."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from core import credentials
from dialects.dialect import discover
from gateway import provision
from gateway.assemble import opened
from gateway.commands.options import account_option, run, with_settings, workspace_option
from gateway.config import Settings
from gateway.provision import Wish


@click.group()
def keys() -> None:
    """Make, import, list and revoke the keys that clients use."""


def _describes_key(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument and options that say what a key is; the command gets them as a ``wish``."""

    @click.argument("dialect")
    @click.option("--kind", help="Sort of key where the provider has several, such as server or account.")
    @click.option("--name", default="", help="A name to know it by.")
    @click.option("--scope", "scopes", multiple=True, help="A right of the key; repeat for more.")
    @click.option(
        "--environment", default="live", show_default=True, help="live, or test where there is one."
    )
    @account_option
    @workspace_option
    @wraps(command)
    def wrapped(
        *, dialect: str, kind: str | None, scopes: tuple[str, ...], environment: str, name: str, **rest: Any
    ) -> Any:
        return command(wish=_wish(dialect, kind, scopes, environment, name), **rest)

    return wrapped


def _wish(name: str, kind: str | None, scopes: tuple[str, ...], environment: str, label: str) -> Wish:
    """What the options ask for; raises BadParameter that says what there is."""
    known = discover()
    if name not in known:
        raise click.BadParameter(f"there is no dialect {name}; there are {', '.join(known)}")
    dialect = known[name]
    found = next((each for each in dialect.keys if kind in (None, each.name)), None)
    if found is None:
        raise click.BadParameter(f"{name} has keys of kind {', '.join(each.name for each in dialect.keys)}")
    if environment not in found.environments:
        raise click.BadParameter(f"{name} has keys for {', '.join(found.environments)}")
    if odd := set(scopes) - found.all_scopes:
        choice = ", ".join(sorted(found.all_scopes)) or "none"
        raise click.BadParameter(f"{name} has no scope {', '.join(sorted(odd))}; there are: {choice}")
    chosen = frozenset(scopes) or None
    return Wish(dialect=dialect, kind=found, name=label, scopes=chosen, environment=environment)


@keys.command()
@_describes_key
@with_settings
def create(settings: Settings, wish: Wish, account: str, workspace: str) -> None:
    """Make a key for DIALECT and print it, the only time it can be read."""
    run(_create(settings, wish, account, workspace))


async def _create(settings: Settings, wish: Wish, account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        place = await provision.workspace(core, discover().values(), account, workspace)
        made = await provision.mint(core, place, wish)
    click.echo(made.secret)


@keys.command("import")
@_describes_key
@with_settings
def import_(settings: Settings, wish: Wish, account: str, workspace: str) -> None:
    """Take over an existing key of DIALECT, read from standard input, so that clients need no new one."""
    secret = sys.stdin.readline().strip()
    if not secret:
        raise click.UsageError("the key is read from standard input, one line; nothing came")
    run(_import(settings, wish, account, workspace, secret))


async def _import(settings: Settings, wish: Wish, account: str, workspace: str, secret: str) -> None:
    async with opened(settings, owner=False) as core:
        place = await provision.workspace(core, discover().values(), account, workspace)
        kept = await provision.keep(core, place, wish, secret)
    click.echo(kept)


@keys.command("list")
@with_settings
def list_(settings: Settings) -> None:
    """List every key: id, dialect, kind, state, beginning and end of its text, workspace, name."""
    run(_list(settings))


async def _list(settings: Settings) -> None:
    async with opened(settings, owner=False) as core:
        for key in await credentials.every(core):
            shown = f"{key.prefix}…{key.last4}"
            place = key.workspace_name or "(account)"
            click.echo(
                f"{key.id}  {key.dialect:<11} {key.kind:<8} {key.state:<9} {shown:<20} {place}  {key.name}"
            )


@keys.command()
@click.argument("id")
@with_settings
def revoke(settings: Settings, id: str) -> None:
    """Revoke the key with this ID, from the list; servers obey within a second."""
    run(_revoke(settings, id))


async def _revoke(settings: Settings, id: str) -> None:
    async with opened(settings, owner=False) as core:
        await credentials.set_state(core, id, "revoked")
    click.echo(f"{id} is revoked.")
