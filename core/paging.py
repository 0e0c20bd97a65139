"""One request for a page and one answer, for every list of the domain."""

from collections.abc import Callable
from typing import Final, Generic, Self, TypeVar

import msgspec

T = TypeVar("T")
U = TypeVar("U")

# how far the matches of a long list are counted: nobody can page further, and whoever counted all would read them all
MOST_COUNTED: Final = 10_000


class PageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a list: by cursor (``after`` older than, ``before`` newer than an id) or by ``offset``.

    Lists run from the newest to the oldest. ``limit`` items at most; ``total`` asks for the count of all matches,
    of a long list as far as MOST_COUNTED.
    """

    limit: int = 20
    after: str | None = None
    before: str | None = None
    offset: int = 0
    total: bool = False


def counted(page: PageRequest, found: int) -> int | None:
    """The count of all matches where a page that ``found`` so many says it: it is the last, and not behind the end."""
    if page.after is not None or page.before is not None or found > page.limit or (page.offset and not found):
        return None
    return page.offset + found


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Part of a list, whether there is more in the direction of travel, and the count of all where asked."""

    items: tuple[T, ...]
    more: bool = False
    total: int = 0

    @classmethod
    def of(cls, found: list[T], page: PageRequest, total: int = 0) -> Self:
        """Cut what was read with ``limit + 1``; a page read backwards is turned round again."""
        kept = found[: page.limit]
        if page.before is not None:
            kept.reverse()
        return cls(items=tuple(kept), more=len(found) > page.limit, total=total)

    def map(self, change: Callable[[T], U]) -> "Page[U]":
        """The same page of other things."""
        return Page(items=tuple(change(item) for item in self.items), more=self.more, total=self.total)
