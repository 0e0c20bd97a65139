"""Bodies read in one step where they are right, field by field where they are not, so that every fault is told."""

from collections.abc import Callable
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

import msgspec

from core.errors import Malformed, Mistyped
from dialects.endpoint import Codec, decode
from dialects.pufferpost.violations import Violations
from dialects.request import Request


class Checked(Protocol):
    """A body that can say what is wrong with it beyond its types."""

    # fields that hold lists of structs, and the struct
    parts: ClassVar[dict[str, type[msgspec.Struct]]]

    def check(self, found: Violations) -> None:
        """Note what is wrong."""
        ...


B = TypeVar("B", bound=Checked)
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_TEXTS: Final = msgspec.json.Decoder(str)
_BYTES: Final = bytes | None


class Reader(Generic[B]):
    """Reads bodies of one kind."""

    def __init__(self, kind: type[B]) -> None:
        """Build the decoder once."""
        self._kind = kind
        self._decoder: msgspec.json.Decoder[B] = msgspec.json.Decoder(kind)

    def read(self, raw: bytes | msgspec.Raw) -> B:
        """A body; raises Malformed, and ValidationFailed with all that is wrong where a type is."""
        try:
            body: B = decode(self._decoder.decode, raw)
        except Mistyped:
            return self._field_by_field(raw)
        return body

    def _field_by_field(self, raw: bytes | msgspec.Raw) -> B:
        try:
            given = decode(_FIELDS.decode, raw)
        except Mistyped as error:
            raise Malformed("is not an object") from error
        found = Violations()
        body: B = _salvage(self._kind, given, "", found)
        body.check(found)
        found.refuse()
        return body


def _salvage(kind: type[Any], given: dict[str, msgspec.Raw], at: str, found: Violations) -> Any:
    """An instance of what is right of an object; what is not is noted and left out."""
    parts = getattr(kind, "parts", {})
    kept = {}
    for field in msgspec.structs.fields(kind):
        if (raw := given.get(field.encode_name)) is None:
            continue
        name = at + field.encode_name
        try:
            if field.name in parts and bytes(raw) != b"null":
                kept[field.name] = _salvage_all(parts[field.name], _ITEMS.decode(raw), name, found)
            else:
                kept[field.name] = _value(raw, field.type)
        except msgspec.ValidationError as error:
            found.refused(name, error)
    return kind(**kept)


def _value(raw: msgspec.Raw, kind: Any) -> Any:  # a type, and a value of it
    if kind == _BYTES and bytes(raw).startswith(b'"'):
        # line breaks in base64 are what PHP's decoder passes over
        return msgspec.convert("".join(_TEXTS.decode(raw).split()), bytes)
    return msgspec.json.decode(raw, type=kind)


def _salvage_all(kind: type[Any], items: list[msgspec.Raw], at: str, found: Violations) -> list[Any]:
    kept = []
    for index, raw in enumerate(items):
        try:
            kept.append(_salvage(kind, _FIELDS.decode(raw), f"{at}[{index}].", found))
        except msgspec.ValidationError as error:
            found.refused(f"{at}[{index}]", error)
            kept.append(kind())
    return kept


class BodyCodec(Codec):
    """Bodies are JSON whatever the content type says; no body is an empty object."""

    def body(self, kind: type[Any]) -> Callable[[Request], Any]:
        """A reader of bodies of one type, made once; raises Malformed and ValidationFailed."""
        reader = Reader(kind)
        return lambda request: reader.read(request.body if request.body.strip() else b"{}")
