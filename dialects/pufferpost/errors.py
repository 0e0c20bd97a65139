"""Refusals in PufferPost's error body, and the codes of its own.

Source: PufferPost guides "Errors, idempotency & rate limits", "Authentication" and "Sending email", read 2026-11.
The texts of generic errors are the HTTP status's; a missing or unknown key has a body of another shape.
"""

from typing import Final

import msgspec

from core import errors, ids
from core.errors import Refusal
from dialects.pufferpost.violations import NOT_VALID, ValidationFailed, Violation
from dialects.pufferpost.wire import request_id, shown
from dialects.refusals import Answer, RefusalTable, Row, text
from dialects.request import Request

Violations = tuple[Violation, ...] | msgspec.UnsetType


class SendRefused(Refusal):
    """A message that names no usable content; ``kind`` is the provider's code."""


_FAILED = "Unprocessable Entity"
ERRORS: Final = RefusalTable(
    {
        errors.Refusal: Row(422, "unprocessable", "{text}"),
        errors.Unsupported: Row(422, "not_supported", "{text}"),
        ValidationFailed: Row(422, "validation_failed", _FAILED),
        errors.Invalid: Row(422, "validation_failed", _FAILED),
        errors.Malformed: Row(400, "bad_request", "Bad Request"),
        errors.Unauthenticated: Row(401, "", "Unauthorized"),
        errors.Forbidden: Row(401, "", "Unauthorized"),
        (errors.Forbidden, "scope"): Row(403, "insufficient_scope", "Forbidden"),
        (errors.Forbidden, "suspended"): Row(403, "sending_paused", "Sending is paused for this workspace."),
        errors.NotFound: Row(404, "not_found", "Not Found"),
        (errors.NotFound, "cursor"): Row(422, "validation_failed", _FAILED),
        (errors.NotFound, "message"): Row(404, "message_not_found", "There is no message with this id."),
        (errors.NotFound, "template"): Row(404, "template_not_found", "There is no template with this id."),
        (errors.NotFound, "webhook"): Row(404, "webhook_not_found", "There is no webhook with this id."),
        (errors.NotFound, "dispatch"): Row(404, "delivery_not_found", "There is no delivery with this id."),
        (errors.NotFound, "topic"): Row(
            422, "unknown_unsubscribe_group", "There is no unsubscribe group {id}."
        ),
        errors.NotAllowed: Row(405, "method_not_allowed", "Method Not Allowed"),
        errors.Conflict: Row(409, "conflict", "{text}"),
        (errors.Conflict, "idempotency"): Row(
            409, "idempotency_key_reused", "The idempotency key was used for a different request."
        ),
        (errors.Conflict, "slug"): Row(409, "slug_taken", "The slug {id} is taken."),
        errors.TooLarge: Row(413, "payload_too_large", "Content Too Large"),
        (SendRefused, "template_required"): Row(
            422, "template_required", "Give templateId or template, or a subject with html or text."
        ),
        (SendRefused, "template_and_content"): Row(
            422, "template_and_content", "Give either a template or a subject with html or text."
        ),
        (SendRefused, "template_not_found"): Row(
            422, "template_not_found", "The workspace has no template {text}."
        ),
        (SendRefused, "template_has_no_version"): Row(
            422, "template_has_no_version", "The template {text} has no saved version."
        ),
        errors.Unverified: Row(
            422, "sender_not_available", "{address} is not an active, verified sender of the workspace."
        ),
        (errors.Suppressed, "topic"): Row(
            422, "recipient_unsubscribed", '"{address}" has opted out of the unsubscribe group.'
        ),
        errors.Suppressed: Row(422, "recipient_suppressed", '"{address}" is on the suppression list.'),
        errors.RenderFailed: Row(422, "template_render_failed", "{text}"),
        errors.RateLimited: Row(429, "rate_limited", "Too Many Requests"),
        errors.QuotaExceeded: Row(429, "quota_exceeded", "The monthly limit of the workspace is reached."),
        Exception: Row(500, "internal_error", "Internal Server Error"),
    }
)


class Problem(msgspec.Struct, kw_only=True):
    """What is told of a refusal; the entries of a batch carry it without ``request_id``."""

    code: str
    message: str
    request_id: str | msgspec.UnsetType = msgspec.UNSET
    violations: Violations = msgspec.UNSET


class _Body(msgspec.Struct):
    error: Problem


_ENCODER: Final = msgspec.json.Encoder()
_UNAUTHORIZED: Final = b'{"error":"Unauthorized"}'


def problem(error: BaseException, row: Row) -> Problem:
    """What a refusal is told as."""
    said = text(row, error)
    if isinstance(error, errors.Suppressed):
        said = row.text.format(address=error.addresses[0])
    if isinstance(error, errors.NotFound) and error.kind == "topic" and ids.is_uuid(error.id):
        said = row.text.format(id=shown("grp", error.id))
    return Problem(code=str(row.code), message=said, violations=_violations(error))


def _violations(error: BaseException) -> Violations:
    match error:
        case ValidationFailed(violations=violations):
            return violations
        case errors.NotFound(kind="cursor"):
            return (Violation("cursor", NOT_VALID),)
        case errors.Malformed():
            return msgspec.UNSET
        case errors.Invalid(field=field, reason=reason):
            return (Violation(field, reason),)
        case _:
            return msgspec.UNSET


def tell(error: BaseException, request: Request | None) -> Answer:
    """The answer to a refusal or a crash."""
    row = ERRORS.row(error)
    if row.status == 401:
        # a text where every other error has an object: guide "Authentication"
        return Answer(401, _UNAUTHORIZED, ((b"www-authenticate", b"Bearer"),))
    told = problem(error, row)
    told.request_id = request_id(request.id if request is not None else ids.new())
    return Answer(row.status, _ENCODER.encode(_Body(told)))
