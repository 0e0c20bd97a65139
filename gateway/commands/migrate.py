"""``babelpost migrate``: bring the database's schema up to date."""

import click

from core.store import migrate as schema
from gateway.assemble import open_database
from gateway.commands.options import run, with_settings
from gateway.config import Settings


@click.command()
@with_settings
def migrate(settings: Settings) -> None:
    """Apply the schema steps that the database has not seen; safe to repeat. Servers do the same at their start."""
    run(_migrate(settings))


async def _migrate(settings: Settings) -> None:
    db = await open_database(settings, owner=False)
    try:
        done = await schema.migrate(db)
    finally:
        await db.close()
    for name in done:
        click.echo(f"applied {name}")
    click.echo("The schema is up to date.")
