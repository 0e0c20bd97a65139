"""``babelpost erase``: what an operator sees of it."""

import asyncio

from click.testing import CliRunner

from core import contacts
from gateway.__main__ import cli
from gateway.assemble import opened
from gateway.config import Settings
from tests.core.post import caller_in


def test_a_person_is_forgotten(monkeypatch, tmp_path):
    """In one workspace, or in all of an account; a second time there is nothing."""
    url = f"sqlite:///{tmp_path / 'own.db'}"
    monkeypatch.setenv("BABELPOST_DATABASE", url)

    async def save():
        async with opened(Settings(database=url, transport="capture")) as core:
            for workspace in ("one", "two"):
                caller = await caller_in(core, workspace, account="default")
                await contacts.save(core, caller, "people", contacts.Change(email="Zoe@example.com"))

    def told(*words):
        done = CliRunner().invoke(cli, ["erase", *words], catch_exceptions=False)
        assert 0 == done.exit_code, done.output
        return done.stdout.splitlines()

    asyncio.run(save())
    assert ["1 entries of zoe@example.com are forgotten."] == told("zoe@example.com", "--workspace", "one")
    assert ["1 entries of zoe@example.com are forgotten."] == told("zoe@example.com")
    assert ["0 entries of zoe@example.com are forgotten."] == told("zoe@example.com")
