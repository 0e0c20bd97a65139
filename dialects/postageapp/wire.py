"""What PostageApp's methods share: the answer's envelope, the reader of bodies, maps that PHP writes as lists.

Source: PostageApp developer pages, "Responses", read 2026-11.
"""

from collections.abc import Callable
from typing import Any, Final, Protocol, Self, TypeVar

import msgspec

from core.errors import Mistyped
from dialects.endpoint import Call, Codec
from dialects.postageapp.envelope import Envelope
from dialects.request import Request

T = TypeVar("T")

# an object, or what stands for an empty one
Map = dict[str, T] | list[Any] | None


class Response(msgspec.Struct, kw_only=True):
    """How a call went. The Go client asserts that status is a text, and uid one or null: both always stand there."""

    status: str = "ok"
    uid: str | None
    message: str | msgspec.UnsetType = msgspec.UNSET
    delivery_status: str | msgspec.UnsetType = msgspec.UNSET


class Success(msgspec.Struct, kw_only=True):
    """An answer with data; always 200, never 201 or 204, which the Node and .NET clients take for failures."""

    response: Response
    data: Any


class Failure(msgspec.Struct, kw_only=True):
    """An answer without: the Ruby client's tests want no data in it."""

    response: Response


encode: Final = msgspec.json.Encoder().encode


class Body(Protocol):
    """What a handler takes: read from the envelope that the guard parsed."""

    @classmethod
    def of(cls, envelope: Envelope) -> Self:
        """Decode the arguments; raises Mistyped."""
        ...


class EnvelopeCodec(Codec):
    """Bodies come from the envelope, which the guard had to read for the key in it."""

    def body(self, kind: type[Body]) -> Callable[[Request], Body]:
        """A reader of one type of arguments."""

        def read(request: Request) -> Body:
            return kind.of(request.state)

        return read

    def encode(self) -> Callable[[Any], bytes]:
        """Write an answer."""
        return encode


class Reference(msgspec.Struct):
    """A message by its number, with the address of its page. The Go client needs both."""

    id: int
    url: str


def reference(call: Call, number: int) -> Reference:
    """Tell of a message, or of the messages of one call."""
    return Reference(number, f"{project_url(call)}/messages/{number}")


def project_url(call: Call) -> str:
    """The address of the project's page."""
    return f"{call.core.policy.public_url}/projects/{call.caller.workspace_number}"


class Plain(msgspec.Struct, frozen=True):
    """A call without arguments of its own; a uid is echoed and means nothing."""

    uid: str

    @classmethod
    def of(cls, envelope: Envelope) -> Self:
        """Take the uid."""
        envelope.take()
        return cls(envelope.uid)

    def answer(self, data: Any) -> Success:
        """A success that echoes the uid."""
        return Success(response=Response(uid=self.uid or None), data=data)


class Lookup(msgspec.Struct, frozen=True):
    """A call about the message with this uid.

    The uid among the arguments wins: the Ruby client puts a random one of its own beside them.
    """

    uid: str

    @classmethod
    def of(cls, envelope: Envelope) -> Self:
        """Take the uid, which is also the one to tell in the answer."""
        envelope.take()
        envelope.uid = envelope.inner_uid or envelope.outer_uid
        return cls(envelope.uid)

    def answer(self, data: Any) -> Success:
        """A success about that uid."""
        return Success(response=Response(uid=self.uid), data=data)


def fields(given: Map[T], path: str) -> dict[str, T]:
    """An object's fields; an empty list and null stand for an empty object. Raises Mistyped."""
    if isinstance(given, list):
        if given:
            raise Mistyped(path, "Expected `object`, got `array`")
        return {}
    return given or {}
