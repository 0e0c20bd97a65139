"""News of deliveries that came back, written in batches: what follows from them in one commit, and once.

The same news comes again when a server did not hear our answer, and in other letters too: what was told is remembered.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from core import ids, suppressions
from core.bounces.bounce import row
from core.clock import SECOND
from core.core import Core
from core.diagnosis import HARD
from core.events import Detail
from core.messages.message import Delivery, Message, below
from core.outbox import Outbox
from core.returned import Verdict
from core.stats.tally import Tally
from core.store.database import listed
from core.store.group import Group
from core.store.statements import Many, sql

_PACK: Final = msgspec.msgpack.Encoder()
# as long as a server may try to bring the same report again, and longer than readers wait to complain
_REMEMBERED_S: Final = 45 * 24 * 3600
_NO_ANSWER: Final = msgspec.msgpack.encode([])
# what an action does to a delivery: the event that tells of it, and the state that it moves to
_EFFECTS: Final = {
    "failed": ("bounced", "bounced"),
    "complained": ("complained", "complained"),
    "delayed": ("delayed", ""),
    "returned": ("returned", ""),
}


class News(msgspec.Struct, frozen=True):
    """A verdict on one delivery."""

    delivery: Delivery
    verdict: Verdict

    def key(self) -> str:
        """By what the same news is known when it comes again, in whatever letter."""
        delivery, verdict = self.delivery, self.verdict
        kind = "" if verdict.action in ("failed", "complained") else f":{verdict.kind}"
        return f"bounce:{delivery.message_id}:{delivery.position}:{verdict.action}{kind}"

    def told(self) -> str:
        """The event that tells of it."""
        return "unsubscribed" if self.verdict.kind == "unsubscribe" else _EFFECTS[self.verdict.action][0]

    def state(self) -> str:
        """Where it moves the delivery, empty for nowhere."""
        return _EFFECTS[self.verdict.action][1]

    def reason(self) -> str:
        """Why it takes the address out of use, empty where it does not."""
        verdict = self.verdict
        if verdict.action == "complained":
            return "complaint"
        if verdict.action == "failed" and verdict.kind in HARD:
            return "hard_bounce"
        return "unsubscribe" if verdict.kind == "unsubscribe" and verdict.action == "returned" else ""


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """What one letter tells of one message; ``dump`` is the letter, cut to a bound."""

    message: Message
    news: Sequence[News]
    dump: bytes


class Returns:
    """The group commit of news."""

    def __init__(self, core: Callable[[], Core]) -> None:
        """``core`` is asked for at the first commit, since it holds this very object."""
        self._core = core
        self._group: Group[Arrival] = Group(self._commit)

    async def add(self, arrival: Arrival) -> None:
        """Return when everything that follows from it is on disk; what was told before is not told again."""
        await self._group.add(arrival, len(arrival.dump))

    async def close(self) -> None:
        """Finish what waits."""
        await self._group.close()

    async def _commit(self, batch: list[Arrival]) -> None:
        core = self._core()
        await core.outbox.refresh()
        now, all_keys = core.clock.now(), [each.key() for arrival in batch for each in arrival.news]
        number = await core.numbers.take("bounce", len(all_keys))
        # in one order, so that two processes do not wait for each other
        keys = listed(sorted(set(all_keys)))
        async with core.db.transaction() as work:
            _, taken = await work.run(sql.claims_expire(keys=keys, now=now), sql.claims_take(keys=keys))
            written = _Rows(now, number, {row[0] for row in taken})
            for arrival in batch:
                written.add(arrival)
            await work.run(*written.steps(core.outbox), commit=True)


class _Rows:
    """The rows of one commit, as they gather."""

    def __init__(self, now: int, number: int, fresh: set[str]) -> None:
        """Bounces are numbered from ``number`` on; ``fresh`` are the keys of what was not told before."""
        self._now = now
        self._number = number
        self._fresh = fresh
        self._claims: list[tuple[Any, ...]] = []
        self._bounces: list[tuple[Any, ...]] = []
        self._dumps: list[tuple[Any, ...]] = []
        self._dump_bytes = 0
        self._events: list[tuple[Any, ...]] = []
        self._moves: list[tuple[Any, ...]] = []
        self._suppressions: list[suppressions.Entry] = []
        self._tally = Tally()

    def steps(self, outbox: Outbox) -> list[Many]:
        """The statements that write them; empty kinds are left out."""
        kinds = [
            sql.claim_fill.many(self._claims),
            sql.bounce_insert.many(self._bounces),
            sql.bounce_dump_insert.many(self._dumps, self._dump_bytes),
            sql.event_insert.many(self._events),
            *outbox.events(self._events),
            self._tally.step(),
            sql.delivery_return.many(self._moves),
            *suppressions.insertion(outbox, self._suppressions),
        ]
        return [step for step in kinds if step.rows]

    def add(self, arrival: Arrival) -> None:
        """What follows from a letter's news, as far as it is news."""
        for each in arrival.news:
            if each.key() in self._fresh:
                self._fresh.remove(each.key())
                self._tell(arrival, each)

    def _tell(self, arrival: Arrival, news: News) -> None:
        message, verdict, now = arrival.message, news.verdict, self._now
        detail = Detail(
            code=verdict.code,
            enhanced=verdict.enhanced,
            text=verdict.text,
            host=verdict.host,
            type=verdict.kind,
            bounce=self._number,
        )
        self._number += 1
        self._tally.bounced(message, verdict.kind, now)
        # who refused redirected mail is none of the recipients
        reason = "" if message.draft.redirect_to else news.reason()
        self._claims.append(("", _NO_ANSWER, now + _REMEMBERED_S * SECOND, news.key()))
        self._bounces.append(row(message, news.delivery, detail, at=now, suppresses=bool(reason)))
        self._dumps.append((detail.bounce, arrival.dump))
        self._dump_bytes += len(arrival.dump)
        self._events.append(
            (
                message.id, ids.new(), message.workspace_id, news.delivery.position, news.told(), now,
                _PACK.encode(detail),
            )
        )  # fmt: skip  # a column list reads better in lines than in a column
        if news.state():
            self._moves.append(self._move(news))
        if reason:
            self._suppressions.append(self._suppression(message, news.delivery, reason))

    def _move(self, news: News) -> tuple[Any, ...]:
        delivery, verdict, state = news.delivery, news.verdict, news.state()
        # what a reader thinks of it is no reply of a server
        reply = (verdict.code, verdict.text) if verdict.action == "failed" else (None, None)
        return (state, *reply, self._now, delivery.message_id, delivery.position, listed(below(state)))

    def _suppression(self, message: Message, delivery: Delivery, reason: str) -> suppressions.Entry:
        return suppressions.Entry(
            workspace_id=message.workspace_id,
            email=delivery.email,
            stream=message.draft.suppressed_stream,
            reason=reason,
            origin="recipient",
            at=self._now,
            message_id=message.id,
        )
