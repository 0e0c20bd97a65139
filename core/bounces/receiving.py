"""What comes back later: a report or a complaint finds its delivery, and moves it, in one commit that is repeatable.

Whoever got a letter knows its marks, and could report on it what is not so; nobody else can: return paths are signed,
and a message's id has 62 random bits.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import structlog

from core import addresses, ids, suppressions
from core.bounces.bounce import row
from core.bounces.return_path import Origin, is_for_complaints, origin
from core.clock import SECOND
from core.core import Core
from core.diagnosis import HARD
from core.events import Detail
from core.messages.composition import message_id
from core.messages.message import Delivery, Message, below
from core.messages.reading import whole
from core.returned import Notice, Verdict, read
from core.store.database import listed, rows
from core.store.statements import Many, Query, sql

_log = structlog.get_logger(__name__)
_PACK: Final = msgspec.msgpack.Encoder()
_DUMP_BYTES: Final = 128 * 1024
_THREAD_FROM_BYTES: Final = 32 * 1024
# as long as a server may try to bring the same report again, and longer than readers wait to complain
_REMEMBERED_S: Final = 45 * 24 * 3600
_EMPTY: Final = msgspec.msgpack.encode([])
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MOST_IDS: Final = 10
# what an action does to a delivery: the event that tells of it, and the state that it moves to
_EFFECTS: Final = {
    "failed": ("bounced", "bounced"),
    "complained": ("complained", "complained"),
    "delayed": ("delayed", ""),
    "returned": ("returned", ""),
}


class _News(msgspec.Struct, frozen=True):
    """A verdict on one delivery."""

    delivery: Delivery
    verdict: Verdict

    def key(self) -> str:
        """By what the same news is known when it comes again, in whatever letter."""
        delivery, verdict = self.delivery, self.verdict
        kind = "" if verdict.action in ("failed", "complained") else f":{verdict.kind}"
        return f"bounce:{delivery.message_id}:{delivery.position}:{verdict.action}{kind}"


async def receive(core: Core, recipient: str, mail_from: str, content: bytes) -> bool:
    """Take a letter that came to an address of ours; False where there is no such address or a person wrote.

    ``mail_from`` is empty for the null sender. What was taken is on disk at return. Safe to repeat: the same news of a
    delivery is told once.
    """
    start = origin(core, recipient)
    if start is None and not is_for_complaints(core, recipient):
        return False
    notice = await _understood(content, from_nobody=not mail_from)
    if notice is None:
        return False
    message = await _found(core, start, notice)
    if message is None:
        _log.info("report on no message of ours", recipient=recipient)
        return True
    await _record(core, message, _news(message, start, notice), content[:_DUMP_BYTES])
    return True


async def _understood(content: bytes, *, from_nobody: bool) -> Notice | None:
    if len(content) < _THREAD_FROM_BYTES:
        return read(content, from_nobody=from_nobody)
    return await asyncio.to_thread(read, content, from_nobody=from_nobody)


async def _found(core: Core, start: Origin | None, notice: Notice) -> Message | None:
    """The message by the return path, by the one the report quotes, or by the id in the header that came back."""
    for address in _quoted(notice):
        start = start or origin(core, address)
    named = [start.message_id] if start is not None else list(_ids(notice))[:_MOST_IDS]
    if not named:
        return None
    held = await rows(core.db, Message, sql.messages_by_ids(ids=listed(named)))
    for message in await whole(core.db, held):
        if start is not None or _is_about(core, message, notice):
            return message
    return None


def _quoted(notice: Notice) -> tuple[str, ...]:
    return (*notice.senders, *(value for name, value in notice.original if name == "return-path"))


def _ids(notice: Notice) -> Iterator[str]:
    for name, value in notice.original:
        if name.endswith("message-id"):
            yield from (found.lower() for found in _UUID.findall(value))


def _is_about(core: Core, message: Message, notice: Notice) -> bool:
    """Whether an id stands where this very message's letter has it."""
    mine = {name.lower(): message.id for name in message.draft.id_headers}
    mine["message-id"] = message_id(core.policy, message)
    return any(mine.get(name, "").lower() == value.lower() for name, value in notice.original if name in mine)


def _news(message: Message, start: Origin | None, notice: Notice) -> list[_News]:
    found: dict[str, _News] = {}
    for verdict in notice.verdicts:
        for delivery in _meant(message, start, verdict):
            news = _News(delivery, verdict)
            found.setdefault(news.key(), news)
    if notice.verdicts and not found:
        _log.warning("report on a message names none of its recipients", message_id=message.id)
    return list(found.values())


def _meant(message: Message, start: Origin | None, verdict: Verdict) -> Sequence[Delivery]:
    """Whom a verdict is about: whoever it names, else the only one it can mean.

    An address that mail was forwarded to is no recipient of ours. Where mail was redirected, the recipients stand for
    its targets.
    """
    if message.draft.redirect_to:
        return message.deliveries
    named = {addresses.key(each) for each in verdict.recipients}
    by_name = [each for each in message.deliveries if addresses.key(each.email) in named]
    if by_name:
        return by_name
    if start is not None and start.position is not None:
        return [each for each in message.deliveries if each.position == start.position]
    return message.deliveries if len(message.deliveries) == 1 else []


async def _record(core: Core, message: Message, news: Sequence[_News], dump: bytes) -> None:
    if not news:
        return
    now, keys = core.clock.now(), listed([each.key() for each in news])
    number = await core.numbers.take("bounce", len(news))
    async with core.db.transaction() as work:
        _, taken = await work.run(sql.claims_expire(keys=keys, now=now), sql.claims_take(keys=keys))
        first = {row[0] for row in taken}
        fresh = [each for each in news if each.key() in first]
        written = _Rows(message, now, dump)
        for place, each in enumerate(fresh):
            written.add(each, number + place)
        await work.run(*written.steps(), commit=True)


class _Rows:
    def __init__(self, message: Message, now: int, dump: bytes) -> None:
        self._message = message
        self._now = now
        self._dump = dump
        self._steps: list[Query | Many] = []
        self._suppressions: list[suppressions.Entry] = []

    def steps(self) -> list[Query | Many]:
        """The statements that write them."""
        held = suppressions.insertion(self._suppressions)
        return [*self._steps, *(step for step in held if step.rows)]

    def add(self, news: _News, number: int) -> None:
        """What follows from one piece of news."""
        message, delivery, verdict, now = self._message, news.delivery, news.verdict, self._now
        reason = "" if message.draft.redirect_to else _reason(verdict)
        kind, state = _EFFECTS[verdict.action]
        if verdict.kind == "unsubscribe":
            kind = "unsubscribed"
        detail = Detail(
            code=verdict.code,
            enhanced=verdict.enhanced,
            text=verdict.text,
            host=verdict.host,
            type=verdict.kind,
            bounce=number,
        )
        kept = row(message, delivery, detail, at=now, suppresses=bool(reason))
        event = (
            message.id, ids.new(), message.workspace_id, delivery.position, kind, now, _PACK.encode(detail),
        )  # fmt: skip  # a column list reads better in lines than in a column
        self._steps += [
            sql.claim_fill(
                fingerprint="", answer=_EMPTY, expires_at=now + _REMEMBERED_S * SECOND, key=news.key()
            ),
            sql.bounce_insert.many([kept]),
            sql.bounce_dump_insert(number=number, body=self._dump),
            sql.event_insert.many([event]),
        ]
        if state:
            self._steps.append(self._move(delivery, state, verdict))
        if reason:
            self._suppressions.append(
                suppressions.Entry(
                    workspace_id=message.workspace_id,
                    email=delivery.email,
                    stream=message.draft.suppressed_stream,
                    reason=reason,
                    origin="recipient",
                    at=now,
                    message_id=message.id,
                )
            )

    def _move(self, delivery: Delivery, state: str, verdict: Verdict) -> Query:
        return sql.delivery_return(
            state=state,
            # what a reader thinks of it is no reply of a server
            code=verdict.code if verdict.action == "failed" else None,
            text=verdict.text if verdict.action == "failed" else None,
            updated_at=self._now,
            message_id=delivery.message_id,
            position=delivery.position,
            below=listed(below(state)),
        )


def _reason(verdict: Verdict) -> str:
    """Why the address is taken out of use, empty where it is not."""
    if verdict.action == "complained":
        return "complaint"
    if verdict.action == "failed" and verdict.kind in HARD:
        return "hard_bounce"
    return "unsubscribe" if verdict.kind == "unsubscribe" and verdict.action == "returned" else ""
