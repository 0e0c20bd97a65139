"""Refusals in Resend's body: the status once more, a text, and a name from the provider's table.

Source: Resend docs, errors, read 2026-11; texts of fields and keys as the live service words them, quoted by its
users and recorded in the node SDK's tests. The Ruby SDK knows an error by ``statusCode`` in the body alone; the PHP
SDK raises only names of the provider's older table, so a name from there goes first.
"""

from typing import Final

import msgspec

from core import errors
from core.store.database import StoreUnavailable
from dialects.refusals import Answer, RefusalTable, Row, text
from dialects.request import Request
from dialects.resend.limits import UNCOUNTED
from dialects.resend.rehearsals import BUILT_IN_SENDER

_PAGING: Final = "See https://resend.com/docs/api-reference/pagination for more information."
_FORMAT: Final = (
    "Invalid `{field}` field. "
    "The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."
)
_TESTING_ONLY: Final = (
    "You can only send testing emails to your own email address. To send emails to other recipients, "
    "please verify a domain at resend.com/domains, and change the `from` address to an email using this domain."
)
_OTHER_BODY: Final = (
    "This idempotency key has been used with this HTTP method and endpoint within the last 24 hours, "
    "but the request body was modified and doesn't match the original request."
)
ADDRESS_FIELDS: Final = frozenset({"from", "to", "cc", "bcc", "reply_to"})

ERRORS: Final = RefusalTable(
    {
        errors.Refusal: Row(422, "validation_error", "{text}"),
        errors.Unauthenticated: Row(401, "validation_error", "API key is invalid"),
        (errors.Unauthenticated, "missing"): Row(
            401, "missing_api_key", "Missing API key in the authorization header."
        ),
        errors.Forbidden: Row(403, "validation_error", "{text}"),
        (errors.Forbidden, "restricted"): Row(
            401, "restricted_api_key", "This API key is restricted to only send emails"
        ),
        (errors.Forbidden, "disabled"): Row(403, "restricted_api_key", "API key is not active"),
        (errors.Forbidden, "suspended"): Row(403, "suspended_api_key", "This API key is suspended"),
        (errors.Forbidden, "user_agent"): Row(403, "validation_error", "Missing `User-Agent` header."),
        errors.Invalid: Row(422, "validation_error", "Invalid `{field}` field. {reason}"),
        (errors.Invalid, "header"): Row(422, "validation_error", "Invalid `{field}` field: it {reason}."),
        (errors.Invalid, "address"): Row(422, "validation_error", _FORMAT),
        (errors.Invalid, "missing"): Row(422, "missing_required_field", "Missing `{field}` field."),
        (errors.Invalid, "attachment"): Row(422, "invalid_attachment", "{reason}"),
        (errors.Invalid, "uuid"): Row(422, "validation_error", "The `{field}` must be a valid UUID."),
        (errors.Invalid, "words"): Row(422, "validation_error", "{reason}"),
        (errors.Invalid, "paging"): Row(422, "validation_error", "{reason} " + _PAGING),
        (errors.Invalid, "idempotency_key"): Row(400, "invalid_idempotency_key", "{reason}"),
        errors.Malformed: Row(400, "validation_error", "The request body is not valid JSON."),
        errors.NotFound: Row(404, "not_found", "{text}"),
        (errors.NotFound, "path"): Row(404, "not_found", "The requested endpoint does not exist."),
        (errors.NotFound, "message"): Row(404, "not_found", "Email not found"),
        (errors.NotFound, "inbound"): Row(404, "not_found", "Email not found"),
        (errors.NotFound, "attachment"): Row(404, "not_found", "Attachment not found"),
        (errors.NotFound, "template"): Row(404, "not_found", "Template not found"),
        (errors.NotFound, "topic"): Row(404, "not_found", "Topic not found"),
        (errors.NotFound, "webhook"): Row(404, "not_found", "Webhook not found"),
        (errors.NotFound, "dispatch"): Row(404, "not_found", "Webhook event not found"),
        (errors.NotFound, "cursor"): Row(
            404, "not_found", f"The pagination cursor references an object that does not exist. {_PAGING}"
        ),
        errors.NotAllowed: Row(405, "method_not_allowed", "Method is not allowed for the requested path."),
        errors.Conflict: Row(409, "resource_locked", "Another request is already updating this resource."),
        (errors.Conflict, "idempotency:POST /emails"): Row(409, "invalid_idempotent_request", _OTHER_BODY),
        (errors.Conflict, "idempotency:POST /emails/batch"): Row(
            409, "invalid_idempotent_request", _OTHER_BODY
        ),
        (errors.Conflict, "idempotency:SMTP"): Row(409, "invalid_idempotent_request", _OTHER_BODY),
        (errors.Conflict, "not_scheduled"): Row(422, "validation_error", "The email is not scheduled."),
        errors.Unverified: Row(
            403,
            "validation_error",
            "The {domain} domain is not verified. Please, add and verify your domain.",
        ),
        errors.TooLarge: Row(
            422, "validation_error", "The email exceeds the size limit of 40 MB, attachments included."
        ),
        errors.RateLimited: Row(
            429,
            "rate_limit_exceeded",
            "Too many requests. Please limit the number of requests per second. "
            "Or contact support (https://resend.com/contact) to increase rate limit.",
        ),
        errors.QuotaExceeded: Row(
            429, "daily_quota_exceeded", "You have exceeded your daily email sending quota."
        ),
        errors.RenderFailed: Row(422, "validation_error", "The template cannot be rendered. {reason}"),
        StoreUnavailable: Row(503, "service_unavailable", "API is temporarily unavailable"),
        Exception: Row(500, "application_error", "An unexpected error occurred."),
    }
)


class ErrorBody(msgspec.Struct, kw_only=True):
    """The three keys of every error, in the order of the recordings."""

    status_code: int = msgspec.field(name="statusCode")
    message: str
    name: str


_encode: Final = msgspec.json.Encoder().encode


def tell(error: BaseException, request: Request | None) -> Answer:
    """The body of a refusal or a crash; whoever was refused before being counted is told of limits all the same."""
    row = ERRORS.row(error)
    body = ErrorBody(status_code=row.status, message=say(error), name=str(row.code))
    counted = request is not None and request.headers_out
    return Answer(row.status, _encode(body), () if counted else UNCOUNTED)


def say(error: BaseException) -> str:
    """The text of a refusal alone, as a batch's report shows it."""
    match error:
        case errors.Mistyped(path="$", reason=reason):
            return f"Invalid request body. {reason}"
        case errors.Mistyped(field=field) if (name := field.partition("[")[0]) in ADDRESS_FIELDS:
            return _FORMAT.format(field=name)
        case errors.Unverified(address=address) if address.lower() == BUILT_IN_SENDER:
            return _TESTING_ONLY
        case _:
            return text(ERRORS.row(error), error)
