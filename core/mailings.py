"""Mailings: many messages of one call that are accepted in one small commit and made portion by portion.

What a call asks for is kept as it was read, and the call is answered. A chore makes the messages, each portion in one
commit of its own under a claim: a process that dies in between makes it again, and it is found to be made.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import structlog

from core import ids
from core.clock import DAY
from core.core import Caller, Core
from core.errors import NotFound, Unverified
from core.messages.draft import Content, Draft
from core.messages.intake import submit_all
from core.messages.submission import Claim, NewBatch
from core.store.database import StoreUnavailable, listed, one, rows, write
from core.store.statements import sql

_log = structlog.get_logger(__name__)

# what is made in one commit
PORTION: Final = 1000
_AT_ONCE: Final = 100
_FIRST: Final = ("", -1)
_LAST: Final = "g"
# a portion that was made, and could not be said to be, is made again within this time or not at all
_CLAIMED_S: Final = 45 * 24 * 3600
_PACK: Final = msgspec.msgpack.Encoder()
_NO_CONTENT: Final = Content()


class Piece(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message of a mailing: its draft without content, and header fields where it has others than the rest."""

    draft: Draft
    headers: tuple[tuple[str, str], ...] | None = None

    def whole(self, content: Content) -> Draft:
        """With what the mailing's messages share."""
        if self.headers is not None:
            content = msgspec.structs.replace(content, headers=self.headers)
        return msgspec.structs.replace(self.draft, content=content)


class Portion(msgspec.Struct, frozen=True):
    """Pieces, packed."""

    total: int
    body: bytes


class Packer:
    """Gathers pieces into portions as they come, so that no more than one is held unpacked."""

    def __init__(self) -> None:
        """Nothing is gathered."""
        self._pieces: list[Piece] = []
        self.portions: list[Portion] = []

    def add(self, piece: Piece) -> None:
        """One more."""
        self._pieces.append(piece)
        if len(self._pieces) == PORTION:
            self._pack()

    def end(self) -> list[Portion]:
        """All of them."""
        if self._pieces:
            self._pack()
        return self.portions

    def _pack(self) -> None:
        self.portions.append(Portion(len(self._pieces), _PACK.encode(self._pieces)))
        self._pieces = []


class Mailing(msgspec.Struct, frozen=True, kw_only=True):
    """A mailing; ``subject`` as it was asked for, empty where its template has it.

    ``released`` and ``failed`` are known for good once nothing of it waits.
    """

    id: str
    workspace_id: str
    environment: str
    subject: str
    total: int
    created_at: int
    released: int | None = None
    failed: int | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a mailing is: ``released`` messages have left or been tried, of ``failed`` ones nothing will leave."""

    mailing: Mailing
    released: int
    failed: int
    begun: bool

    @property
    def done(self) -> bool:
        """Whether nothing of it waits."""
        return self.released + self.failed >= self.mailing.total


_CALLERS: Final = msgspec.msgpack.Decoder(Caller)
_CONTENTS: Final = msgspec.msgpack.Decoder(Content)
_PIECES: Final = msgspec.msgpack.Decoder(list[Piece])


async def submit(core: Core, caller: Caller, content: Content, portions: Sequence[Portion]) -> Mailing:
    """Accept a mailing, durably at return; its drafts have been checked (``core.messages.intake.check``)."""
    made = Mailing(
        id=ids.new(),
        workspace_id=caller.workspace_id,
        environment=caller.environment,
        subject=content.subject,
        total=sum(portion.total for portion in portions),
        created_at=core.clock.now(),
    )
    insert = sql.mailing_insert(
        id=made.id,
        workspace_id=made.workspace_id,
        environment=made.environment,
        subject=made.subject,
        total=made.total,
        created_at=made.created_at,
        caller=_PACK.encode(caller),
        content=_PACK.encode(content),
    )
    kept = [(made.id, position, each.total, each.body) for position, each in enumerate(portions)]
    await write(
        core.db, insert, sql.mailing_portion_insert.many(kept, sum(len(each.body) for each in portions))
    )
    return made


async def require_sender(core: Core, caller: Caller, email: str) -> None:
    """Make sure that the caller may write as this address, as acceptance does; raises Unverified."""
    if core.policy.sender_policy != "verified":
        return
    email = email.lower()
    query = sql.sender_known(account_id=caller.account_id, email=email, domain=email.rpartition("@")[2])
    known = {row[0] for row in await core.db.fetch(query)}
    if not known & {"domain", "confirmed"}:
        raise Unverified(email, kind="unconfirmed" if known else "unknown")


async def get(core: Core, caller: Caller, id: str) -> Progress:
    """One mailing of the caller's; raises NotFound("mailing")."""
    query = sql.mailing_get(id=id, workspace_id=caller.workspace_id, environment=caller.environment)
    found = await one(core.db, Mailing, query)
    if found is None:
        raise NotFound("mailing", id)
    return (await _progress(core, [found]))[0]


async def page(core: Core, caller: Caller, *, before: str | None, count: int) -> list[Progress]:
    """Mailings from the newest on, or those before an id."""
    query = sql.mailings_page(
        workspace_id=caller.workspace_id,
        environment=caller.environment,
        before_id=before or _LAST,
        count=count,
    )
    return await _progress(core, await rows(core.db, Mailing, query))


async def _progress(core: Core, found: list[Mailing]) -> list[Progress]:
    counts = {each.id: [0, 0, 0, 0] for each in found if each.released is None}
    if counts:
        for id, *numbers in await core.db.fetch(sql.mailings_progress(ids=listed(list(counts)))):
            counts[id] = [held + int(more) for held, more in zip(counts[id], numbers, strict=True)]
    return [_stands(each, *counts[each.id]) if each.id in counts else _ended(each) for each in found]


def _ended(mailing: Mailing) -> Progress:
    return Progress(mailing=mailing, released=mailing.released or 0, failed=mailing.failed or 0, begun=True)


def _stands(mailing: Mailing, unmade: int, made: int, waiting: int, dead: int) -> Progress:
    # what acceptance refused in the end was never made
    refused = mailing.total - unmade - made
    return Progress(
        mailing=mailing,
        released=made - waiting - dead,
        failed=dead + refused,
        begun=unmade < mailing.total,
    )


async def make(core: Core) -> None:
    """Make the messages of every portion that waits."""
    after = _FIRST
    while due := await core.db.fetch(
        sql.mailing_portions_due(after_id=after[0], after=after[1], count=_AT_ONCE)
    ):
        for mailing_id, position in due:
            try:
                await _make(core, mailing_id, position)
            except StoreUnavailable:
                raise
            except Exception:  # noqa: BLE001  # one that cannot be made holds up no other
                _log.exception("a mailing's portion waits", mailing_id=mailing_id, position=position)
        after = (due[-1][0], due[-1][1])


async def _make(core: Core, mailing_id: str, position: int) -> None:
    query = sql.mailing_portion_read(mailing_id=mailing_id, position=position)
    found = await core.db.fetch(query)
    if not found:
        return
    body, caller, content = found[0]
    uid = f"{mailing_id}/{position}"
    claim = Claim(scope="mailing", key=uid, lifetime_s=_CLAIMED_S)
    drafts = list(_drafts(body, _CONTENTS.decode(content)))
    # what is refused by now is told by the mailing's numbers
    await submit_all(core, _CALLERS.decode(caller), drafts, claim=claim, batch=NewBatch(uid=uid))
    await write(
        core.db,
        sql.mailing_portion_made(mailing_id=mailing_id, position=position),
        sql.mailing_made(id=mailing_id),
    )


def _drafts(body: bytes, content: Content) -> Iterator[Draft]:
    return (piece.whole(content) for piece in _PIECES.decode(body))


async def settle(core: Core) -> None:
    """Keep the numbers of mailings of which nothing waits any longer: until then they are counted by its messages."""
    after = ""
    while found := await rows(core.db, Mailing, sql.mailings_unsettled(after=after, count=_AT_ONCE)):
        for mailing in found:
            (held,) = await _progress(core, [mailing])
            if held.done:
                await write(
                    core.db, sql.mailing_settle(id=mailing.id, released=held.released, failed=held.failed)
                )
        after = found[-1].id


async def forget(core: Core) -> None:
    """Let go of what no message is left of; a day late, so that none is taken for one whose are all to come."""
    before = core.clock.now() - DAY
    while gone := (await write(core.db, sql.mailings_forget(before=before, count=_AT_ONCE)))[0]:
        await write(core.db, sql.mailing_portions_forget(ids=listed([row[0] for row in gone])))
