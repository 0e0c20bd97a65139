"""``babelpost erase``: what an operator sees of it."""

import asyncio

import pytest
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


@pytest.mark.parametrize(
    ("option", "missing"), [("--account", "No such account."), ("--workspace", "No such workspace.")]
)
def test_a_mistyped_name_is_told(monkeypatch, tmp_path, option, missing):
    """Whoever asks for a person to be forgotten must not be told that it is done where nobody looked."""
    url = f"sqlite:///{tmp_path / 'own.db'}"
    monkeypatch.setenv("BABELPOST_DATABASE", url)

    async def begin():
        async with opened(Settings(database=url, transport="capture")) as core:
            await caller_in(core, "one", account="default")

    asyncio.run(begin())
    done = CliRunner().invoke(cli, ["erase", "zoe@example.com", option, "typo"])
    assert (1, "") == (done.exit_code, done.stdout)
    assert missing == str(done.exception)
