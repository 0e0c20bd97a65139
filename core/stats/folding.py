"""Summing up: what was counted one by one becomes sums by day, a portion at a time.

A portion is taken away and added in one commit, so a death at any point leaves every count in one place or the other.
Two at once take different rows.
"""

from collections import Counter
from typing import Final

from core.core import Core
from core.store.statements import sql

# what one commit sums: whoever accepts mail waits meanwhile
_PORTION: Final = 1000


async def fold(core: Core) -> None:
    """Sum everything there is. Safe to repeat, and to run at once with itself."""
    for (workspace_id,) in await core.db.fetch(sql.figures_workspaces()):
        while await _portion(core, workspace_id) == _PORTION:
            pass


async def _portion(core: Core, workspace_id: str) -> int:
    """How many rows were summed."""
    async with core.db.transaction() as work:
        (taken,) = await work.run(sql.figures_take(workspace_id=workspace_id, count=_PORTION))
        sums: Counter[tuple[str, ...]] = Counter()
        for environment, stream, tag, figure, day, name, count in taken:
            for scope in (("all", "", ""), ("stream", stream, ""), ("tag", "", tag), ("both", stream, tag)):
                sums[workspace_id, environment, *scope, figure, day, name] += count
        # in one order, so that two processes do not wait for each other
        await work.run(
            sql.figure_add.many([(*key, count) for key, count in sorted(sums.items())]), commit=True
        )
        return len(taken)
