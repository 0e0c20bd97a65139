"""``babelpost webhooks test``, ``replay`` and ``listen``: an endpoint tried, told again, and played."""

import asyncio

import msgspec
import pytest
from click.testing import CliRunner

from core import messages, webhooks
from core.errors import Invalid
from core.paging import PageRequest
from core.webhooks import Filter, WebhookChange
from dialects.dialect import Listener, discover
from gateway.__main__ import cli
from gateway.assemble import opened, working
from gateway.commands import drill
from gateway.commands import webhooks as commands
from gateway.serving import running
from tests.consumer import Consumer
from tests.core.post import caller_in, count, draft


@pytest.fixture
def loose(settings):
    """Settings of a machine that may tell itself."""
    return msgspec.structs.replace(settings, allow_private_targets=True)


async def made(core, dialect, url):
    """A webhook of a dialect, of everything that it tells."""
    make = discover()[dialect].listen
    assert make is not None
    return await webhooks.create(core, await caller_in(core), make(Listener(url=url)))


@pytest.mark.parametrize("dialect", [name for name, each in discover().items() if each.listen is not None])
async def test_an_endpoint_is_tried(loose, dialect, capsys):
    """One call for each event of the dialect, each with its answer; nothing is kept."""
    async with Consumer() as consumer, opened(loose) as core:
        hook = await made(core, dialect, consumer.url)
        await drill._drill(loose, hook.id, "test", "test")
        told = capsys.readouterr().out.splitlines()
        kept = await webhooks.dispatches(core, hook, Filter(), PageRequest())

    assert len(told) == len(consumer.heard) > 4
    assert len(told) == len({line.split()[0] for line in told})
    assert {"200"} == {line.split()[1] for line in told}
    assert () == kept.items


async def recorded(core, calls):
    """Wait until it is known what came of so many."""
    async with asyncio.timeout(20):
        while await count(core, "dispatch_attempts") < calls:  # noqa: ASYNC110  # the store sets no event
            await asyncio.sleep(0.01)


async def test_what_was_told_is_told_again(loose, capsys):
    """A range, or one call by its id."""
    async with Consumer() as consumer, opened(loose) as core:
        hook = await made(core, "resend", consumer.url)
        async with working(core, loose) as worker, running(worker):
            await messages.submit(core, await caller_in(core), draft())
            heard = await consumer.wait(2)
            await recorded(core, 2)
            calls = await webhooks.dispatches(core, hook, Filter(), PageRequest())
            for wanted in (Filter(), Filter(states=("failed",))):
                await commands._calls(loose, hook.id, "test", "test", wanted, 100)
            listed = capsys.readouterr().out.splitlines()
            await drill._replay(loose, hook.id, "test", "test", (calls.items[0].id,), Filter())
            # to ask again before it is known what came of it would be the same wish
            await recorded(core, 3)
            await drill._replay(loose, hook.id, "test", "test", (), Filter())
            again = await consumer.wait(5)

    assert [[each.id, each.event, "success", "1", "200"] for each in reversed(calls.items)] == [
        line.split()[1:] for line in listed
    ]
    assert ["1 told again.", "2 told again."] == capsys.readouterr().out.splitlines()
    assert {each.body for each in heard} == {each.body for each in again}


async def test_a_laptop_hears_what_is_told(loose, capsys):
    """In the dialect's words, for as long as it listens; then the webhook is gone."""
    async with opened(loose) as core, working(core, loose) as worker, running(worker):
        wish = Listener(url="", events=("email.delivered",))
        listening = asyncio.create_task(drill._listen(loose, "resend", wish, "test", "test", 1))
        caller = await caller_in(core)
        while not await webhooks.of_workspace(core, caller.workspace_id):  # noqa: ASYNC110  # the store sets no event
            await asyncio.sleep(0.01)
        # the webhook was made by another process, as far as this one knows
        core.outbox.forget()
        sent = await messages.submit(core, caller, draft())
        await asyncio.wait_for(listening, 10)
        left = await webhooks.of_workspace(core, caller.workspace_id)

    told = capsys.readouterr().out
    assert told.startswith("POST / HTTP/1.1\n")
    assert "svix-signature: v1," in told
    assert f'"email_id":"{sent.id}"' in told
    assert told.endswith("\nsignature valid\n\n")
    assert [] == left


@pytest.mark.parametrize(
    ("dialect", "event", "expected"),
    [
        ("pufferpost", "delivered", "valid"),
        ("postageapp", "delivered", "valid"),
        ("postmark", "Delivery", "none"),
    ],
)
async def test_a_laptop_verifies(loose, dialect, event, expected, capsys):
    """In each dialect's scheme, with the secret that was given, or that there is none."""
    async with opened(loose) as core, working(core, loose) as worker, running(worker):
        secret = "" if dialect == "postmark" else "of-my-own"
        wish = Listener(url="", events=(event,), secret=secret)
        listening = asyncio.create_task(drill._listen(loose, dialect, wish, "test", "test", 1))
        caller = await caller_in(core)
        while not await webhooks.of_workspace(core, caller.workspace_id):  # noqa: ASYNC110  # likewise
            await asyncio.sleep(0.01)
        core.outbox.forget()
        await messages.submit(core, caller, draft())
        await asyncio.wait_for(listening, 20)

    assert capsys.readouterr().out.endswith(f"\nsignature {expected}\n\n")


async def test_whoever_else_calls_is_wrong():
    """Words of somebody else end nothing."""
    dialect = discover()["postageapp"]
    call = drill._Heard("POST / HTTP/1.1\nContent-Type: application/json", b"no JSON")
    assert "wrong" == drill._verdict(dialect, "secret", call, 0)


@pytest.mark.parametrize("words", [["test", "x"], ["replay", "x"]])
def test_an_unknown_webhook_is_told(tmp_path, monkeypatch, words):
    """And nothing is called."""
    monkeypatch.setenv("BABELPOST_DATABASE", f"sqlite:///{tmp_path / 'store.db'}")

    done = CliRunner().invoke(cli, ["webhooks", *words])

    assert done.exit_code != 0


async def test_nothing_is_told_again_to_who_is_disabled(loose):
    """It is said instead of done in vain."""
    async with opened(loose) as core:
        hook = await made(core, "resend", "http://127.0.0.1:1/")
        await webhooks.update(core, hook, WebhookChange(state="disabled"))
        with pytest.raises(Invalid, match="disabled"):
            await drill._replay(loose, hook.id, "test", "test", (), Filter())
