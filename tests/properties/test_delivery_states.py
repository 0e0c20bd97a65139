"""Whatever becomes of its attempts, a delivery ends in one final state, and nobody is asked again after it."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import events, messages
from core.budget import Budget
from core.core import Caller, Core
from core.fetch import Fetcher
from core.jobs.deliver import Deliverer
from core.jobs.files import Files
from core.jobs.gate import Gate
from core.jobs.held import Held
from core.jobs.offer import Offers
from core.jobs.queue import Claims
from core.jobs.record import Record, Recorder, Step
from core.jobs.routes import Routes, Way
from core.messages import Delivery, Message, standing
from core.messages.message import worst_of
from core.transport.capture import Capture
from core.transport.transport import Bounced, Deferred, Delivered, Envelope, Outcome
from gateway.config import Settings
from tests.core.post import PATIENCE, MovedClock, caller_in, draft, timed_core

OUTCOMES: dict[str, Outcome] = {
    "delivered": Delivered(code=250, text="ok"),
    "deferred": Deferred(code=451, text="later"),
    "bounced": Bounced(code=554, text="never"),
}
FINAL = {"delivered", "bounced", "failed", "suppressed", "complained", "canceled"}
OPEN = {"queued", "deferred"}
EVERY = sorted(FINAL | OPEN)


class Script:
    """A way out on which each recipient has a part of outcomes; whoever has played it to the end is deferred."""

    def __init__(self, parts: dict[str, list[str]], crashes: set[int]) -> None:
        self.parts = {email: list(part) for email, part in parts.items()}
        self.crashes = crashes
        self.attempts = 0
        self.asked: dict[str, list[str]] = {email: [] for email in parts}

    async def deliver(self, envelope: Envelope, mime: bytes) -> tuple[Outcome, ...]:
        """Play on, or break down where the script says so."""
        assert mime
        self.attempts += 1
        if self.attempts in self.crashes:
            raise LookupError("a fault of ours")
        return tuple(self._next(email) for email in envelope.rcpt_to)

    def _next(self, email: str) -> Outcome:
        said = self.parts[email].pop(0) if self.parts[email] else "deferred"
        self.asked[email].append(said)
        return OUTCOMES[said]

    async def close(self) -> None:
        """Nothing is open."""


class Stage:
    """One core for all examples, and a loop of its own: hypothesis calls plain functions."""

    def __init__(self, folder: Path) -> None:
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.clock = MovedClock()
        self.core, self.caller = self.runner.run(self._open(folder))

    async def _open(self, folder: Path) -> tuple[Core, Caller]:
        chosen = Settings(database=f"sqlite:///{folder / 'x.db'}", sender_policy="any", **PATIENCE)
        core = await self.stack.enter_async_context(timed_core(chosen, self.clock))
        return core, await caller_in(core)

    def close(self) -> None:
        """End the core, then the loop."""
        self.runner.run(self.stack.aclose())
        self.runner.close()

    async def play(self, script: Script) -> Message:
        """Send one message to all of the script's recipients, and try until there is no work left."""
        receipt = await messages.submit(self.core, self.caller, draft(*script.parts))
        fetcher, recorder = Fetcher(), Recorder(lambda: self.core)
        routes = Routes({"script": Way(name="script", transport=script)}, ("script",), Capture())
        deliverer = Deliverer(
            self.core,
            Offers(routes, Gate(self.core, routes)),
            recorder,
            Files(self.core, fetcher, limit_bytes=1),
            concurrency=2,
            budget=Budget(1 << 20),
        )
        claims = Claims(self.core, "w")
        for _ in range(40):
            jobs, held = await claims.take(10), Held(60)
            held.take((job.id for job in jobs), time.monotonic())
            await deliverer.run(jobs, held)
            self.clock.pass_s(340)
        await fetcher.close()
        assert [] == await claims.take(10)
        return await messages.get(self.core, self.caller, receipt.id)

    async def told(self, message: Message, position: int) -> list[str]:
        """What happened to one recipient, in order."""
        return [
            each.kind for each in await events.of_message(self.core, message) if each.position == position
        ]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A core without a worker."""
    made = Stage(tmp_path_factory.mktemp("states"))
    yield made
    made.close()


part = st.lists(st.sampled_from(sorted(OUTCOMES)), max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(parts=st.lists(part, min_size=1, max_size=4), crashes=st.sets(st.integers(1, 6), max_size=3))
def test_every_delivery_ends_once(stage: Stage, parts: list[list[str]], crashes: set[int]) -> None:
    """The first outcome that is final stays, without another attempt; whoever has none fails when time is up."""
    script = Script({f"p{n}@example.com": each for n, each in enumerate(parts)}, crashes)
    message = stage.runner.run(stage.play(script))

    for delivery in message.deliveries:
        asked = script.asked[delivery.email]
        assert all(said == "deferred" for said in asked[:-1])
        expected = asked[-1] if asked and asked[-1] != "deferred" else "failed"
        assert expected == delivery.state
        told = stage.runner.run(stage.told(message, delivery.position))
        ending = "expired" if expected == "failed" else expected
        assert [ending] == [kind for kind in told if kind in FINAL or kind == "expired"] == told[-1:]
        assert told.count("sent") == bool(asked)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    news=st.lists(st.sampled_from(["deferred", "delivered", "bounced", "failed", "complained"]), max_size=6)
)
def test_late_news_does_not_undo_an_end(stage: Stage, news: list[str]) -> None:
    """In whatever order workers that overlap record, the first end stays; only a complaint follows a delivery."""
    assert expected_after(news) == stage.runner.run(recorded(stage, news))


def expected_after(news: list[str]) -> str:
    """The state by the words of the rule."""
    state = "queued"
    for each in news:
        if (each == "complained" and state == "delivered") or (each != "complained" and state in OPEN):
            state = each
    return state


async def recorded(stage: Stage, news: list[str]) -> str:
    """The state of a delivery of which all this was recorded, each in a commit of its own."""
    receipt = await messages.submit(stage.core, stage.caller, draft())
    message = await messages.get(stage.core, stage.caller, receipt.id)
    recorder = Recorder(lambda: stage.core)
    (job,) = await Claims(stage.core, "w").take(1)
    for each in news:
        step = Step(delivery=message.deliveries[0], kind=each, state=each)
        await recorder.add(Record(job=job, message=message, steps=(step,)))
    await recorder.add(Record(job=job))
    return (await messages.get(stage.core, stage.caller, receipt.id)).deliveries[0].state


def of_states(states: list[str], state: str = "accepted") -> Message:
    """A message whose recipients stand like this."""
    deliveries = tuple(
        Delivery(
            message_id="m",
            position=position,
            role="to",
            email="p@example.com",
            state=each,
            attempts=0,
            code=0,
            text="",
            updated_at=0,
        )
        for position, each in enumerate(states)
    )
    return Message(
        id="m",
        workspace_id="w",
        environment="live",
        number=1,
        batch_id=None,
        content_id=None,
        stream="",
        state=state,
        sender="",
        subject="",
        tag="",
        created_at=0,
        scheduled_at=None,
        draft=draft(),
        deliveries=deliveries,
    )


@given(states=st.lists(st.sampled_from(EVERY), max_size=5), mixed=st.randoms(use_true_random=False))
def test_standing_does_not_depend_on_order(states: list[str], mixed: Random) -> None:
    """The recipients' order says nothing, and neither does how often one state occurs."""
    other = list(states) * 2
    mixed.shuffle(other)

    assert standing(of_states(states)) == standing(of_states(other))


@given(one=st.lists(st.sampled_from(EVERY), min_size=1), two=st.lists(st.sampled_from(EVERY), min_size=1))
def test_the_worst_of_parts_is_the_worst_of_the_whole(one: list[str], two: list[str]) -> None:
    """It may be told of parts and of the parts' results alike."""
    assert worst_of(one + two) == worst_of([worst_of(one), worst_of(two)])


@pytest.mark.parametrize(
    ("state", "deliveries"), list(itertools.product(["canceled", "scheduled"], [[], ["queued"]]))
)
def test_what_has_not_begun_stands_as_it_was_put(state: str, deliveries: list[str]) -> None:
    """A message that waits or was called off says so, whatever its recipients' rows say."""
    assert state == standing(of_states(deliveries, state))
