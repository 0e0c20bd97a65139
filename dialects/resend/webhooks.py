"""Webhooks: made, listed, read, changed, removed, given another secret.

Source: Resend API reference, "Webhooks", and the types of the node SDK 6.38.0, read 2026-11.
"""

from typing import Final, Literal

import msgspec

from core import webhooks
from core.errors import Invalid, NotFound
from core.webhooks import NewWebhook, Webhook, WebhookChange
from dialects.dialect import Listener
from dialects.endpoint import Call, delete, get, patch, post
from dialects.resend.telling import EVENTS, Options, kinds_of, options_of
from dialects.resend.wire import List, Paging, ts, uuid
from dialects.signing import is_standard, new_secret
from dialects.targets import is_target, require_target

DIALECT: Final = "resend"

_ID: Final = "webhookId"

Status = Literal["enabled", "disabled"]


class Create(msgspec.Struct, kw_only=True):
    """A webhook to make."""

    endpoint: str = ""
    events: list[str] | None = None

    def new(self) -> NewWebhook:
        """As core makes it; raises Invalid."""
        endpoint = _endpoint(self.endpoint)
        if self.events is None:
            raise Invalid("events", "is missing", kind="missing")
        options = Options(tuple(dict.fromkeys(self.events)))
        return NewWebhook(
            dialect=DIALECT,
            url=endpoint,
            kinds=kinds_of(options.events),
            options=options.packed(),
            secret=new_secret(),
        )


class Change(msgspec.Struct, kw_only=True):
    """What is to be otherwise; SDKs repeat the id in the body, which says nothing."""

    endpoint: str | None = None
    events: list[str] | None = None
    status: Status | None = None

    def change(self) -> WebhookChange:
        """As core makes it; raises Invalid."""
        events = None if self.events is None else tuple(dict.fromkeys(self.events))
        return WebhookChange(
            url=None if self.endpoint is None else _endpoint(self.endpoint),
            kinds=None if events is None else kinds_of(events),
            options=None if events is None else Options(events).packed(),
            state=self.status,
        )


class Created(msgspec.Struct, kw_only=True):
    """A webhook's secret: shown when it is made, and again when it is read by itself."""

    object: str = "webhook"
    id: str
    signing_secret: str


class Changed(msgspec.Struct, kw_only=True):
    """Which webhook was changed."""

    object: str = "webhook"
    id: str


class Deleted(msgspec.Struct, kw_only=True):
    """Which webhook was removed."""

    object: str = "webhook"
    id: str
    deleted: bool = True


class Listed(msgspec.Struct, kw_only=True):
    """A webhook in a list."""

    id: str
    created_at: str
    status: str
    endpoint: str
    events: tuple[str, ...]

    @classmethod
    def of(cls, held: Webhook) -> "Listed":
        """From the domain's webhook."""
        return cls(
            id=held.id,
            created_at=ts(held.created_at),
            status=held.state,
            endpoint=held.url,
            events=options_of(held).events,
        )


class Whole(msgspec.Struct, kw_only=True):
    """A webhook by itself."""

    object: str = "webhook"
    id: str
    created_at: str
    status: str
    endpoint: str
    events: tuple[str, ...]
    signing_secret: str

    @classmethod
    def of(cls, held: Webhook) -> "Whole":
        """From the domain's webhook."""
        listed = Listed.of(held)
        return cls(
            id=listed.id,
            created_at=listed.created_at,
            status=listed.status,
            endpoint=listed.endpoint,
            events=listed.events,
            signing_secret=held.secret,
        )


def _endpoint(url: str) -> str:
    if not url:
        raise Invalid("endpoint", "is missing", kind="missing")
    if not is_target(url):
        raise Invalid("endpoint", "It must be a URL that begins with `https://` or `http://`.")
    return url


async def find(call: Call, id: str) -> Webhook:
    """A webhook by the id of a path; raises Invalid and NotFound("webhook")."""
    return await webhooks.get(call.core, call.caller, DIALECT, uuid(id, _ID))


async def _check_cursor(call: Call, id: str) -> None:
    try:
        await find(call, id)
    except NotFound as error:
        raise NotFound("cursor", id) from error


async def create(call: Call, body: Create) -> Created:
    """Make a webhook."""
    made = await webhooks.create(call.core, call.caller, body.new())
    return Created(id=made.id, signing_secret=made.secret)


async def list_webhooks(call: Call, query: Paging) -> List[Listed]:
    """Webhooks from the newest on."""
    request = query.everything()
    if (cursor := request.after or request.before) is not None:
        await _check_cursor(call, cursor)
    page = await webhooks.page(call.core, call.caller, DIALECT, request)
    return List(has_more=page.more, data=[Listed.of(held) for held in page.items])


async def retrieve(call: Call, id: str) -> Whole:
    """One webhook."""
    return Whole.of(await find(call, id))


async def update(call: Call, id: str, body: Change) -> Changed:
    """Change a webhook."""
    return Changed(id=(await webhooks.update(call.core, await find(call, id), body.change())).id)


async def remove(call: Call, id: str) -> Deleted:
    """Remove a webhook; what was still to be told is not told."""
    held = await find(call, id)
    await webhooks.delete(call.core, held)
    return Deleted(id=held.id)


async def rotate(call: Call, id: str) -> Created:
    """Give a webhook another secret; for a day calls are signed with the former one too."""
    held = await webhooks.rotate(call.core, await find(call, id), new_secret())
    return Created(id=held.id, signing_secret=held.secret)


def listen(wish: Listener) -> NewWebhook:
    """A webhook for an operator, of every event where none is named; raises Invalid."""
    if wish.form or wish.stream:
        raise Invalid("form" if wish.form else "stream", "Resend's webhooks have one form and no streams.")
    if wish.secret and not is_standard(wish.secret):
        raise Invalid("secret", "Resend's are whsec_ and 24 to 64 bytes in base64.")
    options = Options(wish.events or tuple(dict.fromkeys(EVENTS.values())))
    return NewWebhook(
        dialect=DIALECT,
        url=require_target(wish.url),
        kinds=kinds_of(options.events),
        options=options.packed(),
        secret=wish.secret or new_secret(),
    )


OPERATIONS = (
    post("/webhooks", create, status=201),
    get("/webhooks", list_webhooks),
    get("/webhooks/{id}", retrieve),
    patch("/webhooks/{id}", update),
    delete("/webhooks/{id}", remove),
    post("/webhooks/{id}/signing-secret/rotate", rotate),
)
