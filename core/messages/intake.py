"""Acceptance: drafts become messages, deliveries, events and jobs in one durable commit.

Calls that wait at the same time share a commit (``store.group``). A batch takes two trips to the store: one asks
for all its idempotency keys, suppressions and senders at once, one writes everything. No call asks alone.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

from core import addresses, ids, mime
from core.clock import SECOND
from core.core import Caller, Core
from core.errors import Conflict, Invalid, NotFound, Refusal, Suppressed, Unverified
from core.messages.draft import Content, Draft, is_storable, searchable
from core.store.database import Row, listed
from core.store.group import Group
from core.store.statements import Query, sql

_NEVER: Final = 1 << 62
_EMPTY: Final = msgspec.msgpack.encode({})
_CONTROL: Final = re.compile(r"[\r\n\x00]")
_PACK: Final = msgspec.msgpack.Encoder()
_NO_CONTENT: Final = Content()


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A caller's own key for a call: whoever comes first with it is accepted, a repetition is told apart.

    ``fingerprint`` says whether a repetition asks for the same; ``lifetime_s`` None keeps the key for good.
    ``replay`` answers a same repetition with the first receipts; else every repetition is a Conflict of ``scope``.
    """

    scope: str
    key: str
    fingerprint: str = ""
    lifetime_s: int | None = 24 * 3600
    replay: bool = True

    def stored_key(self, caller: Caller) -> str:
        """What is unique in the store: bounded in length, and of no character an engine refuses."""
        text = f"{self.scope}\x1f{caller.workspace_id}\x1f{caller.environment}\x1f{self.key}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class NewBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What holds the messages of one call together; ``uid`` is unique in the workspace and environment."""

    uid: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the caller gets for a draft. ``dropped``: suppressed addresses that were left out.

    ``position`` is the draft's place in its call: a replay has receipts alone, without the refused ones between them.
    """

    id: str
    number: int
    created_at: int
    position: int = 0
    dropped: tuple[str, ...] = ()
    batch_number: int = 0
    replayed: bool = False


class Submission(msgspec.Struct, kw_only=True):
    """One call's drafts on their way through the commit; ``results`` stand in their order.

    ``atomic``: one refused draft refuses all. ``lost``: the claim belongs to an earlier call.
    """

    caller: Caller
    drafts: Sequence[Draft]
    claim: Claim | None = None
    batch: NewBatch | None = None
    atomic: bool = False
    results: list[Receipt | Refusal] = []
    lost: bool = False

    def size_bytes(self) -> int:
        """About what it will write."""
        drafts = self.drafts
        return _size(drafts[0]) if len(drafts) == 1 else sum(_size(draft) for draft in drafts)


_RECEIPTS: Final = msgspec.msgpack.Decoder(list[Receipt])


class Intake:
    """The group commit of acceptance."""

    def __init__(self, core: Callable[[], Core]) -> None:
        """``core`` is asked for at the first commit, since it holds this very object."""
        self._core = core
        self._group: Group[Submission] = Group(self._commit)

    async def add(self, submission: Submission) -> None:
        """Accept or refuse every draft durably; the answer stands in the submission."""
        await self._group.add(submission, submission.size_bytes())

    async def close(self) -> None:
        """Finish what waits."""
        await self._group.close()

    async def _commit(self, batch: list[Submission]) -> None:
        core = self._core()
        total = sum(len(submission.drafts) for submission in batch)
        number = await core.numbers.take("message", total + len(batch))
        async with core.db.transaction() as work:
            facts = _Facts(core, batch, await work.run(*_questions(core, batch)))
            written = _Rows(core.clock.now(), number)
            for submission in batch:
                facts.decide(submission, written)
            await work.run(*written.steps(facts.refused_keys), commit=True)
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


def _questions(core: Core, batch: list[Submission]) -> list[Query]:
    """Everything the whole batch needs to know, in a fixed order: taken keys, suppressions, domains, senders."""
    keys = listed(sorted({s.claim.stored_key(s.caller) for s in batch if s.claim is not None}))
    drafts = [draft for submission in batch for draft in submission.drafts]
    steps = [sql.suppressions_among(emails=listed(list({key for draft in drafts for key in _keys(draft)})))]
    if core.policy.sender_policy == "verified":
        senders = {draft.sender.email.lower() for draft in drafts}
        steps.append(sql.domains_verified(names=listed([s.rpartition("@")[2] for s in senders])))
        steps.append(sql.senders_known(emails=listed(list(senders))))
    if keys != "[]":
        steps.append(sql.claims_expire(keys=keys, now=core.clock.now()))
        steps.append(sql.claims_take(keys=keys))
    return steps


def _keys(draft: Draft) -> Iterable[str]:
    for parties in (draft.to, draft.cc, draft.bcc):
        for party in parties:
            yield addresses.key(party.address.email)


class _Facts:
    """The answers to a batch's questions, and the decision they lead to for each submission."""

    def __init__(self, core: Core, batch: list[Submission], answers: list[list[Row]]) -> None:
        self._checked = core.policy.sender_policy == "verified"
        self._suppressed = {(row[0], row[1], row[2]) for row in answers[0]}
        self._domains = {(row[0], row[1]) for row in answers[1]} if self._checked else set()
        self._senders = {(row[0], row[1]): row[2] for row in answers[2]} if self._checked else {}
        asked = any(submission.claim is not None for submission in batch)
        self._taken = {row[0] for row in answers[-1]} if asked else set()
        self.refused_keys: list[str] = []

    def decide(self, submission: Submission, written: "_Rows") -> None:
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
        if draft.topic:
            # there are no topics yet: a recipient's choice must not be passed over
            return NotFound("topic", draft.topic)
        if not self._suppressed:
            return ()
        hit = tuple(dict.fromkeys(key for key in _keys(draft) if self._blocks(caller, draft, key)))
        if hit and (
            draft.on_suppressed == "refuse" or (draft.on_suppressed == "drop" and _all_of(draft, hit))
        ):
            return Suppressed(hit)
        return hit

    def _blocks(self, caller: Caller, draft: Draft, key: str) -> bool:
        held = self._suppressed
        return (caller.workspace_id, key, "") in held or (caller.workspace_id, key, draft.stream) in held

    def _check_sender(self, caller: Caller, draft: Draft) -> Refusal | None:
        email = draft.sender.email.lower()
        if (caller.account_id, email.rpartition("@")[2]) in self._domains:
            return None
        known = (caller.account_id, email)
        if self._senders.get(known) is not None:
            return None
        return Unverified(draft.sender.email, kind="unconfirmed" if known in self._senders else "unknown")


def _all_of(draft: Draft, hit: tuple[str, ...]) -> bool:
    return all(key in hit for key in _keys(draft))


class _Rows:
    """The rows of one commit, as they gather."""

    def __init__(self, now: int, number: int) -> None:
        self.due_now = False
        self._size_bytes = 0
        self._now = now
        self._number = number
        self._shared_seen: set[str] = set()
        self._contents: list[tuple[Any, ...]] = []
        self._attachments: list[tuple[Any, ...]] = []
        self._batches: list[tuple[Any, ...]] = []
        self._messages: list[tuple[Any, ...]] = []
        self._deliveries: list[tuple[Any, ...]] = []
        self._events: list[tuple[Any, ...]] = []
        self._jobs: list[tuple[Any, ...]] = []
        self._claims: list[tuple[Any, ...]] = []

    def steps(self, refused_keys: list[str]) -> list[Any]:
        """The statements that write them; empty kinds are left out."""
        steps: list[Any] = [
            statement.many(gathered, self._size_bytes if statement is sql.attachment_insert else 0)
            for statement, gathered in (
                (sql.content_insert, self._contents),
                (sql.attachment_insert, self._attachments),
                (sql.batch_insert, self._batches),
                (sql.message_insert, self._messages),
                (sql.delivery_insert, self._deliveries),
                (sql.event_insert, self._events),
                (sql.job_insert, self._jobs),
                (sql.claim_fill, self._claims),
            )
            if gathered
        ]
        if refused_keys:
            steps.append(sql.claims_give_back(keys=listed(refused_keys)))
        return steps

    def accept(
        self, submission: Submission, checked: "list[tuple[str, ...] | Refusal]", key: str
    ) -> list[Receipt | Refusal]:
        """Add a submission's rows; its receipts and refusals."""
        batch_id, batch_number = self._batch(submission, checked)
        shared = _shared(submission.drafts)
        results: list[Receipt | Refusal] = []
        for position, (draft, hit) in enumerate(zip(submission.drafts, checked, strict=True)):
            if isinstance(hit, Refusal):
                results.append(hit)
                continue
            receipt = self._message(submission.caller, draft, hit, batch_id, shared, batch_number)
            # the single mail, which is the common one, stands where it stood
            results.append(msgspec.structs.replace(receipt, position=position) if position else receipt)
        if submission.claim is not None:
            lifetime = submission.claim.lifetime_s
            expires = _NEVER if lifetime is None else self._now + lifetime * SECOND
            kept = [each for each in results if isinstance(each, Receipt)]
            self._claims.append((submission.claim.fingerprint, _PACK.encode(kept), expires, key))
        return results

    def _batch(
        self, submission: Submission, checked: "list[tuple[str, ...] | Refusal]"
    ) -> tuple[str | None, int]:
        if submission.batch is None:
            return None, 0
        batch_id, caller = ids.new(), submission.caller
        number = self._take_number()
        total = sum(not isinstance(each, Refusal) for each in checked)
        self._batches.append(
            (
                batch_id,
                caller.workspace_id,
                number,
                submission.batch.uid,
                caller.environment,
                total,
                self._now,
            )
        )
        return batch_id, number

    def _take_number(self) -> int:
        self._number += 1
        return self._number - 1

    def _message(  # one row has many columns
        self,
        caller: Caller,
        draft: Draft,
        hit: tuple[str, ...],
        batch_id: str | None,
        shared: dict[int, str],
        batch_number: int,
    ) -> Receipt:
        message_id, number, now = ids.new(), self._take_number(), self._now
        content_id = shared.get(id(draft.content))
        subject, size = draft.content.subject, _size(draft)
        kept = self._content(draft, message_id, content_id)
        scheduled = draft.send_at is not None and draft.send_at > now
        state = "scheduled" if scheduled else "accepted"
        self._messages.append(
            (
                message_id, caller.workspace_id, caller.environment, number, batch_id, content_id, draft.stream,
                state, draft.sender.email.lower(), subject, draft.tag, now, draft.send_at if scheduled else None,
                _PACK.encode(kept), draft.template.id if draft.template is not None else None,
                searchable(draft.metadata),
            )
        )  # fmt: skip  # a column list reads better in lines than in a column
        # the first event has the message's own id: one id less to make, and as unique
        self._events.append((message_id, message_id, caller.workspace_id, -1, "accepted", now, _EMPTY))
        if scheduled:
            self._event(caller, message_id, -1, "scheduled")
        if self._recipients(caller, draft, hit, message_id):
            run_at = draft.send_at if scheduled else now
            self._jobs.append((message_id, "deliver", run_at, "", 0, size, ""))
            self.due_now |= not scheduled
        dropped = hit if draft.on_suppressed == "drop" else ()
        return Receipt(
            id=message_id, number=number, created_at=now, dropped=dropped, batch_number=batch_number or number
        )

    def _recipients(self, caller: Caller, draft: Draft, hit: tuple[str, ...], message_id: str) -> bool:
        """Add the deliveries; whether any is to be made."""
        to_do = False
        for position, (role, party) in enumerate(draft.recipients()):
            email = party.address.email
            key = addresses.key(email)
            state = "suppressed" if key in hit else "queued"
            if state == "suppressed":
                if draft.on_suppressed == "drop":
                    continue
                self._event(caller, message_id, position, "suppressed")
            else:
                to_do = True
            self._deliveries.append(
                (message_id, position, caller.workspace_id, role, email, key, state, 0, 0, "", self._now)
            )
        return to_do

    def _event(self, caller: Caller, message_id: str, position: int, kind: str) -> None:
        self._events.append((message_id, ids.new(), caller.workspace_id, position, kind, self._now, _EMPTY))

    def _content(self, draft: Draft, message_id: str, content_id: str | None) -> Draft:
        """The draft as its row keeps it: files in rows of their own, shared content in a row of its own."""
        content = draft.content
        if content_id is None and not content.attachments:
            return draft
        listed_only = tuple(msgspec.structs.replace(each, data=None, url="") for each in content.attachments)
        bare = msgspec.structs.replace(content, attachments=listed_only)
        if content_id is None:
            self._files(draft, message_id)
            return msgspec.structs.replace(draft, content=bare)
        if content_id not in self._shared_seen:
            self._shared_seen.add(content_id)
            self._contents.append((content_id, _PACK.encode(bare)))
            self._files(draft, content_id)
        return msgspec.structs.replace(draft, content=_NO_CONTENT)

    def _files(self, draft: Draft, owner_id: str) -> None:
        self._size_bytes += sum(each.size_bytes for each in draft.content.attachments)
        for position, each in enumerate(draft.content.attachments):
            self._attachments.append(
                (
                    owner_id, position, ids.new(), each.filename, each.content_type, each.content_id,
                    each.size_bytes, each.url, each.data,
                )
            )  # fmt: skip


def _shared(drafts: Sequence[Draft]) -> dict[int, str]:
    """A content id for every content object that more than one of the drafts holds."""
    if len(drafts) == 1:
        return {}
    counts = Counter(id(draft.content) for draft in drafts)
    return {held: ids.new() for held, count in counts.items() if count > 1}


def _size(draft: Draft) -> int:
    content = draft.content
    size = len(content.html or "") + len(content.text or "")
    return size + sum(each.size_bytes for each in content.attachments) if content.attachments else size


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
