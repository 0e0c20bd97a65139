"""What recipients decide by the link of a letter: no more of it, no more at all, or again.

Everything is safe to repeat and counts once; what the sender, a bounce or a complaint stopped is not theirs to undo.
"""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from core import contacts, events, ids, suppressions, topics
from core.core import Core
from core.optout import Link
from core.store.database import Transaction, listed, rows
from core.store.statements import sql
from core.suppressions import Entry, Release, Suppression

_PACK: Final = msgspec.msgpack.Encoder()
_OUT: Final = "unsubscribed"
_IN: Final = "resubscribed"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands for whoever holds a link. ``sender`` is who wrote, empty where the letter is forgotten.

    ``about`` names the topic or stream that the link is about, empty for all mail. ``left``: it no longer comes by the
    recipient's own wish, ``left_all``: nor does anything else; ``stopped``: it does not come for another reason.
    ``topics`` are those to choose among.
    """

    email: str
    sender: str
    about: str
    left: bool
    left_all: bool
    stopped: bool
    topics: tuple[topics.Standing, ...]


async def current(core: Core, link: Link) -> Link:
    """The link as it can be acted on: about a topic that is gone, it is about all that its letter was of."""
    if not link.topic_id:
        return link
    known = await topics.of_address(core, link.workspace_id, link.email)
    if any(each.id == link.topic_id for each in known):
        return link
    return msgspec.structs.replace(link, topic_id="")


async def standing(core: Core, link: Link) -> Standing:
    """How it stands now."""
    query = sql.suppressions_of(workspace_id=link.workspace_id, emails=listed([link.email]), stream=None)
    entries = [each for each in await rows(core.db, Suppression, query) if each.stream in ("", link.stream)]
    known = await topics.of_address(core, link.workspace_id, link.email)
    own = next((each for each in known if each.id == link.topic_id), None)
    left_all = any(each.reason == "unsubscribe" and not each.stream for each in entries)
    return Standing(
        email=link.email,
        sender=await _sender(core, link),
        about=own.name if own is not None else await _stream(core, link),
        left=left_all
        or any(each.reason == "unsubscribe" for each in entries)
        or (own is not None and own.subscription == "opt_out"),
        left_all=left_all,
        stopped=any(each.reason != "unsubscribe" for each in entries),
        topics=tuple(each for each in known if _is_shown(each, link)),
    )


def _is_shown(topic: topics.Standing, link: Link) -> bool:
    """A private topic is nobody's business who has not asked for it."""
    return topic.visibility == "public" or topic.chosen == "opt_in" or topic.id == link.topic_id


async def _sender(core: Core, link: Link) -> str:
    query = sql.message_sender(id=link.message_id, workspace_id=link.workspace_id)
    found = await core.db.fetch(query)
    return found[0][0] if found else ""


async def _stream(core: Core, link: Link) -> str:
    if not link.stream:
        return ""
    found = await core.db.fetch(sql.streams_of_workspace(workspace_id=link.workspace_id))
    return next((row[2] for row in found if row[1] == link.stream), link.stream)


async def leave(core: Core, link: Link) -> None:
    """Stop what the link is about: the topic, else the stream, else all mail."""
    await core.outbox.refresh()
    async with core.db.transaction() as work:
        if link.topic_id:
            changed = await topics.keep(core, work, _wish(core, link, link.topic_id, "opt_out"))
        else:
            changed = await _suppress(work, core, link, link.stream)
        if changed:
            await _tell(work, core, link, _OUT)


async def leave_all(core: Core, link: Link) -> None:
    """Stop all mail of the workspace."""
    await core.outbox.refresh()
    async with core.db.transaction() as work:
        if await _suppress(work, core, link, ""):
            await _tell(work, core, link, _OUT)


async def rejoin(core: Core, link: Link) -> None:
    """Take back what the recipient stopped of what the link is about, and of all mail."""
    await core.outbox.refresh()
    async with core.db.transaction() as work:
        released = [await _release(work, core, link, stream) for stream in sorted({"", link.stream})]
        chosen = False
        if link.topic_id:
            chosen = await topics.keep(core, work, _wish(core, link, link.topic_id, "opt_in"))
        if chosen or any(released):
            await _tell(work, core, link, _IN)


async def choose(core: Core, link: Link, wanted: Collection[str]) -> None:
    """Want these topics and no others of those that the link's holder may choose among.

    Whoever wants any and had left all mail gets mail again.
    """
    shown = (await standing(core, link)).topics
    await core.outbox.refresh()
    async with core.db.transaction() as work:
        back = any(each.id in wanted for each in shown) and await _release(work, core, link, "")
        new = await _chosen(work, core, link, [(each, each.id in wanted) for each in shown])
        if back or "opt_in" in new:
            await _tell(work, core, link, _IN)
        if "opt_out" in new:
            await _tell(work, core, link, _OUT)


async def _chosen(
    work: Transaction, core: Core, link: Link, asked: Sequence[tuple[topics.Standing, bool]]
) -> set[str]:
    """Keep what differs from what held; which ways it went."""
    new: set[str] = set()
    for topic, is_wanted in asked:
        subscription: topics.Subscription = "opt_in" if is_wanted else "opt_out"
        if subscription != topic.subscription and await topics.keep(
            core, work, _wish(core, link, topic.id, subscription)
        ):
            new.add(subscription)
    return new


def _wish(core: Core, link: Link, topic_id: str, subscription: topics.Subscription) -> topics.Wish:
    return topics.Wish(
        workspace_id=link.workspace_id,
        topic_id=topic_id,
        email=link.email,
        subscription=subscription,
        origin="recipient",
        at=core.clock.now(),
        message_id=link.message_id,
    )


async def _suppress(work: Transaction, core: Core, link: Link, stream: str) -> bool:
    now = core.clock.now()
    entry = Entry(
        workspace_id=link.workspace_id,
        email=link.email,
        stream=stream,
        reason="unsubscribe",
        origin="recipient",
        at=now,
        message_id=link.message_id,
    )
    if not stream:
        await contacts.mark(core, work, link.workspace_id, link.email, "unsubscribed")
    return await suppressions.enter(core, work, entry)


async def _release(work: Transaction, core: Core, link: Link, stream: str) -> bool:
    now = core.clock.now()
    wanted = Release(
        workspace_id=link.workspace_id,
        keys=(link.email,),
        at=now,
        stream=stream,
        reason="unsubscribe",
        origin="recipient",
        message_id=link.message_id,
    )
    is_released = bool(await suppressions.leave_out(core, work, wanted))
    if is_released and not stream:
        await contacts.mark(core, work, link.workspace_id, link.email, "confirmed")
    return is_released


async def _tell(work: Transaction, core: Core, link: Link, kind: str) -> None:
    """Append the event, unless the message is forgotten."""
    kept = await work.run(sql.message_sender(id=link.message_id, workspace_id=link.workspace_id))
    if kept[0]:
        detail = _PACK.encode(events.Detail(topic_id=link.topic_id))
        now = core.clock.now()
        event = (link.message_id, ids.new(), link.workspace_id, link.position, kind, now, detail)
        await work.run(sql.event_insert.many([event]), *core.outbox.events([event]))
