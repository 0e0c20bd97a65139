"""A dispatcher that tells real sockets, in the words of a dialect of the tests' own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import msgspec
import pytest

from core import messages, webhooks
from core.budget import Budget
from core.core import Caller, Core
from core.formats import Manners, Payload
from core.paging import PageRequest
from core.poster import Poster
from core.webhooks import Attempt, Dispatch, Filter, Happening, NewWebhook, Webhook
from core.webhooks.dispatcher import Dispatcher
from tests.consumer import Consumer
from tests.core.post import MovedClock, draft, select


class Plain:
    """Says the kind and the message; a minute, then five."""

    def __init__(self) -> None:
        self.seen: list[Happening] = []
        self.said = Manners(
            delays_s=(60, 300), timeout_s=3, gives_up=frozenset({403}), disables=frozenset({410})
        )

    def payloads(self, webhook: Webhook, happening: Happening) -> Sequence[Payload]:
        """One for each happening."""
        self.seen.append(happening)
        told = {"kind": happening.kind, "id": happening.id, "to": webhook.number}
        if happening.message is not None:
            told["message"] = happening.message.id
        return [Payload(f"said.{happening.kind}", msgspec.json.encode(told))]

    def headers(
        self, webhook: Webhook, dispatch: Dispatch, body: bytes, now: int
    ) -> Sequence[tuple[str, str]]:
        """Which attempt it is."""
        del body
        return [
            ("Content-Type", "application/json"),
            ("X-Attempt", str(dispatch.attempts + 1)),
            ("X-Id", dispatch.id),
            ("X-Secrets", ",".join(webhook.signing(now))),
        ]

    def manners(self, webhook: Webhook, event: str) -> Manners:
        """Whatever the test wants."""
        del webhook, event
        return self.said


class Town:
    """A core with a dispatcher at work, and one consumer."""

    def __init__(self, core: Core, caller: Caller, clock: MovedClock, consumer: Consumer) -> None:
        self.core, self.caller, self.clock, self.consumer = core, caller, clock, consumer
        self.plain = Plain()
        self.poster = Poster(allow_private=True)

    def dispatcher(self, **options: Any) -> Dispatcher:
        """Somebody who tells."""
        return Dispatcher(
            self.core,
            {"one": self.plain},
            self.poster,
            **{"concurrency": 4, "budget": Budget(1 << 20), **options},
        )

    async def hook(self, **fields: Any) -> Webhook:
        """A webhook that hears of what is accepted."""
        wanted = {"dialect": "one", "url": self.consumer.url, "kinds": ("accepted",), **fields}
        return await webhooks.create(self.core, self.caller, NewWebhook(**wanted))

    async def happen(self, count: int = 1) -> list[str]:
        """Something to tell of; the messages' ids."""
        return [(await messages.submit(self.core, self.caller, draft())).id for _ in range(count)]

    async def later(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.pass_s(seconds)

    async def dispatches(self, webhook: Webhook) -> list[Dispatch]:
        """What is told to a webhook, the oldest first."""
        found = await webhooks.dispatches(self.core, webhook, Filter(), PageRequest(limit=1000))
        return list(reversed(found.items))

    async def attempts(self, dispatch: Dispatch) -> list[Attempt]:
        """Its calls, the first one first."""
        found = await webhooks.attempts(self.core, dispatch, PageRequest(limit=100))
        return list(reversed(found.items))

    async def until(self, is_so: "Callable[[], Any]", within_s: float = 30) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(within_s):
            while not await is_so():  # noqa: ASYNC110  # the store sets no event
                await asyncio.sleep(0.01)

    async def state(
        self, webhook: Webhook, wanted: str, count: int = 1, *, attempts: int = 0
    ) -> list[Dispatch]:
        """Wait until so many dispatches of a webhook have a state, and it is in nobody's hands.

        ``attempts`` they have had at least.
        """

        async def holds() -> bool:
            found = await self.dispatches(webhook)
            text = "SELECT count(*) FROM webhook_lanes WHERE claimed_by <> '' AND webhook_id = :id"
            held = await select(self.core, text, id=webhook.id)
            return (
                sum(each.state == wanted and each.attempts >= attempts for each in found) >= count
                and not held[0][0]
            )

        await self.until(holds)
        return await self.dispatches(webhook)


@pytest.fixture
async def town(core: Core, caller: Caller, clock: MovedClock) -> AsyncIterator[Town]:
    """A town where nobody tells yet."""
    async with Consumer() as consumer:
        made = Town(core, caller, clock, consumer)
        yield made
        await made.poster.close()


@pytest.fixture
async def teller(town: Town) -> AsyncIterator[Dispatcher]:
    """The town's dispatcher, at work."""
    made = town.dispatcher()
    task = asyncio.create_task(made.run())
    yield made
    made.stop()
    await task
