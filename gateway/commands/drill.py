"""``babelpost webhooks test``, ``replay`` and ``listen``: try an endpoint, tell it again, or be one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import click
import msgspec

from core import accounts
from core import webhooks as nouns
from core.clock import HOUR, SECOND
from core.core import Caller
from core.errors import Invalid
from core.webhooks import Filter
from core.webhooks.probing import probe
from core.webhooks.samples import samples
from dialects.dialect import Dialect, Listener, discover
from dialects.times import moment
from dialects.verifying import Received, Verdict
from gateway import provision
from gateway.assemble import opened
from gateway.commands.options import account_option, run, with_settings, workspace_option
from gateway.config import Settings

_LISTENING: Final = tuple(name for name, each in discover().items() if each.listen is not None)
_LONGEST_BYTES: Final = 64 * 1024 * 1024
_ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@click.command("test")
@click.argument("webhook")
@account_option
@workspace_option
@with_settings
def drill(settings: Settings, webhook: str, account: str, workspace: str) -> None:
    """Call WEBHOOK (its id) once for each event that it is told, with samples; print what it answers.

    Nothing of it is kept, and nothing is tried again.
    """
    run(_drill(settings, webhook, account, workspace))


async def _drill(settings: Settings, id: str, account: str, workspace: str) -> None:
    async with opened(settings, owner=False) as core:
        place = await accounts.named(core, account, workspace)
        webhook = await nouns.named(core, place.id, id)
        teller = discover()[webhook.dialect].webhooks
        if teller is None:
            raise Invalid("webhook", f"{webhook.dialect} tells nothing.")
        tried: set[str] = set()
        for happening in samples(place, webhook.kinds, core.clock.now(), stream=webhook.stream):
            for payload in teller.payloads(webhook, happening):
                # two kinds may have one word
                if payload.event in tried:
                    continue
                tried.add(payload.event)
                answer = await probe(core, teller, webhook, payload)
                click.echo(f"{payload.event:<28} {answer.status or answer.error}  {answer.duration_ms} ms")


@click.command()
@click.argument("webhook")
@click.option("--call", "calls", multiple=True, help="One call by its id, as often as wanted; else a range.")
@click.option("--since", type=click.DateTime(), help="UTC; a day ago where left out.")
@click.option("--until", type=click.DateTime(), help="UTC; now where left out.")
@click.option("--failed", is_flag=True, help="Of a range only what has failed for good.")
@account_option
@workspace_option
@with_settings
def replay(  # noqa: PLR0913  # each is an option
    settings: Settings,
    webhook: str,
    account: str,
    workspace: str,
    *,
    calls: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    failed: bool,
) -> None:
    """Tell WEBHOOK (its id) again what it was told, whatever came of it then."""
    wanted = Filter(
        states=("failed",) if failed else None,
        since=None if since is None else moment(since.replace(tzinfo=UTC)),
        until=None if until is None else moment(until.replace(tzinfo=UTC)),
    )
    run(_replay(settings, webhook, account, workspace, calls, wanted))


async def _replay(
    settings: Settings, id: str, account: str, workspace: str, calls: tuple[str, ...], wanted: Filter
) -> None:
    async with opened(settings, owner=False) as core:
        place = await accounts.named(core, account, workspace)
        webhook = await nouns.named(core, place.id, id)
        if webhook.state != "enabled":
            raise Invalid("webhook", "It is disabled, and told nothing.")
        for call in calls:
            await nouns.replay(core, webhook, call)
        count = len(calls)
        if not calls:
            since = core.clock.now() - 24 * HOUR if wanted.since is None else wanted.since
            count = await nouns.replay_all(core, webhook, msgspec.structs.replace(wanted, since=since))
    click.echo(f"{count:,} told again.")


@click.command()
@click.argument("dialect", type=click.Choice(_LISTENING))
@click.option("--event", "events", multiple=True, help="In the provider's word; all where left out.")
@click.option("--form", default="", help="Of bodies, where the provider has several.")
@click.option("--secret", default="", help="What calls are to be signed with; a new one where left out.")
@click.option("--count", default=0, help="End after so many calls; 0 goes on until it is interrupted.")
@account_option
@workspace_option
@with_settings
def listen(  # noqa: PLR0913  # each is an option
    settings: Settings,
    dialect: str,
    account: str,
    workspace: str,
    *,
    events: tuple[str, ...],
    form: str,
    secret: str,
    count: int,
) -> None:
    """Print what is told in the words of DIALECT, here, for as long as this runs, and whether its signature is valid.

    A webhook to this machine is made, and forgotten at the end; the server has to have allow_private_targets, as
    `babelpost dev` has.
    """
    wish = Listener(url="", events=events, form=form, secret=secret)
    try:
        run(_listen(settings, dialect, wish, account, workspace, count))
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


async def _listen(
    settings: Settings, dialect: str, wish: Listener, account: str, workspace: str, count: int
) -> None:
    heard: asyncio.Queue[_Heard] = asyncio.Queue()
    async with opened(settings, owner=False) as core, _hearing(heard) as url:
        place = await provision.workspace(core, discover().values(), account, workspace)
        caller = Caller(account_id=place.account_id, workspace_id=place.id)
        speaker = discover()[dialect]
        if speaker.listen is None:
            raise Invalid("dialect", f"{dialect} has no webhooks.")
        webhook = await nouns.create(core, caller, speaker.listen(msgspec.structs.replace(wish, url=url)))
        click.echo(f"listening as {webhook.id}  {webhook.secret}".rstrip(), err=True)
        try:
            left = count
            while count == 0 or left > 0:
                call = await heard.get()
                click.echo(f"{call.head}\n\n{call.body.decode('utf-8', 'backslashreplace')}\n")
                verdict = _verdict(speaker, webhook.secret, call, core.clock.now())
                click.echo(f"signature {verdict}\n")
                left -= 1
        finally:
            await nouns.delete(core, webhook)


class _Heard(msgspec.Struct, frozen=True):
    """A call: request line and header fields, and what it said."""

    head: str
    body: bytes

    @property
    def fields(self) -> dict[str, str]:
        """The header fields, their names in lower case."""
        lines = [line.partition(":") for line in self.head.split("\n")[1:]]
        return {name.lower(): value.strip() for name, _, value in lines}


def _verdict(speaker: Dialect, secret: str, call: _Heard, now: int) -> Verdict:
    """What this one's receiver would say."""
    if speaker.verify is None:
        return "none"
    try:
        return speaker.verify(secret, Received(headers=call.fields, body=call.body), now // SECOND)
    except ValueError:
        # whoever called, it was not in this one's words
        return "wrong"


@asynccontextmanager
async def _hearing(heard: "asyncio.Queue[_Heard]") -> AsyncIterator[str]:
    """Take calls on a free port of this machine; its address."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().replace("\r\n", "\n")
            lengths = [
                line.partition(":")[2]
                for line in head.split("\n")
                if line.lower().startswith("content-length:")
            ]
            body = await reader.readexactly(min(int(next(iter(lengths), "0")), _LONGEST_BYTES))
            writer.write(_ANSWER)
            await writer.drain()
            heard.put_nowait(_Heard(head, body))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError) as error:
            click.echo(f"a call could not be read: {error}", err=True)
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
