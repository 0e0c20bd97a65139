"""A message before it is accepted: everything a caller can ask for, in the domain's own words.

The structs are hidden from the cycle collector (``gc=False``): they hold nothing that could point back at them, and
the accept path makes half a dozen for each message.
"""

from typing import Any, Final, Literal

import msgspec

from core.addresses import Address
from core.diagnosis import Kind
from core.tracking.choice import Tracking, TrackLinks

# a template variable: JSON's types, nested
Value = Any

_PACK: Final = msgspec.msgpack.Encoder()
# deeper than any honest variables, and far from where any version of Python gives up
_MOST_LEVELS: Final = 200


class Party(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An address as it was given: ``given`` is the caller's own text, where it must be echoed, else empty."""

    address: Address
    given: str = ""

    @property
    def email(self) -> str:
        """The bare address."""
        return self.address.email

    @property
    def text(self) -> str:
        """What to show: the caller's own text, else the bare address."""
        return self.given or self.address.email


class Tag(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A name and a value that the caller hangs on a message."""

    name: str
    value: str = ""


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A file: its bytes, or a ``url`` fetched when the message is sent. A ``content_id`` makes it inline."""

    filename: str
    content_type: str = "application/octet-stream"
    content_id: str = ""
    data: bytes | None = None
    url: str = ""

    @property
    def size_bytes(self) -> int:
        """Of the data; 0 while it is only a url."""
        return len(self.data) if self.data is not None else 0


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What is said. Several drafts of one call that hold the same object share one stored copy.

    ``derive_text``: a plain part is made from ``html`` when sending, where ``text`` is None.
    ``syntax``: where not empty, subject, html, text and header values are templates in that syntax.
    """

    subject: str = ""
    html: str | None = None
    text: str | None = None
    css: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    derive_text: bool = False
    syntax: str = ""


class TemplateUse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A template fixed to the version it had at acceptance; the message's own content goes where it nests."""

    id: str
    version: int
    name: str = ""
    slug: str = ""


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What happens to one recipient instead of a delivery: providers' test addresses.

    ``bounce``: refused for good, as ``kind`` says (``suppress`` enters the suppression list);
    ``complain``: delivered, then reported as spam; ``suppress``: treated as suppressed; ``drop``: delivered nowhere.
    ``refuse`` is no rehearsal: the call was taken although nothing may leave for this recipient, and ``text`` says why.
    """

    outcome: Literal["deliver", "bounce", "complain", "suppress", "drop", "refuse"]
    kind: Kind = "hard"
    suppress: bool = False
    text: str = ""


class OptOut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How a letter lets its reader say no to further ones.

    ``header``: by its header, unless the caller wrote a List-Unsubscribe of their own. ``managed``: by header in any
    case, and by a footer where no word of ``links`` or ``urls`` stands in the letter. In braces, a word of ``links``
    becomes a link, one of ``urls`` the bare address. What is said no to is the topic, where there is a ``topic_id``
    (filled in at acceptance), a managed stream, or whatever a suppression of the draft's recipients holds for.
    """

    header: bool = False
    managed: bool = False
    links: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    topic_id: str = ""

    def if_asked(self, content: Content) -> "OptOut | None":
        """This, where one of its words stands in what is said, else None."""
        # a word counts in braces alone, which most mail has none of
        bodies = [body for body in (content.html, content.text) if body and "{" in body]
        asked = any(word in body for word in (*self.links, *self.urls) for body in bodies)
        return self if asked else None


def searchable(metadata: dict[str, str]) -> str:
    """Metadata as the text it is found by: one pair stands in it as it stands in a text of that pair alone."""
    if not metadata:
        return ""
    return msgspec.json.encode({key.lower(): value for key, value in metadata.items()}).decode()


class Draft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One message asked for.

    ``on_suppressed``: ``record`` accepts and marks the delivery, ``drop`` leaves suppressed recipients out and
    refuses only when none remains, ``refuse`` refuses when any is suppressed. ``suppress_in``: how far a bad address or
    a complaint reaches, the message's stream or the whole workspace.
    ``sandbox``: everything happens but nothing leaves. ``redirect_to``: mail goes to these
    instead of to the recipients, who stay in the reports. ``send_at``: a moment, None for at once.
    ``shown_to`` and ``shown_cc`` stand in the header where it does not name the recipients themselves.
    ``id_headers`` name headers of the letter that carry the message's id.
    ``inline_css``: what style elements of rendered HTML say is written into its elements.
    ``topic``: the topic's id or key, as it was asked for.
    ``sender_trusted``: the sender need not be known, because nothing leaves that could abuse it, or because the
    server itself writes.
    ``extra``: a dialect's own words that are only echoed back by it.
    """

    sender: Party
    to: tuple[Party, ...] = ()
    cc: tuple[Party, ...] = ()
    bcc: tuple[Party, ...] = ()
    reply_to: tuple[Party, ...] = ()
    shown_to: tuple[Party, ...] = ()
    shown_cc: tuple[Party, ...] = ()
    content: Content = Content()
    template: TemplateUse | None = None
    variables: dict[str, Value] = {}
    stream: str = "outbound"
    tag: str = ""
    tags: tuple[Tag, ...] = ()
    metadata: dict[str, str] = {}
    track_opens: bool | None = None
    track_links: TrackLinks | None = None
    send_at: int | None = None
    sandbox: bool = False
    redirect_to: tuple[str, ...] = ()
    message_id: str = ""
    id_headers: tuple[str, ...] = ()
    topic: str = ""
    opt_out: OptOut | None = None
    inline_css: bool = False
    locale: str = ""
    timezone: str = ""
    rehearsals: dict[str, Rehearsal] = {}
    on_suppressed: Literal["record", "drop", "refuse"] = "record"
    suppress_in: Literal["workspace", "stream"] = "workspace"
    sender_trusted: bool = False
    extra: dict[str, str] = {}

    @property
    def suppressed_stream(self) -> str:
        """The stream that a suppression of its recipients holds for; empty for all."""
        return self.stream if self.suppress_in == "stream" else ""

    def tracked(self, habit: Tracking) -> "Draft":
        """The same with a workspace's habit where it says nothing itself."""
        habit = habit.of(self.sender.email)
        opens = habit.opens if self.track_opens is None else self.track_opens
        links = habit.links if self.track_links is None else self.track_links
        return msgspec.structs.replace(self, track_opens=opens, track_links=links)

    def refuses(self, key: str) -> bool:
        """Whether nothing may leave for an address, as it is compared, and its delivery bounces at once."""
        rehearsal = self.rehearsals.get(key)
        return rehearsal is not None and rehearsal.outcome == "refuse"

    def recipients(self) -> tuple[tuple[str, Party], ...]:
        """Role and party of every recipient, in order: to, cc, bcc."""
        return (
            *(("to", party) for party in self.to),
            *(("cc", party) for party in self.cc),
            *(("bcc", party) for party in self.bcc),
        )


def is_storable(variables: dict[str, Value]) -> bool:
    """Whether variables can be kept and given back: JSON allows whole numbers of any size, 64 bits are what fits."""
    level: list[Value] = [variables]
    for _ in range(_MOST_LEVELS):
        level = [below for each in level for below in _nested(each)]
        if not level:
            break
    else:
        return False
    try:
        _PACK.encode(variables)
    except OverflowError:
        return False
    return True


def _nested(value: Value) -> list[Value]:
    """The lists and objects directly in a value."""
    inner = value.values() if isinstance(value, dict) else value
    return [each for each in inner if isinstance(each, dict | list)]
