"""``babelpost templates``: templates for providers whose API has no call to make them."""

from pathlib import Path

import click

from core import render
from core import templates as nouns
from core.core import Caller, Core
from core.errors import NotFound
from core.paging import PageRequest
from dialects.dialect import discover
from gateway import provision
from gateway.assemble import opened
from gateway.commands.options import account_option, run, with_settings, workspace_option
from gateway.config import Settings

_PART = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group()
def templates() -> None:
    """Put and list templates; providers whose clients make them by API need this not."""


@templates.command()
@click.argument("slug")
@click.option("--syntax", required=True, help="twig, tokens, triple or mustachio.")
@click.option("--name", help="A name for people; the slug where left out.")
@click.option("--subject", default="", help="Subject, with variables.")
@click.option("--sender", default="", help="From, where the call gives none.")
@click.option("--html", type=_PART, help="File with the HTML body.")
@click.option("--text", type=_PART, help="File with the plain body.")
@click.option("--css", type=_PART, help="File with a stylesheet for the HTML body.")
@click.option("--layout", default="", help="Slug of the template it nests in.")
@account_option
@workspace_option
@with_settings
def put(settings: Settings, slug: str, name: str | None, syntax: str, **rest: str | Path | None) -> None:
    """Make the template SLUG, or save a new version of it."""
    account, workspace = str(rest.pop("account")), str(rest.pop("workspace"))
    body = nouns.Body(
        subject=str(rest["subject"]),
        sender=str(rest["sender"]),
        html=_read(rest["html"]),
        text=_read(rest["text"]),
        css=_read(rest["css"]) or "",
        layout=str(rest["layout"]),
    )
    new = nouns.NewTemplate(slug=slug, name=name or slug, syntax=syntax, body=body)
    source = render.Source(
        name=slug, syntax=syntax, subject=body.subject, html=body.html, text=body.text, layout=body.layout
    )
    render.check(source)
    run(_put(settings, new, account, workspace))


def _read(path: str | Path | None) -> str | None:
    if path is None:
        return None
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8: {error.reason} at byte {error.start}"
        raise click.BadParameter(message) from error


async def _put(settings: Settings, new: nouns.NewTemplate, account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        saved = await _save(core, await _caller(core, account, workspace), new)
    click.echo(f"{saved.slug} version {saved.version}")


async def _caller(core: Core, account: str, workspace: str) -> Caller:
    place = await provision.workspace(core, discover().values(), account, workspace)
    return Caller(account_id=place.account_id, workspace_id=place.id)


async def _save(core: Core, caller: Caller, new: nouns.NewTemplate) -> nouns.Template:
    try:
        held = await nouns.find(core, caller, new.slug)
    except NotFound:
        return await nouns.create(core, caller, new)
    return await nouns.save(core, caller, held.id, new.body)


@templates.command("list")
@account_option
@workspace_option
@with_settings
def list_(settings: Settings, account: str, workspace: str) -> None:
    """List the workspace's templates."""
    run(_list(settings, account, workspace))


async def _list(settings: Settings, account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        caller, request = await _caller(core, account, workspace), PageRequest(limit=100)
        while True:
            page = await nouns.page(core, caller, request)
            for each in page.items:
                click.echo(f"{each.slug}  {each.syntax}  version {each.version}  {each.name}")
            if not page.more:
                return
            request = PageRequest(limit=100, after=page.items[-1].id)
