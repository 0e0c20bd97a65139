"""Sightings on their way into the store: taken at once, written together, never waited for.

Whoever follows a link is answered before it is written, so a process that is killed loses what came in its last
milliseconds. A store that is away is waited for, as long as what has come meanwhile is bounded.
"""

import asyncio
import hashlib
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec
import structlog

from core import ids
from core.clock import SECOND
from core.core import Core
from core.events import Detail
from core.stats.figure import Origin
from core.stats.tally import Tally
from core.store.database import StoreUnavailable, Transaction, listed
from core.store.statements import Many, sql
from core.tracking.agents import agent, shortened
from core.tracking.sighting import Agent, Seen
from core.tracking.tokens import Click, Place

_log = structlog.get_logger(__name__)
_PACK: Final = msgspec.msgpack.Encoder()

_MOST_WAITING: Final = 10_000
_AT_ONCE: Final = 256
_AGAIN_S: Final = 0.5
_CLOSING_S: Final = 5.0
# of one recipient and message: nobody reads that often, and whoever has a link could fill the disk with it
_MOST_A_MINUTE: Final = 60
_MINUTE: Final = 60 * SECOND
# two different links within a second are no reader's
_BURST: Final = SECOND
_MOST_REMEMBERED: Final = 10_000
# of a tag, as filters look for it
_TAG_LETTERS: Final = 100

Kind = Literal["opened", "clicked", "scanned"]


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One that has come. ``id`` is its event's; ``is_burst``: another link was followed the moment before."""

    id: str
    place: Place
    at: int
    ip: str
    user_agent: str
    click: Click | None = None
    is_burst: bool = False


class _Lately:
    """What one recipient's pixel and links brought since a moment."""

    __slots__ = ("count", "link", "link_at", "since")

    def __init__(self, now: int) -> None:
        self.since = now
        self.count = 0
        self.link = ""
        self.link_at = 0


class Sightings:
    """Takes them in and writes them in batches, in the background."""

    def __init__(self, core: Callable[[], Core]) -> None:
        """``core`` is asked for at the first commit."""
        self._core = core
        self._waiting: deque[Sighting] = deque()
        self._lately: OrderedDict[Place, _Lately] = OrderedDict()
        self._writing: asyncio.Task[None] | None = None
        self._lost = 0

    def opened(self, place: Place, ip: str, user_agent: str) -> None:
        """Somebody fetched a pixel."""
        self._add(place, None, ip, user_agent)

    def clicked(self, click: Click, ip: str, user_agent: str) -> None:
        """Somebody followed a link."""
        self._add(click.place, click, ip, user_agent)

    async def close(self) -> None:
        """Write what waits, for as long as a stop may take."""
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=_CLOSING_S)
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        if self._waiting:
            _log.warning("opens and clicks lost, the store was away", count=len(self._waiting))

    def _add(self, place: Place, click: Click | None, ip: str, user_agent: str) -> None:
        now = self._core().clock.now()
        lately = self._of(place, now)
        lately.count += 1
        if lately.count > _MOST_A_MINUTE:
            return
        is_burst = False
        if click is not None:
            is_burst = lately.link not in ("", click.target) and now - lately.link_at < _BURST
            lately.link, lately.link_at = click.target, now
        sighting = Sighting(
            id=ids.new(), place=place, at=now, ip=ip, user_agent=shortened(user_agent), click=click,
            is_burst=is_burst,
        )  # fmt: skip
        self._take(sighting)

    def _of(self, place: Place, now: int) -> _Lately:
        lately = self._lately.get(place)
        if lately is None or now - lately.since >= _MINUTE:
            lately = self._lately[place] = _Lately(now)
            self._lately.move_to_end(place)
            if len(self._lately) > _MOST_REMEMBERED:
                self._lately.popitem(last=False)
        return lately

    def _take(self, sighting: Sighting) -> None:
        if len(self._waiting) >= _MOST_WAITING:
            self._lost += 1
            return
        self._waiting.append(sighting)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        again = False
        try:
            while self._waiting:
                batch = [self._waiting[place] for place in range(min(_AT_ONCE, len(self._waiting)))]
                again = not await self._is_written(batch, again=again)
                if again:
                    await asyncio.sleep(_AGAIN_S)
                else:
                    for _ in batch:
                        self._waiting.popleft()
                self._tell_lost()
        finally:
            self._writing = None

    def _tell_lost(self) -> None:
        if self._lost:
            _log.warning("opens and clicks lost, too many were waiting", count=self._lost)
            self._lost = 0

    async def _is_written(self, batch: Sequence[Sighting], *, again: bool) -> bool:
        try:
            await record(self._core(), batch, is_new=not again)
        except StoreUnavailable as error:
            _log.warning("opens and clicks not recorded yet", reason=str(error), count=len(batch))
            return False
        except Exception:  # noqa: BLE001  # nobody waits for it, and what comes after must not wait for ever
            if len(batch) > 1:
                # one that the engine refuses must not spoil the others; a repetition writes nothing twice
                return all([await self._is_written([each], again=True) for each in batch])
            _log.exception("an open or click could not be recorded", message_id=batch[0].place.message_id)
        return True


async def record(core: Core, batch: Sequence[Sighting], *, is_new: bool = False) -> None:
    """Append the events, and find out which are first; safe to repeat. What names no message of ours is left out.

    ``is_new``: nobody has tried to write any of them before.
    """
    await core.outbox.refresh()
    agents = await asyncio.to_thread(lambda: [agent(each.user_agent) for each in batch])
    keys = listed(sorted({each.place.message_id for each in batch}))
    query = sql.sightings_messages(ids=keys)
    found = {row[0]: Origin(row[1], row[2], row[3], row[4]) for row in await core.db.fetch(query)}
    facts = [
        _Fact(each, found[each.place.message_id], said)
        for each, said in zip(batch, agents, strict=True)
        if each.place.message_id in found
    ]
    # in one order, whatever came first: two processes that claim the same rows must not wait for each other
    claims = sorted(fact.claim() for fact in facts if fact.kind != "scanned")
    async with core.db.transaction() as work:
        firsts: set[str] = set()
        if not is_new:
            facts = await _missing(work, facts)
        if claims:
            used = sorted({fact.agent() for fact in facts if fact.kind != "scanned"})
            claimed = await work.run(
                sql.agent_known.many(used),
                sql.sighting_claim.many(claims),
                sql.sightings_firsts(ids=keys),
            )
            firsts = {row[0] for row in claimed[2]}
        told = sql.event_insert_once.many([fact.event(is_first=fact.sighting.id in firsts) for fact in facts])
        await work.run(told, *core.outbox.events(told.rows), _counted(facts, firsts), commit=True)


async def _missing(work: Transaction, facts: Sequence["_Fact"]) -> list["_Fact"]:
    """Those whose events are not there: a commit that was told as failed may have been none."""
    messages = listed(sorted({fact.sighting.place.message_id for fact in facts}))
    query = sql.events_among(messages=messages, ids=listed([fact.sighting.id for fact in facts]))
    there = {row[0] for row in (await work.run(query))[0]}
    return [fact for fact in facts if fact.sighting.id not in there]


def _counted(facts: Sequence["_Fact"], firsts: set[str]) -> Many:
    tally = Tally()
    for fact in facts:
        fact.count(tally, is_first=fact.sighting.id in firsts)
    return tally.step()


class _Fact:
    """A sighting with whose message it was and what its User-Agent says."""

    def __init__(self, sighting: Sighting, origin: Origin, said: Agent) -> None:
        self.sighting = sighting
        self._origin = origin
        # many links at once are a machine's, whatever it calls itself
        self._agent = msgspec.structs.replace(said, machine="scanner") if sighting.is_burst else said
        self.kind: Kind = "opened" if sighting.click is None else "clicked"
        if self._agent.machine == "scanner":
            self.kind = "scanned"

    def claim(self) -> tuple[Any, ...]:
        sighting, origin = self.sighting, self._origin
        return (
            sighting.place.message_id, sighting.place.position, self.kind, _digest(sighting.click), sighting.id,
            origin.workspace_id, origin.environment, origin.stream, origin.tag[:_TAG_LETTERS], self.agent()[0],
        )  # fmt: skip

    def agent(self) -> tuple[str, ...]:
        """The row of what it was done with."""
        return agent_row(self._agent)

    def event(self, *, is_first: bool) -> tuple[Any, ...]:
        sighting, place = self.sighting, self.sighting.place
        detail = _PACK.encode(Detail(seen=self._seen(is_first=is_first)))
        return (
            place.message_id, sighting.id, self._origin.workspace_id, place.position, self.kind, sighting.at, detail
        )  # fmt: skip

    def count(self, tally: Tally, *, is_first: bool) -> None:
        if self.kind == "opened":
            tally.opened(self._origin, self._seen(is_first=is_first), self.sighting.at)
        elif self.kind == "clicked":
            tally.clicked(self._origin, self._seen(is_first=is_first), self.sighting.at)

    def _seen(self, *, is_first: bool) -> Seen:
        sighting = self.sighting
        return Seen(
            first=is_first,
            ip=sighting.ip,
            user_agent=sighting.user_agent,
            link=sighting.click.target if sighting.click is not None else "",
            part=sighting.click.part if sighting.click is not None else "",
            agent=self._agent,
        )


@lru_cache(maxsize=4096)
def agent_row(said: Agent) -> tuple[str, ...]:
    """What something was done with, in the order of ``agent_known``; the first is what it is known by."""
    client, os = said.client, said.os
    words = (client.name, client.company, client.family, os.name, os.company, os.family, said.platform)
    small = tuple(word.lower() for word in words)
    return hashlib.sha256("\n".join(small).encode()).hexdigest()[:32], *small


def _digest(click: Click | None) -> str:
    """The same address in both parts of a message is one link."""
    return "" if click is None else hashlib.sha256(click.target.encode()).hexdigest()[:32]
