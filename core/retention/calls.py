"""What webhooks were told grows old in one step: its bodies are about people, as those of messages are.

What befell their endpoints is kept as long as events are.
"""

from typing import Final

from core.retention.series import Series, statements
from core.store.statements import sql

SERIES: Final = (
    Series(
        name="webhook calls",
        days=lambda ages: ages.bodies_days,
        found=sql.retention_dispatches,
        counted=sql.retention_dispatches_count,
        forget=statements(sql.dispatch_attempts_forget, sql.dispatches_forget),
    ),
    Series(
        name="webhook incidents",
        days=lambda ages: ages.events_days,
        found=sql.retention_incidents,
        counted=sql.retention_incidents_count,
        forget=statements(sql.webhook_incidents_forget),
    ),
)
