"""What is in the outbox, read whole: one query for each kind of thing that a batch speaks of, none for each row."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

import msgspec

from core import addresses, domains
from core.accounts import Workspace
from core.bounces.bounce import Bounce
from core.contacts import Standing
from core.core import Core
from core.domains.domain import Domain
from core.events import Event, acceptance
from core.inbound.message import InboundMessage
from core.messages.composition import message_id
from core.messages.message import ACCEPTED, Batch, Delivery, Message
from core.messages.reading import outlines
from core.store.database import listed, mapper, one, rows
from core.store.statements import sql
from core.suppressions import Change
from core.topics import Topic
from core.webhooks.happening import (
    OF_CHANGES,
    OF_CONTACTS,
    OF_DOMAINS,
    OF_MESSAGES,
    OF_TOPICS,
    RECEIVED,
    Happening,
)

_TOPICS: Final = msgspec.msgpack.Decoder(Topic)
_CONTACTS: Final = msgspec.msgpack.Decoder(Standing)
_DOMAINS: Final = msgspec.msgpack.Decoder(Domain)


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the outbox."""

    id: str
    workspace_id: str
    kind: str
    subject: str
    at: int
    facts: bytes | None


# which heavy things a workspace's webhooks include, by workspace
Includes = dict[str, frozenset[str]]
_NOTHING: Final[frozenset[str]] = frozenset()


async def happenings(core: Core, notices: Sequence[Notice], includes: Includes) -> list[Happening]:
    """What the notices speak of, in their order; those of which nothing is left are left out.

    A letter that came in may be large: its notice comes alone.
    """
    held = await _Held.read(core, notices, includes)
    found = []
    for notice in notices:
        happening = held.happening(notice)
        whole = None if happening is None else await _completed(core, happening, notice, includes)
        if whole is not None:
            found.append(whole)
    return found


class _Held(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch speaks of, by id."""

    places: dict[str, tuple[Workspace, str]]
    events: dict[str, Event]
    messages: dict[str, Message]
    batches: dict[str, Batch]
    changes: dict[str, Change]
    bounces: dict[int, Bounce]
    reports: dict[int, bytes]

    @classmethod
    async def read(cls, core: Core, notices: Sequence[Notice], includes: Includes) -> "_Held":
        of_messages = [each for each in notices if each.kind in OF_MESSAGES]
        events = await _events(core, of_messages)
        changes = await _changes(core, [each.subject for each in notices if each.kind in OF_CHANGES])
        subjects = {each.subject for each in of_messages} | {each.message_id for each in changes.values()}
        bounces = await _bounces(core, {each.detail.bounce for each in events.values()} - {0})
        messages = await _messages(core, subjects - {""})
        return cls(
            places=await _places(core, {each.workspace_id for each in notices}),
            events=events,
            messages=messages,
            batches=await _batches(core, {each.batch_id for each in messages.values()} - {None}),
            changes=changes,
            bounces=bounces,
            reports=await _reports(core, bounces.values(), includes),
        )

    def happening(self, notice: Notice) -> Happening | None:
        """What a notice speaks of, as far as it was read with the others; None where that is gone."""
        if notice.workspace_id not in self.places:
            return None
        workspace, account = self.places[notice.workspace_id]
        bare = Happening(id=notice.id, kind=notice.kind, at=notice.at, workspace=workspace, account=account)
        if notice.kind in OF_MESSAGES:
            return self._of_message(bare, notice)
        if notice.kind in OF_CHANGES:
            return self._of_change(bare, notice)
        if notice.kind == RECEIVED:
            return bare
        return _of_thing(bare, notice)

    def _of_message(self, bare: Happening, notice: Notice) -> Happening | None:
        message = self.messages.get(notice.subject)
        if message is None:
            return None
        event = acceptance(message) if notice.kind == ACCEPTED else self.events.get(notice.id)
        if event is None:
            return None
        number = event.detail.bounce
        return msgspec.structs.replace(
            bare,
            event=event,
            message=message,
            batch=self.batches.get(message.batch_id or ""),
            delivery=next((each for each in message.deliveries if each.position == event.position), None),
            bounce=self.bounces.get(number),
            report=self.reports.get(number, b""),
        )

    def _of_change(self, bare: Happening, notice: Notice) -> Happening | None:
        change = self.changes.get(notice.subject)
        if change is None:
            return None
        message = self.messages.get(change.message_id)
        return msgspec.structs.replace(
            bare, change=change, message=message, delivery=_delivery(message, change.email)
        )


def _delivery(message: Message | None, email: str) -> Delivery | None:
    held = message.deliveries if message is not None else ()
    return next((each for each in held if addresses.key(each.email) == email), None)


def _of_thing(bare: Happening, notice: Notice) -> Happening | None:
    facts = notice.facts or b""
    if notice.kind in OF_TOPICS:
        return msgspec.structs.replace(bare, topic=_TOPICS.decode(facts))
    if notice.kind in OF_CONTACTS:
        standing = _CONTACTS.decode(facts)
        return msgspec.structs.replace(bare, contact=standing.contact, segment_id=standing.segment_id)
    if notice.kind in OF_DOMAINS:
        return msgspec.structs.replace(bare, domain=_DOMAINS.decode(facts))
    return None


async def _completed(
    core: Core, happening: Happening, notice: Notice, includes: Includes
) -> Happening | None:
    """With its Message-ID; a domain's records, since such news are rare, and a letter that came in are read alone."""
    if happening.message is not None:
        return msgspec.structs.replace(happening, message_id=message_id(core.policy, happening.message))
    if happening.domain is not None and happening.kind != "domain_deleted":
        return msgspec.structs.replace(
            happening, records=tuple(await domains.checked(core, happening.domain))
        )
    if happening.kind == RECEIVED:
        return await _received(core, happening, notice, includes.get(notice.workspace_id, _NOTHING))
    return happening


async def _received(
    core: Core, happening: Happening, notice: Notice, includes: Collection[str]
) -> Happening | None:
    query = sql.inbound_get(id=notice.subject, workspace_id=notice.workspace_id)
    letter = await one(core.db, InboundMessage, query)
    if letter is None:
        return None
    files: tuple[bytes, ...] = ()
    source = b""
    if "files" in includes:
        files = tuple(bytes(row[0]) for row in await core.db.fetch(sql.outbox_files(message_id=letter.id)))
    if "source" in includes:
        kept = await core.db.fetch(sql.inbound_source(message_id=letter.id))
        # one that is kept no more is told without
        source = b"".join(map(bytes, kept[0])) if kept else b""
    return msgspec.structs.replace(happening, inbound=letter, files=files, source=source)


async def _places(core: Core, ids: Iterable[str]) -> dict[str, tuple[Workspace, str]]:
    make = mapper(Workspace)
    found = await core.db.fetch(sql.outbox_places(ids=listed(list(ids))))
    return {row[0]: (make(row[:6]), row[6]) for row in found}


async def _events(core: Core, notices: Sequence[Notice]) -> dict[str, Event]:
    if not notices:
        return {}
    query = sql.outbox_events(
        subjects=listed(list({each.subject for each in notices})), ids=listed([each.id for each in notices])
    )
    return {event.id: event for event in await rows(core.db, Event, query)}


async def _messages(core: Core, ids: Collection[str]) -> dict[str, Message]:
    if not ids:
        return {}
    sizes = await core.db.fetch(sql.outbox_messages(ids=listed(list(ids))))
    return {message.id: message for message in await outlines(core.db, sizes)}


async def _batches(core: Core, ids: Collection[str | None]) -> dict[str, Batch]:
    if not ids:
        return {}
    query = sql.outbox_batches(ids=msgspec.json.encode(sorted(filter(None, ids))).decode())
    return {batch.id: batch for batch in await rows(core.db, Batch, query)}


async def _changes(core: Core, ids: Sequence[str]) -> dict[str, Change]:
    if not ids:
        return {}
    return {each.id: each for each in await rows(core.db, Change, sql.outbox_changes(ids=listed(ids)))}


async def _bounces(core: Core, numbers: Collection[int]) -> dict[int, Bounce]:
    if not numbers:
        return {}
    query = sql.bounces_by_numbers(numbers=listed([str(each) for each in numbers]))
    return {bounce.number: bounce for bounce in await rows(core.db, Bounce, query)}


async def _reports(core: Core, bounces: Iterable[Bounce], includes: Includes) -> dict[int, bytes]:
    wanted = [
        str(each.number)
        for each in bounces
        if each.reported and "report" in includes.get(each.workspace_id, _NOTHING)
    ]
    if not wanted:
        return {}
    return {row[0]: bytes(row[1]) for row in await core.db.fetch(sql.outbox_reports(numbers=listed(wanted)))}
