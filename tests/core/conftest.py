"""Fixtures of core's tests: a clock that can be moved on, a core that lives by it, a caller, an office."""

from collections.abc import AsyncIterator

import pytest

from core.core import Caller, Core
from gateway.config import Settings
from tests.core.post import MovedClock, Post, caller_in, timed_core
from tests.smtp_sink import Sink


@pytest.fixture
def clock() -> MovedClock:
    """The clock of the core under test."""
    return MovedClock()


@pytest.fixture
async def core(settings: Settings, clock: MovedClock) -> AsyncIterator[Core]:
    """An open core on the engine; nobody works on its jobs."""
    async with timed_core(settings, clock) as made:
        yield made


@pytest.fixture
async def caller(core: Core) -> Caller:
    """Who calls that core."""
    return await caller_in(core)


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """The server that mail is handed to."""
    async with Sink() as made:
        yield made


@pytest.fixture
async def post(settings: Settings, clock: MovedClock, sink: Sink) -> AsyncIterator[Post]:
    """An office whose mail goes to the sink."""
    async with Post.open(settings, clock, sink) as made:
        yield made
