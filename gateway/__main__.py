"""The command ``babelpost``."""

import sys

import click

from core.errors import Refusal
from core.store.database import StoreUnavailable
from gateway.commands.bench import bench
from gateway.commands.domains import domains_group
from gateway.commands.erase import erase
from gateway.commands.inbound import inbound_
from gateway.commands.keys import keys
from gateway.commands.migrate import migrate
from gateway.commands.queue import queue
from gateway.commands.retention import retention
from gateway.commands.routes import routes
from gateway.commands.serve import dev, serve, worker
from gateway.commands.suppressions import suppressions
from gateway.commands.templates import templates
from gateway.commands.topics import topics
from gateway.commands.tracking import tracking
from gateway.commands.webhooks import webhooks
from gateway.config import SettingsError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="babelpost", prog_name="babelpost")
def cli() -> None:
    """One self-hosted email server that speaks five providers' APIs.

    \b
    Try it on this machine:      babelpost dev
    Run it for real:             babelpost serve      (settings: BABELPOST_… or --config)
    Make a key for a client:     babelpost keys create resend
    """  # noqa: D301  # click wants a real backspace before lines that it keeps


for command in (
    dev,
    serve,
    worker,
    migrate,
    keys,
    domains_group,
    inbound_,
    suppressions,
    topics,
    webhooks,
    templates,
    retention,
    tracking,
    erase,
    queue,
    routes,
    bench,
):
    cli.add_command(command)


def main() -> None:
    """Run a command; what the user can mend is said in one line, without a traceback."""
    try:
        cli()
    except (SettingsError, StoreUnavailable, Refusal) as problem:
        click.echo(f"babelpost: {problem}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
