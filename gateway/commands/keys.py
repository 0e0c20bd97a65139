"""``babelpost keys``: make, import, list and revoke clients' keys."""

from collections.abc import Callable
from typing import Any

import click

from core import credentials
from dialects.dialect import Dialect, KeyKind, discover
from gateway import provision
from gateway.assemble import opened
from gateway.commands.options import account_option, run, with_settings, workspace_option
from gateway.config import Settings


@click.group()
def keys() -> None:
    """Make, import, list and revoke the keys that clients use."""


def _describes_key(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what a key is."""
    for option in reversed(
        (
            click.argument("dialect"),
            click.option(
                "--kind", help="Sort of key where the provider has several, such as server or account."
            ),
            click.option("--name", default="", help="A name to know it by."),
            click.option("--scope", "scopes", multiple=True, help="A right of the key; repeat for more."),
            click.option(
                "--environment", default="live", show_default=True, help="live, or test where there is one."
            ),
            account_option,
            workspace_option,
        )
    ):
        command = option(command)
    return command


def _kind(name: str, kind: str | None, environment: str, scopes: tuple[str, ...]) -> tuple[Dialect, KeyKind]:
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
    return dialect, found


@keys.command()
@_describes_key
@with_settings
def create(settings: Settings, dialect: str, kind: str | None, scopes: tuple[str, ...], **rest: str) -> None:
    """Make a key for DIALECT and print it, the only time it can be read."""
    chosen = _kind(dialect, kind, rest["environment"], scopes)
    run(_create(settings, *chosen, scopes, **rest))


async def _create(
    settings: Settings,
    dialect: Dialect,
    kind: KeyKind,
    scopes: tuple[str, ...],
    *,
    name: str,
    environment: str,
    account: str,
    workspace: str,
) -> None:
    async with opened(settings, owner=False) as core:
        place = await provision.workspace(core, discover().values(), account, workspace)
        made = await provision.mint(
            core, dialect, kind, place, name=name, scopes=frozenset(scopes) or None, environment=environment
        )
    click.echo(made.secret)


@keys.command("import")
@_describes_key
@with_settings
def import_(settings: Settings, dialect: str, kind: str | None, scopes: tuple[str, ...], **rest: str) -> None:
    """Take over an existing key of DIALECT, read from standard input, so that clients need no new one."""
    chosen = _kind(dialect, kind, rest["environment"], scopes)
    secret = click.get_text_stream("stdin").readline().strip()
    if not secret:
        raise click.UsageError("the key is read from standard input, one line; nothing came")
    run(_import(settings, *chosen, scopes, secret, **rest))


async def _import(
    settings: Settings,
    dialect: Dialect,
    kind: KeyKind,
    scopes: tuple[str, ...],
    secret: str,
    *,
    name: str,
    environment: str,
    account: str,
    workspace: str,
) -> None:
    async with opened(settings, owner=False) as core:
        place = await provision.workspace(core, discover().values(), account, workspace)
        id = await provision.keep(  # noqa: A001
            core,
            dialect,
            kind,
            place,
            secret,
            name=name,
            scopes=frozenset(scopes) or None,
            environment=environment,
        )
    click.echo(id)


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
def revoke(settings: Settings, id: str) -> None:  # noqa: A002
    """Revoke the key with this ID, from the list; servers obey within a second."""
    run(_revoke(settings, id))


async def _revoke(settings: Settings, id: str) -> None:  # noqa: A002
    async with opened(settings, owner=False) as core:
        await credentials.set_state(core, id, "revoked")
    click.echo(f"{id} is revoked.")
