"""What recipients chose, asked for at acceptance and again before the delivery, and the way out of what is accepted.

Nothing is asked where no message of a batch has a topic or goes through another stream than the default one.
"""

from collections.abc import Iterable, Sequence

import msgspec

from core import addresses, veils
from core.core import Caller, Core
from core.messages.draft import Draft, OptOut
from core.messages.message import Delivery, Message
from core.messages.submission import Submission
from core.store.database import Row, listed
from core.store.statements import Query, sql
from core.streams import DEFAULT_SEND
from core.topics import Answers

_NOTHING: OptOut = OptOut()
_HEADER: OptOut = OptOut(header=True)


def questions(batch: Iterable[Submission]) -> list[Query]:
    """What a batch of submissions needs to know of topics and of streams, in this order; nothing where it has none."""
    asked = [
        (submission.caller.workspace_id, draft)
        for submission in batch
        for draft in submission.drafts
        if draft.topic or draft.stream != DEFAULT_SEND
    ]
    if not asked:
        return []
    workspaces = listed(sorted({workspace_id for workspace_id, _ in asked}))
    emails = {
        addresses.key(party.email) for _, draft in asked if draft.topic for _, party in draft.recipients()
    }
    named = listed(sorted({draft.topic for _, draft in asked if draft.topic}))
    return [
        sql.topics_among(workspaces=workspaces, named=named, emails=listed(sorted(emails))),
        sql.streams_managed(workspaces=workspaces),
    ]


class Choices:
    """The answers to ``questions``."""

    def __init__(self, answers: Sequence[list[Row]]) -> None:
        """Nothing, or the two in order."""
        topics, streams = answers or ([], [])
        self._topics = Answers(topics)
        self._managed = {(row[0], row[1]) for row in streams}

    def is_unknown(self, caller: Caller, draft: Draft) -> bool:
        """Whether the draft's topic does not exist."""
        return bool(draft.topic) and self._topics.id(caller.workspace_id, draft.topic) is None

    def declines(self, caller: Caller, draft: Draft, email_key: str) -> bool:
        """Whether a recipient does not want the draft's topic."""
        return bool(draft.topic) and self._topics.declines(caller.workspace_id, draft.topic, email_key)

    def offered(self, caller: Caller, draft: Draft) -> Draft:
        """The draft with the way out that its stream and topic ask for. Safe to repeat."""
        opt_out = draft.opt_out
        if (caller.workspace_id, draft.stream) in self._managed:
            opt_out = msgspec.structs.replace(opt_out or _NOTHING, managed=True)
        if draft.topic:
            topic_id = self._topics.id(caller.workspace_id, draft.topic) or ""
            opt_out = msgspec.structs.replace(opt_out or _HEADER, header=True, topic_id=topic_id)
        return draft if opt_out is draft.opt_out else msgspec.structs.replace(draft, opt_out=opt_out)


class Since:
    """Who must not be sent to any longer: what became of recipients since their messages were accepted."""

    def __init__(self, suppressed: Iterable[Row] = (), topics: Answers | None = None) -> None:
        """From the store's answers."""
        self._suppressed = frozenset((row[0], row[1], row[2]) for row in suppressed)
        self._topics = topics

    def holds_back(self, message: Message, delivery: Delivery) -> bool:
        """Whether this recipient does not get this message."""
        key, asked = addresses.key(delivery.email), message.draft.opt_out
        if message.draft.refuses(key):
            # nothing leaves for it, and it has to be told
            return False
        topic_id = asked.topic_id if asked is not None else ""
        # somebody who was forgotten may be held back from a topic alone
        if any(
            (message.workspace_id, key, each) in self._suppressed for each in ("", message.stream, topic_id)
        ):
            return True
        if self._topics is None or asked is None or not asked.topic_id:
            return False
        return self._topics.declines(message.workspace_id, asked.topic_id, key)


async def since(core: Core, messages: Sequence[Message]) -> Since:
    """Look up everybody these messages go to, with one question, and one more where any has a topic."""
    keys = sorted({addresses.key(each.email) for message in messages for each in message.deliveries})
    if not keys:
        return Since()
    suppressed = await core.db.fetch(sql.suppressions_among(emails=listed(keys)))
    if veils.are_any(suppressed):
        suppressed = [*suppressed, *await veils.lifted(core, core.db.fetch, keys)]
    topical = {
        message.draft.opt_out.topic_id: message.workspace_id
        for message in messages
        if message.draft.opt_out is not None and message.draft.opt_out.topic_id
    }
    if not topical:
        return Since(suppressed)
    query = sql.topics_among(
        workspaces=listed(sorted(set(topical.values()))), named=listed(sorted(topical)), emails=listed(keys)
    )
    return Since(suppressed, Answers(await core.db.fetch(query)))
