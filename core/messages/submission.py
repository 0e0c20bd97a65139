"""What goes into the commit of acceptance and what comes back: a call's drafts, its key, a receipt for each."""

import hashlib
from collections.abc import Sequence

import msgspec

from core.core import Caller
from core.errors import Refusal
from core.messages.draft import Draft


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


def _size(draft: Draft) -> int:
    content = draft.content
    size = len(content.html or "") + len(content.text or "")
    return size + sum(each.size_bytes for each in content.attachments) if content.attachments else size
