"""``babelpost topics``: what a workspace writes about, and what holds for whoever has not chosen."""

import click

from core import topics as nouns
from core.core import Caller, Core
from core.paging import PageRequest
from core.topics import NewTopic, Topic
from dialects.dialect import discover
from gateway import provision
from gateway.assemble import opened
from gateway.commands.options import account_option, run, with_settings, workspace_option
from gateway.config import Settings

_MOST = 100


@click.group()
def topics() -> None:
    """List topics that mail can be about, add some, forget them."""


@topics.command("list")
@account_option
@workspace_option
@with_settings
def list_(settings: Settings, account: str, workspace: str) -> None:
    """List them from the newest on: id, key, default, visibility, name."""
    run(_list(settings, account, workspace))


async def _list(settings: Settings, account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        caller, after, more = await _caller(core, account, workspace), None, True
        while more:
            page = await nouns.page(core, caller, PageRequest(limit=_MOST, after=after))
            for each in page.items:
                click.echo(_line(each))
            more = page.more
            after = page.items[-1].id if page.items else None


def _line(topic: Topic) -> str:
    return f"{topic.id}  {topic.key}  {topic.subscription}  {topic.visibility}  {topic.name}"


@topics.command()
@click.argument("name")
@click.option("--key", default="", help="What mail calls it by; its id where left out.")
@click.option("--description", default="", help="Shown to readers beside the name.")
@click.option(
    "--opt-out", is_flag=True, help="Only for those who ask for it; else for all but those who decline."
)
@click.option("--public", is_flag=True, help="Offered on every unsubscribe page of the workspace.")
@account_option
@workspace_option
@with_settings
def add(  # noqa: PLR0913  # each is an option
    settings: Settings,
    account: str,
    workspace: str,
    *,
    name: str,
    key: str,
    description: str,
    opt_out: bool,
    public: bool,
) -> None:
    """Add a topic called NAME, and print its id."""
    new = NewTopic(
        name=name,
        key=key,
        description=description,
        subscription="opt_out" if opt_out else "opt_in",
        visibility="public" if public else "private",
    )
    run(_add(settings, new, account, workspace))


async def _add(settings: Settings, new: NewTopic, account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        made = await nouns.create(core, await _caller(core, account, workspace), new)
    click.echo(made.id)


@topics.command()
@click.argument("topic")
@account_option
@workspace_option
@with_settings
def remove(settings: Settings, topic: str, account: str, workspace: str) -> None:
    """Forget TOPIC (its id or key), and what everybody chose for it."""
    run(_remove(settings, topic, account, workspace))


async def _remove(settings: Settings, topic: str, account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        await nouns.delete(core, await _caller(core, account, workspace), topic)
    click.echo(f"{topic} is forgotten.")


async def _caller(core: Core, account: str, workspace: str) -> Caller:
    place = await provision.workspace(core, discover().values(), account, workspace)
    return Caller(account_id=place.account_id, workspace_id=place.id)
