"""The queue of endpoints."""

from core.store.statements import sql
from core.webhooks.lanes import NEVER, Lanes


async def test_an_endpoint_comes_back_as_another_turn(town):
    """One that was let go and is wanted again is a fresh claim, whatever its former turn still does."""
    hook = await town.hook()
    lanes, other = Lanes(town.core, "a"), Lanes(town.core, "b")
    async with town.core.db.transaction() as work:
        await work.run(sql.webhook_lane_wake(now=town.core.clock.now(), webhook_id=hook.id))
    (first,) = await lanes.take(5, failing=False)
    assert [] == await other.take(5, failing=False)

    async with town.core.db.transaction() as work:
        await work.run(sql.webhook_lane_wake(now=town.core.clock.now(), webhook_id=hook.id))
    await lanes.release(first, NEVER)
    (second,) = await lanes.take(5, failing=False)
    lanes.drop(first)

    assert lanes.held == {hook.id: second}
    assert ([], True, False) == (await lanes.extend(), lanes.is_safe(second), first is second)


async def test_a_lease_ends(town):
    """Then another may call the endpoint, and whoever had it learns that."""
    hook = await town.hook()
    lanes, other = Lanes(town.core, "a"), Lanes(town.core, "b")
    async with town.core.db.transaction() as work:
        await work.run(sql.webhook_lane_wake(now=town.core.clock.now(), webhook_id=hook.id))
    (held,) = await lanes.take(5, failing=False)
    town.clock.pass_s(town.core.policy.lease_s + 1)
    assert 1 == len(await other.take(5, failing=False))

    assert [hook.id] == await lanes.extend()
    assert not lanes.is_safe(held)
