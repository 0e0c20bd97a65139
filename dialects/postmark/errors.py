"""Refusals as ``ErrorCode`` and ``Message``, with the code once more in a header.

Source: Postmark developer docs, "Overview", error codes, read 2026-11; quoted texts are those that SDKs and integrators
read. Codes 400, 401, 409 and 429 stand in older editions of the table.
"""

import re
from typing import Final

import msgspec

from core import errors
from core.store.database import StoreUnavailable
from dialects.refusals import Answer, RefusalTable, Row, text
from dialects.request import Request

_FIELD: Final = re.compile(r"\$\.?(\w+)")
_NO_PATH: Final = "The requested resource was not found."
_NO_TOKEN: Final = "Request does not contain a valid Server token."  # noqa: S105  # a text
_NO_SENDER: Final = (
    "The 'From' address you supplied ({address}) is not a Sender Signature on your account. Please add and confirm "
    "this address in order to be able to use it in the 'From' field of your messages."
)
_NO_TEMPLATE: Final = "The {} associated with this request is not valid or was not found."
# the Ruby client splits the list at ", "; the JavaScript one wants a full stop and one space after it
INACTIVE_ARE: Final = (
    "Inactive recipients are ones that have generated a hard bounce, a spam complaint, "
    "or a manual suppression."
)

ERRORS: Final = RefusalTable(
    {
        errors.Refusal: Row(422, 300, "{text}"),
        errors.Invalid: Row(422, 300, "{text}"),
        (errors.Invalid, "message"): Row(422, 300, "{reason}"),
        (errors.Invalid, "attachment"): Row(422, 411, "{reason}"),
        (errors.Invalid, "batch"): Row(422, 410, "{reason}"),
        (errors.Invalid, "search"): Row(422, 700, "{reason}"),
        (errors.Invalid, "stats"): Row(422, 900, "{reason}"),
        (errors.Invalid, "stats_span"): Row(422, 1502, "{reason}"),
        (errors.Invalid, "bounces"): Row(422, 1000, "{reason}"),
        (errors.Invalid, "bounce_id"): Row(400, 1002, "{reason}"),
        (errors.Invalid, "webhook"): Row(422, 1361, "{reason}"),
        (errors.Invalid, "webhook_url"): Row(422, 1354, "{reason}"),
        (errors.Invalid, "webhook_body"): Row(422, 1355, "{reason}"),
        (errors.Invalid, "webhook_id"): Row(422, 1356, "{reason}"),
        (errors.Invalid, "webhook_fixed"): Row(422, 1357, "{reason}"),
        (errors.Invalid, "webhook_header"): Row(422, 1358, "{reason}"),
        (errors.Invalid, "webhook_filter"): Row(422, 1362, "{reason}"),
        (errors.Invalid, "webhook_status"): Row(422, 1363, "{reason}"),
        (errors.Forbidden, "webhook_archived"): Row(
            422, 1350, "A webhook cannot be made on a message stream that is archived."
        ),
        (errors.Forbidden, "webhook_inbound"): Row(
            422, 1351, "A webhook cannot be made on an inbound message stream."
        ),
        (errors.NotFound, "webhook"): Row(422, 1352, "The webhook for the provided 'ID' was not found."),
        (errors.Conflict, "webhook_limit"): Row(422, 1359, "{reason}"),
        (errors.Invalid, "suppressions_SuppressionReason"): Row(422, 1404, "{reason}"),
        (errors.Invalid, "suppressions_Origin"): Row(422, 1405, "{reason}"),
        (errors.Invalid, "suppressions_body"): Row(422, 1409, "{reason}"),
        (errors.Invalid, "suppressions_count"): Row(422, 1410, "{reason}"),
        (errors.Invalid, "suppression_address"): Row(422, 1411, "{reason}"),
        (errors.Invalid, "template"): Row(422, 1123, "{reason}"),
        (errors.Invalid, "templates"): Row(422, 1100, "{reason}"),
        (errors.Invalid, "template_body"): Row(422, 1109, "{reason}"),
        (errors.Invalid, "template_missing"): Row(422, 1120, "{reason}"),
        (errors.Invalid, "template_length"): Row(422, 1121, "{reason}"),
        (errors.Invalid, "template_field"): Row(422, 1122, "{reason}"),
        (errors.Invalid, "variables"): Row(422, 1122, "The 'TemplateModel' {reason}."),
        (errors.Invalid, "template_placeholder"): Row(422, 1131, "{reason}"),
        (errors.NotFound, "template"): Row(422, 1101, _NO_TEMPLATE.format("'TemplateId'")),
        (errors.NotFound, "template_alias"): Row(
            422, 1101, _NO_TEMPLATE.replace("The", "The Template's").format("'Alias'")
        ),
        (errors.NotFound, "layout"): Row(422, 1101, _NO_TEMPLATE.format("'LayoutTemplate'")),
        (errors.Conflict, "template_limit"): Row(
            422, 1105, "The limit of templates of the server is reached."
        ),
        (errors.Conflict, "slug"): Row(422, 1122, "The 'Alias' '{id}' is used by another template."),
        (errors.Conflict, "nothing_to_push"): Row(422, 1124, "{reason}"),
        (errors.Conflict, "template_types"): Row(422, 1125, "{reason}"),
        (errors.Conflict, "nesting"): Row(422, 1130, "The layout is still used by other templates."),
        (errors.NotFound, "mailing"): Row(404, 12, "The bulk request was not found."),
        (errors.Invalid, "mailings"): Row(422, 13, "{reason}"),
        (errors.Refusal, "several"): Row(
            422, 11, "Multiple errors occurred. Inspect the Errors property for more information."
        ),
        (errors.NotFound, "push_servers"): Row(
            422, 601, "The source and destination servers were not found."
        ),
        errors.Malformed: Row(422, 402, "Received invalid JSON input: {reason}."),
        errors.Mistyped: Row(422, 403, "Invalid request field(s): {field}."),
        errors.Unauthenticated: Row(401, 10, _NO_TOKEN),
        (errors.Unauthenticated, "account"): Row(401, 10, _NO_TOKEN.replace("Server", "Account")),
        errors.Forbidden: Row(422, 405, "{text}"),
        (errors.Forbidden, "inbound_stream"): Row(422, 1236, "The stream provided cannot be used to send."),
        errors.NotFound: Row(404, 404, _NO_PATH),
        (errors.NotFound, "message"): Row(422, 701, "This message was not found."),
        (errors.NotFound, "inbound"): Row(422, 701, "This message was not found."),
        (errors.NotFound, "blocked_inbound"): Row(
            422, 701, "This message was not found or cannot be bypassed."
        ),
        (errors.NotFound, "failed_inbound"): Row(
            422, 701, "This message was not found or cannot be retried."
        ),
        (errors.Invalid, "rules"): Row(422, 800, "{reason}"),
        (errors.Invalid, "rule_body"): Row(422, 809, "{reason}"),
        (errors.Invalid, "inbound_rule"): Row(
            422, 813, "The rule '{value}' is neither an email address nor a domain."
        ),
        (errors.Conflict, "inbound_rule"): Row(422, 810, "{reason}"),
        (errors.NotFound, "inbound_rule"): Row(422, 812, "This inbound rule was not found."),
        (errors.NotFound, "bounce"): Row(422, 1001, "This bounce was not found."),
        (errors.Conflict, "bounce"): Row(422, 1003, "This bounce cannot be reactivated."),
        (errors.NotFound, "stream"): Row(
            422, 1226, "The message stream for the provided 'ID' was not found."
        ),
        (errors.NotFound, "sending_stream"): Row(
            422, 1235, "The stream provided: '{id}' does not exist on this server."
        ),
        (errors.Invalid, "stream_type"): Row(422, 1221, "{reason}"),
        (errors.Invalid, "stream_id_missing"): Row(422, 1222, "{reason}"),
        (errors.Invalid, "stream_name"): Row(422, 1223, "{reason}"),
        (errors.Invalid, "stream_name_length"): Row(422, 1224, "{reason}"),
        (errors.Conflict, "stream_limit"): Row(422, 1225, "A server has at most 10 message streams."),
        (errors.Invalid, "stream_id"): Row(422, 1227, "{reason}"),
        (errors.Conflict, "second_inbound_stream"): Row(
            422, 1228, "A server has one inbound message stream."
        ),
        (errors.Forbidden, "default_stream"): Row(
            422, 1229, "The default transactional and inbound message streams cannot be archived."
        ),
        (errors.Conflict, "stream"): Row(422, 1230, "The message stream 'ID' '{id}' exists already."),
        (errors.Invalid, "stream_description"): Row(422, 1231, "{reason}"),
        (errors.Conflict, "stream_purged"): Row(
            422, 1232, "The message stream was archived too long ago to be unarchived."
        ),
        (errors.Invalid, "stream_prefix"): Row(422, 1233, "{reason}"),
        (errors.Invalid, "stream_html"): Row(422, 1234, "{reason}"),
        (errors.Invalid, "stream_reserved"): Row(422, 1237, "{reason}"),
        (errors.Invalid, "stream_handling_kind"): Row(422, 1239, "{reason}"),
        (errors.Invalid, "stream_opt_out"): Row(
            422,
            1239,
            "The 'UnsubscribeHandlingType' of the default transactional message stream cannot be changed.",
        ),
        (errors.Invalid, "stream_handling"): Row(422, 1240, "{reason}"),
        (errors.Invalid, "removal"): Row(422, 1300, "{reason}"),
        (errors.Invalid, "signatures"): Row(422, 500, "{reason}"),
        (errors.NotFound, "sender"): Row(422, 501, "This sender signature was not found."),
        (errors.Invalid, "sender_body"): Row(422, 502, "{reason}"),
        (errors.Conflict, "sender"): Row(422, 504, "This sender signature already exists."),
        (errors.Conflict, "confirmed"): Row(422, 506, "This sender signature has already been confirmed."),
        (errors.Invalid, "sender_missing"): Row(422, 520, "{reason}"),
        (errors.Invalid, "sender_length"): Row(422, 521, "{reason}"),
        (errors.Invalid, "sender_email"): Row(422, 522, "The 'FromEmail' '{value}' is no email address."),
        (errors.Invalid, "sender_reply_to"): Row(
            422, 522, "The 'ReplyToEmail' '{value}' is no email address."
        ),
        (errors.Invalid, "sender_text"): Row(422, 522, "The '{field}' may not contain control characters."),
        (errors.Forbidden, "public_domain"): Row(
            422, 503, "Domains of public mail services cannot be sent from."
        ),
        (errors.Conflict, "renewal"): Row(422, 505, "This DKIM is already being renewed."),
        (errors.NotFound, "domain"): Row(422, 510, "This domain was not found."),
        (errors.Conflict, "domain"): Row(422, 512, "This domain already exists."),
        (errors.Invalid, "domain_missing"): Row(422, 514, "{reason}"),
        (errors.Invalid, "domain_length"): Row(422, 515, "{reason}"),
        (errors.Invalid, "domain_name"): Row(422, 516, "{reason}"),
        (errors.Invalid, "return_domain"): Row(
            422, 522, "The 'ReturnPathDomain' '{value}' is no subdomain of the domain."
        ),
        (errors.Invalid, "tracking_domain"): Row(
            422, 522, "The 'CustomTrackingDomain' '{value}' is no subdomain of the domain of its own."
        ),
        (errors.NotFound, "removal"): Row(422, 1301, "This data removal request was not found."),
        (errors.Invalid, "servers"): Row(422, 600, "{reason}"),
        (errors.NotFound, "workspace"): Row(422, 601, "This server was not found."),
        (errors.Conflict, "inbound_domain"): Row(
            422, 602, "The 'InboundDomain' '{id}' is in use by another server."
        ),
        (errors.Conflict, "workspace"): Row(422, 603, "There is a server with the name '{id}' already."),
        (errors.Invalid, "server_hook"): Row(422, 606, "{reason}"),
        (errors.Invalid, "server_color"): Row(422, 607, "{reason}"),
        (errors.Invalid, "server_name"): Row(422, 608, "{reason}"),
        (errors.Invalid, "server_body"): Row(422, 609, "{reason}"),
        (errors.Invalid, "server_spam"): Row(422, 611, "{reason}"),
        (errors.Invalid, "server_links"): Row(422, 612, "{reason}"),
        (errors.Invalid, "server_type"): Row(422, 613, "{reason}"),
        errors.NotAllowed: Row(404, 404, _NO_PATH),
        errors.Suppressed: Row(
            422,
            406,
            "You tried to send to recipient(s) that have been marked as inactive. "
            f"Found inactive addresses: {{addresses}}. {INACTIVE_ARE}",
        ),
        errors.Unverified: Row(422, 400, _NO_SENDER),
        (errors.Unverified, "unconfirmed"): Row(
            422, 401, "The Sender Signature {address} has not been confirmed."
        ),
        errors.TooLarge: Row(413, 413, "The {what} is larger than {limit} bytes."),
        errors.QuotaExceeded: Row(422, 405, "Not allowed to send: the quota is used up."),
        errors.RateLimited: Row(429, 429, "Too many requests. Please slow down."),
        errors.RenderFailed: Row(422, 1122, "{text}"),
        (errors.Unsupported, "content type"): Row(
            415, 409, "The 'Content-Type' of a request with a body must be 'application/json'."
        ),
        StoreUnavailable: Row(503, 100, "Offline for maintenance. Please try again later."),
        Exception: Row(500, 101, "An internal error occurred. Its id is {request_id}."),
    }
)


class Failed(msgspec.Struct, frozen=True, rename="pascal"):
    """The error body, and a failed item of a batch: these two keys and no other."""

    error_code: int
    message: str


class FailedMany(Failed, frozen=True, rename="pascal"):
    """The error body of a bulk request, with every error by its field."""

    errors: dict[str, list[Failed]]


class Several(errors.Refusal):
    """A bulk request with more than one error; ``found`` has them by field."""

    def __init__(self, found: dict[str, list[Failed]]) -> None:
        """Keep them as they will be told."""
        super().__init__(kind="several")
        self.found = found


_encode: Final = msgspec.json.Encoder().encode


def failed(error: BaseException, request_id: str = "") -> Failed:
    """A refusal or a crash in words."""
    row = ERRORS.row(error)
    return Failed(int(row.code), _message(row, error, request_id))


def _message(row: Row, error: BaseException, request_id: str) -> str:
    match error:
        case errors.Suppressed(addresses=addresses):
            return row.text.format(addresses=", ".join(addresses))
        case errors.Mistyped(path=path, reason=reason):
            field = _FIELD.match(path)
            return row.text.format(field=f"'{field[1]}'" if field else reason)
        case errors.Refusal() | StoreUnavailable():
            return text(row, error)
        case _:
            return row.text.format(request_id=request_id)


def tell(error: BaseException, request: Request | None) -> Answer:
    """The body of a refusal or a crash."""
    body = failed(error, request.id if request is not None else "")
    if isinstance(error, Several):
        body = FailedMany(body.error_code, body.message, error.found)
    code = (b"x-pm-apierrorcode", b"%d" % body.error_code)
    return Answer(ERRORS.row(error).status, _encode(body), (code,))
