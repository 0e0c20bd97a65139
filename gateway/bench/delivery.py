"""The measurements of delivery: from acceptance to the last 250, beside Postfix, and memory while a queue drains."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import msgspec

from core import accounts, domains
from core.domains.keys import promoted
from core.store.database import write
from gateway.assemble import opened
from gateway.bench import load, postfix
from gateway.bench.runs import MAIL, MIB, Setup, headline, place, plan
from gateway.bench.subject import DOMAIN, Subject, echo, server
from gateway.commands.options import DEFAULT_NAME
from gateway.config import Settings

# Postfix takes its time; its rate does not depend on how long it is watched
_MOST_BY_POSTFIX: Final = 5_000
_LOOK_S: Final = 0.02
_ROWS: Final = 10


class Taken(msgspec.Struct, frozen=True):
    """What the sink has seen so far."""

    count: int
    signed: int


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One way of delivering."""

    rate: float
    cpu_us: float = 0
    peak_mib: float = 0


_Ask = Callable[[], Taken]


def deliver(setup: Setup, messages: int) -> None:
    """Unsigned, signed, and by Postfix, each to the same sink; the echo of the same run is the yardstick."""
    with place(setup) as (database, data), _sink() as (port, taken):
        headline(setup, data)
        relay = f"smtp://127.0.0.1:{port}"
        with echo() as yardstick:
            load.run(plan(yardstick, setup, "/", MAIL))
            base = load.run(plan(yardstick, setup, "/", MAIL)).rate
        click.echo(f"echo       {base:10,.0f} requests/s")
        with server(database, data, relay=relay, work=True) as subject:
            _tell("deliver", _delivered(setup, subject, messages, taken), base)
        asyncio.run(_sign(database))
        with server(database, data, relay=relay, work=True) as subject:
            before = taken().signed
            signed = _delivered(setup, subject, messages, taken)
            _tell("signed", signed, base)
            if taken().signed - before != messages:
                raise click.ClickException("mail left without its signature: the figure would lie")
        _compare(data, port, min(messages, _MOST_BY_POSTFIX), taken, signed)


def _tell(name: str, figure: Figure, base: float) -> None:
    click.echo(
        f"{name:10} {figure.rate:10,.0f} messages/s, accepted to 250 received; ratio {figure.rate / base:.2f}; "
        f"CPU {figure.cpu_us:.0f} µs/message; peak {figure.peak_mib:.0f} MiB"
    )


def _delivered(setup: Setup, subject: Subject, messages: int, taken: _Ask) -> Figure:
    start, cpu_s, began = taken().count, subject.cpu_s(), time.perf_counter()
    load.run(msgspec.structs.replace(plan(subject, setup, "/emails", MAIL), requests=messages))
    _await(start + messages, taken)
    took = time.perf_counter() - began
    return Figure(
        rate=messages / took,
        cpu_us=(subject.cpu_s() - cpu_s) / messages * 1e6,
        peak_mib=subject.peak_bytes() / MIB,
    )


def _await(count: int, taken: _Ask) -> None:
    start = taken().count
    with click.progressbar(length=count - start, label="delivering", file=sys.stderr) as bar:
        while (seen := taken().count) < count:
            bar.update(seen - start - bar.pos)
            time.sleep(_LOOK_S)


def _compare(data: Path, port: int, messages: int, taken: _Ask, signed: Figure) -> None:
    if missing := postfix.missing():
        click.echo(f"postfix    left out: {missing}")
        return
    with postfix.running(data, port) as theirs:
        start, cpu_s, began = taken().count, theirs.cpu_s(), time.perf_counter()
        postfix.send(theirs.port, messages)
        _await(start + messages, taken)
        rate = messages / (time.perf_counter() - began)
        cpu_us = (theirs.cpu_s() - cpu_s) / messages * 1e6
    click.echo(
        f"postfix    {rate:10,.0f} messages/s, smtp-source to 250 received, unsigned; CPU {cpu_us:.0f} µs/message\n"
        f"           signed mail of ours at {signed.rate / rate:.1f} times its rate"
    )


async def _sign(database: str) -> None:
    """Give the domain a key of RSA with 2048 bits that signs at once: nobody has to see its record here."""
    async with opened(Settings(database=database, transport="capture"), owner=False) as core:
        account = await accounts.ensure_account(core, DEFAULT_NAME)
        domain = await domains.add(core, account.id, domains.Draft(name=DOMAIN))
        for key in await domains.keys_of(core, domain.id):
            await write(core.db, *promoted(key, core.clock.now()))


def drain(setup: Setup, messages: int) -> None:
    """Memory of a server that finds a long queue at its start."""
    with place(setup) as (database, data), _sink() as (port, taken):
        headline(setup, data)
        with server(database, data, work=False) as subject:
            asked = msgspec.structs.replace(plan(subject, setup, "/emails", MAIL), requests=messages)
            load.run(asked)
        with server(database, data, relay=f"smtp://127.0.0.1:{port}", work=True) as subject:
            click.echo(f"{'delivered':>10}{'memory MiB':>12}")
            began, start = time.perf_counter(), taken().count
            for row in range(1, _ROWS + 1):
                _await(messages * row // _ROWS, taken)
                click.echo(f"{messages * row // _ROWS:10,}{subject.memory_bytes() / MIB:12.0f}")
            rate = (messages - start) / (time.perf_counter() - began)
            click.echo(f"{'peak':>10}{subject.peak_bytes() / MIB:12.0f}")
            click.echo(f"{rate:,.0f} messages/s of those that waited")


@contextmanager
def _sink() -> Iterator[tuple[int, _Ask]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.bench.sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  # both are pipes
    told, asked = process.stdout, process.stdin

    def taken() -> Taken:
        asked.write("\n")
        asked.flush()
        count, signed = told.readline().split()
        return Taken(int(count), int(signed))

    try:
        yield int(told.readline()), taken
    finally:
        asked.close()
        process.wait(10)
        told.close()
