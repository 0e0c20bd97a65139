"""``babelpost routes``: what is served, a row for each operation."""

import json
from typing import Final

import click

from dialects.dialect import discover

_COLUMNS: Final = ("dialect", "method", "path", "name")


def listing() -> list[dict[str, str]]:
    """Every operation of every dialect: dialect, method, path, name."""
    return [
        {"dialect": dialect.name, "method": operation.method, "path": operation.path, "name": operation.name}
        for dialect in discover().values()
        for operation in dialect.operations
    ]


def summary() -> str:
    """The README's table: what each dialect serves, an operation by the first path that answers it."""
    rows = ["| dialect | operations | which |", "| --- | --- | --- |"]
    for dialect in discover().values():
        first: dict[str, str] = {}
        for each in dialect.operations:
            first.setdefault(each.name, f"`{each.method} {each.path}`")
        rows.append(f"| {dialect.name} | {len(first)} | {', '.join(first.values())} |")
    return "\n".join(rows)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON list of objects instead of a table.")
@click.option("--markdown", is_flag=True, help="A table by dialect, as the README has it.")
def routes(*, as_json: bool, markdown: bool) -> None:
    """List every operation that is served."""
    if markdown:
        click.echo(summary())
        return
    found = listing()
    if as_json:
        click.echo(json.dumps(found, indent=1))
        return
    widths = {column: max(len(row[column]) for row in found) for column in _COLUMNS}
    for row in found:
        click.echo("  ".join(row[column].ljust(widths[column]) for column in _COLUMNS).rstrip())
