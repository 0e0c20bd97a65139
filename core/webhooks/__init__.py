"""Webhooks: applications are told what happened, by calls to endpoints of theirs."""

from core.webhooks.dispatch import (
    Attempt,
    Dispatch,
    Filter,
    Tally,
    attempts,
    replay,
    replay_all,
    tallies,
)
from core.webhooks.dispatch import get as dispatch
from core.webhooks.dispatch import page as dispatches
from core.webhooks.happening import KINDS, Happening
from core.webhooks.keeping import (
    assign,
    by_number,
    changed,
    create,
    delete,
    get,
    made_of,
    named,
    of_workspace,
    outline,
    outlines,
    page,
    rotate,
    update,
    with_roles,
)
from core.webhooks.webhook import NewWebhook, Secret, Webhook, WebhookChange

__all__ = [
    "KINDS",
    "Attempt",
    "Dispatch",
    "Filter",
    "Happening",
    "NewWebhook",
    "Secret",
    "Tally",
    "Webhook",
    "WebhookChange",
    "assign",
    "attempts",
    "by_number",
    "changed",
    "create",
    "delete",
    "dispatch",
    "dispatches",
    "get",
    "made_of",
    "named",
    "of_workspace",
    "outline",
    "outlines",
    "page",
    "replay",
    "replay_all",
    "rotate",
    "tallies",
    "update",
    "with_roles",
]
