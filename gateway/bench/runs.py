"""The measurements: accept, batch and deliver, each in turn with the echo, and what is said of them."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import msgspec

from gateway.bench import load
from gateway.bench.client import Plan, Result
from gateway.bench.subject import Subject, echo, fsync_ms, server

_BATCH: Final = 100
_MAIL: Final = {
    "from": "Bench <bench@example.org>",
    "to": ["reader@example.net"],
    "subject": "Your order 4711 is on its way",
    "html": "<p>" + "Thank you for your order. " * 30 + "</p>",
    "text": "Thank you for your order. " * 8,
}
_MIB: Final = 1024 * 1024


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What the user chose."""

    database: str
    connections: int
    seconds: int
    rounds: int


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One subject's figures: medians over the rounds."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    peak_mib: float


@contextmanager
def _place(setup: Setup) -> Iterator[tuple[str, Path]]:
    """The database's address and a folder; without a choice, a fresh SQLite file beside the working folder."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        data = Path(folder)
        yield setup.database or f"sqlite:///{data / 'bench.db'}", data


def _plan(subject: Subject, setup: Setup, path: str, body: object) -> Plan:
    headers = {"Content-Type": "application/json", "User-Agent": "babelpost-bench"}
    if subject.key:
        headers["Authorization"] = f"Bearer {subject.key}"
    return Plan(
        host="127.0.0.1",
        port=subject.port,
        path=path,
        headers=headers,
        body=json.dumps(body),
        connections=setup.connections,
        seconds=setup.seconds,
    )


def _measure(setup: Setup, subjects: list[tuple[str, Subject, Plan]]) -> dict[str, Measured]:
    """Load the subjects in turn, A B A B …, after one short round that is not counted."""
    gathered: dict[str, list[tuple[Result, float]]] = {name: [] for name, _, _ in subjects}
    for _, _, plan in subjects:
        load.run(msgspec.structs.replace(plan, seconds=1))
    with click.progressbar(range(setup.rounds * len(subjects)), label="measuring", file=sys.stderr) as bar:
        for number in bar:
            name, subject, plan = subjects[number % len(subjects)]
            before = subject.cpu_s()
            result = load.run(plan)
            gathered[name].append((result, subject.cpu_s() - before))
    return {name: _median(gathered[name], subject) for name, subject, _ in subjects}


def _median(found: list[tuple[Result, float]], subject: Subject) -> Measured:
    return Measured(
        rate=statistics.median(result.rate for result, _ in found),
        p50_ms=statistics.median(result.p50_ms for result, _ in found),
        p99_ms=statistics.median(result.p99_ms for result, _ in found),
        cpu_us=statistics.median(cpu / max(1, result.answered) * 1e6 for result, cpu in found),
        peak_mib=subject.peak_bytes() / _MIB,
    )


def _say(measured: dict[str, Measured], unit: str, per_request: int = 1) -> None:
    click.echo(
        f"{'':10}{unit + '/s':>12}{'ratio':>8}{'p50 ms':>9}{'p99 ms':>9}{'CPU µs/request':>16}{'peak MiB':>10}"
    )
    yardstick = measured["echo"].rate
    for name, each in measured.items():
        count = 1 if name == "echo" else per_request
        click.echo(
            f"{name:10}{each.rate * count:12,.0f}{each.rate * count / yardstick:8.2f}{each.p50_ms:9.2f}"
            f"{each.p99_ms:9.2f}{each.cpu_us:16.0f}{each.peak_mib:10.0f}"
        )


def _headline(setup: Setup, data: Path) -> None:
    store = "PostgreSQL" if setup.database.startswith("postgres") else "SQLite"
    click.echo(
        f"{store}, one process, {setup.connections} connections, {setup.rounds} rounds of {setup.seconds} s, "
        f"fsync {fsync_ms(data):.2f} ms, load by {load.tool()}"
    )


def accept(setup: Setup) -> None:
    """Single sends."""
    _compare(setup, "accept", "/emails", _MAIL)


def batch(setup: Setup) -> None:
    """Batches of a hundred; the ratio compares messages with echoes."""
    _compare(setup, "batch", "/emails/batch", [_MAIL] * _BATCH, per_request=_BATCH)


def _compare(setup: Setup, name: str, path: str, body: object, per_request: int = 1) -> None:
    with (
        _place(setup) as (database, data),
        echo() as yardstick,
        server(database, data, work=False) as subject,
    ):
        _headline(setup, data)
        measured = _measure(
            setup,
            [
                ("echo", yardstick, _plan(yardstick, setup, "/", _MAIL)),
                (name, subject, _plan(subject, setup, path, body)),
            ],
        )
        _say(measured, "messages", per_request)


def soak(setup: Setup, messages: int) -> None:
    """Many messages through one process that also delivers them: its memory as they pass."""
    with _place(setup) as (database, data), server(database, data, work=True) as subject:
        _headline(setup, data)
        plan = msgspec.structs.replace(_plan(subject, setup, "/emails", _MAIL), requests=messages // 10)
        click.echo(f"{'messages':>10}{'memory MiB':>12}")
        for number in range(10):
            load.run(plan)
            held = subject.memory_bytes() / _MIB
            click.echo(f"{(number + 1) * (messages // 10):10,}{held:12.0f}")
        click.echo(f"{'peak':>10}{subject.peak_bytes() / _MIB:12.0f}")


def deliver(setup: Setup, messages: int) -> None:
    """From the first request to the last 250: messages to an SMTP sink, beside the echo of the same run."""
    with (
        _place(setup) as (database, data),
        echo() as yardstick,
        _sink() as (port, taken),
        server(database, data, relay=f"smtp://127.0.0.1:{port}", work=True) as subject,
    ):
        _headline(setup, data)
        load.run(_plan(yardstick, setup, "/", _MAIL))
        base = load.run(_plan(yardstick, setup, "/", _MAIL)).rate
        took, cpu_s = _drain(_plan(subject, setup, "/emails", _MAIL), messages, subject, taken)
        rate = messages / took
        click.echo(f"echo       {base:10,.0f} requests/s")
        click.echo(
            f"deliver    {rate:10,.0f} messages/s, accepted to 250 received; ratio {rate / base:.2f}; "
            f"CPU {cpu_s / messages * 1e6:.0f} µs/message; peak {subject.peak_bytes() / _MIB:.0f} MiB"
        )


def _drain(plan: Plan, messages: int, subject: Subject, taken: Callable[[], int]) -> tuple[float, float]:
    before, began = subject.cpu_s(), time.perf_counter()
    load.run(msgspec.structs.replace(plan, requests=messages))
    with click.progressbar(length=messages, label="delivering", file=sys.stderr) as bar:
        while (count := taken()) < messages:
            bar.update(count - bar.pos)
            time.sleep(0.02)
    return time.perf_counter() - began, subject.cpu_s() - before


@contextmanager
def _sink() -> Iterator[tuple[int, Callable[[], int]]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.bench.sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  # both are pipes
    told, asked = process.stdout, process.stdin

    def taken() -> int:
        asked.write("\n")
        asked.flush()
        return int(told.readline())

    try:
        yield int(told.readline()), taken
    finally:
        asked.close()
        process.wait(10)
        told.close()
