"""A page of a list, and the ways on from it: to what is newer and what is older, keeping what is looked for."""

from collections.abc import Sequence
from typing import Final, Self

import msgspec

from core import ids
from core.errors import NotFound
from core.paging import PageRequest
from gateway.console.visit import Visit, query

_PER_PAGE: Final = 50


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """Queries of the pages beside this one, None where there is none.

    ``reload``: the page loads itself again and again, which ``switch`` turns on or off; only the first one can.
    """

    newer: str | None
    older: str | None
    switch: str | None
    reload: bool


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for, by the name of the form's field, and which part of what fits."""

    kept: dict[str, str]
    page: PageRequest
    reload: bool

    @classmethod
    def of(cls, visit: Visit, *fields: str) -> Self:
        """Read the query; raises NotFound("cursor")."""
        kept = {name: visit.asked(name) for name in fields}
        page = _wanted(visit)
        is_first = page.after is None and page.before is None
        return cls(kept=kept, page=page, reload=is_first and bool(visit.asked("reload")))

    def get(self, name: str) -> str | None:
        """What a field of the form says, None where it says nothing."""
        return self.kept[name] or None

    @property
    def is_first(self) -> bool:
        """Whether it is the newest that are looked at."""
        return self.page.after is None and self.page.before is None

    @property
    def is_any(self) -> bool:
        """Whether anything in particular is looked for."""
        return any(self.kept.values())

    def ways(self, found: Sequence[str], *, more: bool) -> Ways:
        """``found`` are the page's ids, the newest first."""
        back = self.page.before is not None
        is_newer = more if back else self.page.after is not None
        is_older = more or back
        return Ways(
            newer=query(**self.kept, before=found[0]) if is_newer and found else None,
            older=query(**self.kept, after=found[-1]) if is_older and found else None,
            switch=query(**self.kept, reload="" if self.reload else "1") if self.is_first else None,
            reload=self.reload,
        )


def _wanted(visit: Visit) -> PageRequest:
    after, before = visit.asked("after"), visit.asked("before")
    for cursor in filter(None, (after, before)):
        if not ids.is_uuid(cursor):
            raise NotFound("cursor", cursor)
    return PageRequest(limit=_PER_PAGE, after=after or None, before=None if after else before or None)
