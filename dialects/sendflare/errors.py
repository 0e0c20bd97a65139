"""Refusals in Sendflare's envelope: a real HTTP status and the whole envelope, which serves both sorts of SDK.

No page documents codes; the provider's Go and Java SDKs ignore the status and read the envelope, the others throw by
the status. Codes equal the status except where a finer one helps. Observed with the SDKs of 2025-12 to 2026-03.
"""

from typing import Final

from core import errors
from dialects.refusals import Answer, RefusalTable, Row, text
from dialects.request import Request
from dialects.sendflare.wire import Envelope, encode, request_id

_BAD = "Invalid parameter: {field}"
ERRORS: Final = RefusalTable(
    {
        errors.Refusal: Row(400, 400, "{text}"),
        errors.Invalid: Row(400, 400, _BAD),
        errors.Malformed: Row(400, 40001, "Invalid JSON body"),
        errors.Unauthenticated: Row(401, 401, "Unauthorized"),
        errors.Forbidden: Row(401, 401, "Unauthorized"),
        errors.Unverified: Row(403, 403, "Sender domain not verified"),
        errors.NotFound: Row(404, 404, "Not found"),
        errors.NotAllowed: Row(405, 405, "Method not allowed"),
        errors.TooLarge: Row(413, 413, "Payload too large"),
        errors.Suppressed: Row(422, 42201, "Recipient is suppressed"),
        errors.RateLimited: Row(429, 429, "Too many requests"),
        errors.QuotaExceeded: Row(429, 429, "Quota exceeded"),
        Exception: Row(500, 500, "Internal server error"),
    }
)


def tell(error: BaseException, request: Request | None) -> Answer:
    """The envelope of a refusal or a crash."""
    if isinstance(error, errors.Mistyped) and error.path == "$":
        # no object at all; by its field's name it would be taken for the body of the mail
        error = errors.Malformed(error.reason)
    row = ERRORS.row(error)
    body = Envelope(
        request_id=request_id(request), code=int(row.code), success=False, message=text(row, error), data=None
    )
    return Answer(row.status, encode(body))
