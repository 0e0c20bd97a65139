"""A call for something that never happened, to see what an endpoint answers; nothing is kept of it."""

from core import ids
from core.core import Core
from core.formats import Payload, WebhookFormat
from core.poster import Answer
from core.webhooks.calls import call_of
from core.webhooks.dispatch import Dispatch
from core.webhooks.webhook import Webhook


async def probe(core: Core, form: WebhookFormat, webhook: Webhook, payload: Payload) -> Answer:
    """Call once, as it would be called for something that did happen."""
    now = core.clock.now()
    sample = Dispatch(
        id=ids.new(), webhook_id=webhook.id, happening_id=ids.new(), kind="", subject="", event=payload.event,
        state="pending", attempts=0, status=0, attempted_at=None, due_at=now, created_at=now,
    )  # fmt: skip  # facts read better in lines than in a column
    return await core.poster.post(call_of(form, webhook, sample, payload.body, now))
