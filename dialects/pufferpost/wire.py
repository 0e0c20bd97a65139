"""What PufferPost's resources share: ids, lists with their cursors, and every path under two roots."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

import msgspec

from core import ids
from core.paging import Page, PageRequest
from dialects.endpoint import Operation
from dialects.pufferpost.violations import NOT_VALID, Violations
from dialects.times import moment

T = TypeVar("T")
R = TypeVar("R")

_DEFAULT_LIMIT: Final = 25
_MOST: Final = 100


def shown(prefix: str, id: str) -> str:
    """An id as the provider prints it: ``msg_`` and a ULID of the same bits."""
    return f"{prefix}_{ids.ulid(id)}"


def held(prefix: str, text: str) -> str:
    """The id that was printed so; empty, which is nobody's, where it is none."""
    kind, _, ulid = text.partition("_")
    return (ids.from_ulid(ulid) or "") if kind == prefix else ""


def request_id(id: str) -> str:
    """A request's id in its header and in errors."""
    return shown("req", id)


def both(*operations: Operation) -> tuple[Operation, ...]:
    """The same operations under /v1, where the guides have them, and under /api/v1, where the clients call them."""
    return tuple(
        msgspec.structs.replace(operation, path=root + operation.path)
        for root in ("", "/api")
        for operation in operations
    )


class Listing(msgspec.Struct, Generic[T]):
    """A page of things."""

    data: list[T]
    next_cursor: str | None


class _Cursor(msgspec.Struct):
    id: str


_CURSORS: Final = msgspec.json.Decoder(_Cursor)


class Paged(msgspec.Struct, kw_only=True):
    """The part of a query that every list takes, as texts: what is wrong with each is told together."""

    limit: str = ""
    cursor: str = ""

    def page(self, prefix: str, found: Violations) -> PageRequest:
        """Which page; notes a limit out of range and a cursor that is none of ours."""
        limit = _DEFAULT_LIMIT
        if self.limit:
            limit = int(self.limit) if self.limit.isascii() and self.limit.isdecimal() else 0
            if not 1 <= limit <= _MOST:
                found.add("limit", f"This value should be between 1 and {_MOST}.")
        return PageRequest(limit=limit, after=_cursor(self.cursor, prefix, found) if self.cursor else None)


def _cursor(text: str, prefix: str, found: Violations) -> str | None:
    try:
        id = held(prefix, _CURSORS.decode(b64decode(text + "=" * (-len(text) % 4), validate=True)).id)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        id = ""
    if not id:
        found.add("cursor", NOT_VALID)
    return id


def listing(page: Page[T], prefix: str, id_of: Callable[[T], str], of: Callable[[T], R]) -> Listing[R]:
    """A page as it is answered; its cursor is the id of its last item."""
    cursor = None
    if page.more:
        last = msgspec.json.encode(_Cursor(shown(prefix, id_of(page.items[-1]))))
        cursor = b64encode(last).decode()
    return Listing([of(item) for item in page.items], cursor)


def instant(field: str, text: str, found: Violations) -> int | None:
    """A moment in ISO 8601, UTC where it names no zone; None where it is left out."""
    if not text:
        return None
    for form in (text, text.replace(" ", "+")):  # a plus sign that was not escaped arrives as a space
        try:
            when = datetime.fromisoformat(form)
        except ValueError:
            continue
        return max(0, moment(when if when.tzinfo else when.replace(tzinfo=UTC)))
    found.add(field, "This value is not a valid datetime.")
    return None
