"""What recipients decided grows old in one step: that it came about is forgotten, what holds by now is not."""

from typing import Final

from core.retention.series import Series, statements
from core.store.statements import sql

SERIES: Final = (
    Series(
        name="subscription changes",
        days=lambda ages: ages.events_days,
        found=sql.retention_changes,
        counted=sql.retention_changes_count,
        forget=statements(sql.changes_forget),
    ),
)
