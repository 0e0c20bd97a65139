"""Refusals in PostageApp's envelope: HTTP status, status word, and sometimes a message.

Source: PostageApp developer pages, "Errors", and the tests of its Go, .NET, Ruby and Node clients, read 2026-11. The
words ``fail`` and ``timeout`` never occur: the Ruby client keeps a call that was answered so, and repeats it later.
"""

from typing import Final

import msgspec

from core import errors
from dialects.postageapp.envelope import Envelope
from dialects.postageapp.wire import Failure, Response, encode
from dialects.refusals import Answer, RefusalTable, Row, text
from dialects.request import Request

_NO_JSON = "The posted content is not valid JSON."
_NO_UTF8 = "The posted content is not encoded in UTF8 or contains invalid characters. Error detected at byte {offset}."
_INVALID_KEY = "Invalid or inactive account API key used."
_COULD_NOT = "Request could not be processed: "
ERRORS: Final = RefusalTable(
    {
        errors.Refusal: Row(400, "bad_request", "{text}"),
        errors.Invalid: Row(400, "bad_request", "{reason}"),
        (errors.Invalid, "header"): Row(400, "bad_request", "Header {field} {reason}."),
        (errors.Invalid, "variables"): Row(400, "bad_request", "Variables {reason}."),
        (errors.Invalid, "content"): Row(412, "precondition_failed", "{reason}"),
        errors.Malformed: Row(406, "invalid_json", _NO_JSON),
        (errors.Malformed, "utf8"): Row(406, "invalid_utf8", _NO_UTF8),
        # the provider's own sample says the same of wrong types
        errors.Mistyped: Row(406, "call_error", _NO_JSON),
        errors.Unauthenticated: Row(401, "unauthorized", _INVALID_KEY),
        (errors.Unauthenticated, "project"): Row(
            401, "unauthorized", "Invalid or inactive project API key used."
        ),
        errors.Forbidden: Row(423, "locked", "The specified API key is not valid."),
        errors.Unverified: Row(412, "precondition_failed", "{text}"),
        errors.QuotaExceeded: Row(412, "precondition_failed", "{text}"),
        # get_message_receipt has no message here
        errors.NotFound: Row(404, "not_found", ""),
        (errors.NotFound, "delivery_status"): Row(404, "not_found", "Message with UID {id} was not found."),
        (errors.NotFound, "path"): Row(404, "not_found", "There is nothing at this address."),
        (errors.NotFound, "method"): Row(406, "call_error", _COULD_NOT + 'unknown method "{id}".'),
        (errors.NotFound, "template"): Row(412, "precondition_failed", "Template {id} could not be found."),
        errors.NotAllowed: Row(405, "call_error", "Only POST requests are accepted."),
        (errors.Conflict, "version"): Row(409, "conflict", "Invalid API version."),
        (errors.Conflict, "uid_taken"): Row(
            400, "bad_request", "Uid {id} already exists. Assuming message duplication."
        ),
        errors.TooLarge: Row(413, "call_error", _COULD_NOT + "{what} is larger than {limit} bytes."),
        errors.RateLimited: Row(429, "rate_limited", "Too many requests."),
        Exception: Row(500, "internal_server_error", "An internal error occurred."),
    }
)


def tell(error: BaseException, request: Request | None) -> Answer:
    """The envelope of a refusal or a crash."""
    row = ERRORS.row(error)
    said = text(row, error)
    response = Response(status=str(row.code), uid=_uid(error, request), message=said or msgspec.UNSET)
    return Answer(row.status, encode(Failure(response=response)))


def _uid(error: BaseException, request: Request | None) -> str | None:
    match error:
        case errors.Conflict(kind="uid_taken", id=uid):
            # it may have been made by us from the content
            return uid
        case _:
            held = request.state if request is not None else None
            return (held.uid or None) if isinstance(held, Envelope) else None
