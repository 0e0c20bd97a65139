"""What was told is forgotten: with its age, with its webhook, and with the person it was about."""

import asyncio

import msgspec
import pytest

from core import contacts, removals, retention, webhooks
from core.clock import DAY
from core.webhooks import incidents, loading
from tests.consumer import status
from tests.core.post import ANN, count, select


@pytest.mark.usefixtures("teller")
async def test_calls_grow_old(town):
    """After the days of bodies, and not before."""
    hook = await town.hook()
    await town.happen()
    await town.state(hook, "success")
    await retention.run(town.core)
    assert (1, 1) == (await count(town.core, "dispatches"), await count(town.core, "dispatch_attempts"))

    town.clock.ahead += 46 * DAY
    assert 1 == (await retention.run(town.core))["webhook calls"]

    assert (0, 0) == (await count(town.core, "dispatches"), await count(town.core, "dispatch_attempts"))


async def test_incidents_grow_old(town):
    """After the days of events, and not before."""
    hook = await town.hook()
    await incidents.disable(town.core, hook, "tested")
    town.clock.ahead += 46 * DAY
    await retention.run(town.core)
    assert 1 == await count(town.core, "webhook_incidents")

    town.clock.ahead += 320 * DAY
    assert 1 == (await retention.run(town.core))["webhook incidents"]
    assert 0 == await count(town.core, "webhook_incidents")


@pytest.mark.usefixtures("teller")
async def test_calls_go_with_their_webhook(town, monkeypatch):
    """All of them, in commits that are not large."""
    monkeypatch.setattr("core.webhooks.keeping._PORTION", 2)
    hook = await town.hook()
    await town.happen(5)
    await town.state(hook, "success", 5)

    await webhooks.delete(town.core, hook)

    tables = ("webhooks", "webhook_lanes", "dispatches", "dispatch_attempts")
    assert [0] * 4 == [await count(town.core, table) for table in tables]


@pytest.mark.usefixtures("teller")
async def test_a_person_is_forgotten_there_too(town):
    """What was told about mail to them is gone."""
    hook = await town.hook()
    await town.happen()
    await town.state(hook, "success")

    await removals.request(town.core, town.caller, ANN)
    await removals.run(town.core)

    assert (0, 0) == (await count(town.core, "dispatches"), await count(town.core, "dispatch_attempts"))


@pytest.mark.parametrize("forgets", ["webhook", "person"])
async def test_what_is_forgotten_while_it_is_told(town, forgets):
    """What comes of the call is not kept either."""
    hook = await town.hook()
    called, answered = asyncio.Event(), asyncio.Event()

    async def reply(_):
        called.set()
        await answered.wait()
        return status(200)

    town.plain.said = msgspec.structs.replace(town.plain.said, timeout_s=30)
    town.consumer.reply = reply
    teller = town.dispatcher()
    telling = asyncio.create_task(teller.run())
    await town.happen()
    await asyncio.wait_for(called.wait(), 20)
    if forgets == "webhook":
        await webhooks.delete(town.core, hook)
    else:
        await removals.request(town.core, town.caller, ANN)
        await removals.run(town.core)
    answered.set()
    teller.stop()
    await asyncio.wait_for(telling, 20)
    assert 0 == await count(town.core, "dispatch_attempts")


@pytest.mark.usefixtures("teller")
async def test_what_is_about_to_be_told_of_a_person(town, monkeypatch):
    """A contact's facts leave the outbox; what was read of the person before is read again before it is told."""
    await town.hook(kinds=("contact_created", "accepted"))
    reading, erased = asyncio.Event(), asyncio.Event()
    read = loading.happenings

    async def slowly(*given):
        found = await read(*given)
        reading.set()
        await erased.wait()
        return found

    monkeypatch.setattr("core.webhooks.spreading.happenings", slowly)
    (sent,) = await town.happen()
    await contacts.save(town.core, town.caller, "a", contacts.Change(email=ANN))
    await asyncio.wait_for(reading.wait(), 20)
    await removals.request(town.core, town.caller, ANN)
    await removals.run(town.core)
    erased.set()

    async def is_told():
        return not await count(town.core, "outbox")

    await town.until(is_told, within_s=20)
    ((event, body),) = await select(town.core, "SELECT event, body FROM dispatches")
    assert ("said.accepted", "") == (event, town.plain.seen[-1].message.subject)
    assert sent.encode() in bytes(body)
