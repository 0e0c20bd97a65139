"""Scheduled mail when nobody was there at its moment: what is overdue leaves once, as soon as somebody is."""

import asyncio

import msgspec

from core import messages
from core.clock import SECOND
from gateway.assemble import working
from gateway.serving import running
from tests.core.post import PATIENCE, accepted, caller_in, draft, select, settled, timed_core

HOUR_S = 3600


async def test_what_is_overdue_leaves_once(settings, sink, clock):
    """Two workers that start late together send everything that has become due, each once; the rest keeps its time."""
    relay = f"smtp://127.0.0.1:{sink.port}"
    changed = msgspec.structs.replace(settings, **PATIENCE, transport="relay", relay=relay, claim_batch=5)
    async with timed_core(changed, clock) as core:
        caller = await caller_in(core)
        moments = [core.clock.now() + (n + 1) * 60 * SECOND for n in range(40)]
        receipts = await accepted(
            core, caller, [draft(f"p{n}@example.com", send_at=at) for n, at in enumerate(moments)]
        )
        await messages.cancel(core, caller, receipts[0].id)
        await messages.reschedule(core, caller, receipts[1].id, core.clock.now() + 2 * HOUR_S * SECOND)
        await messages.reschedule(core, caller, receipts[39].id, core.clock.now() + 61 * SECOND)
        clock.pass_s(20 * 60 + 30)
        async with working(core, changed) as one, working(core, changed) as two, running(one), running(two):
            await settled(core)
            taken = sorted(each.rcpt_to[0] for each in sink.messages)
            assert sorted(f"p{n}@example.com" for n in (*range(2, 20), 39)) == taken

            clock.pass_s(2 * HOUR_S)
            core.wake.set()
            await asyncio.sleep(0.3)
            await settled(core)
        taken = sorted(each.rcpt_to[0] for each in sink.messages)
        assert sorted(f"p{n}@example.com" for n in range(1, 40)) == taken
        assert [] == await select(core, "SELECT id FROM jobs")


async def test_overdue_mail_has_all_its_patience(settings, sink, clock):
    """A server that was down for longer than mail is tried gives up nothing before it has tried it in time."""
    relay = f"smtp://127.0.0.1:{sink.port}"
    changed = msgspec.structs.replace(settings, **PATIENCE, transport="relay", relay=relay)
    async with timed_core(changed, clock) as core:
        caller = await caller_in(core)
        (receipt,) = await accepted(core, caller, [draft(send_at=core.clock.now() + 60 * SECOND)])
        clock.pass_s(5 * HOUR_S)
        async with working(core, changed) as worker, running(worker):
            await settled(core)
        (delivery,) = (await messages.get(core, caller, receipt.id)).deliveries

    assert ("delivered", 1) == (delivery.state, len(sink.messages))
