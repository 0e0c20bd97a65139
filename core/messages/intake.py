"""Acceptance: drafts become messages, deliveries, events and jobs in one durable commit.

Calls that wait at the same time share a commit (``store.group``). A batch takes two trips to the store: one asks
for all its suppressions and senders at once, one writes everything; idempotency keys, where there are any, take a
few more. No call asks alone.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from core import addresses, mime, veils
from core.core import Caller, Core
from core.errors import Conflict, Invalid, NotFound, Refusal, Suppressed, Unverified
from core.messages import choices
from core.messages.draft import Draft, is_storable
from core.messages.rows import Rows
from core.messages.submission import Claim, NewBatch, Receipt, Submission
from core.store.database import Row, Transaction, listed
from core.store.group import Group
from core.store.statements import Query, sql

_CONTROL: Final = re.compile(r"[\r\n\x00]")


_RECEIPTS: Final = msgspec.msgpack.Decoder(list[Receipt])


class Intake:
    """The group commit of acceptance."""

    def __init__(self, core: Callable[[], Core], *, gathers: bool) -> None:
        """``core`` is asked for at the first commit, since it holds this very object; ``gathers``: see ``Group``."""
        self._core = core
        self._group: Group[Submission] = Group(self._commit, gathers=gathers)

    async def add(self, submission: Submission) -> None:
        """Accept or refuse every draft durably; the answer stands in the submission."""
        await self._group.add(submission, submission.size_bytes())

    async def close(self) -> None:
        """Finish what waits."""
        await self._group.close()

    async def _commit(self, batch: list[Submission]) -> None:
        core = self._core()
        await core.outbox.refresh()
        total = sum(len(submission.drafts) for submission in batch)
        number = await core.numbers.take("message", total + len(batch))
        async with core.db.transaction() as work:
            answers = await work.ask(_question(core, batch))
            if any(row[0] == "forgotten" for row in answers):
                lifted = await veils.lifted(core, work.ask, _keys_of(batch))
                answers = [*answers, *(("suppression", *row) for row in lifted)]
            chosen = [await work.ask(query) for query in choices.questions(batch)]
            facts = _Facts(core, answers, chosen, await _taken(core, work, batch))
            written = Rows(core.clock.now(), number)
            for submission in batch:
                facts.decide(submission, written)
            told = core.outbox.events(written.events()) if core.outbox else ()
            await work.run(*written.steps(facts.refused_keys), *told, commit=True)
        if written.due_now:
            core.wake.set()


async def submit(core: Core, caller: Caller, draft: Draft, *, claim: Claim | None = None) -> Receipt:
    """Accept one message: checked, stored and queued in one commit that is on disk at return.

    Raises Invalid, Unverified, Suppressed, Conflict. A repeated claim returns the first receipt again.
    """
    results = await submit_all(core, caller, (draft,), claim=claim, atomic=True)
    result = results[0]
    if isinstance(result, Refusal):
        raise result
    return result


async def submit_all(
    core: Core,
    caller: Caller,
    drafts: Sequence[Draft],
    *,
    claim: Claim | None = None,
    batch: NewBatch | None = None,
    atomic: bool = False,
) -> list[Receipt | Refusal]:
    """Accept several messages in one commit; a receipt or a refusal for each, in order.

    With ``atomic`` the first refusal is raised and nothing is kept. Raises Conflict for a claim that was used for
    something else. A batch without a claim claims its uid for good, and raises Conflict("batch_taken"); a claim that
    comes with a batch is one of its uid.
    """
    for draft in drafts:
        check(draft)
    if caller.sandbox:
        drafts = [msgspec.structs.replace(draft, sandbox=True) for draft in drafts]
    if batch is not None and claim is None:
        claim = Claim(scope="batch", key=batch.uid, lifetime_s=None, replay=False)
    while True:
        submission = Submission(
            caller=caller, drafts=drafts, claim=claim, batch=batch, atomic=atomic, results=[]
        )
        await core.intake.add(submission)
        if not submission.lost:
            return _raised(submission)
        if claim is not None and (first := await recall(core, caller, claim)) is not None:
            return list(first)
        # the first call with this key was refused and gave it back: this one may try


def _raised(submission: Submission) -> list[Receipt | Refusal]:
    if submission.atomic:
        for result in submission.results:
            if isinstance(result, Refusal):
                raise result
    return submission.results


async def recall(core: Core, caller: Caller, claim: Claim) -> list[Receipt] | None:
    """The receipts of an earlier call with this claim, None where there was none or it has expired.

    For whoever wants to repeat an answer without checking the call again: what was right then may be past by now.
    Raises Conflict as ``submit`` does.
    """
    found = await core.db.fetch(sql.claim_get(key=claim.stored_key(caller), now=core.clock.now()))
    if not found or found[0][1] is None:
        return None
    fingerprint, answer = found[0]
    receipts = _RECEIPTS.decode(answer)
    if not claim.replay or fingerprint != claim.fingerprint:
        kind = claim.scope if claim.replay else f"{claim.scope}_taken"
        raise Conflict(kind, f"The key {claim.key} was used before.", id=claim.key)
    return [msgspec.structs.replace(receipt, replayed=True) for receipt in receipts]


def _question(core: Core, batch: list[Submission]) -> Query:
    """Everything that the decisions of a whole batch depend on."""
    drafts = [draft for submission in batch for draft in submission.drafts]
    checked = core.policy.sender_policy == "verified"
    senders = {draft.sender.email.lower() for draft in drafts} if checked else ()
    return sql.intake_facts(
        recipients=listed(list(_keys_of(batch))),
        domains=listed([sender.rpartition("@")[2] for sender in senders]),
        senders=listed(list(senders)),
    )


async def _taken(core: Core, work: Transaction, batch: list[Submission]) -> set[str]:
    """The keys of the batch that nobody had before; they are its own from here on."""
    keys = sorted({s.claim.stored_key(s.caller) for s in batch if s.claim is not None})
    if not keys:
        return set()
    asked = listed(keys)
    _, taken = await work.run(
        sql.claims_expire(keys=asked, now=core.clock.now()), sql.claims_take(keys=asked)
    )
    return {row[0] for row in taken}


def _keys_of(batch: list[Submission]) -> set[str]:
    return {key for submission in batch for draft in submission.drafts for key in _keys(draft)}


def _keys(draft: Draft) -> Iterable[str]:
    for parties in (draft.to, draft.cc, draft.bcc):
        for party in parties:
            yield addresses.key(party.address.email)


class _Facts:
    """The answers to a batch's question, and the decision they lead to for each submission."""

    def __init__(self, core: Core, answers: list[Row], chosen: list[list[Row]], taken: set[str]) -> None:
        self._checked = core.policy.sender_policy == "verified"
        self._suppressed: set[tuple[str, str, str]] = set()
        self._domains: set[tuple[str, str]] = set()
        self._senders: dict[tuple[str, str], str] = {}
        self._taken = taken
        self._choices = choices.Choices(chosen) if chosen else None
        self.refused_keys: list[str] = []
        for kind, owner, name, more in answers:
            if kind == "suppression":
                self._suppressed.add((owner, name, more))
            elif kind == "domain":
                self._domains.add((owner, name))
            elif kind == "sender":
                self._senders[owner, name] = more

    def decide(self, submission: Submission, written: Rows) -> None:
        """Fill the submission's results and, where it is accepted, add its rows."""
        # it may have lost in a batch that was not kept, and be judged again alone
        submission.lost = False
        key = ""
        if submission.claim is not None:
            key = submission.claim.stored_key(submission.caller)
            if key not in self._taken:
                submission.lost = True
                return
            # a second submission of the same batch with the same key has lost
            self._taken.remove(key)
        if self._choices is not None:
            submission.drafts = [
                self._choices.offered(submission.caller, draft) for draft in submission.drafts
            ]
        checked = [self._check(submission.caller, draft) for draft in submission.drafts]
        refused = next((each for each in checked if isinstance(each, Refusal)), None)
        if refused is not None and (submission.atomic or all(isinstance(each, Refusal) for each in checked)):
            submission.results = [each if isinstance(each, Refusal) else refused for each in checked]
            self.refused_keys.extend([key] if key else [])
            return
        submission.results = written.accept(submission, checked, key)

    def _check(self, caller: Caller, draft: Draft) -> "tuple[str, ...] | Refusal":
        """The suppressed addresses of an acceptable draft, or the refusal."""
        if (
            self._checked
            and not draft.sender_trusted
            and (refusal := self._check_sender(caller, draft)) is not None
        ):
            return refusal
        told = self._choices if draft.topic else None
        if told is not None and told.is_unknown(caller, draft):
            return NotFound("topic", draft.topic)
        if not self._suppressed and told is None:
            return ()
        hit = tuple(dict.fromkeys(key for key in _keys(draft) if self._blocks(caller, draft, key)))
        if hit and draft.rehearsals:
            hit = tuple(key for key in hit if not draft.refuses(key))
        if hit and (
            draft.on_suppressed == "refuse" or (draft.on_suppressed == "drop" and _all_of(draft, hit))
        ):
            return Suppressed(hit, kind=self._kind(caller, draft, hit))
        return hit

    def _blocks(self, caller: Caller, draft: Draft, key: str) -> bool:
        if self._is_suppressed(caller, draft, key):
            return True
        if (
            draft.opt_out is not None
            and (caller.workspace_id, key, draft.opt_out.topic_id) in self._suppressed
        ):
            # forgotten, but for not wanting the topic
            return True
        return self._choices is not None and self._choices.declines(caller, draft, key)

    def _is_suppressed(self, caller: Caller, draft: Draft, key: str) -> bool:
        held = self._suppressed
        return (caller.workspace_id, key, "") in held or (caller.workspace_id, key, draft.stream) in held

    def _kind(self, caller: Caller, draft: Draft, hit: tuple[str, ...]) -> str:
        """``topic`` where nothing but the topic stands in the way."""
        return "" if any(self._is_suppressed(caller, draft, key) for key in hit) else "topic"

    def _check_sender(self, caller: Caller, draft: Draft) -> Refusal | None:
        email = draft.sender.email.lower()
        if (caller.account_id, email.rpartition("@")[2]) in self._domains:
            return None
        known = (caller.account_id, email)
        if self._senders.get(known):
            return None
        return Unverified(draft.sender.email, kind="unconfirmed" if known in self._senders else "unknown")


def _all_of(draft: Draft, hit: tuple[str, ...]) -> bool:
    return all(key in hit for key in _keys(draft))


def check(draft: Draft) -> None:
    """Refuse what would break out of a header; raises Invalid. Dialects refuse earlier, in finer words."""
    content = draft.content
    if _CONTROL.search(content.subject):
        raise Invalid("subject", "may not contain line breaks", kind="header")
    if "\x00" in draft.tag or "\x00" in draft.stream:
        raise Invalid("tag", "may not contain NUL", kind="header")
    for name, value in content.headers:
        if problem := mime.header_problem(name, value):
            raise Invalid(name, problem, kind="header")
    if draft.variables and not is_storable(draft.variables):
        raise Invalid(
            "variables", "hold a number that is too large, or are nested too deeply", kind="variables"
        )
