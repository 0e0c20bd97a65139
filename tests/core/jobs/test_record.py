"""What a commit of outcomes carries."""

import pytest

from core import messages
from core.jobs import record
from core.jobs.queue import Claims
from core.jobs.record import Record
from core.messages import Rendering
from tests.core.post import draft

MIB = 1 << 20


@pytest.mark.parametrize(("length", "expected"), [(4000, 0), (2 * MIB, 2)])
async def test_large_renderings_weigh_what_they_carry(core, caller, length, expected):
    """Rows that are large count; small ones count for nothing."""
    sent = await messages.submit(core, caller, draft())
    (job,) = await Claims(core, "w").take(1)
    message = await messages.get(core, caller, sent.id)
    rendering = Rendering(subject="s", html="x" * length, text=None)
    rows = record._Rows(core.policy, 0, [Record(job=job, message=message, rendering=rendering)])

    weights = {step.statement.name: step.size_bytes // MIB for step in rows.steps(core.outbox)}
    assert expected == weights["rendering_put"]
