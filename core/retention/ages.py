"""How long what is kept: the operator's decision, and a workspace's own in its place."""

import msgspec

from core.accounts import WorkspaceSettings
from core.core import Policy


class Ages(msgspec.Struct, frozen=True, kw_only=True):
    """In days; 0 for ever. Where a message goes, everything of it goes with it."""

    bodies_days: int
    events_days: int
    messages_days: int


def ages(policy: Policy, own: WorkspaceSettings) -> Ages:
    """What holds for a workspace."""
    return Ages(
        bodies_days=_first(own.keep_bodies_days, policy.keep_bodies_days),
        events_days=_first(own.keep_events_days, policy.keep_events_days),
        messages_days=_first(own.keep_messages_days, policy.keep_messages_days),
    )


def _first(own: int | None, common: int) -> int:
    return common if own is None else own
