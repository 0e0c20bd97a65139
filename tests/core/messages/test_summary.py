"""Calls summed up: batches and single messages, page by page, within one workspace."""

import asyncio

import pytest

from core import ids, messages
from core.core import Core
from core.messages import NewBatch, TemplateUse
from tests.core.post import ANN, BOB, CAT, alter, caller_in, draft


async def summed(core, caller, since=0):
    """Uid and counts by state of every call."""
    return {held.uid: held.states async for held in messages.summaries(core, caller, since=since)}


async def test_a_batch_is_one_call_and_so_is_a_single_message(core, caller):
    """Recipients are counted by state, in a batch over all of its messages."""
    alone = await messages.submit(core, caller, draft(ANN, BOB, cc=[CAT]))
    both = [draft(ANN), draft(BOB, CAT)]
    receipts = await messages.submit_all(core, caller, both, batch=NewBatch(uid="both"), atomic=True)
    await alter(core, "UPDATE deliveries SET state = 'bounced' WHERE email = :email", email=ANN)
    expected = {"both": {"bounced": 1, "queued": 2}, alone.id: {"bounced": 1, "queued": 2}}
    assert expected == await summed(core, caller)

    batch = await messages.batch_by_uid(core, caller, "both")
    single = await messages.get(core, caller, alone.id)
    assert expected["both"] == await messages.states(core, batch)
    assert expected[alone.id] == await messages.states(core, single)
    assert 2 == len(receipts)


async def test_every_page_is_read(core, caller):
    """None is missed where there are more than are read at once."""
    uids = {f"batch {n}" for n in range(150)}
    calls = [messages.submit_all(core, caller, [draft()], batch=NewBatch(uid=uid)) for uid in uids]
    await asyncio.gather(*calls)
    receipts = await asyncio.gather(*[messages.submit(core, caller, draft()) for _ in uids])
    assert uids | {receipt.id for receipt in receipts} == (await summed(core, caller)).keys()


async def test_the_template_is_told_by_its_slug(core, caller):
    """Of a batch by its first message."""
    use = TemplateUse(id=ids.new(), version=1, name="Welcome", slug="welcome")
    await messages.submit_all(core, caller, [draft(template=use), draft()], batch=NewBatch(uid="b"))
    await messages.submit(core, caller, draft(template=use))
    await messages.submit(core, caller, draft())
    told = [held.template async for held in messages.summaries(core, caller, since=0)]
    assert ["welcome", "welcome", ""] == told


@pytest.mark.parametrize(("since_s", "expected"), [(-3600, 2), (3600, 0)], ids=["an hour ago", "in an hour"])
async def test_calls_from_a_moment_on(core: Core, caller, since_s, expected):
    """What is older is left out."""
    await messages.submit(core, caller, draft())
    await messages.submit_all(core, caller, [draft()], batch=NewBatch(uid="b"))
    assert expected == len(await summed(core, caller, core.clock.now() + since_s * 1_000_000))


async def test_others_calls_are_not_seen(core, caller):
    """Neither another workspace's nor another environment's."""
    await messages.submit(core, caller, draft())
    for other in (await caller_in(core, "other"), await caller_in(core, environment="test")):
        assert {} == await summed(core, other)
