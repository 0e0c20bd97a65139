"""Roles: webhooks that stand in no list, since each is a setting of its workspace; they change together with it."""

from collections.abc import Callable, Iterator, Mapping

from core.accounts import WorkspaceSettings
from core.core import Core
from core.store.statements import Query
from core.webhooks.keeping import changed, changing, forgetting, made_of, making
from core.webhooks.webhook import NewWebhook, Webhook, WebhookChange

Held = Mapping[str, Webhook]
# by role: what is to be there, None for what is not to be; what is not named stays
Wanted = Mapping[str, NewWebhook | None]
Arrange = Callable[[WorkspaceSettings, Held], Wanted]


def rearranging(core: Core, place_id: str, held: Held, wanted: Wanted, first_number: int) -> Iterator[Query]:
    """The steps to there; whoever runs them has held the workspace's row since before ``held`` was read.

    ``first_number`` begins as many numbers as roles are wanted.
    """
    for number, (role, new) in enumerate(wanted.items(), first_number):
        webhook = held.get(role)
        if new is None:
            yield from forgetting(webhook) if webhook is not None else ()
        elif webhook is None:
            yield from making(core, made_of(new, place_id, number, core.clock.now()))
        else:
            yield from _changing(core, webhook, new)


def _changing(core: Core, webhook: Webhook, new: NewWebhook) -> list[Query]:
    change = WebhookChange(
        url=new.url, kinds=new.kinds, state=new.state, options=new.options, includes=new.includes
    )
    wanted = changed(webhook, change)
    if wanted == webhook:
        return []
    is_another = webhook.state != wanted.state or webhook.url != wanted.url
    return changing(core, webhook, wanted, anew=is_another)[1]
