"""Figures of a webhook: how its calls of the last 24 hours went, in all and by trigger.

Source: Postmark developer docs, "Webhooks API", statistics, read 2026-11. From when on an answer is slow is published
nowhere; here it is five seconds, and fifteen for a very slow one.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from core import webhooks
from core.clock import HOUR
from core.webhooks import Tally, Webhook
from dialects.endpoint import Call, get
from dialects.postmark.payloads import moment
from dialects.postmark.triggers import triggers_of
from dialects.postmark.webhooks import STATUSES, find

_HOURS: Final = 24
_SLOW_MS: Final = 5_000
_VERY_SLOW_MS: Final = 15_000


class TimeRange(msgspec.Struct, rename="pascal", kw_only=True):
    """Which hours."""

    start_time: str
    end_time: str
    hours: int = _HOURS


class Metrics(msgspec.Struct, rename="pascal", kw_only=True):
    """Calls. A time is that of calls after which none was to follow, or of those that were tried again."""

    total_requests: int
    success_count: int
    failure_count: int
    retry_count: int
    success_rate: float
    slow_count: int
    very_slow_count: int
    average_terminal_response_time_ms: int | None
    average_retry_response_time_ms: int | None

    @classmethod
    def of(cls, tallies: Sequence[Tally]) -> "Metrics":
        """Of one event or of several together."""
        total = sum(each.total for each in tallies)
        success = sum(each.success for each in tallies)
        final = [(each.final, each.final_ms) for each in tallies]
        retried = [(each.total - each.final, each.retry_ms) for each in tallies]
        return cls(
            total_requests=total,
            success_count=success,
            failure_count=total - success,
            retry_count=sum(each.retries for each in tallies),
            success_rate=round(100 * success / total, 2) if total else 0.0,
            slow_count=sum(each.slow for each in tallies),
            very_slow_count=sum(each.very_slow for each in tallies),
            average_terminal_response_time_ms=_average(final),
            average_retry_response_time_ms=_average(retried),
        )


class Statistics(msgspec.Struct, rename="pascal", kw_only=True):
    """How a webhook fares; the status of each trigger that is switched on is the webhook's."""

    webhook_id: int
    server_id: int
    message_stream_id: str
    url: str
    statuses: dict[str, str]
    time_range: TimeRange
    metrics: Metrics
    metrics_by_trigger: dict[str, Metrics]

    @classmethod
    def of(cls, call: Call, held: Webhook, tallies: Sequence[Tally], until: int) -> "Statistics":
        """From the counts of each event."""
        since = until - _HOURS * HOUR
        return cls(
            webhook_id=held.number,
            server_id=call.caller.workspace_number,
            message_stream_id=held.stream,
            url=held.url,
            statuses=dict.fromkeys(triggers_of(held).enabled(), STATUSES[held.state]),
            time_range=TimeRange(start_time=moment(since), end_time=moment(until)),
            metrics=Metrics.of(tallies),
            metrics_by_trigger={each.event: Metrics.of([each]) for each in tallies},
        )


def _average(weighted: Sequence[tuple[int, float | None]]) -> int | None:
    known = [(count, each) for count, each in weighted if count and each is not None]
    count = sum(each for each, _ in known)
    return round(sum(each * of_each for each, of_each in known) / count) if count else None


async def statistics(call: Call, id: str) -> Statistics:
    """The last day of one webhook."""
    held, until = await find(call, id), call.core.clock.now()
    since = until - _HOURS * HOUR
    tallies = await webhooks.tallies(
        call.core, held, since=since, slow_ms=_SLOW_MS, very_slow_ms=_VERY_SLOW_MS
    )
    return Statistics.of(call, held, tallies, until)


OPERATIONS = (get("/webhooks/{id}/statistics", statistics),)
