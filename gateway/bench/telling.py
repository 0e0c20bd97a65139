"""The measurements of webhooks: from the outbox to a local application, beside a client that posts constant bodies."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click
import httpx
import msgspec
import uvloop

from core import accounts, addresses, messages, webhooks
from core.budget import Budget
from core.clock import DAY
from core.core import Caller, Core
from core.formats import WebhookFormat
from core.messages import Content, Draft, Party
from core.poster import Poster
from core.webhooks import NewWebhook
from core.webhooks.dispatcher import Dispatcher
from dialects.dialect import Listener, discover
from gateway.assemble import opened
from gateway.bench.consumer import HANG
from gateway.bench.runs import Setup, headline, place
from gateway.commands.options import DEFAULT_NAME
from gateway.config import Settings

# whose words are told: with a signature, and a body of the usual length
_DIALECT: Final = "resend"
_AT_ONCE: Final = 10
_BATCH: Final = 500
_LOOK_S: Final = 0.01
# about as long as what is told
_BODY: Final = b'{"type":"email.sent","data":"' + b"x" * 450 + b'"}'

_Heard = Callable[[], int]


def tell(setup: Setup, events: int, endpoints: int) -> None:
    """One endpoint's rate beside the client's own, then many endpoints of which one hangs."""
    with place(setup) as (database, data), _consumer() as (port, heard):
        headline(setup, data)
        uvloop.run(_tell(database, port, heard, events, endpoints))


async def _tell(database: str, port: int, heard: _Heard, events: int, endpoints: int) -> None:
    url = f"http://127.0.0.1:{port}"
    base = await _posted(url, events)
    click.echo(f"httpx      {base:10,.0f} calls/s, constant bodies, {_AT_ONCE} at once")
    settings = Settings(database=database, transport="capture", sender_policy="any")
    async with opened(settings) as core:
        caller = await _caller(core)
        hook = await webhooks.create(core, caller, _new(url))
        await _happen(core, caller, events)
        rate = await _told(core, heard, events)
        click.echo(
            f"webhooks   {rate:10,.0f} events/s, outbox to 200 received and kept; ratio {rate / base:.2f}"
        )
        await webhooks.delete(core, hook)
        for number in range(endpoints - 1):
            await webhooks.create(core, caller, _new(f"{url}/{number}"))
        await webhooks.create(core, caller, _new(f"{url}{HANG}"))
        await _happen(core, caller, 1)
        rate = await _told(core, heard, endpoints - 1)
        click.echo(f"endpoints  {rate:10,.0f} calls/s to {endpoints:,} endpoints, of which one hangs")


def _new(url: str) -> NewWebhook:
    listen = discover()[_DIALECT].listen
    if listen is None:
        raise click.ClickException(f"{_DIALECT} makes no webhooks")
    made = listen(Listener(url=url))
    return msgspec.structs.replace(made, kinds=("scheduled",))


async def _caller(core: Core) -> Caller:
    account = await accounts.ensure_account(core, DEFAULT_NAME)
    made = await accounts.ensure_workspace(core, account, DEFAULT_NAME)
    return Caller(account_id=account.id, workspace_id=made.id, workspace_number=made.number)


async def _happen(core: Core, caller: Caller, count: int) -> None:
    """Accept mail for another day, of which nothing is told yet."""
    sender, reader = (Party(addresses.parse(each)) for each in ("app@example.org", "ann@example.com"))
    mail = Draft(
        sender=sender,
        to=(reader,),
        content=Content(subject="Hello", text="Hello, you."),
        send_at=core.clock.now() + DAY,
    )
    for start in range(0, count, _BATCH):
        await messages.submit_all(core, caller, [mail] * min(_BATCH, count - start))


async def _told(core: Core, heard: _Heard, count: int) -> float:
    """Tell what waits until so much was heard; the rate."""
    formats: dict[str, WebhookFormat] = {
        name: each.webhooks for name, each in discover().items() if each.webhooks is not None
    }
    poster = Poster(allow_private=True)
    dispatcher = Dispatcher(core, formats, poster, concurrency=_AT_ONCE, budget=Budget(1 << 26))
    start, began = heard(), time.perf_counter()
    task = asyncio.create_task(dispatcher.run(grace_s=1))
    while heard() < start + count:  # noqa: ASYNC110  # it is another process that hears
        await asyncio.sleep(_LOOK_S)
    rate = count / (time.perf_counter() - began)
    dispatcher.stop()
    await task
    await poster.close()
    return rate


async def _posted(url: str, count: int) -> float:
    """The yardstick: the same client library with nothing around it."""
    left = iter(range(count))

    async def post(client: httpx.AsyncClient) -> None:
        for _ in left:
            await client.post(url, content=_BODY, headers={"Content-Type": "application/json"})

    async with httpx.AsyncClient() as client:
        began = time.perf_counter()
        await asyncio.gather(*(post(client) for _ in range(_AT_ONCE)))
        return count / (time.perf_counter() - began)


@contextmanager
def _consumer() -> Iterator[tuple[int, _Heard]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.bench.consumer"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  # both are pipes
    told, asked = process.stdout, process.stdin

    def heard() -> int:
        asked.write("\n")
        asked.flush()
        return int(told.readline())

    try:
        yield int(told.readline()), heard
    finally:
        asked.close()
        process.wait(10)
        told.close()
