"""Message streams: listed, read, made, changed, archived and taken back.

Source: Postmark developer docs, "Message streams API" and its error codes, the stream tests of its SDKs for JavaScript,
.NET and Java, read 2026-11. Two limits of length stand in an older edition of the table.
"""

import re
from typing import Final

import msgspec

from core import streams
from core.errors import Invalid, Mistyped
from core.streams import Kind, NewStream, OptOut, Stream, StreamChange
from dialects.endpoint import Call, get, patch, post
from dialects.postmark import places
from dialects.postmark.dates import eastern

_KINDS: Final[dict[str, Kind]] = {
    "transactional": "transactional",
    "broadcasts": "broadcast",
    "inbound": "inbound",
}
_TYPES: Final = {"transactional": "Transactional", "broadcast": "Broadcasts", "inbound": "Inbound"}
_HANDLINGS: Final[dict[str, OptOut]] = {"none": "none", "postmark": "managed", "custom": "custom"}
_HANDLED: Final = {"none": "None", "managed": "Postmark", "custom": "Custom"}
_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,29}")
_RESERVED: Final = "all"
_PREFIX: Final = "pm-"
_LONGEST_NAME: Final = 100
_LONGEST_DESCRIPTION: Final = 1000
_TAG: Final = re.compile(r"<[A-Za-z/!?]")
_TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}


class Which(msgspec.Struct, kw_only=True):
    """The query of the list, its keys folded."""

    messagestreamtype: str = "all"
    includearchivedstreams: str = "false"

    def takes(self, stream: Stream) -> bool:
        """Whether a stream is asked for."""
        archived = _TRUTHS[self.includearchivedstreams.lower()]
        return self._kind() in (None, stream.kind) and (archived or stream.archived_at is None)

    def check(self) -> None:
        """Refuse what cannot be asked; raises Invalid."""
        self._kind()
        if self.includearchivedstreams.lower() not in _TRUTHS:
            raise Mistyped("$.IncludeArchivedStreams", "must be true or false")

    def _kind(self) -> Kind | None:
        wanted = self.messagestreamtype.lower()
        return None if wanted == _RESERVED else _kind(wanted)


class Handling(msgspec.Struct, rename="pascal", forbid_unknown_fields=True):
    """How recipients may say that they want no more."""

    unsubscribe_handling_type: str | None = None

    def opt_out(self) -> OptOut | None:
        """As core has it, None where nothing is said; raises Invalid."""
        given = self.unsubscribe_handling_type
        if not given:
            return None
        if given.lower() not in _HANDLINGS:
            reason = f"The 'UnsubscribeHandlingType' '{given}' is not valid."
            raise Invalid("UnsubscribeHandlingType", reason, kind="stream_handling")
        return _HANDLINGS[given.lower()]


class Change(msgspec.Struct, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """What can be changed of a stream. A client of Java sends back all that it read."""

    name: str | None = None
    description: str | None = None
    subscription_management_configuration: Handling | None = None

    def change(self, held: Stream) -> StreamChange:
        """As core changes it; raises Invalid."""
        opt_out = self.opt_out()
        if opt_out is not None:
            _check_handling(held.kind, opt_out)
        return StreamChange(
            name=None if self.name is None else self.checked_name(),
            description=None if self.description is None else self.checked_description(),
            opt_out=opt_out,
        )

    def opt_out(self) -> OptOut | None:
        """How recipients may say no, None where nothing is said; raises Invalid."""
        held = self.subscription_management_configuration
        return None if held is None else held.opt_out()

    def checked_name(self) -> str:
        """The name; raises Invalid."""
        name = self.name or ""
        if not name.strip():
            raise Invalid("Name", "The 'Name' of the message stream is missing.", kind="stream_name")
        if len(name) > _LONGEST_NAME:
            reason = f"The 'Name' of a message stream has at most {_LONGEST_NAME} characters."
            raise Invalid("Name", reason, kind="stream_name_length")
        return _kept("Name", name)

    def checked_description(self) -> str:
        """The description, empty for none; raises Invalid."""
        text = self.description or ""
        if len(text) > _LONGEST_DESCRIPTION:
            reason = f"The 'Description' of a message stream has at most {_LONGEST_DESCRIPTION} characters."
            raise Invalid("Description", reason, kind="stream_description")
        if _TAG.search(text):
            reason = "The 'Description' of a message stream may not contain HTML."
            raise Invalid("Description", reason, kind="stream_html")
        return _kept("Description", text)


class Wish(Change, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """A stream to make."""

    id: str | None = msgspec.field(default=None, name="ID")
    message_stream_type: str | None = None

    def new(self) -> NewStream:
        """As core makes it; raises Invalid."""
        key, name, kind = self._key(), self.checked_name(), _kind(self.message_stream_type or "")
        opt_out = self.opt_out() or ("managed" if kind == "broadcast" else "none")
        _check_handling(kind, opt_out)
        description = self.checked_description()
        return NewStream(key=key, name=name, kind=kind, description=description, opt_out=opt_out)

    def _key(self) -> str:
        key = self.id
        if not key:
            raise Invalid("ID", "The 'ID' of the message stream is missing.", kind="stream_id_missing")
        if _ID.fullmatch(key) is None:
            reason = (
                "The 'ID' of a message stream begins with a letter and has at most 30 letters, digits, "
                "hyphens and underscores."
            )
            raise Invalid("ID", reason, kind="stream_id")
        if key.lower().startswith(_PREFIX):
            reason = f"The 'ID' of a message stream may not begin with '{_PREFIX}'."
            raise Invalid("ID", reason, kind="stream_prefix")
        if key.lower() == _RESERVED:
            raise Invalid("ID", f"The 'ID' '{key}' is reserved.", kind="stream_reserved")
        return key


class Handled(msgspec.Struct, rename="pascal"):
    """How recipients can say that they want no more."""

    unsubscribe_handling_type: str


class Told(msgspec.Struct, rename="pascal", kw_only=True):
    """A stream."""

    id: str = msgspec.field(name="ID")
    server_id: int = msgspec.field(name="ServerID")
    name: str
    description: str
    message_stream_type: str
    created_at: str
    updated_at: str | None
    archived_at: str | None
    expected_purge_date: str | None
    subscription_management_configuration: Handled

    @classmethod
    def of(cls, call: Call, stream: Stream) -> "Told":
        """From the domain's stream."""
        return cls(
            id=stream.key,
            server_id=call.caller.workspace_number,
            name=stream.name,
            description=stream.description,
            message_stream_type=_TYPES[stream.kind],
            created_at=eastern(stream.created_at),
            updated_at=eastern(stream.updated_at) if stream.updated_at != stream.created_at else None,
            archived_at=_at(stream.archived_at),
            expected_purge_date=_at(stream.purged_at),
            subscription_management_configuration=Handled(_HANDLED[stream.opt_out]),
        )


class Listed(msgspec.Struct, rename="pascal"):
    """Streams."""

    message_streams: list[Told]
    total_count: int


class Archived(msgspec.Struct, rename="pascal", kw_only=True):
    """That a stream is archived, and until when it can be taken back."""

    id: str = msgspec.field(name="ID")
    server_id: int = msgspec.field(name="ServerID")
    expected_purge_date: str | None


def _at(moment: int | None) -> str | None:
    return None if moment is None else eastern(moment)


def _kept(field: str, text: str) -> str:
    if "\x00" in text:
        # not every engine keeps one
        raise Mistyped(f"$.{field}", "may not contain NUL")
    return text


def _kind(name: str) -> Kind:
    if name.lower() not in _KINDS:
        reason = f"The 'MessageStreamType' '{name}' is not valid."
        raise Invalid("MessageStreamType", reason, kind="stream_type")
    return _KINDS[name.lower()]


def _check_handling(kind: str, opt_out: OptOut) -> None:
    """Refuse broadcasts that nobody could leave, and ways out of what is received; raises Invalid."""
    if (kind == "broadcast" and opt_out == "none") or (kind == "inbound" and opt_out != "none"):
        reason = (
            f"The 'UnsubscribeHandlingType' '{_HANDLED[opt_out]}' is not possible for this message stream."
        )
        raise Invalid("UnsubscribeHandlingType", reason, kind="stream_handling_kind")


async def list_streams(call: Call, query: Which) -> Listed:
    """Streams of one type or of all, in the order that they were made."""
    query.check()
    held = await streams.of_workspace(call.core, call.caller)
    found = [Told.of(call, each) for each in held if query.takes(each)]
    return Listed(found, len(found))


async def retrieve(call: Call, stream_id: str) -> Told:
    """One stream, archived or not."""
    return Told.of(call, await streams.get(call.core, call.caller, stream_id))


async def create(call: Call, body: Wish) -> Told:
    """Make a stream."""
    places.refuse_test(call)
    return Told.of(call, await streams.create(call.core, call.caller, body.new()))


async def edit(call: Call, stream_id: str, body: Change) -> Told:
    """Change a stream."""
    held = await streams.get(call.core, call.caller, stream_id)
    return Told.of(call, await streams.change(call.core, call.caller, stream_id, body.change(held)))


async def archive(call: Call, stream_id: str) -> Archived:
    """Let nothing go through a stream any longer."""
    held = await streams.archive(call.core, call.caller, stream_id)
    return Archived(
        id=held.key, server_id=call.caller.workspace_number, expected_purge_date=_at(held.purged_at)
    )


async def unarchive(call: Call, stream_id: str) -> Told:
    """Take a stream back."""
    return Told.of(call, await streams.restore(call.core, call.caller, stream_id))


OPERATIONS = (
    get("/message-streams", list_streams),
    get("/message-streams/{stream_id}", retrieve),
    patch("/message-streams/{stream_id}", edit),
    post("/message-streams", create),
    post("/message-streams/{stream_id}/archive", archive),
    post("/message-streams/{stream_id}/unarchive", unarchive),
)
