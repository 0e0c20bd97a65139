"""What comes back later: a report, a complaint or an answer by a machine finds the delivery that it is about.

Whoever got a letter knows its marks, and could report on it what is not so; nobody else can: return paths are signed,
and a message's id has 62 random bits.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from typing import Final

import structlog

from core import addresses
from core.bounces.news import Arrival, News
from core.bounces.return_path import Origin, is_for_complaints, origin
from core.core import Core
from core.messages.composition import message_id
from core.messages.message import Delivery, Message
from core.messages.reading import whole
from core.returned import Notice, Verdict, read
from core.store.database import listed, rows
from core.store.statements import sql

_log = structlog.get_logger(__name__)
_DUMP_BYTES: Final = 128 * 1024
_THREAD_FROM_BYTES: Final = 32 * 1024
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MOST_IDS: Final = 10


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
    news = _news(message, start, notice)
    if news:
        await core.returns.add(Arrival(message=message, news=news, dump=content[:_DUMP_BYTES]))
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


def _news(message: Message, start: Origin | None, notice: Notice) -> list[News]:
    found: dict[str, News] = {}
    for verdict in notice.verdicts:
        for delivery in _meant(message, start, verdict):
            news = News(delivery, verdict)
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
