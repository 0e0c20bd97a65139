"""What was told is forgotten: with its age, with its webhook, and with the person it was about."""

import pytest

from core import removals, retention, webhooks
from core.clock import DAY
from tests.core.post import ANN, count

pytestmark = pytest.mark.usefixtures("teller")


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


async def test_calls_go_with_their_webhook(town):
    """All of them."""
    hook = await town.hook()
    await town.happen()
    await town.state(hook, "success")

    await webhooks.delete(town.core, hook)

    tables = ("webhooks", "webhook_lanes", "dispatches", "dispatch_attempts")
    assert [0] * 4 == [await count(town.core, table) for table in tables]


async def test_a_person_is_forgotten_there_too(town):
    """What was told about mail to them is gone."""
    hook = await town.hook()
    await town.happen()
    await town.state(hook, "success")

    await removals.request(town.core, town.caller, ANN)
    await removals.run(town.core)

    assert (0, 0) == (await count(town.core, "dispatches"), await count(town.core, "dispatch_attempts"))
