"""The hooks of a server, one URL each, that hear of all its streams and stand in no list of webhooks.

Source: Postmark developer docs, "Server API", "Webhooks overview" and "SMTP API error webhook", read 2026-11. A server
has no URL for complaints, which are bounces of a type there, so the hook of bounces hears of them.
"""

from collections.abc import Mapping
from typing import Final

from core.accounts import WorkspaceSettings
from core.webhooks import NewWebhook
from core.webhooks.roles import Held, Wanted
from dialects.postmark.choices import DIALECT, Choices, choices_of
from dialects.postmark.triggers import Open, Plain, Triggers, WithContent

INBOUND_ROLE: Final = "InboundHookUrl"
BOUNCE_ROLE: Final = "BounceHookUrl"
OPEN_ROLE: Final = "OpenHookUrl"
DELIVERY_ROLE: Final = "DeliveryHookUrl"
CLICK_ROLE: Final = "ClickHookUrl"
ROLES: Final = (INBOUND_ROLE, BOUNCE_ROLE, OPEN_ROLE, DELIVERY_ROLE, CLICK_ROLE)


def hook(role: str, url: str, choices: Choices) -> NewWebhook:
    """A server's hook under its choices."""
    if role == INBOUND_ROLE:
        includes = ("files", "source") if choices.raw_source else ("files",)
        return NewWebhook(dialect=DIALECT, role=role, url=url, kinds=("received",), includes=includes)
    triggers = _triggers(role, choices)
    return NewWebhook(
        dialect=DIALECT,
        role=role,
        url=url,
        kinds=triggers.kinds(),
        options=triggers.packed(),
        includes=triggers.includes(),
    )


def _triggers(role: str, choices: Choices) -> Triggers:
    if role == BOUNCE_ROLE:
        told = WithContent(enabled=True, include_content=choices.bounce_content)
        return Triggers(bounce=told, spam_complaint=told)
    if role == OPEN_ROLE:
        return Triggers(open=Open(enabled=True, post_first_open_only=choices.first_opens_only))
    if role == DELIVERY_ROLE:
        return Triggers(delivery=Plain(enabled=True))
    return Triggers(click=Plain(enabled=True))


def arranged(urls: Mapping[str, str], settings: WorkspaceSettings, held: Held) -> Wanted:
    """The hooks of a server that is changed: at other URLs, none at an empty one, and all under its choices."""
    choices = choices_of(settings)
    kept = {role: webhook.url for role, webhook in held.items() if role in ROLES}
    return {role: hook(role, url, choices) if url else None for role, url in (kept | dict(urls)).items()}
