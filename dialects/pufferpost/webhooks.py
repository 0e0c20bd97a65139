"""Webhooks: made, listed, read, removed.

Source: PufferPost guide "Webhooks", read 2026-11, shows creation; the other bodies are in its style. A test key sees
what test keys made, which is told of test messages alone.
"""

from typing import Any, ClassVar, Final

import msgspec

from core import webhooks
from core.errors import Invalid, NotFound
from core.webhooks import NewWebhook, Webhook
from dialects.dialect import Listener
from dialects.endpoint import Call, delete, get, post
from dialects.pufferpost.telling import EVENTS, role_of
from dialects.pufferpost.violations import BLANK, Violations
from dialects.pufferpost.wire import Listing, Paged, both, held, listing, shown
from dialects.refusals import Answer
from dialects.signing import new_secret
from dialects.targets import SECURE, is_local, is_target
from dialects.times import offset

DIALECT: Final = "pufferpost"

_LONGEST_URL: Final = 2048
_NOT_A_URL: Final = "This value is not a valid URL."
_NOT_A_CHOICE: Final = "The value you selected is not a valid choice."


class Create(msgspec.Struct, kw_only=True):
    """A webhook to make."""

    parts: ClassVar[dict[str, type[msgspec.Struct]]] = {}

    url: str | None = None
    events: list[Any] | None = None

    def check(self, found: Violations) -> None:
        """Note what is wrong."""
        url = found.text("url", self.url, _LONGEST_URL)
        # in the clear to this machine alone, which is only called where the operator allows it
        if url and not is_target(url, SECURE) and not is_local(url):
            found.add("url", _NOT_A_URL)
        if not self.events:
            found.add("events", BLANK)
        for index, event in enumerate(self.events or ()):
            if not isinstance(event, str):
                found.mistyped(f"events[{index}]", "string")
            elif event not in EVENTS:
                found.add(f"events[{index}]", _NOT_A_CHOICE)

    def new(self, role: str) -> NewWebhook:
        """As core makes it, after ``check``."""
        return NewWebhook(
            dialect=DIALECT,
            role=role,
            url=self.url or "",
            kinds=tuple(dict.fromkeys(self.events or ())),
            secret=new_secret(),
        )


class View(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A webhook. Its secret is shown once, when it is made."""

    id: str
    url: str
    events: tuple[str, ...]
    secret: str = ""
    created_at: str

    @classmethod
    def of(cls, webhook: Webhook, secret: str = "") -> "View":
        """From a stored webhook."""
        return cls(
            id=shown("whe", webhook.id),
            url=webhook.url,
            events=webhook.kinds,
            secret=secret,
            created_at=offset(webhook.created_at),
        )


def listen(wish: Listener) -> NewWebhook:
    """A webhook for an operator, of every event where none is named; raises Invalid."""
    if wish.form or wish.stream:
        raise Invalid(
            "form" if wish.form else "stream", "PufferPost's webhooks have one form and no streams."
        )
    if not is_target(wish.url, SECURE) and not is_local(wish.url):
        raise Invalid("url", f"{wish.url!r} is no https URL that can be called.")
    unknown = next((each for each in wish.events if each not in EVENTS), None)
    if unknown is not None:
        raise Invalid("events", f"PufferPost has no event {unknown}; it has {', '.join(EVENTS)}.")
    return NewWebhook(
        dialect=DIALECT,
        url=wish.url,
        kinds=wish.events or EVENTS,
        secret=wish.secret or new_secret(),
    )


async def find(call: Call, id: str) -> Webhook:
    """A webhook by the id of a path; raises NotFound("webhook")."""
    found = await webhooks.get(call.core, call.caller, DIALECT, held("whe", id))
    if found.role != role_of(call.caller):
        raise NotFound("webhook", id)
    return found


async def create(call: Call, body: Create) -> View:
    """Make a webhook."""
    found = Violations()
    body.check(found)
    found.refuse()
    made = await webhooks.create(call.core, call.caller, body.new(role_of(call.caller)))
    return View.of(made, made.secret)


async def list_webhooks(call: Call, query: Paged) -> Listing[View]:
    """A page of webhooks, the newest first."""
    found = Violations()
    page = query.page("whe", found)
    found.refuse()
    read = await webhooks.page(call.core, call.caller, DIALECT, page, role=role_of(call.caller))
    return listing(read, "whe", lambda webhook: webhook.id, View.of)


async def read(call: Call, id: str) -> View:
    """One webhook."""
    return View.of(await find(call, id))


async def remove(call: Call, id: str) -> Answer:
    """Remove a webhook; what was still to be told is not told."""
    await webhooks.delete(call.core, await find(call, id))
    return Answer(204, b"")


MANAGING = both(
    post("/v1/webhooks", create, status=201),
    delete("/v1/webhooks/{id}", remove, status=204),
)
READING = both(
    get("/v1/webhooks", list_webhooks),
    get("/v1/webhooks/{id}", read),
)
