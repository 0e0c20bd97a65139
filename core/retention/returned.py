"""What came back grows old in two steps: the letter that told of it, then the bounce, which outlives its message."""

from typing import Final

from core.retention.series import ENVIRONMENTS, Series, statements
from core.store.statements import sql

SERIES: Final = tuple(
    Series(
        name=f"{step} ({environment})",
        days=days,
        found=sql.retention_bounces,
        counted=sql.retention_bounces_count,
        forget=forget,
        fixed={"environment": environment},
    )
    for step, days, forget in (
        ("bounces", lambda ages: ages.events_days, statements(sql.bounce_dumps_forget, sql.bounces_forget)),
        ("reports", lambda ages: ages.bodies_days, statements(sql.bounce_dumps_forget)),
    )
    for environment in ENVIRONMENTS
)
