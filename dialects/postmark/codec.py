"""How bodies and queries are read: exactly as documented at full speed, and as the SDKs really write them.

Source: Postmark's SDKs, read 2026-11. Keys come in any case, numbers and booleans as texts, also as empty ones, empty
lists for empty objects, null for everything, base64 in lines; unknown keys are ignored.
"""

import binascii
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import inspect

from core.errors import Invalid, Mistyped, Unsupported
from dialects.endpoint import Codec, convert, decode
from dialects.request import Request

T = TypeVar("T")
Change = Callable[[Any], Any]

_BOM: Final = b"\xef\xbb\xbf"
_METADATA: Final = "metadata_"
_BASE64: Final = re.compile(r"[A-Za-z0-9+/\s]*={0,2}\s*", re.ASCII)
_READ_LATER: Final = inspect.ListType(inspect.RawType())
_anything: Final = msgspec.json.Decoder().decode
_objects: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_pieces: Final = msgspec.json.Decoder(list[msgspec.Raw] | None).decode


class Reader(Generic[T]):
    """Reads JSON as one type: structs refuse unknown fields, so whatever they take at once is exact."""

    def __init__(self, kind: type[T]) -> None:
        """Make the decoder, and know every key of the type in lower case."""
        self._kind = kind
        self._exact = msgspec.json.Decoder(kind).decode
        info = inspect.type_info(kind)
        self._change = _change(info)
        # none where all is read at once
        self._members = _members(info) if isinstance(info, inspect.StructType) else {}

    def read(self, raw: bytes) -> T:
        """An instance; raises Malformed and Mistyped, and Invalid for bad base64."""
        try:
            found: T = decode(self._exact, raw)
        except Mistyped:
            return self._loosely(raw)
        return found

    def _loosely(self, raw: bytes) -> T:
        if self._members and (members := _parted(raw)) is not None:
            return self._by_members(members)
        held = decode(_anything, raw)
        found: T = convert(self._change({} if held is None else held), self._kind)
        return found

    def _by_members(self, held: dict[str, msgspec.Raw]) -> T:
        """One member after the other, so that no object is made of what is read later."""
        known = ((self._members.get(key.lower()), value) for key, value in held.items())
        found: T = convert({name[0]: name[1](value) for name, value in known if name is not None}, self._kind)
        return found


def _parted(raw: bytes) -> dict[str, msgspec.Raw] | None:
    """The members of an object, unread; None of anything else."""
    try:
        found: dict[str, msgspec.Raw] = decode(_objects, raw)
    except Mistyped:
        return None
    return found


def _members(kind: inspect.StructType) -> dict[str, tuple[str, Change]]:
    """By their keys in lower case, how each member of a struct is read, where it has one that is read later."""
    if not any(_READ_LATER in _kinds(each.type) for each in kind.fields):
        return {}
    return {each.encode_name.lower(): (each.encode_name, _member(each.type)) for each in kind.fields}


def _kinds(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)


def _member(kind: inspect.Type) -> Change:
    change, later = _change(kind), _READ_LATER in _kinds(kind)

    def read(raw: msgspec.Raw) -> Any:
        if later:
            with suppress(Mistyped):
                return decode(_pieces, raw)
        held = decode(_anything, raw)
        return held if held is None else change(held)

    return read


def _change(kind: inspect.Type) -> Change:
    """What brings plain values nearer to a type: keys as documented, texts for texts, bytes for base64."""
    match kind:
        case inspect.UnionType(types=types):
            return _change(next(each for each in types if not isinstance(each, inspect.NoneType)))
        case inspect.StructType(fields=fields):
            return _object(
                {each.encode_name.lower(): (each.encode_name, _change(each.type)) for each in fields}
            )
        case inspect.ListType(item_type=item):
            change = _change(item)
            return lambda held: [change(each) for each in held] if isinstance(held, list) else held
        case inspect.DictType(value_type=inspect.StrType()):
            return _texts
        case _:
            return _CHANGES.get(type(kind), _same)


def _object(names: dict[str, tuple[str, Change]]) -> Change:
    def change(held: Any) -> Any:
        if not isinstance(held, dict):
            return held
        known = ((names.get(key.lower()), value) for key, value in held.items())
        return {
            name[0]: value if value is None else name[1](value) for name, value in known if name is not None
        }

    return change


def _texts(held: Any) -> Any:
    """User data: its keys keep their spelling; PHP writes an empty object as an empty list."""
    if held == []:
        return {}
    return {key: _text(value) for key, value in held.items()} if isinstance(held, dict) else held


def _text(held: Any) -> Any:
    match held:
        case None:
            return ""
        case bool():
            return "true" if held else "false"
        case int() | float():
            return str(held)
        case _:
            return held


def _model(held: Any) -> Any:
    """What fills a template is user data too; PHP writes an empty object as an empty list."""
    return {} if held == [] else held


def _unless_blank(held: Any) -> Any:
    """An empty text in place of a number or a boolean says as much as none."""
    return None if held == "" else held


def _base64(held: Any) -> Any:
    if not isinstance(held, str):
        return held
    try:
        # the decoder skips what is no base64, so the alphabet is checked first: the text is large, one copy is enough
        if _BASE64.fullmatch(held) is not None:
            return binascii.a2b_base64(held)
    except binascii.Error:
        pass  # its length is wrong: told below like a wrong letter
    raise Invalid("Content", "The 'Content' of an attachment is not valid base64.", kind="message")


def _same(held: Any) -> Any:
    return held


_CHANGES: Final[dict[type[inspect.Type], Change]] = {
    inspect.DictType: _model,
    inspect.BytesType: _base64,
    inspect.IntType: _unless_blank,
    inspect.FloatType: _unless_blank,
    inspect.BoolType: _unless_blank,
}


class PostmarkCodec(Codec):
    """The dialect's habits as the kit wants them."""

    def body(self, kind: type[Any]) -> Callable[[Request], Any]:
        """See ``Reader``; no body, an empty object and null are the same."""
        reader = Reader(kind)

        def read(request: Request) -> Any:  # an instance of kind
            raw = request.body.removeprefix(_BOM)
            if not raw or raw.isspace():
                return reader.read(b"{}")
            _check_type(request)
            return reader.read(raw)

        return read

    def query(self, kind: type[Any]) -> Callable[[Request], Any]:
        """Keys without regard to case and underscores; the last one wins, a blank value is absent."""

        def read(request: Request) -> Any:
            given: dict[str, Any] = {}
            metadata: dict[str, str] = {}
            for key, value in request.query():
                folded = key.lower()
                if "\x00" in key + value:
                    # no field holds one, and not every engine can be asked for it
                    raise Mistyped(f"$.{folded}".replace("\x00", ""), "may not contain NUL")
                if value and folded.startswith(_METADATA):
                    metadata[folded.removeprefix(_METADATA)] = value
                elif value:
                    given[folded.replace("_", "")] = value
            return convert(given | {"metadata": metadata} if metadata else given, kind)

        return read


def _check_type(request: Request) -> None:
    given = request.header(b"content-type") or ""
    media = given.partition(";")[0].strip().lower()
    if media and media != "application/json" and not media.endswith("+json"):
        raise Unsupported("content type")
