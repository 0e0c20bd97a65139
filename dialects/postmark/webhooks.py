"""Webhooks: made, listed, read, changed, removed.

Source: Postmark developer docs, "Webhooks API", and what its SDKs send and read, read 2026-11. A webhook that is
``unverified`` is told nothing.
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from core import streams, webhooks
from core.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from core.paging import PageRequest
from core.streams import DEFAULT_SEND
from core.webhooks import NewWebhook, Webhook, WebhookChange
from core.webhooks.webhook import State
from dialects.endpoint import Call, delete, get, post, put
from dialects.postmark.auth import SERVER, is_test
from dialects.postmark.choices import DIALECT
from dialects.postmark.done import Done
from dialects.postmark.probes import verify
from dialects.postmark.triggers import Triggers, TriggersWish, triggers_of
from dialects.refusals import Answer
from dialects.targets import is_target

_MOST_OF_STREAM: Final = 10
# what a server can have: no more than so many of a stream, and ten streams; some made otherwise beside them
_MOST: Final = 1000
_MOST_HEADERS: Final = 30
_LONGEST: Final = 2000
# more digits than any number of ours has
_LONGEST_NUMBER: Final = 18
# RFC 9110 5.6.2, token
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
# RFC 9110 5.5: no control characters but the tab
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# how a request is framed, and what is in it, is not for its sender's customer to say (RFC 9112 6, RFC 9110 7.6.1)
_FRAMING: Final = frozenset(
    {
        "host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "keep-alive",
        "te", "trailer", "upgrade", "expect", "proxy-connection",
    }
)  # fmt: skip  # a list of words reads better in lines than in a column
_STATES: Final[dict[str, State]] = {"verified": "enabled", "unverified": "disabled"}
STATUSES: Final[dict[State, str]] = {state: status for status, state in _STATES.items()}
_NO_AUTH: Final = ("", "")


class HttpAuth(msgspec.Struct, rename="pascal", forbid_unknown_fields=True):
    """A user name and a password, in clear here as there."""

    username: str = ""
    password: str = ""

    def pair(self) -> tuple[str, str]:
        """As core keeps it, both empty for none; raises Invalid. RFC 7617 2: no colon in a name, no control letters."""
        if ":" in self.username or _CONTROL.search(self.username + self.password):
            raise Invalid("HttpAuth", "The 'HttpAuth' provided cannot be sent.", kind="webhook")
        if len(self.username) + len(self.password) > _LONGEST:
            raise Invalid("HttpAuth", "The 'HttpAuth' provided is too long.", kind="webhook")
        return self.username, self.password


class HttpHeader(msgspec.Struct, rename="pascal", forbid_unknown_fields=True):
    """A header field of every call."""

    name: str = ""
    value: str = ""

    def pair(self) -> tuple[str, str]:
        """As core keeps it; raises Invalid."""
        if _TOKEN.fullmatch(self.name) is None or self.name.lower() in _FRAMING:
            reason = f"The header name '{self.name[:100]}' is not valid."
            raise Invalid("HttpHeaders", reason, kind="webhook_header")
        if len(self.value) > _LONGEST or _CONTROL.search(self.value):
            reason = f"The value of the header '{self.name}' is not valid."
            raise Invalid("HttpHeaders", reason, kind="webhook")
        return self.name, self.value


class Wish(msgspec.Struct, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """What can be asked for when a webhook is made or changed. SDKs send null for what they do not say."""

    number: int | None = msgspec.field(default=None, name="ID")
    url: str | None = None
    message_stream: str | None = None
    status: str | None = None
    http_auth: HttpAuth | None = None
    http_headers: list[HttpHeader] | None = None
    triggers: TriggersWish | None = None
    verify: bool | None = None

    def check(self) -> None:
        """Refuse an empty body."""
        if all(getattr(self, name) is None for name in self.__struct_fields__):
            raise Invalid("body", "The webhook's data is missing.", kind="webhook_body")

    def target(self) -> str:
        """The URL; raises Invalid."""
        if not self.url or not is_target(self.url):
            reason = "The 'Url' is missing, or is no valid 'http' or 'https' URL."
            raise Invalid("Url", reason, kind="webhook_url")
        return self.url

    def headers(self) -> tuple[tuple[str, str], ...] | None:
        """Header fields, None where nothing is said of them; raises Invalid."""
        if self.http_headers is None:
            return None
        if len(self.http_headers) > _MOST_HEADERS:
            reason = f"A webhook has at most {_MOST_HEADERS} headers."
            raise Invalid("HttpHeaders", reason, kind="webhook")
        return tuple(each.pair() for each in self.http_headers)

    def auth(self) -> tuple[str, str] | None:
        """The user name and password, both empty to take them away, None where nothing is said of them."""
        return self.http_auth.pair() if self.http_auth is not None else None

    def new(self, state: State) -> NewWebhook:
        """As core makes it; raises Invalid."""
        self.check()
        if self.number:
            raise Invalid("ID", "The 'ID' of a webhook cannot be chosen.", kind="webhook_id")
        if self.status:
            raise Invalid("Status", "The 'Status' of a webhook cannot be set.", kind="webhook_status")
        triggers, auth = Triggers().changed(self.triggers), self.auth()
        return NewWebhook(
            dialect=DIALECT,
            url=self.target(),
            kinds=triggers.kinds(),
            stream=self.message_stream or DEFAULT_SEND,
            state=state,
            options=triggers.packed(),
            includes=triggers.includes(),
            headers=self.headers() or (),
            auth=None if auth == _NO_AUTH else auth,
        )

    def change(self, held: Webhook, state: State | None) -> WebhookChange:
        """As core changes it; raises Invalid."""
        self.check()
        if (self.number or held.number) != held.number:
            raise Invalid("ID", "The 'ID' of a webhook cannot be changed.", kind="webhook_fixed")
        if (self.message_stream or held.stream) != held.stream:
            reason = "The 'MessageStream' of a webhook cannot be changed."
            raise Invalid("MessageStream", reason, kind="webhook_fixed")
        if (self.status or STATUSES[held.state]).lower() != STATUSES[held.state]:
            raise Invalid("Status", "The 'Status' of a webhook cannot be set.", kind="webhook_status")
        triggers = triggers_of(held).changed(self.triggers)
        return WebhookChange(
            url=self.target() if self.url is not None else None,
            kinds=triggers.kinds(),
            state=state,
            options=triggers.packed(),
            includes=triggers.includes(),
            headers=self.headers(),
            auth=self.auth(),
        )

    def is_new_to(self, held: Webhook) -> bool:
        """Whether another place would be called, or of something that it was not called of before."""
        before, after = triggers_of(held), triggers_of(held).changed(self.triggers)
        return (self.url or held.url) != held.url or bool({*after.enabled()} - {*before.enabled()})


class Shown(msgspec.Struct, rename="pascal", kw_only=True):
    """A webhook."""

    number: int = msgspec.field(name="ID")
    url: str
    message_stream: str
    status: str
    http_auth: HttpAuth | None
    http_headers: list[HttpHeader]
    triggers: Triggers

    @classmethod
    def of(cls, held: Webhook) -> "Shown":
        """From the domain's webhook."""
        return cls(
            number=held.number,
            url=held.url,
            message_stream=held.stream,
            status=STATUSES[held.state],
            http_auth=HttpAuth(*held.auth) if held.auth is not None else None,
            http_headers=[HttpHeader(*each) for each in held.headers],
            triggers=triggers_of(held),
        )


class Listed(msgspec.Struct, rename="pascal"):
    """Webhooks."""

    webhooks: list[Shown]


class Which(msgspec.Struct, kw_only=True):
    """The query of the list, its keys folded."""

    messagestream: str | None = None
    status: str | None = None


class Asked(msgspec.Struct, kw_only=True):
    """The query of a call that may probe."""

    verify: str | None = None

    def state(self, wish: Wish) -> State:
        """What a webhook is from then on: the query and the body can each ask for no probe."""
        refused = wish.verify is False or (self.verify or "").lower() in ("false", "0")
        return "disabled" if refused else "enabled"


async def find(call: Call, id: str) -> Webhook:
    """A webhook of the list by the number in a path; raises NotFound("webhook")."""
    if not (id.isascii() and id.isdecimal()) or len(id) > _LONGEST_NUMBER:
        raise NotFound("webhook", id)
    held = await webhooks.by_number(call.core, call.caller, DIALECT, int(id))
    if held.role:
        raise NotFound("webhook", id)
    return held


async def list_webhooks(call: Call, query: Which) -> Listed:
    """Webhooks of one stream or of all, in the order that they were made."""
    stream = query.messagestream
    if query.status is not None and query.status.lower() not in _STATES:
        reason = "The 'status' parameter must be 'verified' or 'unverified'."
        raise Invalid("status", reason, kind="webhook_filter")
    if stream is not None and not is_test(call.caller):
        await streams.get(call.core, call.caller, stream)
    found = await _of(call, stream)
    shown = [Shown.of(each) for each in reversed(found)]
    return Listed([each for each in shown if query.status is None or each.status == query.status.lower()])


async def _of(call: Call, stream: str | None) -> Sequence[Webhook]:
    request = PageRequest(limit=_MOST)
    return (await webhooks.page(call.core, call.caller, DIALECT, request, stream=stream)).items


async def retrieve(call: Call, id: str) -> Shown:
    """One webhook."""
    return Shown.of(await find(call, id))


def _is_probed(call: Call, state: State | None) -> bool:
    return call.core.policy.probe_webhooks and state == "enabled"


async def create(call: Call, query: Asked, body: Wish) -> Shown | Answer:
    """Make a webhook of a stream; one whose endpoint does not answer samples is refused, where they are asked."""
    if is_test(call.caller):
        # nobody's server has nowhere to keep one
        raise Unauthenticated(kind=SERVER.name)
    new = body.new(query.state(body))
    await _require_room(call, new.stream)
    if _is_probed(call, new.state):
        unsaved = webhooks.made_of(new, call.caller.workspace_id, 0, call.core.clock.now())
        if not (found := await verify(call, unsaved)).success:
            return found.refusal()
    return Shown.of(await webhooks.create(call.core, call.caller, new))


async def _require_room(call: Call, key: str) -> None:
    stream = await streams.get(call.core, call.caller, key)
    if stream.archived_at is not None:
        raise Forbidden(kind="webhook_archived")
    if stream.kind == "inbound":
        raise Forbidden(kind="webhook_inbound")
    if len(await _of(call, key)) >= _MOST_OF_STREAM:
        raise Conflict("webhook_limit", f"A stream has at most {_MOST_OF_STREAM} webhooks.")


async def edit(call: Call, query: Asked, id: str, body: Wish) -> Shown | Answer:
    """Change a webhook, refused like a new one where another place is called, or of something more."""
    held = await find(call, id)
    state = query.state(body) if body.is_new_to(held) else None
    change = body.change(held, state)
    if _is_probed(call, state) and not (found := await verify(call, webhooks.changed(held, change))).success:
        return found.refusal()
    return Shown.of(await webhooks.update(call.core, held, change))


async def remove(call: Call, id: str) -> Done:
    """Remove a webhook; what was still to be told is not told."""
    held = await find(call, id)
    await webhooks.delete(call.core, held)
    return Done(f"Webhook {held.number} removed.")


async def verify_webhook(call: Call, id: str) -> Answer:
    """Ask an endpoint with samples; one that answers them all is verified from then on. 200, whatever came of it."""
    held = await find(call, id)
    found = await verify(call, held)
    if found.success and held.state != "enabled":
        await webhooks.update(call.core, held, WebhookChange(state="enabled"))
    return found.answer()


OPERATIONS = (
    get("/webhooks", list_webhooks),
    get("/webhooks/{id}", retrieve),
    post("/webhooks", create),
    put("/webhooks/{id}", edit),
    delete("/webhooks/{id}", remove),
    post("/webhooks/{id}/verify", verify_webhook),
)
