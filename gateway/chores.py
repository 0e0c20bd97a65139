"""What the worker does again and again beside its jobs."""

from core import domains, mailings, removals, retention, stats, workspaces
from core.core import Core
from core.jobs.periodic import Chore
from core.messages import claims, lines


def chores() -> tuple[Chore, ...]:
    """Every chore of this installation; the store sees to it that one process at a time does each."""
    return (
        Chore(name="claims", every_s=60, run=claims.purge),
        Chore(name="domains", every_s=30, run=domains.verify_due),
        Chore(name="retention", every_s=3600, run=_forget),
        Chore(name="mailings", every_s=1, run=mailings.make),
        Chore(name="mailings settled", every_s=60, run=mailings.settle),
        Chore(name="mailings gone", every_s=3600, run=mailings.forget),
        Chore(name="removals", every_s=10, run=removals.run),
        Chore(name="lines", every_s=60, run=lines.copy),
        Chore(name="stats", every_s=10, run=stats.fold),
    )


async def _forget(core: Core) -> None:
    await retention.run(core)
    await workspaces.forget(core)
