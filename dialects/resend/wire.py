"""What Resend's resources share: addresses, ids, moments, lists and their paging.

Source: Resend docs, pagination, and the recordings in the node SDK's tests, read 2026-11.
"""

import re
from collections.abc import Sequence
from typing import Final, Generic, TypeVar

import msgspec

from core import addresses
from core.errors import Invalid, NotFound
from core.messages import Party
from core.paging import PageRequest
from dialects.times import blank

T = TypeVar("T")
Addresses = str | list[str] | None

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NUMBER: Final = re.compile(r"[0-9]{1,3}")
_MOST: Final = 100
_MOST_ADDRESSES: Final = 50
_DEFAULT: Final = 20
_EVERYTHING: Final = 1000


class List(msgspec.Struct, Generic[T], kw_only=True):
    """Every list, its keys in the order of the recordings."""

    object: str = "list"
    has_more: bool
    data: list[T]


class Paging(msgspec.Struct, kw_only=True):
    """The query of a list; ``limit`` is read by hand for the provider's own words."""

    limit: str | None = None
    after: str | None = None
    before: str | None = None

    def request(self) -> PageRequest:
        """The page asked for; raises Invalid."""
        if self.after and self.before:
            raise Invalid(
                "after", "You can only pass one of `before` or `after` for pagination.", kind="paging"
            )
        return PageRequest(limit=limit(self.limit), after=_cursor(self.after), before=_cursor(self.before))

    def everything(self) -> PageRequest:
        """The same of a list that holds everything where no limit is given; ours ends after a thousand."""
        request = self.request()
        return msgspec.structs.replace(request, limit=_EVERYTHING) if self.limit is None else request


def limit(text: str | None) -> int:
    """How many items a page may have; raises Invalid."""
    if text is None:
        return _DEFAULT
    found = int(text) if _NUMBER.fullmatch(text) else 0
    if not 1 <= found <= _MOST:
        raise Invalid("limit", "The pagination limit must be a number between 1 and 100.", kind="paging")
    return found


def cut(ids: Sequence[str], query: Paging) -> tuple[Sequence[int], bool]:
    """The places of a page in what has an order of its own, and whether there is more in the direction of travel."""
    request = query.request()
    cursor = request.after or request.before
    if cursor is not None and cursor not in ids:
        raise NotFound("cursor", cursor)
    limit = len(ids) if query.limit is None else request.limit
    if request.before is not None:
        end = ids.index(request.before)
        return range(max(0, end - limit), end), end > limit
    start = ids.index(request.after) + 1 if request.after is not None else 0
    return range(start, min(len(ids), start + limit)), start + limit < len(ids)


def _cursor(text: str | None) -> str | None:
    if text is None:
        return None
    if _UUID.fullmatch(text.lower()) is None:
        raise Invalid("after", "The pagination cursor must be a valid UUID.", kind="paging")
    return text.lower()


def uuid(text: str, field: str) -> str:
    """An id of a path as it is stored; raises Invalid naming the parameter as the provider's own code calls it."""
    if _UUID.fullmatch(text.lower()) is None:
        raise Invalid(field, "is no UUID", kind="uuid")
    return text.lower()


def ts(at: int) -> str:
    """A moment as PostgreSQL prints it: ``2025-11-30 20:41:40.84216+00``."""
    fraction = f"{at % 1_000_000:06d}".rstrip("0")
    return f"{blank(at)}.{fraction}+00" if fraction else f"{blank(at)}+00"


def party(text: str, field: str) -> Party:
    """An address, echoed later as it was given; raises Invalid."""
    try:
        address = addresses.parse(text)
    except addresses.AddressError as error:
        raise Invalid(field, error.reason, kind="address", value=text) from error
    return Party(address) if address.email == text else Party(address, text)


def parties(given: Addresses, field: str) -> tuple[Party, ...]:
    """One address or several; null, an empty text and an empty list are none. Raises Invalid."""
    if not given:
        return ()
    if isinstance(given, str):
        return (party(given, field),)
    if len(given) > _MOST_ADDRESSES:
        raise Invalid(field, f"It can hold at most {_MOST_ADDRESSES} addresses.")
    return tuple([party(text, field) for text in given])
