"""``babelpost bench``: figures beside a bare Starlette echo, measured in turn in one run."""

import click


@click.group()
def bench() -> None:
    """Measure this machine: accept, batch, deliver."""
