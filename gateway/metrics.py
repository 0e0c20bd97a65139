"""What /_/metrics tells: requests by dialect and operation, and the queue's depth when asked.

Requests are counted in plain dictionaries of this process's one loop and told to prometheus-client when it collects:
its own counters take a lock for each step, which every request would pay for.
"""

import time
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from core.core import Core
from core.store.statements import sql
from dialects.serving import Served

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class _Times:
    """How long one dialect's answers took: by bucket, the last for all that took longer, and in sum."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(_BUCKETS) + 1)
        self.seconds = 0.0

    def told(self) -> list[tuple[str, float]]:
        """Cumulative, as Prometheus wants it."""
        total, rows = 0, []
        for bound, count in zip((*map(str, _BUCKETS), "+Inf"), self.buckets, strict=True):
            total += count
            rows.append((bound, float(total)))
        return rows


class _Requests(Collector):
    """The counts, told when they are asked for."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str, int], int] = {}
        self.times: dict[str, _Times] = {}

    def collect(self) -> Iterator[CounterMetricFamily | HistogramMetricFamily]:
        """See ``Collector``."""
        counter = CounterMetricFamily(
            "babelpost_requests", "Answered requests.", labels=("dialect", "operation", "status")
        )
        for (dialect, operation, status), count in self.counts.items():
            counter.add_metric((dialect, operation, str(status)), count)
        yield counter
        histogram = HistogramMetricFamily("babelpost_request_seconds", "Time to answer.", labels=("dialect",))
        for dialect, times in self.times.items():
            histogram.add_metric((dialect,), times.told(), times.seconds)
        yield histogram


class Metrics:
    """One process's figures."""

    def __init__(self) -> None:
        """A registry of its own, so that several servers in one process do not meet."""
        self.registry = CollectorRegistry()
        self._requests = _Requests()
        self.registry.register(self._requests)
        self._due = Gauge("babelpost_jobs_due", "Jobs that are due and not done.", registry=self.registry)
        self._held = Gauge(
            "babelpost_jobs_held",
            "Jobs that wait for a destination with trouble, or for a pause to end.",
            registry=self.registry,
        )
        self._late = Gauge(
            "babelpost_jobs_oldest_seconds", "How long the oldest is due.", registry=self.registry
        )
        self._ailing = Gauge(
            "babelpost_webhooks_disabled",
            "Webhooks that only failed, and are told nothing any more.",
            registry=self.registry,
        )

    def count(self, dialect: str, served: Served, began: float) -> None:
        """Count an answered request; ``began`` by ``time.perf_counter``."""
        took = time.perf_counter() - began
        key, counts = (dialect, served.operation, served.status), self._requests.counts
        counts[key] = counts.get(key, 0) + 1
        times = self._requests.times.get(dialect)
        if times is None:
            times = self._requests.times[dialect] = _Times()
        times.buckets[bisect_left(_BUCKETS, took)] += 1
        times.seconds += took

    async def text(self, core: Core) -> bytes:
        """The figures in Prometheus's text form, with a fresh look at the queue."""
        now = core.clock.now()
        due, oldest = (await core.db.fetch(sql.jobs_depth(now=now)))[0]
        self._due.set(due)
        self._held.set((await core.db.fetch(sql.jobs_held()))[0][0])
        self._ailing.set((await core.db.fetch(sql.webhooks_ailing()))[0][0])
        self._late.set((now - oldest) / 1_000_000 if due else 0)
        return generate_latest(self.registry)
