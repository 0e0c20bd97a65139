"""Happenings that never were, one of each kind, to try an endpoint with. Pure but for the ids."""

from collections.abc import Iterable
from typing import Final

import msgspec

from core import addresses, ids
from core.accounts import Workspace
from core.bounces.bounce import Bounce
from core.contacts import Contact
from core.domains.domain import Domain
from core.events import Detail, Event
from core.inbound.message import InboundMessage
from core.inbound.parsing import read
from core.messages.draft import Content, Draft, Party
from core.messages.message import Delivery, Message
from core.streams import DEFAULT_SEND
from core.suppressions import Change
from core.topics import Topic
from core.tracking.sighting import Agent, Seen, Software
from core.webhooks.happening import OF_CHANGES, OF_CONTACTS, OF_DOMAINS, OF_TOPICS, RECEIVED, Happening

# RFC 2606 3
_READER: Final = "ann@example.com"
_SENDER: Final = "app@example.org"
_OF_ALL: Final = frozenset({"accepted", "scheduled", "rescheduled", "canceled"})
_BOUNCES: Final = {"bounced": "hard", "complained": "complaint", "delayed": "", "deferred": ""}
_AGENT: Final = Agent(
    client=Software("Firefox 140", "Mozilla", "Firefox"),
    os=Software("Linux", "", "Linux"),
    platform="desktop",
)
_SAW: Final = {
    "opened": Seen(first=True, ip="192.0.2.1", user_agent="Mozilla/5.0", agent=_AGENT),
    "clicked": Seen(
        first=True,
        ip="192.0.2.1",
        user_agent="Mozilla/5.0",
        link="https://example.org/",
        part="html",
        agent=_AGENT,
    ),
}
_LETTER: Final = (
    b"From: Ann <ann@example.com>\r\nTo: app@example.org\r\nSubject: A sample\r\n"
    b"Message-ID: <sample@example.com>\r\n\r\nThis was never sent.\r\n"
)


def samples(workspace: Workspace, kinds: Iterable[str], now: int, *, stream: str = "") -> list[Happening]:
    """One of each kind, in the order of their names; of a stream, the default one where none is named."""
    return [_sample(workspace, kind, now, stream or DEFAULT_SEND) for kind in sorted(kinds)]


def _sample(workspace: Workspace, kind: str, now: int, stream: str) -> Happening:
    bare = Happening(id=ids.new(), kind=kind, at=now, workspace=workspace, account=workspace.name)
    if kind in OF_CHANGES:
        return msgspec.structs.replace(bare, change=_change(kind, now))
    if kind in OF_TOPICS:
        return msgspec.structs.replace(bare, topic=_topic(now))
    if kind in OF_CONTACTS:
        return msgspec.structs.replace(bare, contact=_contact(now), segment_id=ids.new())
    if kind in OF_DOMAINS:
        return msgspec.structs.replace(bare, domain=_domain(workspace, now))
    if kind == RECEIVED:
        return msgspec.structs.replace(bare, inbound=_letter(workspace, now), source=_LETTER)
    return _of_message(bare, stream)


def _of_message(bare: Happening, stream: str) -> Happening:
    message = _message(bare.workspace, bare.at, stream)
    delivery = None if bare.kind in _OF_ALL else message.deliveries[0]
    type_ = _BOUNCES.get(bare.kind, "")
    detail = Detail(seen=_SAW.get(bare.kind))
    if bare.kind in _BOUNCES:
        detail = Detail(code=550, enhanced="5.1.1", text="5.1.1 a sample", host="mx.example.com", type=type_)
    event = Event(
        id=bare.id,
        message_id=message.id,
        position=-1 if delivery is None else 0,
        kind=bare.kind,
        at=bare.at,
        detail=detail,
    )
    bounce = _bounce(message, detail, bare.at) if type_ else None
    return msgspec.structs.replace(bare, message=message, delivery=delivery, event=event, bounce=bounce)


def _message(workspace: Workspace, now: int, stream: str) -> Message:
    id = ids.new()
    draft = Draft(
        sender=Party(addresses.parse(_SENDER)),
        to=(Party(addresses.parse(_READER)),),
        content=Content(subject="A sample"),
        stream=stream,
        tag="sample",
        metadata={"sample": "yes"},
    )
    delivery = Delivery(
        message_id=id, position=0, role="to", email=_READER, state="delivered", attempts=1, code=250,
        text="2.0.0 a sample", updated_at=now,
    )  # fmt: skip  # facts read better in lines than in a column
    return Message(
        id=id, workspace_id=workspace.id, environment="live", number=1, batch_id=None, content_id=None,
        stream=draft.stream, state="accepted", sender=_SENDER, subject="A sample", tag="sample", created_at=now,
        scheduled_at=None, draft=draft, deliveries=(delivery,),
    )  # fmt: skip


def _bounce(message: Message, detail: Detail, now: int) -> Bounce:
    return Bounce(
        id=ids.new(), number=1, workspace_id=message.workspace_id, environment="live", message_id=message.id,
        position=0, stream=message.stream, tag=message.tag, sender=message.sender, subject=message.subject,
        email=_READER, kind=detail.type, code=detail.code, enhanced=detail.enhanced, text=detail.text,
        host=detail.host, at=now, suppresses=True, suppressed_stream="", inactive=True, reported=False,
    )  # fmt: skip


def _change(kind: str, now: int) -> Change:
    is_topic = kind == "topic_choice"
    return Change(
        id=ids.new(), email=_READER, stream="", topic_id=ids.new() if is_topic else "", reason="manual",
        origin="customer", suppress=kind != "suppression_removed", message_id="", at=now,
    )  # fmt: skip


def _topic(now: int) -> Topic:
    return Topic(
        id=ids.new(), key="sample", name="A sample", description="", subscription="opt_in", visibility="private",
        created_at=now, updated_at=now,
    )  # fmt: skip


def _contact(now: int) -> Contact:
    return Contact(
        id=ids.new(), email=_READER, status="confirmed", source="api", properties={}, created_at=now,
        updated_at=now,
    )  # fmt: skip


def _domain(workspace: Workspace, now: int) -> Domain:
    return Domain(
        id=ids.new(), account_id=workspace.account_id, name="example.org", verified_at=now, created_at=now,
        number=1, trusted=False, state="verified", return_domain="", tracking_domain="", receiving=False,
        checked_at=now,
    )  # fmt: skip


def _letter(workspace: Workspace, now: int) -> InboundMessage:
    letter = read(b"", _LETTER, _READER)
    return InboundMessage(
        id=ids.new(), workspace_id=workspace.id, state="queued", reason="", sender=_READER, recipient=_SENDER,
        mailbox_hash="", subject=letter.subject, tag="", size_bytes=len(_LETTER), created_at=now,
        head=letter.head, body=letter.body,
    )  # fmt: skip
