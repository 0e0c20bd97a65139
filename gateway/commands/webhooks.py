"""``babelpost webhooks``: endpoints of applications, for providers whose clients have no API to make one with."""

from collections.abc import Iterator
from typing import Final

import click
import msgspec

from core import accounts
from core import webhooks as nouns
from core.core import Caller, Core
from core.errors import Invalid
from core.paging import PageRequest
from core.webhooks import Filter, Webhook, incidents
from dialects.dialect import Dialect, Listener, discover
from dialects.times import iso
from gateway import provision
from gateway.assemble import opened
from gateway.commands import drill
from gateway.commands.options import (
    account_option,
    known_account_option,
    known_workspace_option,
    run,
    with_settings,
    workspace_option,
)
from gateway.config import Settings

_AT_ONCE: Final = 500
# every id is greater
_BEFORE_ALL: Final = "-"
_LISTENING: Final = tuple(name for name, each in discover().items() if each.listen is not None)


@click.group()
def webhooks() -> None:
    """List webhooks, add some in a provider's words, try them, tell them again, forget them."""


for _each in (drill.drill, drill.replay, drill.listen):
    webhooks.add_command(_each)


@webhooks.command("list")
@account_option
@workspace_option
@with_settings
def list_(settings: Settings, account: str, workspace: str) -> None:
    """List them from the oldest on: id, provider, state, URL, and of what they are told."""
    run(_list(settings, account, workspace))


async def _list(settings: Settings, account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        caller = await _caller(core, account, workspace)
        request = PageRequest(limit=_AT_ONCE, before=_BEFORE_ALL)
        while True:
            found = await nouns.outlines(core, caller.workspace_id, request)
            for each in reversed(found.items):
                click.echo("  ".join(_words(each)))
            if not found.more:
                return
            request = PageRequest(limit=_AT_ONCE, before=found.items[0].id)


def _words(webhook: Webhook) -> Iterator[str]:
    yield from (webhook.id, webhook.dialect)
    yield f"{webhook.state} ({webhook.reason})" if webhook.reason else webhook.state
    yield _shown(webhook.url)
    yield from (word for word in (webhook.stream, webhook.role) if word)
    yield ",".join(webhook.kinds)


def _shown(url: str) -> str:
    """Without user and password."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


@webhooks.command()
@click.argument("dialect", type=click.Choice(_LISTENING))
@click.argument("url")
@click.option(
    "--event", "events", multiple=True, help="In the provider's word, as often as wanted; all if none."
)
@click.option("--form", default="", help="Of bodies, for postageapp: json-1.1 (the usual), json-1.0 or form.")
@click.option("--stream", default="", help="For postmark: the stream it is of, outbound if none is named.")
@click.option(
    "--secret",
    default="",
    help="What calls are signed with; a new one if none. For postageapp: the project's key.",
)
@account_option
@workspace_option
@with_settings
def add(  # noqa: PLR0913  # each is an option
    settings: Settings,
    dialect: str,
    url: str,
    account: str,
    workspace: str,
    *,
    events: tuple[str, ...],
    form: str,
    stream: str,
    secret: str,
) -> None:
    """Tell URL what happens in the workspace, in the words of DIALECT; print the webhook's id and its secret."""
    wish = Listener(url=url, events=events, form=form, stream=stream, secret=secret)
    run(_add(settings, discover()[dialect], wish, account, workspace))


async def _add(settings: Settings, dialect: Dialect, wish: Listener, account: str, workspace: str) -> None:
    if dialect.listen is None:
        raise Invalid("dialect", f"{dialect.name} has no webhooks.")
    async with opened(settings, owner=False) as core:
        place = await provision.workspace(core, discover().values(), account, workspace)
        new = dialect.listen(msgspec.structs.replace(wish, settings=place.settings))
        keep = nouns.assign if new.role else nouns.create
        made = await keep(core, Caller(account_id=place.account_id, workspace_id=place.id), new)
    click.echo(f"{made.id}  {made.secret}".rstrip())


@webhooks.command()
@click.argument("webhook")
@account_option
@workspace_option
@with_settings
def remove(settings: Settings, webhook: str, account: str, workspace: str) -> None:
    """Forget WEBHOOK (its id), and what was still to be told to it."""
    run(_remove(settings, webhook, account, workspace))


async def _remove(settings: Settings, id: str, account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        caller = await _caller(core, account, workspace)
        await nouns.delete(core, await nouns.named(core, caller.workspace_id, id))
    click.echo(f"{id} is forgotten.")


@webhooks.command("incidents")
@click.option("--count", default=100, show_default=True, help="So many, the newest last.")
@known_account_option
@known_workspace_option
@with_settings
def incidents_(settings: Settings, account: str, workspace: str, count: int) -> None:
    """Print what befell webhooks without anybody's wish: which only fail, which are told nothing any more, and why."""
    run(_incidents(settings, account, workspace, count))


async def _incidents(settings: Settings, account: str, workspace: str, count: int) -> None:
    async with opened(settings, owner=False) as core:
        place = await accounts.named(core, account, workspace)
        found = await incidents.page(core, place.id, PageRequest(limit=max(count, 0)))
    for each in reversed(found.items):
        click.echo(f"{iso(each.at)}  {each.webhook_id}  {each.kind}  {each.reason}")


@webhooks.command()
@click.argument("webhook")
@click.option("--failed", is_flag=True, help="Only what has failed for good.")
@click.option("--count", default=100, show_default=True, help="So many, the newest last.")
@known_account_option
@known_workspace_option
@with_settings
def calls(
    settings: Settings, webhook: str, account: str, workspace: str, *, failed: bool, count: int
) -> None:
    """Print what WEBHOOK (its id) was told: when, id of the call, event, state, attempts, status of the last answer."""
    wanted = Filter(states=("failed",) if failed else None)
    run(_calls(settings, webhook, account, workspace, wanted, count))


async def _calls(
    settings: Settings, id: str, account: str, workspace: str, wanted: Filter, count: int
) -> None:
    async with opened(settings, owner=False) as core:
        place = await accounts.named(core, account, workspace)
        webhook = await nouns.outline(core, place.id, id)
        found = await nouns.dispatches(core, webhook, wanted, PageRequest(limit=max(count, 0)))
    for each in reversed(found.items):
        click.echo(
            f"{iso(each.created_at)}  {each.id}  {each.event:<28} {each.state:<10}  {each.attempts}  {each.status}"
        )


async def _caller(core: Core, account: str, workspace: str) -> Caller:
    place = await provision.workspace(core, discover().values(), account, workspace)
    return Caller(account_id=place.account_id, workspace_id=place.id)
