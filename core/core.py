"""What lives as long as the process, made once and handed to every service; and who is calling."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from core.budget import Budget
from core.clock import Clock
from core.dns import Resolver
from core.sealing import Seal
from core.store.database import Database
from core.tokens import Signer
from core.tracking.choice import Tracking

if TYPE_CHECKING:
    from core.bounces.news import Returns
    from core.credentials import CredentialCache
    from core.identities import Identities
    from core.inbound.inbox import Inbox
    from core.jobs.wake import Wake
    from core.messages.intake import Intake
    from core.numbers import Numbers
    from core.outbox import Outbox
    from core.poster import Poster
    from core.replies import Replies
    from core.tracking.sightings import Sightings
    from core.windows import Windows


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The operator's decisions that the domain obeys.

    ``sender_policy``: ``verified`` asks for a verified domain or confirmed sender, ``any`` for none.
    ``probe_webhooks``: endpoints are asked with samples before they are taken, where a dialect knows that.
    ``message_host`` stands at the right of generated Message-IDs. ``retry_schedule_s`` are the waits after each
    temporary failure, the last one repeated, until ``give_up_after_s`` has passed since the message was due; after
    ``delayed_after_s`` it is told once to be late, 0 for never. ``destination_concurrency`` and
    ``destination_per_minute`` (0 for any number) bound what one process sends to one recipient domain at once and
    over time, ``destination_backoff_s`` are the waits after each time that none of its servers could be reached.
    ``return_host``, ``tracking_host`` and ``inbound_host`` are this installation's own, each empty where it has none;
    ``spf`` are the mechanisms that a sender's SPF record must have. ``complaint_addresses`` take feedback reports, in
    lower case. ``show_tokens``: keys that their provider shows again and again are kept as they are where nothing is
    set to seal them with. ``notice_sender`` writes the server's own mail, empty for an address at ``message_host``.
    Pixels and links stand under ``tracking_url``, else under ``public_url``.
    ``rate_limits`` are requests per window by surface, in place of the surface's own; 0 for none. ``most_templates``
    may a workspace have where a dialect knows such a limit. What is kept is kept for so many days, 0 for ever, where a
    workspace has no ages of its own.
    """

    sender_policy: Literal["verified", "any"] = "verified"
    probe_webhooks: bool = False
    message_host: str = "babelpost.local"
    public_url: str = "http://127.0.0.1:8025"
    return_host: str = ""
    tracking_host: str = ""
    inbound_host: str = ""
    spf: str = ""
    tracking_url: str = ""
    complaint_addresses: tuple[str, ...] = ()
    notice_sender: str = ""
    dkim_secret: str = ""
    key_pepper: str = ""
    show_tokens: bool = False
    lease_s: float = 60.0
    retry_schedule_s: tuple[float, ...] = (60, 300, 900, 3600, 10800, 21600)
    give_up_after_s: float = 4 * 24 * 3600
    delayed_after_s: float = 4 * 3600
    destination_concurrency: int = 10
    destination_per_minute: int = 0
    destination_backoff_s: tuple[float, ...] = (60, 120, 300, 900, 1800, 3600)
    rate_limits: dict[str, int] = {}
    most_templates: int = 100
    keep_bodies_days: int = 45
    keep_events_days: int = 365
    keep_messages_days: int = 365


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Whose data a call may see and change, and what its credential allows.

    ``workspace_id`` is empty for a credential of the whole account. ``tracking``: what the workspace tracks in messages
    that do not say themselves; None for nothing. ``sandbox``: nothing of the workspace leaves.
    ``takes_smtp``: its mail may come in by SMTP.
    """

    account_id: str
    workspace_id: str = ""
    workspace_number: int = 0
    workspace_name: str = ""
    credential_id: str = ""
    kind: str = ""
    scopes: frozenset[str] = frozenset()
    environment: str = "live"
    tracking: Tracking | None = None
    sandbox: bool = False
    takes_smtp: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The collaborators of every service."""

    db: Database
    clock: Clock
    policy: Policy
    numbers: "Numbers"
    credentials: "CredentialCache"
    intake: "Intake"
    inbox: "Inbox"
    returns: "Returns"
    wake: "Wake"
    windows: "Windows"
    bodies: Budget
    signer: Signer
    resolver: Resolver
    sightings: "Sightings"
    seal: Seal
    identities: "Identities"
    outbox: "Outbox"
    poster: "Poster"
    replies: "Replies"
