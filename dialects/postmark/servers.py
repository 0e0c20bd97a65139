"""Servers: read and changed by themselves with a server token, and all of an account's with its token.

Source: Postmark developer docs, "Server API" and "Servers API", and the server tests of its SDKs for JavaScript, Ruby,
.NET and Java, read 2026-11. Tokens are shown again where the operator set a secret to seal them with.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final, Literal

import msgspec

from core import accounts, workspaces
from core.accounts import Workspace, WorkspaceSettings
from core.credentials import NewCredential
from core.errors import Invalid, NotFound
from core.tracking.choice import TrackLinks
from core.workspaces import Change, Whole
from dialects.endpoint import Call, delete, get, post, put
from dialects.postmark import hooks, places
from dialects.postmark.auth import SERVER, token_of
from dialects.postmark.choices import DIALECT, choices_of, chosen
from dialects.postmark.done import Done
from dialects.postmark.messages import TRACK_LINKS
from dialects.postmark.outgoing import track_links
from dialects.postmark.paging import Paged
from dialects.targets import is_target

_COLORS: Final = ("purple", "blue", "turquoise", "green", "red", "yellow", "grey", "orange")
_TYPES: Final = {"live": False, "sandbox": True}
_MOST_SPAM: Final = 30
_LONGEST_NAME: Final = 255


class Wish(msgspec.Struct, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """What can be chosen. SDKs send null for what they do not say, and an empty text as a URL that is to be gone."""

    name: str | None = None
    color: str | None = None
    smtp_api_activated: bool | None = None
    raw_email_enabled: bool | None = None
    delivery_type: str | None = None
    inbound_hook_url: str | None = None
    bounce_hook_url: str | None = None
    open_hook_url: str | None = None
    delivery_hook_url: str | None = None
    click_hook_url: str | None = None
    post_first_open_only: bool | None = None
    inbound_domain: str | None = None
    inbound_spam_threshold: int | None = None
    track_opens: bool | None = None
    track_links: str | None = None
    include_bounce_content_in_hook: bool | None = None
    enable_smtp_api_error_hooks: bool | None = None

    def check(self) -> None:
        """Refuse what is no server's; raises Invalid."""
        if all(getattr(self, name) is None for name in self.__struct_fields__):
            raise Invalid("body", "The server's data is missing.", kind="server_body")
        if self.name is not None:
            _check_name(self.name)
        if self.color and self.color.lower() not in _COLORS:
            reason = f"The 'Color' '{self.color}' is not one of {', '.join(_COLORS)}."
            raise Invalid("Color", reason, kind="server_color")
        if not 0 <= (self.inbound_spam_threshold or 0) <= _MOST_SPAM:
            reason = f"The 'InboundSpamThreshold' must be between 0 and {_MOST_SPAM}."
            raise Invalid("InboundSpamThreshold", reason, kind="server_spam")
        for role, url in self.urls().items():
            if url and not is_target(url):
                reason = f"The '{role}' is no valid 'http' or 'https' URL."
                raise Invalid(role, reason, kind="server_hook")

    def urls(self) -> dict[str, str]:
        """The hooks that are spoken of."""
        given = {
            hooks.INBOUND_ROLE: self.inbound_hook_url,
            hooks.BOUNCE_ROLE: self.bounce_hook_url,
            hooks.OPEN_ROLE: self.open_hook_url,
            hooks.DELIVERY_ROLE: self.delivery_hook_url,
            hooks.CLICK_ROLE: self.click_hook_url,
        }
        return {role: url for role, url in given.items() if url is not None}

    def change(self) -> Change:
        """As core changes it, all but how it delivers, which is chosen once; raises Invalid."""
        self.check()
        links = _links(self.track_links)
        return Change(
            dialect=DIALECT,
            name=self.name,
            domain=self.inbound_domain,
            settle=partial(self._settled, links),
            arrange=partial(hooks.arranged, self.urls()),
        )

    def new(self) -> Change:
        """As core makes it; raises Invalid."""
        made = self.change()
        if made.name is None:
            _check_name("")
        sandbox = _is_sandbox(self.delivery_type)

        def settle(held: WorkspaceSettings) -> WorkspaceSettings:
            return msgspec.structs.replace(made.settle(held), sandbox=sandbox)

        return msgspec.structs.replace(made, settle=settle)

    def _settled(self, links: TrackLinks | None, held: WorkspaceSettings) -> WorkspaceSettings:
        before = choices_of(held)
        choices = msgspec.structs.replace(
            before,
            color=(self.color or before.color).lower(),
            first_opens_only=_or(self.post_first_open_only, before.first_opens_only),
            bounce_content=_or(self.include_bounce_content_in_hook, before.bounce_content),
            submission_errors=_or(self.enable_smtp_api_error_hooks, before.submission_errors),
            raw_source=_or(self.raw_email_enabled, before.raw_source),
        )
        threshold = self.inbound_spam_threshold
        settled = msgspec.structs.replace(
            held,
            takes_smtp=_or(self.smtp_api_activated, held.takes_smtp),
            tracking=held.tracking.changed(opens=self.track_opens, links=links, domain=""),
            inbound_spam_threshold=held.inbound_spam_threshold if threshold is None else threshold,
        )
        return chosen(settled, choices)


def _or(wished: bool | None, held: bool) -> bool:  # noqa: FBT001  # both are values
    return held if wished is None else wished


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise Invalid("Name", "The 'Name' of the server is missing or not valid.", kind="server_name")


def _links(word: str | None) -> TrackLinks | None:
    try:
        return track_links(word)
    except Invalid as error:
        raise Invalid("TrackLinks", error.reason, kind="server_links") from error


def _is_sandbox(word: str | None) -> bool:
    found = _TYPES.get((word or "live").lower())
    if found is None:
        reason = f"The 'DeliveryType' '{word}' is neither 'Live' nor 'Sandbox'."
        raise Invalid("DeliveryType", reason, kind="server_type")
    return found


class Shown(msgspec.Struct, rename="pascal", kw_only=True):
    """A server."""

    number: int = msgspec.field(name="ID")
    name: str
    api_tokens: list[str]
    server_link: str
    color: str
    smtp_api_activated: bool
    raw_email_enabled: bool
    delivery_type: Literal["Live", "Sandbox"]
    inbound_address: str
    inbound_hook_url: str
    bounce_hook_url: str
    open_hook_url: str
    delivery_hook_url: str
    click_hook_url: str
    post_first_open_only: bool
    inbound_domain: str
    inbound_hash: str
    inbound_spam_threshold: int
    track_opens: bool
    track_links: str
    include_bounce_content_in_hook: bool
    enable_smtp_api_error_hooks: bool

    @classmethod
    def of(cls, call: Call, whole: Whole, token: str = "") -> "Shown":
        """From the domain's workspace; whoever has a token may see that one."""
        place, policy = whole.workspace, call.core.policy
        settings, choices = place.settings, choices_of(place.settings)
        urls = {role: whole.webhooks[role].url if role in whole.webhooks else "" for role in hooks.ROLES}
        return cls(
            number=place.number,
            name=place.name,
            api_tokens=list(dict.fromkeys(each for each in (*whole.keys, token) if each)),
            server_link=f"{policy.public_url}/_/servers/{place.number}/streams",
            color=choices.color or _COLORS[place.number % len(_COLORS)],
            smtp_api_activated=settings.takes_smtp,
            raw_email_enabled=choices.raw_source,
            delivery_type="Sandbox" if settings.sandbox else "Live",
            inbound_address=f"{whole.hash}@{policy.inbound_host}" if policy.inbound_host else "",
            inbound_hook_url=urls[hooks.INBOUND_ROLE],
            bounce_hook_url=urls[hooks.BOUNCE_ROLE],
            open_hook_url=urls[hooks.OPEN_ROLE],
            delivery_hook_url=urls[hooks.DELIVERY_ROLE],
            click_hook_url=urls[hooks.CLICK_ROLE],
            post_first_open_only=choices.first_opens_only,
            inbound_domain=whole.domain,
            inbound_hash=whole.hash,
            inbound_spam_threshold=int(settings.inbound_spam_threshold),
            track_opens=settings.tracking.opens,
            track_links=TRACK_LINKS[settings.tracking.links],
            include_bounce_content_in_hook=choices.bounce_content,
            enable_smtp_api_error_hooks=choices.submission_errors,
        )


class Listed(msgspec.Struct, rename="pascal"):
    """A page of an account's servers; the count is of all that match."""

    total_count: int
    servers: list[Shown]


class Which(Paged, kw_only=True):
    """The query of the list, its keys folded."""

    name: str = ""


async def _wholes(call: Call, found: Sequence[Workspace]) -> list[Whole]:
    return await workspaces.whole(call.core, found, DIALECT, SERVER.name)


async def _shown(call: Call, place: Workspace, token: str = "") -> Shown:
    (whole,) = await _wholes(call, [place])
    return Shown.of(call, whole, token)


async def _changed(call: Call, place: Workspace, body: Wish) -> Workspace:
    try:
        return await workspaces.change(call.core, place, body.change())
    except Invalid as error:
        raise _told(error) from error


def _told(error: Invalid) -> Invalid:
    """What core says of the domain, as the dialect's."""
    if error.kind != "domain":
        return error
    return Invalid("InboundDomain", "The 'InboundDomain' is not valid.", kind="server_name")


async def _own(call: Call) -> Workspace:
    places.refuse_test(call)
    found = await accounts.workspace(call.core, call.caller.workspace_id)
    if found is None:
        raise NotFound("workspace", str(call.caller.workspace_number))
    return found


async def _of_account(call: Call, id: str) -> Workspace:
    return await workspaces.get(call.core, call.caller, places.number(id, "workspace"))


async def own(call: Call) -> Shown:
    """The server of the token."""
    return await _shown(call, await _own(call), token_of(call.request))


async def edit_own(call: Call, body: Wish) -> Shown:
    """Change the server of the token."""
    return await _shown(call, await _changed(call, await _own(call), body), token_of(call.request))


async def list_servers(call: Call, query: Which) -> Listed:
    """The account's servers, the newest first, or those whose name contains a text."""
    request = query.page("servers")
    found = await workspaces.page(call.core, call.caller, request, name=query.name)
    return Listed(found.total, [Shown.of(call, each) for each in await _wholes(call, found.items)])


async def retrieve(call: Call, id: str) -> Shown:
    """One server of the account."""
    return await _shown(call, await _of_account(call, id))


async def create(call: Call, body: Wish) -> Shown:
    """Make a server with its streams and a token."""
    token = SERVER.mint("live")
    key = NewCredential(
        account_id=call.caller.account_id,
        workspace_id=None,
        dialect=DIALECT,
        kind=SERVER.name,
        secret=SERVER.fold(token),
        shown=SERVER.shown,
    )
    try:
        place = await workspaces.create(call.core, call.caller, body.new(), key)
    except Invalid as error:
        raise _told(error) from error
    return await _shown(call, place, token)


async def edit(call: Call, id: str, body: Wish) -> Shown:
    """Change a server of the account."""
    return await _shown(call, await _changed(call, await _of_account(call, id), body))


async def remove(call: Call, id: str) -> Done:
    """Remove a server: its tokens are nobody's from then on."""
    place = await _of_account(call, id)
    await workspaces.remove(call.core, place)
    return Done(f"Server {place.name} removed.")


OWN = (get("/server", own), put("/server", edit_own))
OPERATIONS = (
    get("/servers", list_servers),
    get("/servers/{id}", retrieve),
    post("/servers", create),
    put("/servers/{id}", edit),
    delete("/servers/{id}", remove),
)
