"""From accepted submissions to the rows that one commit writes: this is what every message passes through."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from core import addresses, ids
from core.clock import SECOND
from core.core import Caller
from core.errors import Refusal
from core.messages.draft import Content, Draft, searchable
from core.messages.message import ACCEPTED, WHOLE_MESSAGE
from core.messages.submission import Receipt, Submission
from core.store.database import listed
from core.store.statements import sql

_NEVER: Final = 1 << 62
_EMPTY: Final = msgspec.msgpack.encode({})
_PACK: Final = msgspec.msgpack.Encoder()
_NO_CONTENT: Final = Content()
# rows that are no larger than this weigh little, however many a commit has
LARGE_BYTES: Final = 8 * 1024
# what a file that is still to be fetched is taken for, and at most all of a message together
_UNKNOWN_FILE_BYTES: Final = 5 * 1024 * 1024
_UNKNOWN_FILES_BYTES: Final = 40 * 1024 * 1024


class Rows:
    """The rows of one commit, as they gather."""

    def __init__(self, now: int, number: int) -> None:
        """Accepted at this moment, numbered from this number on."""
        self.due_now = False
        # of the large values alone
        self._content_bytes = 0
        self._file_bytes = 0
        self._body_bytes = 0
        self._now = now
        self._number = number
        # the shared contents that have their rows, and what each takes in memory
        self._shared_seen: dict[str, int] = {}
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
            statement.many(gathered, size_bytes)
            for statement, gathered, size_bytes in (
                (sql.content_insert, self._contents, self._content_bytes),
                (sql.attachment_insert, self._attachments, self._file_bytes),
                (sql.batch_insert, self._batches, 0),
                (sql.message_insert, self._messages, self._body_bytes),
                (sql.delivery_insert, self._deliveries, 0),
                (sql.event_insert, self._events, 0),
                (sql.job_insert, self._jobs, 0),
                (sql.claim_fill, self._claims, 0),
            )
            if gathered
        ]
        if refused_keys:
            steps.append(sql.claims_give_back(keys=listed(refused_keys)))
        return steps

    def events(self) -> list[tuple[Any, ...]]:
        """Every event, as ``event_insert`` has them; the acceptance, which has no row: see ``core.events``."""
        first = [
            (row[0], row[0], row[1], WHOLE_MESSAGE, ACCEPTED, self._now, _EMPTY) for row in self._messages
        ]
        return [*first, *self._events]

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
        if caller.tracking is not None:
            draft = draft.tracked(caller.tracking)
        content_id = shared.get(id(draft.content))
        body = _PACK.encode(self._content(draft, message_id, content_id))
        size = len(body)
        if size > LARGE_BYTES:
            self._body_bytes += size
        if content_id is not None:
            size += self._shared_seen[content_id]
        elif draft.content.attachments:
            size += _fetched_size(draft.content)
        scheduled = draft.send_at is not None and draft.send_at > now
        state = "scheduled" if scheduled else "accepted"
        self._messages.append(
            (
                message_id, caller.workspace_id, caller.environment, number, batch_id, content_id, draft.stream,
                state, draft.sender.email.lower(), draft.content.subject, draft.tag, now,
                draft.send_at if scheduled else None, body,
                draft.template.id if draft.template is not None else None, searchable(draft.metadata),
            )
        )  # fmt: skip  # a column list reads better in lines than in a column
        if scheduled:
            self._event(caller, message_id, WHOLE_MESSAGE, "scheduled")
        destination = self._recipients(caller, draft, hit, message_id)
        if destination is not None:
            run_at = draft.send_at if scheduled else now
            self._jobs.append((message_id, run_at, size, destination))
            self.due_now |= not scheduled
        dropped = hit if draft.on_suppressed == "drop" else ()
        return Receipt(
            id=message_id, number=number, created_at=now, dropped=dropped, batch_number=batch_number or number
        )

    def _recipients(self, caller: Caller, draft: Draft, hit: tuple[str, ...], message_id: str) -> str | None:
        """Add the deliveries; the domain they all go to, empty for several, None where none is to be made."""
        destination: str | None = None
        for position, (role, party) in enumerate(draft.recipients()):
            email = party.address.email
            key = addresses.key(email)
            state = "suppressed" if key in hit else "queued"
            if state == "suppressed":
                if draft.on_suppressed == "drop":
                    continue
                self._event(caller, message_id, position, "suppressed")
            else:
                domain = addresses.domain(key)
                destination = domain if destination in (None, domain) else ""
            self._deliveries.append(
                (message_id, position, caller.workspace_id, role, email, key, state, self._now)
            )
        # these go elsewhere, or nowhere
        return "" if destination and (draft.redirect_to or draft.sandbox) else destination

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
            body = _PACK.encode(bare)
            self._shared_seen[content_id] = len(body) + _fetched_size(content)
            self._content_bytes += len(body)
            self._contents.append((content_id, body))
            self._files(draft, content_id)
        return msgspec.structs.replace(draft, content=_NO_CONTENT)

    def _files(self, draft: Draft, owner_id: str) -> None:
        self._file_bytes += sum(each.size_bytes for each in draft.content.attachments)
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


def _fetched_size(content: Content) -> int:
    """About what its files take once they are all there."""
    files = content.attachments
    unknown = sum(each.data is None for each in files)
    assumed = min(unknown * _UNKNOWN_FILE_BYTES, _UNKNOWN_FILES_BYTES)
    return sum(each.size_bytes for each in files) + assumed
