"""Webhooks made, changed and read, always within the caller's workspace and one dialect."""

from collections.abc import Callable
from typing import Final

import msgspec

from core import ids
from core.clock import DAY
from core.core import Caller, Core
from core.errors import NotFound
from core.paging import Page, PageRequest
from core.store.database import write
from core.store.statements import Query, sql
from core.webhooks.webhook import NewWebhook, Secret, Webhook, WebhookChange, from_row, plain_row, values

_FIRST: Final = ""
# every id is smaller: they are hexadecimal
_LAST: Final = "g"
# for how long calls are signed with a former secret too
_OVERLAP: Final = DAY
_NO_AUTH: Final = ("", "")
# each is one more signature of every call
_MOST_SECRETS: Final = 10
# what one commit forgets
_PORTION: Final = 1000
_ALL: Final = 1 << 62


async def create(core: Core, caller: Caller, new: NewWebhook) -> Webhook:
    """Make a webhook; what happens from now on is told to it."""
    made = made_of(new, caller.workspace_id, await core.numbers.take("webhook"), core.clock.now())
    await write(core.db, *making(core, made))
    core.outbox.forget()
    return made


def making(core: Core, made: Webhook) -> tuple[Query, ...]:
    """The steps that keep a webhook."""
    insert = sql.webhook_insert(
        **values(core, made),
        number=made.number,
        workspace_id=made.workspace_id,
        dialect=made.dialect,
        role=made.role,
        created_at=made.created_at,
    )
    return insert, sql.webhook_lane_insert(webhook_id=made.id)


def made_of(new: NewWebhook, workspace_id: str, number: int, now: int) -> Webhook:
    """The webhook that this becomes."""
    return Webhook(
        id=ids.new(),
        number=number,
        workspace_id=workspace_id,
        dialect=new.dialect,
        role=new.role,
        url=new.url,
        kinds=new.kinds,
        stream=new.stream,
        state=new.state,
        reason="",
        options=new.options,
        includes=new.includes,
        created_at=now,
        updated_at=now,
        secrets=(Secret(new.secret),) if new.secret else (),
        headers=new.headers,
        auth=new.auth,
    )


async def assign(core: Core, caller: Caller, new: NewWebhook) -> Webhook:
    """Give a role to an endpoint: whatever webhook has it is changed into that, one is made where none has."""
    held = next((each for each in await with_roles(core, caller, new.dialect) if each.role == new.role), None)
    if held is None:
        return await create(core, caller, new)
    change = WebhookChange(
        url=new.url,
        kinds=new.kinds,
        stream=new.stream,
        state=new.state,
        options=new.options,
        includes=new.includes,
        headers=new.headers,
        auth=new.auth or _NO_AUTH,
    )
    return await update(core, held, change)


async def get(core: Core, caller: Caller, dialect: str, id: str) -> Webhook:
    """One webhook; raises NotFound("webhook") for unknown and foreign ids alike."""
    query = sql.webhook_get(id=id, workspace_id=caller.workspace_id, dialect=dialect)
    return await _one(core, query, id)


async def by_number(core: Core, caller: Caller, dialect: str, number: int) -> Webhook:
    """The same by its number."""
    query = sql.webhook_by_number(number=number, workspace_id=caller.workspace_id, dialect=dialect)
    return await _one(core, query, str(number))


async def _one(core: Core, query: Query, named: str) -> Webhook:
    found = await core.db.fetch(query)
    if not found:
        raise NotFound("webhook", named)
    return from_row(core, found[0])


async def page(
    core: Core,
    caller: Caller,
    dialect: str,
    request: PageRequest,
    *,
    role: str = "",
    stream: str | None = None,
) -> Page[Webhook]:
    """A dialect's webhooks of a role from the newest on, of one stream or of all."""
    match = {
        "workspace_id": caller.workspace_id,
        "dialect": dialect,
        "role": role,
        "stream": stream,
        "before_id": request.after or _LAST,
        "after_id": request.before or _FIRST,
    }
    statement = sql.webhooks_page if request.before is None else sql.webhooks_page_back
    query = statement(**match, count=request.limit + 1, skip=request.offset)
    found = [from_row(core, row) for row in await core.db.fetch(query)]
    total = (await core.db.fetch(sql.webhooks_count(**match)))[0][0] if request.total else 0
    return Page.of(found, request, total)


async def with_roles(core: Core, caller: Caller, dialect: str) -> list[Webhook]:
    """A dialect's webhooks that stand in no list, the oldest first."""
    query = sql.webhooks_with_roles(workspace_id=caller.workspace_id, dialect=dialect)
    return [from_row(core, row) for row in await core.db.fetch(query)]


async def named(core: Core, workspace_id: str, id: str) -> Webhook:
    """One webhook of a workspace in whatever dialect; raises NotFound("webhook")."""
    return await _one(core, sql.webhook_in_workspace(id=id, workspace_id=workspace_id), id)


async def outline(core: Core, workspace_id: str, id: str) -> Webhook:
    """The same without what is secret of it."""
    found = await core.db.fetch(sql.webhook_in_workspace(id=id, workspace_id=workspace_id))
    if not found:
        raise NotFound("webhook", id)
    return plain_row(found[0])


async def outlines(core: Core, workspace_id: str, request: PageRequest) -> Page[Webhook]:
    """A workspace's webhooks in whatever dialect from the newest on, each in outline."""
    match = {
        "workspace_id": workspace_id,
        "before_id": request.after or _LAST,
        "after_id": request.before or _FIRST,
    }
    statement = sql.webhook_outlines if request.before is None else sql.webhook_outlines_back
    query = statement(**match, count=request.limit + 1, skip=request.offset)
    return Page.of([plain_row(row) for row in await core.db.fetch(query)], request)


async def of_workspace(core: Core, workspace_id: str) -> list[Webhook]:
    """Every webhook of a workspace in whatever dialect, the oldest first."""
    query = sql.webhooks_of_workspaces(ids=msgspec.json.encode([workspace_id]).decode())
    return [from_row(core, row) for row in await core.db.fetch(query)]


def changed(webhook: Webhook, change: WebhookChange) -> Webhook:
    """What a webhook would be after a change."""
    fields = WebhookChange.__struct_fields__
    given = {name: value for name in fields if (value := getattr(change, name)) is not None}
    if given.get("auth") == _NO_AUTH:
        given["auth"] = None
    if change.state == "enabled":
        given["reason"] = ""
    return msgspec.structs.replace(webhook, **given)


async def update(core: Core, webhook: Webhook, change: WebhookChange) -> Webhook:
    """Change what was given of a webhook the caller was already given; raises NotFound("webhook") where it is gone.

    One that is enabled again has its time to answer anew; what a disabled one still had to be told has failed.
    """
    return await _replace(core, webhook, lambda held: changed(held, change), anew=change.state is not None)


async def rotate(core: Core, webhook: Webhook, secret: str) -> Webhook:
    """Sign with another secret, and with each former one for a day from when it was another's turn."""
    now = core.clock.now()

    def rotated(held: Webhook) -> Webhook:
        until = [(each.until or now + _OVERLAP, each.text) for each in held.secrets]
        former = [Secret(text, end) for end, text in until if end > now]
        return msgspec.structs.replace(held, secrets=(Secret(secret), *former[: _MOST_SECRETS - 1]))

    return await _replace(core, webhook, rotated)


def changing(core: Core, held: Webhook, wanted: Webhook, *, anew: bool) -> tuple[Webhook, list[Query]]:
    """What a webhook becomes, and the steps that keep it if nobody has changed it since it was read.

    ``anew``: it has its time to answer again.
    """
    now = core.clock.now()
    made = msgspec.structs.replace(wanted, updated_at=max(now, held.updated_at + 1))
    steps = [sql.webhook_update(**values(core, made), known=held.updated_at)]
    if anew:
        steps.append(sql.webhook_lane_anew(webhook_id=held.id, now=now))
    return made, steps


async def _replace(
    core: Core, held: Webhook, make: Callable[[Webhook], Webhook], *, anew: bool = False
) -> Webhook:
    """Change a webhook as it stands by now: what others did to it meanwhile, its being disabled too, stays."""
    while True:
        made, steps = changing(core, held, make(held), anew=anew)
        if (await write(core.db, *steps))[0]:
            core.outbox.forget()
            return made
        held = await named(core, held.workspace_id, held.id)


async def delete(core: Core, webhook: Webhook) -> None:
    """Forget a webhook with all that was told to it; raises NotFound("webhook") where it is gone.

    It is gone first, and then the rest in portions, since who accepts mail waits for each; of what a death leaves
    nothing is told, and it goes with its age.
    """
    if not (await write(core.db, *_forgetting_itself(webhook)))[0]:
        raise NotFound("webhook", webhook.id)
    core.outbox.forget()
    for statement in (sql.dispatches_delete, sql.dispatch_attempts_delete):
        while (await write(core.db, statement(webhook_id=webhook.id, count=_PORTION)))[0]:
            pass


def _forgetting_itself(webhook: Webhook) -> tuple[Query, ...]:
    return (
        sql.webhook_delete(id=webhook.id),
        sql.webhook_lane_delete(webhook_id=webhook.id),
        sql.webhook_incidents_delete(webhook_id=webhook.id),
    )


def forgetting(webhook: Webhook) -> tuple[Query, ...]:
    """The steps that forget a webhook all at once, where that belongs to something else."""
    place = {"webhook_id": webhook.id, "count": _ALL}
    return (
        *_forgetting_itself(webhook),
        # in this order: what comes of a call that is under way is written before, or finds nothing any more
        sql.dispatches_delete(**place),
        sql.dispatch_attempts_delete(**place),
    )
