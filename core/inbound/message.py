"""A letter as it is kept, and how it stands."""

from typing import Literal

import msgspec

from core.inbound.letter import Body, Head

# queued: to be told to the workspace's application; scheduled: to be told again; failed: nobody took it
State = Literal["queued", "processed", "blocked", "scheduled", "failed"]


class InboundMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One letter that came in for a workspace.

    ``sender`` is whom From names, in lower case; ``recipient`` is the address of the envelope that led here, with the
    ``mailbox_hash`` it carries. ``reason`` says why it is or was blocked. ``size_bytes`` is the source's.
    ``body`` is None in lists.
    """

    id: str
    workspace_id: str
    state: str
    reason: str
    sender: str
    recipient: str
    mailbox_hash: str
    subject: str
    tag: str
    size_bytes: int
    created_at: int
    head: Head
    body: Body | None = None
