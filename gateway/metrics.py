"""What /_/metrics tells: requests by dialect and operation, and the queue's depth when asked."""

import time
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from core.core import Core
from core.store.statements import sql
from dialects.serving import Served

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """One process's figures."""

    def __init__(self) -> None:
        """A registry of its own, so that several servers in one process do not meet."""
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "babelpost_requests",
            "Answered requests.",
            ("dialect", "operation", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "babelpost_request_seconds",
            "Time to answer.",
            ("dialect",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._due = Gauge("babelpost_jobs_due", "Jobs that are due and not done.", registry=self.registry)
        self._late = Gauge(
            "babelpost_jobs_oldest_seconds", "How long the oldest is due.", registry=self.registry
        )
        # looking a labelled child up costs more than counting it
        self._children: dict[tuple[str, str, int], Counter] = {}
        self._clocks: dict[str, Histogram] = {}

    def count(self, dialect: str, served: Served, began: float) -> None:
        """Count an answered request; ``began`` by ``time.perf_counter``."""
        key = (dialect, served.operation, served.status)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._requests.labels(dialect, served.operation, str(served.status))
        child.inc()
        clock = self._clocks.get(dialect)
        if clock is None:
            clock = self._clocks[dialect] = self._seconds.labels(dialect)
        clock.observe(time.perf_counter() - began)

    async def text(self, core: Core) -> bytes:
        """The figures in Prometheus's text form, with a fresh look at the queue."""
        now = core.clock.now()
        due, oldest = (await core.db.fetch(sql.jobs_depth(now=now)))[0]
        self._due.set(due)
        self._late.set((now - oldest) / 1_000_000 if due else 0)
        return generate_latest(self.registry)
