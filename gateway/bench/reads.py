"""The measurement of reading: a store is filled, and every list, search and count is asked for over HTTP."""

import http.client
import json
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import asyncpg
import click
import msgspec
import uvloop

from core import stats
from core.core import Core
from core.messages import lines
from core.store.statements import Query, statement
from gateway.assemble import opened
from gateway.bench import filling
from gateway.bench.questions import Known, Question, questions
from gateway.bench.runs import MIB, Setup, place
from gateway.bench.subject import Subject, server
from gateway.config import Settings

# in milliseconds, at a million messages
_POSTGRES_MS: Final = 100
_SQLITE_MS: Final = 200
# what is that slow is not asked as often as the rest
_MOST_S: Final = 10.0
_OTHERS: Final = ("postmark", "postageapp", "pufferpost")
_ANY: Final = statement("any", "SELECT id FROM messages LIMIT 1")
_OK: Final = 200


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """How long a question took, and how much was answered."""

    median_ms: float
    p95_ms: float
    cpu_ms: float
    size_bytes: int


def reads(database: str, messages: int, times: int) -> None:
    """Fill where nothing is there yet, ask, and print a table."""
    setup = Setup(database=database, connections=1, seconds=1, rounds=1)
    with place(setup) as (address, data):
        uvloop.run(_fill(address, messages))
        bound = _POSTGRES_MS if address.startswith("postgres") else _SQLITE_MS
        with server(address, data, work=False, others=_OTHERS) as subject:
            _ask_all(subject, times, bound)
            click.echo(f"peak memory of the server {subject.peak_bytes() / MIB:.0f} MiB")


async def _fill(address: str, messages: int) -> None:
    settings = Settings(database=address, transport="capture", sender_policy="any")
    async with opened(settings) as core:
        if await core.db.fetch(Query(_ANY, {})):
            click.echo("the database is not empty: it is asked as it is")
            await _settle(core)
            return
        with click.progressbar(length=messages, label="filling", file=sys.stderr) as bar:
            await filling.fill(core, messages, bar.update)
        await _settle(core)
    if address.startswith("postgres"):
        # as the server does by itself, but not at once
        connection = await asyncpg.connect(address)
        await connection.execute("VACUUM ANALYZE", timeout=3600)
        await connection.close()


async def _settle(core: Core) -> None:
    """What chores do, which nobody runs here."""
    await lines.copy(core)
    await stats.fold(core)


def _ask_all(subject: Subject, times: int, bound: int) -> None:
    with _connected(subject) as client:
        asked = list(questions(subject.keys, _known(client, subject.keys["postmark"])))
        click.echo(f"{'median ms':>10}{'p95 ms':>10}{'CPU ms':>10}{'KiB':>8}  call")
        missed = 0
        for each in asked:
            answered = _ask(client, subject, each, times)
            missed += (is_missed := answered.median_ms > bound)
            click.echo(
                f"{answered.median_ms:10.1f}{answered.p95_ms:10.1f}{answered.cpu_ms:10.1f}"
                f"{answered.size_bytes / 1024:8.0f}  {each.name}"
                f"{'   MISSED' if is_missed else ''}"
            )
    click.echo(f"{len(asked)} calls, {missed} of them with a median above {bound} ms")


@contextmanager
def _connected(subject: Subject) -> Iterator[http.client.HTTPConnection]:
    client = http.client.HTTPConnection("127.0.0.1", subject.port, timeout=600)
    try:
        yield client
    finally:
        client.close()


def _ask(client: http.client.HTTPConnection, subject: Subject, question: Question, times: int) -> Answered:
    took: list[float] = []
    began = time.perf_counter()
    # the first one warms what a server in use has warm
    size, cpu_s = len(_answer(client, question)), subject.cpu_s()
    while len(took) < times and (not took or time.perf_counter() - began < _MOST_S):
        start = time.perf_counter()
        _answer(client, question)
        took.append((time.perf_counter() - start) * 1000)
    cpu_s = subject.cpu_s() - cpu_s
    took.sort()
    return Answered(
        median_ms=statistics.median(took),
        cpu_ms=cpu_s / len(took) * 1000,
        p95_ms=took[min(len(took) - 1, len(took) * 95 // 100)],
        size_bytes=size,
    )


def _answer(client: http.client.HTTPConnection, question: Question) -> bytes:
    """What is answered; raises ClickException for anything but a success, whose time would mean nothing."""
    body = None if question.body is None else json.dumps(question.body)
    client.request(
        question.method, question.path, body, {"User-Agent": "babelpost-bench", **question.headers}
    )
    answer = client.getresponse()
    told = answer.read()
    if answer.status != _OK:
        raise click.ClickException(f"{question.name} was answered {answer.status}: {told[:200].decode()}")
    return told


def _known(client: http.client.HTTPConnection, key: str) -> Known:
    """Something of each kind, as a list gives it."""

    def item(path: str, name: str) -> dict[str, Any]:
        for offset in (400, 0):
            asked = Question(
                name=path, path=f"{path}?count=1&offset={offset}", headers={"X-Postmark-Server-Token": key}
            )
            if items := json.loads(_answer(client, asked))[name]:
                found: dict[str, Any] = items[0]
                return found
        raise click.ClickException(f"{path} is empty: the store is not one that this command has filled")

    message = item("/messages/outbound", "Messages")
    return Known(
        message=message["MessageID"],
        opened=item("/messages/outbound/opens", "Opens")["MessageID"],
        bounce=item("/bounces", "Bounces")["ID"],
        letter=item("/messages/inbound", "InboundMessages")["MessageID"],
        number=9,
    )
