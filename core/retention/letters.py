"""Messages grow old in three steps: their bodies go, then what happened to them, then they themselves."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec
import structlog

from core.core import Core
from core.messages.draft import Content, Draft
from core.messages.message import Rendering
from core.retention.series import ENVIRONMENTS, Series, Steps, statements
from core.store.database import listed
from core.store.statements import Query, Statement, sql

_log = structlog.get_logger(__name__)

_PACK: Final = msgspec.msgpack.Encoder()
_DRAFTS: Final = msgspec.msgpack.Decoder(Draft)
_CONTENTS: Final = msgspec.msgpack.Decoder(Content)
_RENDERINGS: Final = msgspec.msgpack.Decoder(Rendering)

# one statement for each table that holds something by a message's id: with its bodies, with its events, with itself
OF_BODIES: Final[tuple[Statement, ...]] = ()
OF_EVENTS: Final = (sql.events_forget, sql.sightings_forget)
OF_MESSAGES: Final = (
    *OF_EVENTS,
    sql.deliveries_forget,
    sql.renderings_forget,
    sql.attachments_forget,
    sql.blocks_open,
    sql.lines_forget,
    sql.messages_forget,
)


def stripped(draft: Draft) -> Draft:
    """A draft without what was said: neither bodies nor what would fill a template."""
    return msgspec.structs.replace(draft, content=without_bodies(draft.content), variables={})


def without_bodies(content: Content) -> Content:
    """The names of files and the headers stay, as in a list of messages."""
    return msgspec.structs.replace(content, html=None, text=None, css="")


async def bodies(core: Core, ids: Sequence[str]) -> Steps:
    """Empty messages of what was said in them; what other messages that wait still share stays until they are sent."""
    found = await core.db.fetch(sql.retention_bodies(ids=listed(ids)))
    drafts = list(_changed(((row[0], row[2]) for row in found), _DRAFTS.decode, stripped))
    renderings = list(
        _changed(((row[0], row[3]) for row in found if row[3]), _RENDERINGS.decode, _without_bodies)
    )
    shared = await _unshared(core, list({row[1] for row in found if row[1] is not None}))
    steps: Steps = [
        sql.message_body_replace.many(drafts, sum(len(body) for body, _ in drafts)),
        sql.rendering_put.many([(id, body) for body, id in renderings]),
        sql.content_body_replace.many(shared),
        sql.attachments_empty(owner_ids=listed([*ids, *(id for _, id in shared)])),
        *[statement(ids=listed(ids)) for statement in OF_BODIES],
    ]
    return [step for step in steps if isinstance(step, Query) or step.rows]


def _without_bodies(rendering: Rendering) -> Rendering:
    return msgspec.structs.replace(rendering, html=None, text=None)


def _changed(
    rows: Iterator[tuple[str, bytes]], decode: Callable[[bytes], Any], change: Callable[[Any], Any]
) -> Iterator[tuple[bytes, str]]:
    """Bodies that are others once they are changed, each with its id; one that cannot be read goes with its message."""
    for id, body in rows:
        try:
            new = _PACK.encode(change(decode(body)))
        except msgspec.DecodeError as error:
            _log.error("a body cannot be read and so not be emptied", id=id, reason=str(error))
            continue
        if new != body:
            yield new, id


async def _unshared(core: Core, content_ids: list[str]) -> list[tuple[bytes, str]]:
    """The contents that nobody waits for any longer, emptied; those that already are need no second look."""
    if not content_ids:
        return []
    held = await core.db.fetch(sql.contents_of(ids=listed(content_ids)))
    full = list(_changed(((row[0], row[1]) for row in held), _CONTENTS.decode, without_bodies))
    if not full:
        return []
    query = sql.contents_waited_for(ids=listed([id for _, id in full]))
    waited_for = {row[0] for row in await core.db.fetch(query)}
    return [(body, id) for body, id in full if id not in waited_for]


async def whole(core: Core, ids: Sequence[str]) -> Steps:
    """Forget messages and what they alone used."""
    owners = await core.db.fetch(sql.retention_owners(ids=listed(ids)))
    contents = listed(list({row[0] for row in owners if row[0] is not None}))
    batches = listed(list({row[1] for row in owners if row[1] is not None}))
    steps: Steps = [sql.lines_hold(), *[statement(ids=listed(ids)) for statement in OF_MESSAGES]]
    if contents != "[]":
        steps += [sql.contents_forget(ids=contents), sql.attachments_of_contents_forget(ids=contents)]
    if batches != "[]":
        steps.append(sql.batches_forget(ids=batches))
    return steps


# messages first: what goes whole need not be emptied before
SERIES: Final = tuple(
    Series(
        name=f"{step} ({environment})",
        days=days,
        found=sql.retention_messages,
        counted=sql.retention_messages_count,
        forget=forget,
        fixed={"environment": environment},
    )
    for step, days, forget in (
        ("messages", lambda ages: ages.messages_days, whole),
        ("events", lambda ages: ages.events_days, statements(*OF_EVENTS)),
        ("bodies", lambda ages: ages.bodies_days, bodies),
    )
    for environment in ENVIRONMENTS
)
