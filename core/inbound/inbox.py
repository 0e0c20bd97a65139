"""Arrival: letters become rows in one durable commit, which those that wait at the same time share.

Before it is written each is judged by its workspace's rules and spam threshold: what is blocked is kept, and told to
nobody.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from core import addresses, ids
from core.accounts import WorkspaceSettings
from core.core import Core
from core.inbound import rules
from core.inbound.addressing import Place
from core.inbound.letter import Letter, Mailbox
from core.inbound.message import State
from core.inbound.people import hash_of
from core.outbox import Outbox
from core.store.database import Row, listed
from core.store.group import Group
from core.store.statements import Query, sql

_PACK: Final = msgspec.msgpack.Encoder()
_EMPTY: Final = msgspec.msgpack.encode({})
_SETTINGS: Final = msgspec.msgpack.Decoder(WorkspaceSettings)
# NUL in a column's text is what one engine refuses
_NUL: Final = "\x00"


class Arrival(msgspec.Struct, kw_only=True):
    """One letter for one workspace, with the addresses of the envelope that led there, the first one first."""

    id: str
    places: tuple[Place, ...]
    mail_from: str
    trace: bytes
    raw: bytes
    letter: Letter

    @property
    def workspace_id(self) -> str:
        """Whose it becomes."""
        return self.places[0].workspace_id

    def size_bytes(self) -> int:
        """About what it takes in the store."""
        body = self.letter.body
        return (
            len(self.raw) + sum(map(len, self.letter.contents)) + len(body.text or "") + len(body.html or "")
        )


class Inbox:
    """The group commit of arrivals."""

    def __init__(self, core: Callable[[], Core]) -> None:
        """``core`` is asked for at the first commit, since it holds this very object."""
        self._core = core
        self._group: Group[Sequence[Arrival]] = Group(self._commit)

    async def add(self, arrivals: Sequence[Arrival]) -> None:
        """Keep a letter durably, for every workspace that it came for or for none; raises StoreUnavailable."""
        await self._group.add(arrivals, sum(each.size_bytes() for each in arrivals))

    async def close(self) -> None:
        """Finish what waits."""
        await self._group.close()

    async def _commit(self, batch: list[Sequence[Arrival]]) -> None:
        core = self._core()
        await core.outbox.refresh()
        arrivals = [arrival for group in batch for arrival in group]
        async with core.db.transaction() as work:
            judge = _Judge(await work.run(*_questions(arrivals)))
            written = _Rows(core.clock.now(), core.outbox)
            for arrival in arrivals:
                written.add(arrival, judge.reason(arrival))
            await work.run(*written.steps(), commit=True)


def _questions(arrivals: Sequence[Arrival]) -> list[Query]:
    senders = [name for each in arrivals for name in (each.mail_from, each.letter.head.sender.email)]
    return [
        sql.inbound_rules_among(keys=listed(rules.keys(*senders))),
        sql.inbound_settings(ids=listed(list({each.workspace_id for each in arrivals}))),
    ]


class _Judge:
    """What the workspaces of a batch do not want."""

    def __init__(self, answers: list[list[Row]]) -> None:
        self._rules = {(row[0], row[1]): row[2] for row in answers[0]}
        self._settings = {row[0]: _SETTINGS.decode(row[1]) for row in answers[1]}

    def reason(self, arrival: Arrival) -> str:
        """Why a letter is blocked, empty where it is not."""
        head, workspace = arrival.letter.head, arrival.workspace_id
        for key in rules.keys(arrival.mail_from, head.sender.email):
            if (workspace, key) in self._rules:
                return f"The sender matches the rule {self._rules[workspace, key]}."
        settings = self._settings.get(workspace, WorkspaceSettings())
        threshold, score = settings.inbound_spam_threshold, head.spam_score
        if threshold and score is not None and score > threshold:
            return f"The spam score {score:g} is above {threshold:g}."
        return ""


class _Rows:
    """The rows of one commit, as they gather."""

    def __init__(self, now: int, outbox: Outbox) -> None:
        self._now = now
        self._outbox = outbox
        self._source_bytes = 0
        self._file_bytes = 0
        self._letters: list[tuple[Any, ...]] = []
        self._sources: list[tuple[Any, ...]] = []
        self._files: list[tuple[Any, ...]] = []
        self._events: list[tuple[Any, ...]] = []

    def add(self, arrival: Arrival, reason: str) -> None:
        """One letter's, blocked for a reason or not."""
        letter = _addressed(arrival)
        first = arrival.places[0]
        state = _state(reason, is_told=self._outbox.wants(first.workspace_id, "received"))
        sender = letter.head.sender.email.lower()
        self._letters.append(
            (
                arrival.id, first.workspace_id, state, reason, sender, first.address, _searchable(arrival, letter),
                _held(first.hash), _held(letter.subject), "", len(arrival.trace) + len(arrival.raw), self._now,
                _PACK.encode(letter.head), _PACK.encode(letter.body),
            )
        )  # fmt: skip  # a column list reads better in lines than in a column
        self._sources.append((arrival.id, arrival.trace, arrival.raw))
        self._source_bytes += len(arrival.raw)
        for position, data in enumerate(letter.contents):
            self._files.append((arrival.id, position, data))
            self._file_bytes += len(data)
        if not reason:
            self._events.append(
                (arrival.id, arrival.id, first.workspace_id, -1, "received", self._now, _EMPTY)
            )

    def steps(self) -> list[Any]:
        """The statements that write them; empty kinds are left out."""
        return [
            statement.many(gathered, size_bytes)
            for statement, gathered, size_bytes in (
                (sql.inbound_insert, self._letters, 0),
                (sql.inbound_source_insert, self._sources, self._source_bytes),
                (sql.inbound_file_insert, self._files, self._file_bytes),
                (sql.event_insert, self._events, 0),
            )
            if gathered
        ] + self._outbox.events(self._events)


def _state(reason: str, *, is_told: bool) -> State:
    if reason:
        return "blocked"
    # without a webhook there is nobody to tell, and nothing left to do
    return "queued" if is_told else "processed"


def _addressed(arrival: Arrival) -> Letter:
    """The letter with ids for its files, and as hidden recipients those of the envelope whom it does not name."""
    head = arrival.letter.head
    named = {addresses.key(each.email) for each in (*head.to, *head.cc)}
    names = {addresses.key(each.email): each.name for each in head.bcc}
    hidden = tuple(
        Mailbox(each.address, names.get(addresses.key(each.address), ""), hash_of(each.address))
        for each in arrival.places
        if addresses.key(each.address) not in named
    )
    files = tuple(msgspec.structs.replace(each, id=ids.new()) for each in head.files)
    return msgspec.structs.replace(
        arrival.letter, head=msgspec.structs.replace(head, bcc=hidden, files=files)
    )


def _searchable(arrival: Arrival, letter: Letter) -> str:
    """Everybody it was sent to, each between line breaks."""
    head = letter.head
    named = [each.email for each in (*head.to, *head.cc)] + [each.address for each in arrival.places]
    return _held("\n".join(["", *dict.fromkeys(map(addresses.key, named)), ""]))


def _held(text: str) -> str:
    return text.replace(_NUL, "") if _NUL in text else text
