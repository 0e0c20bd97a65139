"""The body of every call: a key, perhaps a uid, and the method's own arguments.

Source: PostageApp developer pages, "API", v.1.0 and v.1.1, and what the provider's clients post, read 2026-11.
"""

import codecs
from typing import Final

import msgspec

from core.errors import Malformed, Mistyped
from dialects.endpoint import decode
from dialects.postageapp import forms

NOTHING: Final = msgspec.Raw()
_FORM: Final = "application/x-www-form-urlencoded"
_SLICE_BYTES: Final = 64 * 1024
# an empty object is shorter than this in any client's writing; longer ones are not looked into for it
_SMALL_BYTES: Final = 64


class Wire(msgspec.Struct):
    """The envelope as it came; nothing in it is looked into yet.

    The documents have arguments "passed in as arguments at the top level of the request", and some clients take them
    at their word: the fields of send_message may stand beside ``arguments``.
    """

    api_key: msgspec.Raw = NOTHING
    uid: msgspec.Raw = NOTHING
    arguments: msgspec.Raw = NOTHING
    recipients: msgspec.Raw = NOTHING
    headers: msgspec.Raw = NOTHING
    content: msgspec.Raw = NOTHING
    attachments: msgspec.Raw = NOTHING
    template: msgspec.Raw = NOTHING
    variables: msgspec.Raw = NOTHING
    recipient_override: msgspec.Raw = NOTHING

    def beside(self) -> dict[str, msgspec.Raw]:
        """The method's fields that stand beside ``arguments``."""
        named = (
            ("recipients", self.recipients),
            ("headers", self.headers),
            ("content", self.content),
            ("attachments", self.attachments),
            ("template", self.template),
            ("variables", self.variables),
            ("recipient_override", self.recipient_override),
        )
        return {name: raw for name, raw in named if raw is not NOTHING}


class Envelope:
    """A body on its way: made of what came, then opened. ``uid`` is told in the answer, even where opening fails.

    ``arguments`` is the JSON of an object, or NOTHING.
    """

    __slots__ = ("api_key", "arguments", "inner_uid", "outer_uid", "uid")

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.api_key = self.outer_uid = self.inner_uid = self.uid = ""
        self.arguments = NOTHING

    def open(self, raw: bytes, content_type: str) -> None:
        """Read a body in whatever form a client posts it; raises Malformed and Mistyped."""
        wire, folded = _wire(raw, content_type)
        self.outer_uid = self.uid = uid_of(wire.uid)
        self.api_key = _text(wire.api_key, "api_key")
        self.arguments = _arguments(wire, folded=folded)
        self.inner_uid = _inner_uid(self.arguments)
        self.uid = self.outer_uid or self.inner_uid

    def take(self) -> msgspec.Raw:
        """The arguments, for the one who decodes them: they hold on to the whole body, so they are not kept."""
        taken, self.arguments = self.arguments, NOTHING
        return taken


class _Uid(msgspec.Struct):
    uid: msgspec.Raw = NOTHING


_BRACE: Final = ord("{")
_WIRE: Final = msgspec.json.Decoder(Wire)
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY: Final = msgspec.json.Decoder(dict[str, msgspec.Raw] | list[msgspec.Raw] | None)
_UID: Final = msgspec.json.Decoder(_Uid)
_TEXT: Final = msgspec.json.Decoder(str | None)


def _wire(raw: bytes, content_type: str) -> tuple[Wire, bool]:
    """The fields, and whether their names had to be made lower-case; raises Malformed and Mistyped."""
    check_utf8(raw)
    if raw[:_SMALL_BYTES].lstrip()[:1] not in (b"{", b"[") and content_type.lower().startswith(_FORM):
        raw = _from_form(raw)
    wire: Wire = decode(_WIRE.decode, raw)
    if wire.api_key is not NOTHING:
        return wire, False
    # ColdFusion writes the names of a struct in capitals
    folded = msgspec.json.encode(_fold(decode(_OBJECT.decode, raw)))
    return decode(_WIRE.decode, folded), True


def _from_form(raw: bytes) -> bytes:
    held = forms.decode(raw)
    if "api_key" not in held:
        # curl calls whatever it posts a form
        raise Malformed("neither JSON nor a form of ours")
    return msgspec.json.encode(held)


def check_utf8(raw: bytes) -> None:
    """Refuse what is not UTF-8, with the offset of the first ill-formed byte; raises Malformed("utf8").

    In slices: the text of a large body with one emoji in it would take four times its room.
    """
    if raw.isascii():
        return
    view, at = memoryview(raw), 0
    while at < len(raw):
        end = at + _SLICE_BYTES
        try:
            at += codecs.utf_8_decode(view[at:end], "strict", end >= len(raw))[1]
        except UnicodeDecodeError as error:
            raise Malformed("not UTF-8", kind="utf8", offset=at + error.start) from error


def uid_of(raw: msgspec.Raw) -> str:
    """A uid as text, whether it came as text or number; empty for none. Raises Mistyped."""
    held = bytes(raw)
    if held[:1].isdigit() or held[:1] == b"-":
        return held.decode()
    return _text(raw, "uid")


def _text(raw: msgspec.Raw, name: str) -> str:
    if raw is NOTHING:
        return ""
    try:
        return _TEXT.decode(raw) or ""
    except msgspec.ValidationError as error:
        raise Mistyped(f"$.{name}", str(error)) from error


def _fold(held: dict[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    """The same fields under lower-case names; one that was so already wins."""
    return {name.lower(): value for name, value in held.items()} | held


def _arguments(wire: Wire, *, folded: bool) -> msgspec.Raw:
    """One object of all arguments, wherever they stand; the inner ones win."""
    beside = wire.beside()
    view = memoryview(wire.arguments)
    if view.nbytes > _SMALL_BYTES and view[0] == _BRACE and not beside and not folded:
        return wire.arguments
    held = _object(wire.arguments)
    if not held and not beside:
        return NOTHING
    if not beside and not folded:
        return wire.arguments
    return msgspec.Raw(msgspec.json.encode(beside | (_fold(held) if folded else held)))


def _object(raw: msgspec.Raw) -> dict[str, msgspec.Raw]:
    """An object; PHP writes an empty one as an empty list, and Java none as null. Raises Mistyped."""
    if raw is NOTHING:
        return {}
    held = decode(_ANY.decode, raw)
    if isinstance(held, list) and held:
        raise Mistyped("$.arguments", "Expected `object`, got `array`")
    return held or {}


def _inner_uid(arguments: msgspec.Raw) -> str:
    """The uid among the arguments, for answers; one of a wrong type is refused later by whoever needs it."""
    if arguments is NOTHING:
        return ""
    try:
        return uid_of(_UID.decode(arguments).uid)
    except (msgspec.ValidationError, Mistyped):
        return ""
