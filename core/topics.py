"""Topics: what a workspace writes about, and who of its readers wants it.

Where an address has chosen nothing, the topic's own ``subscription`` counts.
"""

from typing import Final, Literal

import msgspec

from core import addresses, ids
from core.core import Caller, Core
from core.errors import Conflict, NotFound
from core.paging import Page, PageRequest
from core.store.database import Row, Transaction, one, rows
from core.store.statements import sql

Subscription = Literal["opt_in", "opt_out"]
Visibility = Literal["private", "public"]

_FIRST: Final = ""
# every id is smaller: they are hexadecimal
_LAST: Final = "g"


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """A topic. ``key`` is the caller's own name for it; ``public`` ones are offered to every reader."""

    id: str
    key: str
    name: str
    description: str
    subscription: str
    visibility: str
    created_at: int
    updated_at: int


class NewTopic(msgspec.Struct, frozen=True, kw_only=True):
    """What to make; an empty ``key`` gets the topic's id."""

    name: str
    key: str = ""
    description: str = ""
    subscription: Subscription = "opt_in"
    visibility: Visibility = "private"


class TopicChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change; None leaves it. The subscription stays, since people have relied on it."""

    name: str | None = None
    description: str | None = None
    visibility: Visibility | None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What an address chose for a topic."""

    id: str
    email: str
    subscription: str
    updated_at: int


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A topic as it stands for one address; ``chosen`` None where the default holds."""

    id: str
    key: str
    name: str
    description: str
    default: str
    visibility: str
    chosen: str | None

    @property
    def subscription(self) -> str:
        """What holds."""
        return self.chosen or self.default


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A choice to keep: whose, of which topic, who made it, and by which message, if any."""

    workspace_id: str
    topic_id: str
    email: str
    subscription: Subscription
    origin: str
    at: int
    message_id: str = ""


async def create(core: Core, caller: Caller, new: NewTopic) -> Topic:
    """Make a topic; raises Conflict("topic") where its key is taken in the workspace."""
    id, now = ids.new(), core.clock.now()
    insert = sql.topic_insert(
        id=id,
        workspace_id=caller.workspace_id,
        key=new.key or id,
        name=new.name,
        description=new.description,
        subscription=new.subscription,
        visibility=new.visibility,
        created_at=now,
        updated_at=now,
    )
    made = Topic(
        id=id,
        key=new.key or id,
        name=new.name,
        description=new.description,
        subscription=new.subscription,
        visibility=new.visibility,
        created_at=now,
        updated_at=now,
    )
    await core.outbox.refresh()
    async with core.db.transaction() as work:
        if not (await work.run(insert))[0]:
            raise Conflict("topic", f"The topic {new.key} exists.", id=new.key)
        await work.run(*core.outbox.thing(caller.workspace_id, "topic_created", made.id, made))
    return made


async def get(core: Core, caller: Caller, named: str) -> Topic:
    """By id or key; raises NotFound("topic")."""
    query = sql.topic_find(workspace_id=caller.workspace_id, named=named)
    found = await one(core.db, Topic, query)
    if found is None:
        raise NotFound("topic", named)
    return found


async def update(core: Core, caller: Caller, id: str, change: TopicChange) -> Topic:
    """Change what was given; raises NotFound("topic")."""
    held = await get(core, caller, id)
    changed = msgspec.structs.replace(
        held,
        name=held.name if change.name is None else change.name,
        description=held.description if change.description is None else change.description,
        visibility=change.visibility or held.visibility,
        updated_at=core.clock.now(),
    )
    query = sql.topic_update(
        id=held.id,
        workspace_id=caller.workspace_id,
        name=changed.name,
        description=changed.description,
        visibility=changed.visibility,
        updated_at=changed.updated_at,
    )
    await core.outbox.refresh()
    async with core.db.transaction() as work:
        if not (await work.run(query))[0]:
            raise NotFound("topic", id)
        await work.run(*core.outbox.thing(caller.workspace_id, "topic_updated", changed.id, changed))
    return await get(core, caller, held.id)


async def delete(core: Core, caller: Caller, id: str) -> None:
    """Forget a topic and what was chosen for it; raises NotFound("topic"). Mail accepted before still goes out."""
    held = await get(core, caller, id)
    steps = (
        sql.topic_delete(id=held.id, workspace_id=caller.workspace_id),
        sql.topic_choices_delete(topic_id=held.id),
    )
    await core.outbox.refresh()
    async with core.db.transaction() as work:
        if not (await work.run(*steps))[0]:
            raise NotFound("topic", id)
        await work.run(*core.outbox.thing(caller.workspace_id, "topic_deleted", held.id, held))


async def page(core: Core, caller: Caller, request: PageRequest) -> Page[Topic]:
    """Topics from the newest on."""
    match = {
        "workspace_id": caller.workspace_id,
        "before_id": request.after or _LAST,
        "after_id": request.before or _FIRST,
    }
    statement = sql.topics_page if request.before is None else sql.topics_page_back
    query = statement(**match, count=request.limit + 1, skip=request.offset)
    total = (await core.db.fetch(sql.topics_count(**match)))[0][0] if request.total else 0
    return Page.of(await rows(core.db, Topic, query), request, total)


async def choose(core: Core, caller: Caller, topic: Topic, email: str, subscription: Subscription) -> bool:
    """Keep what the caller says an address chose; whether that was new."""
    wish = Wish(
        workspace_id=caller.workspace_id,
        topic_id=topic.id,
        email=email,
        subscription=subscription,
        origin="customer",
        at=core.clock.now(),
    )
    await core.outbox.refresh()
    async with core.db.transaction() as work:
        return await keep(core, work, wish)


async def keep(core: Core, work: Transaction, wish: Wish) -> bool:
    """Keep a choice within a transaction and tell of it; whether it was new. The outbox was refreshed before."""
    email = addresses.key(wish.email)
    put = sql.topic_choose(
        email=email, topic_id=wish.topic_id, id=ids.new(), subscription=wish.subscription, updated_at=wish.at
    )
    if not (await work.run(put))[0]:
        return False
    told = (
        ids.new(), wish.workspace_id, email, "", wish.topic_id, "unsubscribe", wish.origin,
        wish.subscription == "opt_out", wish.message_id, wish.at,
    )  # fmt: skip  # a column list reads better in lines than in a column
    await work.run(sql.change_insert.many([told]), *core.outbox.changes([told]))
    return True


async def choices(
    core: Core, topic: Topic, subscription: Subscription, *, after: str = "", most: int = 100
) -> list[Choice]:
    """Who chose so for a topic the caller was already given, from the first on, beginning after a choice's id."""
    query = sql.topic_choices_page(topic_id=topic.id, subscription=subscription, after_id=after, count=most)
    return await rows(core.db, Choice, query)


async def of_address(core: Core, workspace_id: str, email: str) -> list[Standing]:
    """Every topic of a workspace as it stands for an address, the oldest first."""
    query = sql.topics_of_address(workspace_id=workspace_id, email=addresses.key(email))
    return await rows(core.db, Standing, query)


class Answers:
    """Topics by id and key, and who wants them: what the store said to ``topics_among``."""

    def __init__(self, found: list[Row]) -> None:
        """Keep them in a form that is quick to ask."""
        self._topics: dict[tuple[str, str], tuple[str, str]] = {}
        self._choices: dict[tuple[str, str], str] = {}
        for workspace_id, id, key, subscription, email, chosen in found:
            for named in (key, id):
                self._topics[workspace_id, named] = (id, subscription)
            if email is not None:
                self._choices[id, email] = chosen

    def id(self, workspace_id: str, named: str) -> str | None:
        """The id of a topic by its id or key."""
        held = self._topics.get((workspace_id, named))
        return held[0] if held is not None else None

    def declines(self, workspace_id: str, named: str, email_key: str) -> bool:
        """Whether an address does not want a topic; an unknown topic is not declined."""
        held = self._topics.get((workspace_id, named))
        if held is None:
            return False
        return self._choices.get((held[0], email_key), held[1]) == "opt_out"
