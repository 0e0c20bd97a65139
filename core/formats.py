"""What core asks of a dialect that tells webhooks what happened: the words, the signature, and how to insist."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from core.webhooks.dispatch import Dispatch
from core.webhooks.happening import Happening
from core.webhooks.webhook import Webhook


class Payload(msgspec.Struct, frozen=True):
    """One call's body, made once and sent as it is at every attempt; ``event`` is the dialect's word for it."""

    event: str
    body: bytes


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """How a dialect insists.

    Any 2xx is success. ``delays_s``: the waits before the second and every further attempt; after them it has failed.
    ``gives_up``: statuses after which nothing is tried again; ``disables``: those that end the webhook itself.
    ``redirects`` that are followed; beyond, a redirect is a failure like others. ``disable_after_s`` of nothing but
    failures the webhook is disabled, 0 for never. ``https_only``: other targets are not called.
    """

    delays_s: tuple[float, ...]
    timeout_s: float = 15.0
    gives_up: frozenset[int] = frozenset()
    disables: frozenset[int] = frozenset()
    redirects: int = 0
    disable_after_s: float = 0
    https_only: bool = False


class WebhookFormat(Protocol):
    """A dialect's way to tell. Every function is pure; what has no words for a happening says so by silence."""

    def payloads(self, webhook: Webhook, happening: Happening) -> Sequence[Payload]:
        """What the webhook is to be told; nothing where it does not want to hear of this."""
        ...

    def headers(
        self, webhook: Webhook, dispatch: Dispatch, body: bytes, now: int
    ) -> Sequence[tuple[str, str]]:
        """The header fields of one attempt, signature and Content-Type among them.

        ``now`` is the attempt's moment, ``dispatch.attempts`` counts those before it; ``dispatch.id`` stays the same
        over all of them, ``dispatch.happening_id`` for all webhooks. What the webhook itself says (``headers``,
        ``auth``, userinfo in its URL) is added by core.
        """
        ...

    def manners(self, webhook: Webhook, event: str) -> Manners:
        """How to insist on a call, by the dialect's word for what happened."""
        ...
