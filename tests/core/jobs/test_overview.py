"""The queue as an operator sees it."""

from core import messages
from core.jobs import overview
from core.jobs.overview import Depth
from tests.core.post import ANN, draft


async def test_depth_tells_what_is_due(core, caller, clock):
    """Since when the oldest is; what waits for its moment is not due."""
    assert Depth(0, 0) == await overview.depth(core)
    await messages.submit(core, caller, draft(ANN, send_at=core.clock.now() + 3600 * 1_000_000))
    assert 0 == (await overview.depth(core)).due
    begun = core.clock.now()
    await messages.submit(core, caller, draft(ANN))
    clock.pass_s(5)
    depth = await overview.depth(core)
    assert 1 == depth.due
    assert begun <= depth.oldest_at <= core.clock.now()
