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
_ANY: Final = msgspec.json.Decoder()
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
        given = decode(_ANY.decode, raw)
        if not isinstance(given, dict):
            raise Malformed("is not an object")
        found = Violations()
        body: B = _salvage(self._kind, given, "", found)
        body.check(found)
        found.refuse()
        return body


def _salvage(
    kind: type[Any], given: dict[str, Any], at: str, found: Violations
) -> Any:  # an instance of kind
    """What is right of an object; what is not is noted and left out."""
    parts = getattr(kind, "parts", {})
    kept = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name not in given:
            continue
        name, value = at + field.encode_name, given[field.encode_name]
        if field.name in parts and isinstance(value, list):
            kept[field.name] = _salvage_all(parts[field.name], value, name, found)
            continue
        if field.type == _BYTES and isinstance(value, str):
            # line breaks in base64 are what PHP's decoder passes over
            value = "".join(value.split())
        try:
            kept[field.name] = msgspec.convert(value, field.type)
        except msgspec.ValidationError as error:
            found.refused(name, error)
    return kind(**kept)


def _salvage_all(kind: type[Any], given: list[Any], at: str, found: Violations) -> list[Any]:
    kept = []
    for index, value in enumerate(given):
        if isinstance(value, dict):
            kept.append(_salvage(kind, value, f"{at}[{index}].", found))
        else:
            found.mistyped(f"{at}[{index}]", "object")
            kept.append(kind())
    return kept


class BodyCodec(Codec):
    """Bodies are JSON whatever the content type says; no body is an empty object."""

    def body(self, kind: type[Any]) -> Callable[[Request], Any]:
        """A reader of bodies of one type, made once; raises Malformed and ValidationFailed."""
        reader = Reader(kind)
        return lambda request: reader.read(request.body if request.body.strip() else b"{}")
