"""``babelpost queue``: what an operator sees of the queue, and does to it beside a running server."""

import asyncio

import pytest
from click.testing import CliRunner

from core.jobs.lanes import News
from core.store.database import write
from core.store.statements import sql
from gateway.__main__ import cli
from gateway.assemble import opened
from gateway.config import Settings
from tests.core.jobs.test_gate import Hands
from tests.core.post import accepted, alter, caller_in, draft, select


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Settings of an installation whose database the commands find."""
    settings = Settings(database=f"sqlite:///{tmp_path / 'own.db'}", transport="capture", sender_policy="any")
    monkeypatch.setenv("BABELPOST_DATABASE", settings.database)
    return settings


def told(*words, code=0):
    """Run a command; what it says."""
    result = CliRunner().invoke(cli, ["queue", *words])
    assert code == result.exit_code, result.output
    return result.output


async def filled(settings):
    """Three messages to a domain that is away, one to several, one that is scheduled."""
    async with opened(settings) as core:
        caller = await caller_in(core, "shop", account="default")
        stream = (caller.workspace_id, "bulk", "Bulk", "broadcast", "", 1, 1, "none")
        await write(core.db, sql.stream_insert.many([stream]))
        await accepted(core, caller, [draft(f"p{n}@away.example") for n in range(3)])
        await accepted(core, caller, [draft("a@one.example", "b@two.example")])
        later = core.clock.now() + 10**10
        await accepted(core, caller, [draft("c@later.example", send_at=later)])
        hands = Hands(core)
        await hands.take()
        await write(core.db, *hands.gate.learn(News(destination="away.example", reason="nobody there")))


def test_the_queue_is_told_by_destination(place):
    """How much waits for whom, held or for later, and what is wrong with them."""
    asyncio.run(filled(place))
    lines = {line.split()[0]: line.split() for line in told("list").splitlines()}

    assert ["3", "1", "0"] == lines["away.example"][1:4]
    assert "nobody there" == " ".join(lines["away.example"])[-12:]
    assert ["1", "0", "0"] == lines["(several)"][1:4]
    assert ["later.example", "1", "0", "1", "-"] == lines["later.example"]


def test_what_is_paused_is_told_and_goes_on(place):
    """In the words in which it was paused; others are refused."""
    asyncio.run(filled(place))
    assert "Waits: workspace shop, stream bulk.\n" == told("pause", "--workspace", "shop", "--stream", "bulk")
    assert "Waits: to away.example.\n" == told("pause", "--to", "Away.example")
    assert "Waited already: to away.example.\n" == told("pause", "--to", "away.example")
    assert "paused: to away.example, for 0s" in told("list")
    assert [("|||away.example",)] == asyncio.run(lanes(place))
    assert "Goes on: to away.example.\n" == told("resume", "--to", "away.example")
    assert "not paused: to away.example" in told("resume", "--to", "away.example", code=1)
    assert "paused: workspace shop, stream bulk, for 0s" in told("list")


def test_a_stream_that_is_not_there_is_refused(place):
    """Whoever misspells it would believe that its mail is held back; what was held can be let go in any case."""
    asyncio.run(filled(place))
    assert "no stream is called bluk there" in told("pause", "--stream", "bluk", code=1)
    assert "no stream is called bluk there" in told(
        "route", "--workspace", "shop", "--stream", "bluk", "mx", code=1
    )
    assert "Waits: stream bulk.\n" == told("pause", "--stream", "bulk")
    asyncio.run(forget_streams(place))
    assert "Goes on: stream bulk.\n" == told("resume", "--stream", "bulk")


async def forget_streams(settings):
    """Nobody has a stream of their own any longer."""
    async with opened(settings) as core:
        await alter(core, "DELETE FROM streams WHERE key = 'bulk'")


def test_a_domain_is_read_as_recipients_have_it(place):
    """What is no domain would hold nothing back and is refused; one in its own letters is held in A-labels."""
    assert "Waits: to xn--bcher-kva.example.\n" == told("pause", "--to", "Bücher.example")
    for wrong in ("bob@away.example", "*.example", "away"):
        assert "is no domain name" in told("pause", "--to", wrong, code=2)
        assert "is no domain name" in told("flush", "--to", wrong, code=2)


async def lanes(settings):
    """In which lanes jobs wait."""
    async with opened(settings) as core:
        return [tuple(row) for row in await select(core, "SELECT DISTINCT lane FROM jobs WHERE lane <> ''")]


def test_a_flush_tries_again_what_has_failed(place):
    """At once, and not what is scheduled."""
    asyncio.run(filled(place))
    asyncio.run(put_off(place))
    assert "3 tried again.\n" == told("flush", "--to", "away.example")
    assert [0, 1] == asyncio.run(waiting(place))


async def put_off(settings):
    """The attempts that were made had no luck."""
    async with opened(settings) as core:
        text = "UPDATE jobs SET claimed_by = '', run_at = :then WHERE claimed_by <> '' OR attempts > 0"
        await alter(core, text, then=core.clock.now() + 10**9)


async def waiting(settings):
    """How many lanes are closed, and how many jobs are for later."""
    async with opened(settings) as core:
        now = core.clock.now()
        closed = await select(core, "SELECT count(*) FROM lanes WHERE closed_until > :now", now=now)
        later = await select(
            core, "SELECT count(*) FROM jobs WHERE lane = '' AND run_at > :now AND destination <> ''", now=now
        )
        return [closed[0][0], later[0][0]]


def test_a_route_is_chosen_and_reset(place):
    """For a workspace's stream; ways that are not there are refused, and so is a workspace that is not."""
    asyncio.run(filled(place))
    words = ("route", "--workspace", "shop", "--stream", "bulk")
    assert "workspace shop, stream bulk: mx, relay.\n" == told(*words, "mx", "relay")
    assert "route of workspace shop, stream bulk: mx, relay\n" in told("list")
    assert "no way out is called pigeon" in told(*words, "pigeon", code=2)
    assert "name at least one way" in told(*words, code=2)
    assert "workspace shop, stream bulk: as everybody.\n" == told(*words, "--reset")
    assert "route of" not in told("list")
    result = CliRunner().invoke(cli, ["queue", "pause", "--workspace", "nowhere"])
    assert "No such workspace." == str(result.exception)
