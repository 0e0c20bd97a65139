"""A dialect at work: from a request to an answer, everything in the dialect's own words, crashes included."""

from typing import Final

import msgspec
import structlog

from core.core import Core
from core.errors import NotAllowed, RateLimited, Refusal
from core.store.database import StoreUnavailable
from dialects.dialect import Dialect
from dialects.endpoint import Compiled
from dialects.refusals import Answer
from dialects.request import ClientGone, Receive, Request, Scope, Send
from dialects.routing import Table

_log = structlog.get_logger(__name__)
_NO_OPERATION: Final = "none"
_METHOD_NOT_ALLOWED: Final = 405
_NO_CONTENT: Final = 204
_OF_CONTENT: Final = frozenset({b"content-length", b"content-type"})


class Served(msgspec.Struct, frozen=True):
    """What metrics and logs are told of an answered request."""

    operation: str
    status: int


class Surface:
    """A dialect with its operations compiled."""

    def __init__(self, dialect: Dialect) -> None:
        """Compile every operation; raises TypeError or ValueError for a table that cannot work."""
        self.dialect = dialect
        self._table: Table[Compiled] = Table(
            dialect.paths,
            (
                (
                    operation.method,
                    operation.path,
                    Compiled(operation, group.guard, dialect.codec, dialect.admit),
                )
                for group in dialect.groups
                for operation in group.operations
            ),
        )

    async def serve(  # an ASGI call and its context
        self, core: Core, scope: Scope, receive: Receive, send: Send, path: str, request_id: str
    ) -> Served:
        """Answer one request."""
        request = Request(scope, receive, path, request_id)
        operation = _NO_OPERATION
        try:
            compiled, values = self._table.find(request.method, path)
            operation = compiled.name
            answer = await compiled.run(core, request, values)
        except ClientGone:
            return Served(operation, 499)
        except Refusal as refusal:
            answer = await self._refuse(core, request, refusal, operation)
        except Exception as error:  # noqa: BLE001  # the edge: the log gets everything, the caller the dialect's own 500
            if not isinstance(error, StoreUnavailable):
                _log.exception("request crashed", operation=operation)
            else:
                _log.error("store unavailable", reason=str(error))
            answer = self._tell(request, error)
        await self._send(send, request, answer)
        return Served(operation, answer.status)

    async def _refuse(self, core: Core, request: Request, refusal: Refusal, operation: str) -> Answer:
        if operation == _NO_OPERATION and self.dialect.unmatched is not None:
            try:
                refusal = await self.dialect.unmatched(core, request, refusal)
            except Refusal as better:
                refusal = better
            except Exception as error:  # noqa: BLE001  # the edge, once more
                _log.exception("request crashed", operation=operation)
                return self._tell(request, error)
        return self._tell(request, refusal)

    def _tell(self, request: Request, error: BaseException) -> Answer:
        answer = self.dialect.tell(error, request)
        headers = (*answer.headers, *_standard_headers(error, answer.status), *request.headers_out)
        return Answer(answer.status, answer.body, headers)

    async def _send(self, send: Send, request: Request, answer: Answer) -> None:
        headers = [
            *self.dialect.headers,
            *answer.headers,
            (b"content-length", b"%d" % len(answer.body)),
            (b"x-request-id", self.dialect.request_id(request.id).encode()),
        ]
        if answer.status == _NO_CONTENT:
            # RFC 9110 8.6 forbids a length here, and there is nothing that could have a type
            headers = [row for row in headers if row[0] not in _OF_CONTENT]
        is_last = request.ends_connection()
        if is_last:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": is_last})
        if is_last:
            await request.drain()
            await send({"type": "http.response.body", "body": b""})


def _standard_headers(error: BaseException, status: int) -> tuple[tuple[bytes, bytes], ...]:
    """What HTTP asks of some refusals whatever their words: Allow with a 405, when to come back with a 429."""
    match error:
        case NotAllowed(allowed=allowed) if status == _METHOD_NOT_ALLOWED:
            return ((b"allow", ", ".join(allowed).encode()),)
        case RateLimited(retry_after=seconds):
            return ((b"retry-after", b"%d" % seconds),)
        case _:
            return ()
