"""What several commands take: the settings, an account and a workspace."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from core import addresses, domains
from core.errors import Invalid
from gateway.config import Settings, load

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_NAME: Final = "default"

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="TOML file with settings; the environment (BABELPOST_…) wins over it.",
)
account_option = click.option(
    "--account", default=DEFAULT_NAME, show_default=True, help="Account by name; made if new."
)
# for what a mistyped name must not be made for
known_account_option = click.option(
    "--account", default=DEFAULT_NAME, show_default=True, help="Account by name."
)
workspace_option = click.option(
    "--workspace", default=DEFAULT_NAME, show_default=True, help="Workspace by name; made if new."
)
known_workspace_option = click.option(
    "--workspace", default=DEFAULT_NAME, show_default=True, help="Workspace by name."
)


def bare_address(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Give an argument as recipients have it: without a name, the domain in A-labels; raises BadParameter."""
    try:
        return addresses.parse(value).email
    except addresses.AddressError as error:
        message = f"{value} is no email address"
        raise click.BadParameter(message, context, parameter) from error


def bare_domain(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Give a domain as recipients have it: lower case, in A-labels, empty for none; raises BadParameter."""
    try:
        return domains.host(value) if value else ""
    except Invalid as error:
        raise click.BadParameter(error.reason, context, parameter) from error


def with_settings(command: F) -> F:
    """Give a command ``settings`` for its ``--config``; for commands on the store, no relay is asked for."""

    @config_option
    @wraps(command)
    def wrapped(*args: Any, config: Path | None, **kwargs: Any) -> Any:
        settings = load(config, os.environ, Settings(transport="capture"))
        return command(*args, settings=settings, **kwargs)

    return wrapped  # type: ignore[return-value]  # the same command, with its settings filled in


def run(work: Awaitable[None]) -> None:
    """Run a command's coroutine."""

    async def whole() -> None:
        await work

    asyncio.run(whole())
