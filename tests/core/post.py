"""A post office under test: a core, a worker with the real relay, and the sink that its mail ends up in."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

import msgspec

from core import accounts, addresses, events, ids, inbound, messages
from core.clock import SECOND, SystemClock
from core.core import Caller, Core
from core.inbound import Arrival, InboundMessage
from core.inbound import parsing as reading
from core.messages import Content, Draft, Message, Party, Receipt
from core.store.database import Row
from core.store.statements import Query, statement
from gateway.assemble import opened, working
from gateway.config import Settings
from gateway.serving import running
from tests.smtp_sink import Sink

ANN, BOB, CAT = "ann@example.com", "bob@example.com", "cat@example.org"
SENDER = "news@sender.example"
# a minute, then five for ever; given up after an hour
PATIENCE: dict[str, Any] = {"retry_schedule_s": (60, 300), "give_up_after_s": 3600, "lease_s": 60}


class MovedClock:
    """The machine's clock, moved on by the test."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> int:
        """Microseconds since 1970 UTC, and as many more as the test wants."""
        return SystemClock().now() + self.ahead

    def pass_s(self, seconds: float) -> None:
        """Let time pass at once."""
        self.ahead += int(seconds * SECOND)


def party(text: str) -> Party:
    """Somebody by their address, with or without a name."""
    return Party(addresses.parse(text), text)


def draft(*to: str, **fields: Any) -> Draft:
    """A letter to these, or to Ann. ``cc`` and ``bcc`` are texts, what is said in it stands beside the rest."""
    said = {name: fields.pop(name) for name in Content.__struct_fields__ if name in fields}
    folk = {role: tuple(map(party, fields.pop(role, ()))) for role in ("cc", "bcc", "reply_to")}
    content = Content(**{"subject": "Hello", "text": "Hello, you.", **said})
    whole = {
        "sender": party(SENDER),
        "to": tuple(map(party, to or (ANN,))),
        "content": content,
        **folk,
        **fields,
    }
    return Draft(**whole)


async def caller_in(
    core: Core, workspace: str = "test", *, account: str = "test", environment: str = "live"
) -> Caller:
    """Somebody with a live key of a workspace, which is made where it is missing."""
    place = await accounts.ensure_workspace(core, await accounts.ensure_account(core, account), workspace)
    return Caller(
        account_id=place.account_id,
        workspace_id=place.id,
        workspace_number=place.number,
        environment=environment,
    )


@asynccontextmanager
async def timed_core(settings: Settings, clock: MovedClock) -> AsyncIterator[Core]:
    """An open core that lives by the test's clock."""
    async with opened(settings) as core:
        object.__setattr__(core, "clock", clock)
        yield core


async def select(core: Core, text: str, **values: Any) -> list[Row]:
    """Look into the store, past every function of the domain."""
    return await core.db.fetch(Query(statement("look", text), values))


async def alter(core: Core, text: str, **values: Any) -> None:
    """Change the store, past every function of the domain."""
    async with core.db.transaction() as work:
        await work.run(Query(statement("alter", text), values), commit=True)


async def count(core: Core, table: str) -> int:
    """How many rows a table has."""
    found: int = (await select(core, f"SELECT count(*) FROM {table}"))[0][0]  # noqa: S608  # a name of ours
    return found


def parsed(source: bytes) -> EmailMessage:
    """A letter as a reader that is not ours understands it."""
    return message_from_bytes(source, policy=policy.default)


def arrival(
    caller: Caller, raw: bytes, mail_from: str = "ann@example.org", to: Sequence[str] = ("help@in.example",)
) -> Arrival:
    """A letter that has come in for a workspace, as the listener makes it."""
    places = tuple(
        inbound.Place(workspace_id=caller.workspace_id, address=each, hash=inbound.hash_of(each))
        for each in to
    )
    trace = b"Received: here\r\n"
    return Arrival(
        id=ids.new(),
        places=places,
        mail_from=mail_from,
        trace=trace,
        raw=raw,
        letter=reading.read(trace, raw, mail_from),
    )


async def letter_in(core: Core, caller: Caller, raw: bytes, **fields: Any) -> InboundMessage:
    """Let a letter come in; how it is kept."""
    made = arrival(caller, raw, **fields)
    await core.inbox.add([made])
    return await inbound.get(core, caller, made.id)


class Post:
    """Sends for one caller, and lets time pass."""

    def __init__(self, core: Core, caller: Caller, clock: MovedClock, sink: Sink) -> None:
        self.core = core
        self.caller = caller
        self.clock = clock
        self.sink = sink

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, clock: MovedClock, sink: Sink, **changes: Any
    ) -> AsyncIterator[Self]:
        """An office with a worker that delivers to the sink in the background."""
        relay = f"smtp://127.0.0.1:{sink.port}"
        changed = msgspec.structs.replace(
            settings, **{"transport": "relay", "relay": relay, **PATIENCE, **changes}
        )
        async with timed_core(changed, clock) as core, working(core, changed) as worker, running(worker):
            yield cls(core, await caller_in(core), clock, sink)

    async def send(self, wanted: Draft) -> str:
        """Submit, and wait until there is nothing to do; the message's id."""
        receipt = await messages.submit(self.core, self.caller, wanted)
        await self.settle()
        return receipt.id

    async def later(self, seconds: float) -> None:
        """Let time pass, and wait until what has become due is done."""
        self.clock.pass_s(seconds)
        self.core.wake.set()
        await self.settle()

    async def settle(self) -> None:
        """Wait until no job is due or in work."""
        await settled(self.core)

    async def message(self, id: str) -> Message:
        """The message as it stands."""
        return await messages.get(self.core, self.caller, id)

    async def states(self, id: str) -> list[str]:
        """Its deliveries' states, in the order of the recipients."""
        return [each.state for each in (await self.message(id)).deliveries]

    async def events(self, id: str) -> list[tuple[str, int]]:
        """What happened to it, in order: kind and recipient."""
        return [
            (each.kind, each.position) for each in await events.of_message(self.core, await self.message(id))
        ]

    def taken(self) -> list[tuple[str, ...]]:
        """The recipients of each conversation that the sink said yes to."""
        return [each.rcpt_to for each in self.sink.messages]


async def accepted(core: Core, caller: Caller, drafts: Sequence[Draft], **options: Any) -> list[Receipt]:
    """Submit several, of which none may be refused."""
    results = await messages.submit_all(core, caller, drafts, **options)
    receipts = [each for each in results if isinstance(each, Receipt)]
    assert len(results) == len(receipts)
    return receipts


async def settled(core: Core) -> None:
    """Wait until no job is due or in work."""
    text = "SELECT count(*) FROM jobs WHERE run_at <= :now OR claimed_by <> ''"
    async with asyncio.timeout(20):
        while (await select(core, text, now=core.clock.now()))[0][0]:  # noqa: ASYNC110  # the store sets no event
            await asyncio.sleep(0.01)
