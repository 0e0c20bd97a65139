"""The call that tells a dispatch: the dialect's header fields and body, and what the webhook itself says."""

from core.formats import WebhookFormat
from core.poster import Call, Headers, basic
from core.webhooks.dispatch import Dispatch
from core.webhooks.webhook import Webhook


def call_of(form: WebhookFormat, webhook: Webhook, dispatch: Dispatch, body: bytes, now: int) -> Call:
    """What is asked at a moment."""
    manners = form.manners(webhook, dispatch.event)
    own = form.headers(webhook, dispatch, body, now)
    auth: list[tuple[str, str]] = []
    if webhook.auth is not None:
        user, password = webhook.auth
        auth = [("Authorization", basic(user.encode(), password.encode()).decode())]
    return Call(
        url=webhook.url,
        headers=_merged(own, webhook.headers, auth),
        body=body,
        timeout_s=manners.timeout_s,
        redirects=manners.redirects,
        https_only=manners.https_only,
    )


def _merged(*layers: Headers) -> Headers:
    """Every field once: a later layer's takes the place of those of the same name before it (RFC 9110 5.1)."""
    fields = {name.lower(): (name, value) for layer in layers for name, value in layer}
    return list(fields.values())
