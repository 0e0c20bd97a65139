"""``babelpost retention``: what an operator sees of it."""

import asyncio

import msgspec
import pytest
from click.testing import CliRunner

from core import messages
from core.clock import DAY
from gateway.__main__ import cli
from gateway.assemble import opened
from gateway.config import Settings
from tests.core.post import alter, caller_in, draft


@pytest.fixture
def told(monkeypatch, tmp_path):
    """Run a command on a database of its own; what it says."""
    monkeypatch.setenv("BABELPOST_DATABASE", f"sqlite:///{tmp_path / 'own.db'}")

    def run(*words):
        done = CliRunner().invoke(cli, ["retention", *words], catch_exceptions=False)
        assert 0 == done.exit_code, done.output
        return done.stdout.splitlines()

    return run


def test_a_workspace_gets_ages_of_its_own(told):
    """They stay until they are changed or reset; what was not named stays the installation's."""
    common = ["bodies: 45 days", "events: 365 days", "messages: 365 days"]
    assert common == told("keep")
    own = ["bodies: 7 days (its own)", "events: for ever (its own)", "messages: 365 days"]
    assert own == told("keep", "--bodies", "7", "--events", "0")
    assert own == told("keep")
    assert ["bodies: 45 days", "events: 365 days", "messages: 30 days (its own)"] == told(
        "keep", "--reset", "--messages", "30"
    )
    assert common == told("keep", "--workspace", "another")
    assert common == told("keep", "--reset")


def test_it_can_be_done_at_once(told, tmp_path):
    """What was gone through is counted; a second time there is nothing."""
    settings = Settings(database=f"sqlite:///{tmp_path / 'own.db'}", transport="capture", sender_policy="any")

    async def send():
        async with opened(settings) as core:
            caller = await caller_in(core)
            for _ in range(3):
                await messages.submit(core, caller, msgspec.structs.replace(draft(), tag="x"))
            await alter(core, "DELETE FROM jobs")
            # as if they had been made long ago: an id tells its moment
            old = f"{(core.clock.now() - 50 * DAY) // 1000:012x}"
            for table, column in (("messages", "id"), ("deliveries", "message_id"), ("events", "message_id")):
                await alter(
                    core,
                    f"UPDATE {table} SET {column} = :head || substr({column}, 14)",  # noqa: S608  # our own names
                    head=f"{old[:8]}-{old[8:]}",
                )

    asyncio.run(send())
    assert ["bodies (live): 3"] == told("run")
    assert ["nothing is too old"] == told("run")
