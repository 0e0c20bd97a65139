"""The measurements of acceptance: single sends and batches in turn with the echo, and memory as messages pass."""

import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import msgspec

from gateway.bench import load
from gateway.bench.client import Plan, Result
from gateway.bench.subject import Subject, echo, fsync_ms, server

_BATCH: Final = 100
MAIL: Final = {
    "from": "Bench <bench@example.org>",
    # {n} is another number in each request: no two mails of a real application are the same
    "to": ["reader{n}@example.net"],
    "subject": "Your order {n} is on its way",
    "html": "<p>" + "Thank you for your order. " * 30 + "</p>",
    "text": "Thank you for your order. " * 8,
}
MIB: Final = 1024 * 1024


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
def place(setup: Setup) -> Iterator[tuple[str, Path]]:
    """The database's address and a folder; without a choice, a fresh SQLite file beside the working folder."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        data = Path(folder)
        yield setup.database or f"sqlite:///{data / 'bench.db'}", data


def plan(subject: Subject, setup: Setup, path: str, body: object) -> Plan:
    """What to ask a subject."""
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
    for _, _, asked in subjects:
        load.run(msgspec.structs.replace(asked, seconds=1))
    with click.progressbar(range(setup.rounds * len(subjects)), label="measuring", file=sys.stderr) as bar:
        for number in bar:
            name, subject, asked = subjects[number % len(subjects)]
            before = subject.cpu_s()
            result = load.run(asked)
            gathered[name].append((result, subject.cpu_s() - before))
    return {name: _median(gathered[name], subject) for name, subject, _ in subjects}


def _median(found: list[tuple[Result, float]], subject: Subject) -> Measured:
    return Measured(
        rate=statistics.median(result.rate for result, _ in found),
        p50_ms=statistics.median(result.p50_ms for result, _ in found),
        p99_ms=statistics.median(result.p99_ms for result, _ in found),
        cpu_us=statistics.median(cpu / max(1, result.answered) * 1e6 for result, cpu in found),
        peak_mib=subject.peak_bytes() / MIB,
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


def headline(setup: Setup, data: Path) -> None:
    """Say what is measured, where."""
    store = "PostgreSQL" if setup.database.startswith("postgres") else "SQLite"
    click.echo(
        f"{store}, one process, {setup.connections} connections, {setup.rounds} rounds of {setup.seconds} s, "
        f"fsync {fsync_ms(data):.2f} ms, load by {load.tool()}"
    )


def accept(setup: Setup) -> None:
    """Single sends."""
    _compare(setup, "accept", "/emails", MAIL)


def batch(setup: Setup) -> None:
    """Batches of a hundred; the ratio compares messages with echoes."""
    _compare(
        setup,
        "batch",
        "/emails/batch",
        [MAIL | {"to": [f"reader{{n}}-{place}@example.net"]} for place in range(_BATCH)],
        per_request=_BATCH,
    )


def _compare(setup: Setup, name: str, path: str, body: object, per_request: int = 1) -> None:
    with (
        place(setup) as (database, data),
        echo() as yardstick,
        server(database, data, work=False) as subject,
    ):
        headline(setup, data)
        measured = _measure(
            setup,
            [
                ("echo", yardstick, plan(yardstick, setup, "/", MAIL)),
                (name, subject, plan(subject, setup, path, body)),
            ],
        )
        _say(measured, "messages", per_request)


def soak(setup: Setup, messages: int) -> None:
    """Many messages through one process that also delivers them: its memory as they pass."""
    with place(setup) as (database, data), server(database, data, work=True) as subject:
        headline(setup, data)
        asked = msgspec.structs.replace(plan(subject, setup, "/emails", MAIL), requests=messages // 10)
        click.echo(f"{'messages':>10}{'memory MiB':>12}")
        for number in range(10):
            load.run(asked)
            held = subject.memory_bytes() / MIB
            click.echo(f"{(number + 1) * (messages // 10):10,}{held:12.0f}")
        click.echo(f"{'peak':>10}{subject.peak_bytes() / MIB:12.0f}")
