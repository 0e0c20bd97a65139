"""Things that happened, made by hand: one of every kind that a dialect may have words for."""

from typing import Any, Final

from core import addresses
from core.accounts import Workspace, WorkspaceSettings
from core.contacts import Contact
from core.domains.domain import Domain
from core.domains.records import Record
from core.domains.standing import Check
from core.events import Detail, Event
from core.inbound import Body, File, Head, InboundMessage, Mailbox
from core.messages import Content, Draft, Message, Party, Tag, TemplateUse
from core.messages.message import Delivery
from core.suppressions import Change
from core.topics import Topic
from core.tracking.sighting import Seen
from core.webhooks import Dispatch, Happening, Webhook

AT: Final = 1_764_522_040_840_216
MESSAGE_ID: Final = "<0190a000-0000-7000-8000-000000000001@mail.example>"


def _id(number: int) -> str:
    return f"0190a000-0000-7000-8000-{number:012x}"


WORKSPACE: Final = Workspace(
    id=_id(90), number=1, account_id=_id(91), name="w", settings=WorkspaceSettings(), created_at=AT
)


def _party(text: str) -> Party:
    return Party(addresses.parse(text), text)


def message(**fields: Any) -> Message:
    """A letter to Ann, with Bob in copy."""
    draft = Draft(
        sender=_party("Acme <news@acme.example>"),
        to=(_party("Ann <ann@example.com>"),),
        cc=(_party("bob@example.com"),),
        content=Content(subject="Hello", headers=(("X-Entity-Ref-ID", "7"),)),
        template=TemplateUse(id=_id(3), version=2),
        tags=(Tag("category", "confirm"),),
        metadata={"order": "42"},
    )
    whole: dict[str, Any] = {
        "id": _id(1), "workspace_id": WORKSPACE.id, "environment": "live", "number": 1, "batch_id": None,
        "content_id": None, "stream": "outbound", "state": "accepted", "sender": "news@acme.example",
        "subject": "Hello", "tag": "", "created_at": AT, "scheduled_at": None, "draft": draft,
        "deliveries": (_delivery(0, "to", "ann@example.com"), _delivery(1, "cc", "bob@example.com")),
    }  # fmt: skip
    return Message(**(whole | fields))


def _delivery(position: int, role: str, email: str) -> Delivery:
    return Delivery(
        message_id=_id(1), position=position, role=role, email=email, state="queued", attempts=0, code=0,
        text="", updated_at=AT,
    )  # fmt: skip


def of_message(kind: str, *, position: int = 0, about: Message | None = None, **detail: Any) -> Happening:
    """An event of the letter, a second after it was accepted."""
    held = about or message()
    event = Event(
        id=_id(2),
        message_id=held.id,
        position=position,
        kind=kind,
        at=AT + 1_000_000,
        detail=Detail(**detail),
    )
    return Happening(
        id=event.id,
        kind=kind,
        at=event.at,
        workspace=WORKSPACE,
        event=event,
        message=held,
        message_id=MESSAGE_ID,
        delivery=next((each for each in held.deliveries if each.position == position), None),
    )


SEEN: Final = Seen(first=True, ip="192.0.2.7", user_agent="Mozilla/5.0", link="https://acme.example/offer")
CLICKED: Final = of_message("clicked", seen=SEEN)
BOUNCED: Final = of_message(
    "bounced", position=1, code=550, enhanced="5.1.1", text="550 5.1.1 No such user", type="no_mailbox"
)


def _thing(kind: str, **held: Any) -> Happening:
    return Happening(id=_id(2), kind=kind, at=AT + 1_000_000, workspace=WORKSPACE, **held)


RECEIVED: Final = _thing(
    "received",
    inbound=InboundMessage(
        id=_id(4), workspace_id=WORKSPACE.id, state="queued", reason="", sender="ann@example.com",
        recipient="help@acme.example", mailbox_hash="", subject="Re: Hello", tag="", size_bytes=900, created_at=AT,
        head=Head(
            sender=Mailbox("ann@example.com", "Ann"),
            to=(Mailbox("help@acme.example"),),
            cc=(Mailbox("bob@example.com", "Bob"),),
            message_id="<1@example.com>",
            received_for=("help@acme.example",),
            files=(
                File(id=_id(5), name="a.txt", content_type="text/plain; charset=utf-8", disposition="attachment"),
                File(id=_id(6), name="", content_type="image/png", content_id="logo", disposition="inline"),
            ),
        ),
        body=Body(text="Hi"),
    ),
)  # fmt: skip


def change(kind: str, *, topic_id: str = "", reason: str = "manual", message_id: str = "") -> Happening:
    """A change of who may be written to."""
    held = Change(
        id=_id(7), email="ann@example.com", stream="", topic_id=topic_id, reason=reason, origin="customer",
        suppress=kind != "suppression_removed", message_id=message_id, at=AT,
    )  # fmt: skip
    return _thing(kind, change=held)


def topic(kind: str) -> Happening:
    """A topic."""
    held = Topic(
        id=_id(8), key="news", name="News", description="", subscription="opt_in", visibility="public",
        created_at=AT, updated_at=AT,
    )  # fmt: skip
    return _thing(kind, topic=held)


def contact(kind: str) -> Happening:
    """A contact."""
    held = Contact(
        id=_id(9), email="ann@example.com", status="unsubscribed", source="api",
        properties={"firstName": "Ann", "company": "Acme"}, created_at=AT, updated_at=AT,
    )  # fmt: skip
    return _thing(kind, contact=held, segment_id=_id(10))


def domain(kind: str, *, with_records: bool = True, **fields: Any) -> Happening:
    """A domain with two records."""
    whole: dict[str, Any] = {
        "id": _id(11), "account_id": WORKSPACE.account_id, "name": "acme.example", "verified_at": None,
        "created_at": AT, "number": 1, "trusted": False, "state": "pending", "return_domain": "",
        "tracking_domain": "", "receiving": True, "checked_at": AT,
    }  # fmt: skip
    records = (
        (_record("dkim", "TXT", "bp1._domainkey.acme.example", "v=DKIM1; p=AAAA"), _check("verified")),
        (_record("inbound", "MX", "acme.example", "in.mail.example", 10), _check("pending")),
        (_record("dmarc", "TXT", "_dmarc.acme.example", "v=DMARC1; p=none;"), _check("pending")),
    )
    return _thing(kind, domain=Domain(**(whole | fields)), records=records if with_records else ())


def _record(purpose: Any, kind: Any, name: str, value: str, priority: int | None = None) -> Record:
    return Record(purpose=purpose, kind=kind, name=name, value=value, priority=priority)


def _check(state: Any) -> Check:
    return Check(purpose="", name="", state=state, told="", since=AT, checked_at=AT)


def webhook(dialect: str, kinds: tuple[str, ...], **fields: Any) -> Webhook:
    """One that wants to hear of these kinds."""
    whole: dict[str, Any] = {
        "id": _id(12), "number": 1, "workspace_id": WORKSPACE.id, "dialect": dialect, "role": "",
        "url": "https://app.example/", "kinds": kinds, "stream": "", "state": "enabled", "reason": "",
        "options": b"", "includes": (), "created_at": AT, "updated_at": AT,
    }  # fmt: skip
    return Webhook(**(whole | fields))


def dispatch(event: str) -> Dispatch:
    """A call that is to be made."""
    return Dispatch(
        id=_id(13),
        webhook_id=_id(12),
        happening_id=_id(2),
        kind="sent",
        subject=_id(1),
        event=event,
        state="pending",
        attempts=0,
        status=0,
        attempted_at=None,
        due_at=AT,
        created_at=AT,
    )
