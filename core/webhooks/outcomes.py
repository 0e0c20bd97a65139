"""What came of calls, written in batches: the attempt, how its dispatch stands, and what follows from that."""

from typing import Any, Final, Literal

import msgspec

from core import ids
from core.clock import SECOND
from core.core import Core
from core.formats import Manners
from core.poster import Answer
from core.store.database import listed
from core.store.group import Group
from core.store.statements import Many, Query, sql
from core.webhooks.dispatch import Dispatch, State
from core.webhooks.happening import RECEIVED

# how a letter stands once it was told, was not, or will be again; and from where it gets there
_LETTERS: Final = {
    "success": ("processed", '["queued", "scheduled", "failed"]'),
    "attempting": ("scheduled", '["queued"]'),
    "failed": ("failed", '["queued", "scheduled"]'),
}
Verdict = Literal["success", "again", "failed"]


class Due(Dispatch, frozen=True, kw_only=True):
    """A dispatch whose time it is. ``replaying``: because somebody asked for it again; then ``resume_at`` holds."""

    size_bytes: int
    replaying: bool
    resume_at: int | None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one call, begun at a moment."""

    due: Due
    answer: Answer
    manners: Manners
    at: int

    @property
    def verdict(self) -> Verdict:
        """What it means for what is still to be tried by itself."""
        if self.answer.is_success:
            return "success"
        made = self.due.attempts + 1
        final = self.answer.status in self.manners.gives_up or self.answer.status in self.manners.disables
        return "failed" if final or made > len(self.manners.delays_s) else "again"

    @property
    def state(self) -> State:
        """How the dispatch stands from now on."""
        verdict = self.verdict
        if verdict == "success":
            return "success"
        if self.due.replaying:
            return self.due.state
        return "attempting" if verdict == "again" else "failed"

    @property
    def next_at(self) -> int | None:
        """When it is tried again by itself."""
        if self.answer.is_success:
            return None
        if self.due.replaying:
            return self.due.resume_at
        if self.verdict == "failed":
            return None
        return self.at + int(self.manners.delays_s[self.due.attempts] * SECOND)


class Outcomes:
    """The group commit of outcomes."""

    def __init__(self, core: Core) -> None:
        """Nothing waits yet."""
        self._core = core
        self._group: Group[Outcome] = Group(self._commit)

    async def add(self, outcome: Outcome) -> None:
        """Return when it is on disk."""
        await self._group.add(outcome, len(outcome.answer.body))

    async def close(self) -> None:
        """Finish what waits."""
        await self._group.close()

    async def _commit(self, batch: list[Outcome]) -> None:
        async with self._core.db.transaction() as work:
            await work.run(*_steps(batch), commit=True)


def _steps(batch: list[Outcome]) -> list[Many | Query]:
    own = [each.due.id for each in batch if not each.due.replaying]
    replayed = [each.due.id for each in batch if each.due.replaying]
    letters = [row for each in batch for row in _letters(each)]
    manies = [
        sql.dispatch_attempt_insert.many([_attempt(each) for each in batch]),
        sql.dispatch_attempted.many([_standing(each) for each in batch]),
        sql.inbound_told.many(letters),
    ]
    steps: list[Many | Query] = [step for step in manies if step.rows]
    if own:
        steps.append(sql.dispatches_settle(ids=listed(own)))
    if replayed:
        steps.append(sql.dispatches_resume(ids=listed(replayed)))
    # after the dispatches are held: what was forgotten before that is gone
    steps.append(sql.dispatch_attempts_of_nothing_forget(ids=listed(own + replayed)))
    return steps


def _attempt(outcome: Outcome) -> tuple[Any, ...]:
    due, answer = outcome.due, outcome.answer
    return (
        ids.new(), due.id, due.webhook_id, due.event, due.attempts + 1, int(answer.is_success),
        int(outcome.next_at is None), answer.status, answer.error, answer.body, answer.duration_ms, outcome.at,
    )  # fmt: skip  # a column list reads better in lines than in a column


def _standing(outcome: Outcome) -> tuple[Any, ...]:
    due = outcome.due
    attempts = due.attempts if due.replaying else due.attempts + 1
    return (outcome.state, attempts, outcome.answer.status, outcome.at, outcome.next_at, due.id)


def _letters(outcome: Outcome) -> list[tuple[Any, ...]]:
    """How the letter stands that a call told of."""
    if outcome.due.kind != RECEIVED or outcome.state not in _LETTERS:
        return []
    state, below = _LETTERS[outcome.state]
    return [(state, outcome.due.subject, below)]
