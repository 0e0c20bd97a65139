"""Figures by day, exact at every moment: the sums and what is not summed yet."""

from collections.abc import Sequence
from typing import Final

import msgspec

from core.core import Caller, Core
from core.stats.figure import Figure, Figures
from core.store.database import listed, rows, sought
from core.store.statements import sql

# in the order of texts before and after every day that is one
_EVER: Final = ("", "~")


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Of which mail, from which day to which, both included; None asks for no particular one."""

    stream: str | None = None
    tag: str | None = None
    since: str | None = None
    until: str | None = None

    @property
    def scope(self) -> str:
        """Which of the sums answers."""
        return {(0, 0): "all", (1, 0): "stream", (0, 1): "tag", (1, 1): "both"}[
            self.stream is not None, self.tag is not None
        ]


async def daily(core: Core, caller: Caller, figures: Sequence[Figures], span: Span) -> list[Figure]:
    """What a caller's workspace counted of these, by day, figure and name; the earliest day first."""
    query = sql.figures_daily(
        workspace_id=caller.workspace_id,
        environment=caller.environment,
        scope=span.scope,
        stream=None if span.stream is None else sought(span.stream),
        tag=None if span.tag is None else sought(span.tag),
        figures=listed(figures),
        since=_EVER[0] if span.since is None else span.since,
        until=_EVER[1] if span.until is None else span.until,
    )
    return await rows(core.db, Figure, query)
