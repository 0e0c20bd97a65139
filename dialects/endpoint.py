"""Operations: a row of method, path and typed handler, and the adapter that decodes for it by its annotations.

A handler's parameter names are the contract: ``call``, ``body``, ``query``, or a placeholder of the path. Anything
else is refused when the gateway starts.
"""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, get_type_hints

import msgspec

from core.core import Caller, Core
from core.errors import Malformed, Mistyped
from dialects.refusals import Answer
from dialects.request import Request

Handler = Callable[..., Awaitable[Any]]
Guard = Callable[[Core, Request], Awaitable[Caller]]

MIB: Final = 1024 * 1024
_DEFAULT_LIMIT: Final = 1 * MIB


class Call:
    """What a handler gets beside its body: the collaborators, the caller, the request, and headers for the answer."""

    __slots__ = ("caller", "core", "headers", "request")

    def __init__(self, core: Core, caller: Caller, request: Request) -> None:
        """Bind one request to its caller."""
        self.core = core
        self.caller = caller
        self.request = request
        self.headers: list[tuple[bytes, bytes]] = []


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of a dialect. ``limit_bytes`` bounds the request's body."""

    method: str
    path: str
    handler: Handler
    status: int = 200
    limit_bytes: int = _DEFAULT_LIMIT

    @property
    def name(self) -> str:
        """The handler's module and name: what metrics, logs and the coverage list call it."""
        return f"{self.handler.__module__.rpartition('.')[2]}.{self.handler.__name__}"


def get(path: str, handler: Handler) -> Operation:
    """An operation that reads."""
    return Operation(method="GET", path=path, handler=handler)


def post(path: str, handler: Handler, *, status: int = 200, limit_bytes: int = _DEFAULT_LIMIT) -> Operation:
    """An operation that makes or acts."""
    return Operation(method="POST", path=path, handler=handler, status=status, limit_bytes=limit_bytes)


def patch(path: str, handler: Handler, *, limit_bytes: int = _DEFAULT_LIMIT) -> Operation:
    """An operation that changes a part."""
    return Operation(method="PATCH", path=path, handler=handler, limit_bytes=limit_bytes)


def put(path: str, handler: Handler, *, limit_bytes: int = _DEFAULT_LIMIT) -> Operation:
    """An operation that replaces."""
    return Operation(method="PUT", path=path, handler=handler, limit_bytes=limit_bytes)


def delete(path: str, handler: Handler, *, status: int = 200) -> Operation:
    """An operation that removes."""
    return Operation(method="DELETE", path=path, handler=handler, status=status)


class Codec:
    """How a dialect reads bodies and queries and writes answers; a dialect with habits of its own overrides it."""

    def body(self, kind: type[Any]) -> Callable[[Request], Any]:
        """A reader of bodies of one type, made once; raises Malformed and Mistyped. No body is an empty object."""
        decoder = msgspec.json.Decoder(kind)

        def read(request: Request) -> Any:  # an instance of kind
            raw = request.body
            return decode(decoder.decode, raw if raw.strip() else b"{}")

        return read

    def query(self, kind: type[Any]) -> Callable[[Request], Any]:
        """A reader of query strings; the last of a repeated key wins, a blank value is absent. Raises Mistyped."""

        def read(request: Request) -> Any:
            return convert({key: value for key, value in request.query() if value}, kind)

        return read

    def encode(self) -> Callable[[Any], bytes]:
        """A writer of answers, made once."""
        return msgspec.json.Encoder().encode


def decode(decoder: Callable[[Any], Any], raw: bytes | msgspec.Raw) -> Any:
    """Decode, with msgspec's errors turned into refusals; raises Malformed (json, utf8) and Mistyped."""
    try:
        return decoder(raw)
    except msgspec.ValidationError as error:
        raise mistyped(error) from error
    except msgspec.DecodeError as error:
        raise Malformed(str(error)) from error
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8", kind="utf8", offset=error.start) from error
    except RecursionError as error:
        raise Malformed("nested too deeply") from error


def convert(held: Any, kind: Any) -> Any:  # from plain values to an instance of kind
    """Convert plain values, texts to numbers too; raises Mistyped."""
    try:
        return msgspec.convert(held, kind, strict=False)
    except msgspec.ValidationError as error:
        raise mistyped(error) from error


def mistyped(error: msgspec.ValidationError) -> Mistyped:
    """The refusal of a msgspec error: the path stands at the end of its text, in back-ticks after " - at "."""
    reason, _, at = str(error).partition(" - at `")
    return Mistyped(at.rstrip("`") or "$", reason)


Admit = Callable[[Call], Awaitable[None]]


class Compiled:
    """An operation ready to run: guard, decoders and encoder are fixed at start."""

    __slots__ = (
        "_admit",
        "_body",
        "_encode",
        "_guard",
        "_handler",
        "_path_names",
        "_query",
        "_wants_call",
        "name",
        "operation",
    )

    def __init__(self, operation: Operation, guard: Guard, codec: Codec, admit: Admit | None) -> None:
        """Check the handler's parameters against the contract; raises TypeError naming the odd one."""
        self.operation = operation
        self.name = operation.name
        self._guard = guard
        self._admit = admit
        self._handler = operation.handler
        hints = get_type_hints(operation.handler)
        placeholders = {segment[1:-1] for segment in operation.path.split("/") if segment.startswith("{")}
        names = tuple(inspect.signature(operation.handler).parameters)
        for name in names:
            if name not in ("call", "body", "query") and name not in placeholders:
                message = f"{operation.name}: no parameter may be called {name}"
                raise TypeError(message)
        self._wants_call = "call" in names
        self._path_names = tuple(name for name in names if name in placeholders)
        self._body = codec.body(hints["body"]) if "body" in names else None
        self._query = codec.query(hints["query"]) if "query" in names else None
        self._encode = codec.encode()

    async def run(self, core: Core, request: Request, path: dict[str, str]) -> Answer:
        """Guard, admit, decode, handle, encode."""
        request.limit_bytes = self.operation.limit_bytes
        if self._body is None:
            call = await self._enter(core, request)
            return self._answer(call, await self._handle(call, path, {}))
        request.room = core.bodies
        try:
            return await self._with_body(core, request, path, self._body)
        finally:
            request.give_room()

    async def _with_body(
        self, core: Core, request: Request, path: dict[str, str], decode_body: Callable[[Request], Any]
    ) -> Answer:
        call = await self._enter(core, request)
        await request.read()
        body = decode_body(request)
        request.forget()
        return self._answer(call, await self._handle(call, path, {"body": body}))

    async def _enter(self, core: Core, request: Request) -> Call:
        call = Call(core, await self._guard(core, request), request)
        # what an answer must carry even when the call is refused later
        request.headers_out = call.headers
        if self._admit is not None:
            await self._admit(call)
        return call

    async def _handle(self, call: Call, path: dict[str, str], given: dict[str, Any]) -> Any:
        if self._wants_call:
            given["call"] = call
        if self._query is not None:
            given["query"] = self._query(call.request)
        for name in self._path_names:
            given[name] = path[name]
        return await self._handler(**given)

    def _answer(self, call: Call, result: Any) -> Answer:
        if isinstance(result, Answer):
            return Answer(result.status, result.body, (*result.headers, *call.headers))
        return Answer(self.operation.status, self._encode(result), tuple(call.headers))
