"""The outbox: what happened is put down for webhooks in the commit that makes it happen, and so is never lost.

Only workspaces that have webhooks are written for. Which those are is asked every few seconds: where nobody listens,
nothing is written and nothing is asked for.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

from core import ids
from core.clock import SECOND
from core.core import Core
from core.store.statements import Many, sql

# how soon a webhook that another process made is heard of
_LOOK_EVERY_S: Final = 2
_NOBODY: Final[frozenset[str]] = frozenset()
_LISTS: Final = msgspec.json.Decoder(list[str])
_PACK: Final = msgspec.msgpack.Encoder()


class Outbox:
    """Who listens to what, and the steps that write it down."""

    def __init__(self, core: Callable[[], Core]) -> None:
        """Nothing is known before ``refresh``; ``core`` is asked for then, since it holds this very object."""
        self._core = core
        self._look_at = 0
        self._turn = asyncio.Lock()
        # set when something is written here: it can be told once its commit has ended
        self.news = asyncio.Event()
        self._kinds: dict[str, frozenset[str]] = {}
        self._accounts: dict[str, list[str]] = {}

    def __bool__(self) -> bool:
        """Whether anybody listens."""
        return bool(self._kinds)

    def forget(self) -> None:
        """Webhooks have changed: ask at the next occasion."""
        self._look_at = 0

    async def refresh(self) -> None:
        """Find out who listens, if it is time to; called before every transaction that something follows from."""
        if self._core().clock.now() < self._look_at:
            return
        async with self._turn:
            if self._core().clock.now() >= self._look_at:
                await self._look()

    async def _look(self) -> None:
        core = self._core()
        # what changes while it is asked for is asked for again
        self._look_at = core.clock.now() + _LOOK_EVERY_S * SECOND
        kinds: dict[str, frozenset[str]] = {}
        accounts: dict[str, list[str]] = {}
        for workspace_id, account_id, listed_kinds in await core.db.fetch(sql.webhooks_listening()):
            if workspace_id not in kinds:
                accounts.setdefault(account_id, []).append(workspace_id)
            kinds[workspace_id] = kinds.get(workspace_id, _NOBODY) | set(_LISTS.decode(listed_kinds))
        self._kinds, self._accounts = kinds, accounts

    def wants(self, workspace_id: str, kind: str) -> bool:
        """Whether a workspace is told of this kind."""
        return kind in self._kinds.get(workspace_id, _NOBODY)

    def events(self, written: Iterable[tuple[Any, ...]]) -> list[Many]:
        """The step for rows of ``event_insert`` in the same commit; none where nobody listens."""
        if not self._kinds:
            return []
        wanted = [
            (id, workspace_id, kind, message_id, at)
            for message_id, id, workspace_id, _, kind, at, _ in written
            if self.wants(workspace_id, kind)
        ]
        return self._noted(sql.outbox_insert.many(wanted))

    def suppressed(self, told: Many) -> list[Many]:
        """The step that follows ``suppression_told``: what that wrote is put down, as far as it did write."""
        wanted = [row for row in told.rows if self.wants(row[0], "suppression_added")]
        return self._noted(sql.outbox_suppression.many(wanted))

    def changes(self, written: Sequence[tuple[Any, ...]]) -> list[Many]:
        """The step for rows of ``change_insert``."""
        found = []
        for id, workspace_id, _, _, topic_id, _, _, suppress, _, at in written:
            kind = "topic_choice" if topic_id else "suppression_added" if suppress else "suppression_removed"
            if self.wants(workspace_id, kind):
                found.append((id, workspace_id, kind, id, at))
        return self._noted(sql.outbox_insert.many(found))

    def thing(self, workspace_id: str, kind: str, id: str, held: msgspec.Struct) -> list[Many]:
        """The step for what happened to a thing of a workspace, as it is now."""
        if not self.wants(workspace_id, kind):
            return []
        row = (ids.new(), workspace_id, kind, id, self._core().clock.now(), _PACK.encode(held))
        return self._noted(sql.outbox_thing.many([row]))

    def of_account(self, account_id: str, kind: str, id: str, held: msgspec.Struct) -> list[Many]:
        """The same for a thing of an account, which each of its workspaces is told of."""
        places = self._accounts.get(account_id, ())
        return [step for workspace_id in places for step in self.thing(workspace_id, kind, id, held)]

    def _noted(self, step: Many) -> list[Many]:
        if not step.rows:
            return []
        self.news.set()
        return [step]
