"""Webhooks that an operator makes: of the triggers by their names, or the server's hook for letters that come in."""

from core.errors import Invalid
from core.streams import DEFAULT_SEND
from core.webhooks import NewWebhook
from dialects.dialect import Listener
from dialects.postmark.arrivals import STREAM
from dialects.postmark.choices import DIALECT, choices_of
from dialects.postmark.hooks import INBOUND_ROLE, hook
from dialects.postmark.telling import INBOUND
from dialects.postmark.triggers import KINDS, switched_on
from dialects.targets import require_target


def listen(wish: Listener) -> NewWebhook:
    """A webhook of one stream, of every trigger where none is named; raises Invalid."""
    if wish.form or wish.secret:
        raise Invalid(
            "form" if wish.form else "secret", "Postmark's webhooks have one form and no signature."
        )
    if INBOUND in wish.events:
        return _inbound(wish)
    unknown = next((each for each in wish.events if each not in KINDS), None)
    if unknown is not None:
        raise Invalid("events", f"Postmark has no {unknown}; it has {', '.join((*KINDS, INBOUND))}.")
    triggers = switched_on(wish.events or KINDS)
    return NewWebhook(
        dialect=DIALECT,
        url=require_target(wish.url),
        kinds=triggers.kinds(),
        stream=wish.stream or DEFAULT_SEND,
        options=triggers.packed(),
    )


def _inbound(wish: Listener) -> NewWebhook:
    """A server has one, which stands in no list."""
    if len(wish.events) > 1 or wish.stream not in ("", STREAM):
        raise Invalid("events", f"{INBOUND} is told by a webhook of its own, which has no stream to choose.")
    return hook(INBOUND_ROLE, require_target(wish.url), choices_of(wish.settings))
