"""``babelpost bench``: figures beside a bare Starlette echo, measured in turn in one run."""

from collections.abc import Callable
from typing import Any

import click

from gateway.bench import delivery, runs, telling
from gateway.bench import reads as reading


@click.group()
def bench() -> None:
    """Measure this machine. Only ratios mean anything from one machine to another.

    Starts servers of its own on free ports; a PostgreSQL named by --database is filled and not cleaned.
    """


def _choices(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--database", default="", help="postgresql://…; a fresh SQLite file where left out."),
        click.option(
            "--connections",
            default=50,
            show_default=True,
            type=click.IntRange(1),
            help="Connections that ask at once.",
        ),
        click.option(
            "--seconds", default=5, show_default=True, type=click.IntRange(1), help="Length of a round."
        ),
        click.option(
            "--rounds",
            default=5,
            show_default=True,
            type=click.IntRange(1),
            help="Rounds for each subject; medians are shown.",
        ),
    ):
        command = option(command)
    return command


def _setup(choices: dict[str, Any]) -> runs.Setup:
    return runs.Setup(**choices)


@bench.command()
@_choices
def accept(**choices: Any) -> None:
    """Single sends, durable before each answer."""
    runs.accept(_setup(choices))


@bench.command()
@_choices
def batch(**choices: Any) -> None:
    """Batches of a hundred messages."""
    runs.batch(_setup(choices))


@bench.command()
@_choices
@click.option(
    "--messages",
    default=20_000,
    show_default=True,
    type=click.IntRange(1),
    help="Messages from acceptance to the sink's 250.",
)
@click.option(
    "--queued",
    type=click.IntRange(100),
    help="Show instead the memory of a server that delivers so many messages which waited for its start.",
)
def deliver(messages: int, queued: int | None, **choices: Any) -> None:
    """Messages from acceptance to an SMTP sink's 250, without a signature and with DKIM.

    Postfix does the same to the same sink in the same run, where it is installed and this is run by root.
    """
    if queued:
        delivery.drain(_setup(choices), queued)
    else:
        delivery.deliver(_setup(choices), messages)


@bench.command()
@_choices
@click.option("--events", default=10_000, show_default=True, type=click.IntRange(1),
              help="Events to tell to one endpoint.")  # fmt: skip
@click.option("--endpoints", default=10_000, show_default=True, type=click.IntRange(2),
              help="Endpoints to tell one event to; one of them hangs.")  # fmt: skip
def webhooks(events: int, endpoints: int, **choices: Any) -> None:
    """Events from the outbox to a local application, beside httpx posting constant bodies."""
    telling.tell(_setup(choices), events, endpoints)


@bench.command()
@_choices
@click.option("--messages", default=200_000, show_default=True, type=click.IntRange(10),
              help="Messages to pass through the process.")  # fmt: skip
def soak(messages: int, **choices: Any) -> None:
    """Memory of one process while many messages pass through it."""
    runs.soak(_setup(choices), messages)


@bench.command()
@click.option(
    "--database", default="", help="postgresql://… or sqlite:///…; a fresh SQLite file where left out."
)
@click.option("--messages", default=1_000_000, show_default=True, type=click.IntRange(1000),
              help="Messages in the store. A database that has some already is asked as it is.")  # fmt: skip
@click.option(
    "--times", default=20, show_default=True, type=click.IntRange(2), help="How often each is asked."
)
def reads(database: str, messages: int, times: int) -> None:
    """Lists, searches and counts on a full store, over HTTP, one after the other."""
    reading.reads(database, messages, times)
