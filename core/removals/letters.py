"""Mail to a person who is to be forgotten.

What went to nobody else loses everything but that it was sent. Of what others have too only the address goes, and what
is known of its delivery; what waits is not sent to it any longer.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from core import addresses, ids
from core.addresses import Address
from core.core import Core
from core.messages.draft import Content, Draft, Party
from core.messages.message import WHOLE_MESSAGE
from core.removals.traces import TOLD
from core.retention.letters import stripped
from core.store.database import Row, Transaction, listed
from core.store.statements import Many, Query, sql

_log = structlog.get_logger(__name__)

_PACK: Final = msgspec.msgpack.Encoder()
_DRAFTS: Final = msgspec.msgpack.Decoder(Draft)
_EMPTY: Final = msgspec.msgpack.encode({})
# RFC 2606 2: a name that nobody will ever have
NOBODY: Final = Party(Address("erased@erased.invalid"))
_UNREADABLE: Final = Draft(sender=NOBODY)


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that the person got, at these positions; ``alone``: nobody else did. ``waits``: it has a job.

    ``content_id``: what it says stands apart, where others may share it; else None.
    """

    id: str
    workspace_id: str
    body: bytes
    content_id: str | None
    waits: bool
    positions: tuple[int, ...]
    alone: bool


async def read(core: Core, message_ids: Sequence[str], key: str) -> list[Letter]:
    """The messages of these ids, as they concern the person."""
    keys = listed(message_ids)
    folk: dict[str, list[Row]] = {}
    for row in await core.db.fetch(sql.removal_deliveries(ids=keys)):
        folk.setdefault(row[0], []).append(row)
    return [
        Letter(
            id=id,
            workspace_id=workspace_id,
            body=body,
            content_id=content_id,
            waits=job is not None,
            positions=tuple(row[1] for row in folk.get(id, ()) if row[2] == key),
            alone=all(row[2] == key for row in folk.get(id, ())),
        )
        for id, workspace_id, body, content_id, job in await core.db.fetch(sql.removal_messages(ids=keys))
    ]


async def veil(core: Core, work: Transaction, letters: Sequence[Letter], key: str) -> int:
    """Forget the person in these within a transaction; how many, without those that are being sent at this moment.

    The outbox was refreshed before.
    """
    waiting = listed([each.id for each in letters if each.waits])
    _, *jobs = await work.run(sql.lines_hold(), sql.jobs_hold(ids=waiting), sql.jobs_in_hands(ids=waiting))
    free, busy = [{row[0] for row in found} for found in jobs]
    free -= busy
    ready = [each for each in letters if not each.waits or each.id in free]
    called_off = [each for each in ready if each.waits and each.alone]
    alone = [each for each in ready if each.alone]
    shared = [each for each in ready if not each.alone]
    steps: list[Query | Many] = [
        *_deliveries(ready),
        *_canceled(core, called_off),
        *_alone(alone),
        sql.message_body_replace.many(_shared(shared, key)),
    ]
    told = listed([each.id for each in ready])
    steps += [statement(ids=told) for statement in TOLD]
    await work.run(*[step for step in steps if isinstance(step, Query) or step.rows])
    return len(ready)


def _deliveries(letters: Sequence[Letter]) -> list[Many]:
    places = [(each.id, position) for each in letters for position in each.positions]
    everywhere = [(each.id, WHOLE_MESSAGE) for each in letters if each.alone]
    return [
        sql.delivery_veil.many(places),
        sql.events_veil.many([(_EMPTY, *place) for place in (*places, *everywhere)]),
        sql.sightings_of_one_forget.many([*places, *everywhere]),
    ]


def _canceled(core: Core, letters: Sequence[Letter]) -> list[Query | Many]:
    if not letters:
        return []
    now, keys = core.clock.now(), listed([each.id for each in letters])
    told = [
        (each.id, ids.new(), each.workspace_id, WHOLE_MESSAGE, "canceled", now, _EMPTY) for each in letters
    ]
    steps = sql.jobs_drop(ids=keys), sql.messages_cancel(ids=keys), sql.event_insert.many(told)
    return [*steps, *core.outbox.events(told)]


def _alone(letters: Sequence[Letter]) -> list[Query | Many]:
    if not letters:
        return []
    keys = listed([each.id for each in letters])
    bodies = [(_PACK.encode(emptied(_decoded(each) or _UNREADABLE)), each.id) for each in letters]
    contents = listed(list({each.content_id for each in letters if each.content_id is not None}))
    return [
        sql.message_veil.many(bodies),
        sql.blocks_open(ids=keys),
        sql.lines_forget(ids=keys),
        sql.lines_again(ids=keys),
        sql.renderings_forget(ids=keys),
        sql.attachments_forget(ids=keys),
        # where nobody else has it any longer, no message leads there, and nothing else would ever forget it
        sql.contents_forget(ids=contents),
        sql.attachments_of_contents_forget(ids=contents),
    ]


def emptied(draft: Draft) -> Draft:
    """A draft of which only the sender and how it was sent are left."""
    bare = stripped(draft)
    return msgspec.structs.replace(
        bare,
        to=(NOBODY,) * len(draft.to),
        cc=(NOBODY,) * len(draft.cc),
        bcc=(NOBODY,) * len(draft.bcc),
        shown_to=(),
        shown_cc=(),
        reply_to=(),
        content=Content(),
        metadata={},
        tags=(),
        rehearsals={},
        extra={},
    )


def _shared(letters: Sequence[Letter], key: str) -> list[tuple[bytes, str]]:
    drafts = [(_decoded(each), each.id) for each in letters]
    return [(_PACK.encode(without(draft, key)), id) for draft, id in drafts if draft is not None]


def _decoded(letter: Letter) -> Draft | None:
    """The draft, or None where it cannot be read, which must not keep the others from being forgotten."""
    try:
        return _DRAFTS.decode(letter.body)
    except msgspec.DecodeError as error:
        _log.error("a message cannot be read", message_id=letter.id, reason=str(error))
        return None


def without(draft: Draft, key: str) -> Draft:
    """A draft that names nobody in the place of a person; the others keep their places."""

    def veiled(parties: tuple[Party, ...]) -> tuple[Party, ...]:
        return tuple(NOBODY if addresses.key(each.email) == key else each for each in parties)

    return msgspec.structs.replace(
        draft,
        to=veiled(draft.to),
        cc=veiled(draft.cc),
        bcc=veiled(draft.bcc),
        shown_to=veiled(draft.shown_to),
        shown_cc=veiled(draft.shown_cc),
        reply_to=veiled(draft.reply_to),
        rehearsals={email: each for email, each in draft.rehearsals.items() if addresses.key(email) != key},
    )
