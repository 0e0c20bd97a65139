"""The bundled load client, for machines without wrk: one request after another on each of many connections.

Run as a process of its own: it prints one line of JSON with counts and latencies.
"""

import asyncio
import sys
import time
from itertools import cycle
from typing import Final, cast

import httptools
import msgspec
import uvloop

_NUMBER: Final = "{n}"
_MOST_VARIANTS: Final = 1000
_VARIANTS_BYTES: Final = 4 * 1024 * 1024


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask and for how long; ``requests`` 0 means until ``seconds`` are over.

    ``{n}`` in the body becomes another number in each request, as far as ``variants`` goes.
    """

    host: str
    port: int
    path: str
    headers: dict[str, str]
    body: str
    connections: int
    seconds: int
    requests: int = 0

    @property
    def variants(self) -> int:
        """How many different bodies there are; then they come again. Bounded by what they take together."""
        return max(1, min(_MOST_VARIANTS, _VARIANTS_BYTES // len(self.body))) if _NUMBER in self.body else 1


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it; latencies in milliseconds."""

    rate: float
    answered: int
    failed: int
    p50_ms: float
    p99_ms: float


class _Connection(asyncio.Protocol):
    """One connection, one request in flight."""

    def __init__(self, load: "_Load") -> None:
        self._load = load
        self._parser = httptools.HttpResponseParser(self)
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio's
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def _ask(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(next(self._load.requests))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if self._load.note(time.perf_counter() - self._began, ok=status < 300):
            self._parser = httptools.HttpResponseParser(self)
            self._ask()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._load.ended(failed=error is not None)


class _Load:
    def __init__(self, plan: Plan) -> None:
        head = "".join(f"{name}: {value}\r\n" for name, value in plan.headers.items())
        line = f"POST {plan.path} HTTP/1.1\r\nHost: {plan.host}:{plan.port}\r\n{head}"
        bodies = (plan.body.replace(_NUMBER, str(number)).encode() for number in range(plan.variants))
        self.requests = cycle(
            [f"{line}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]
        )
        self._plan = plan
        self._open = plan.connections
        self._left = plan.requests
        self._times: list[float] = []
        self._failed = 0
        self.done = asyncio.Event()
        self.began = time.perf_counter()

    def note(self, took: float, *, ok: bool) -> bool:
        """Count an answer; whether to ask again."""
        if ok:
            self._times.append(took)
        else:
            self._failed += 1
        if self._plan.requests:
            self._left -= 1
            return self._left >= self._open
        return time.perf_counter() < self.began + self._plan.seconds

    def ended(self, *, failed: bool) -> None:
        self._failed += failed
        self._open -= 1
        if self._open == 0:
            self.done.set()

    def result(self) -> Result:
        took = time.perf_counter() - self.began
        times = sorted(self._times) or [0.0]
        return Result(
            rate=len(self._times) / took,
            answered=len(self._times),
            failed=self._failed,
            p50_ms=times[len(times) // 2] * 1000,
            p99_ms=times[len(times) * 99 // 100] * 1000,
        )


async def run(plan: Plan) -> Result:
    """Load a server as planned."""
    load, loop = _Load(plan), asyncio.get_running_loop()
    for _ in range(plan.connections):
        await loop.create_connection(lambda: _Connection(load), plan.host, plan.port)
    await load.done.wait()
    return load.result()


if __name__ == "__main__":
    sys.stdout.write(
        msgspec.json.encode(uvloop.run(run(msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)))).decode()
    )
