"""A page of a list, and the ways on from it: to what is newer and what is older, keeping what is looked for."""

from collections.abc import Sequence
from typing import Final, Self

import msgspec

from core import ids
from core.errors import NotFound
from core.paging import PageRequest
from gateway.console.visit import Visit, query

_PER_PAGE: Final = 50


def wanted(visit: Visit) -> PageRequest:
    """Which part of the list is asked for; raises NotFound("cursor")."""
    after, before = visit.asked("after"), visit.asked("before")
    for cursor in filter(None, (after, before)):
        if not ids.is_uuid(cursor):
            raise NotFound("cursor", cursor)
    return PageRequest(limit=_PER_PAGE, after=after or None, before=None if after else before or None)


class Ways(msgspec.Struct, frozen=True):
    """Queries of the pages beside this one, None where there is none."""

    newer: str | None
    older: str | None

    @classmethod
    def of(cls, request: PageRequest, found: Sequence[str], kept: dict[str, str], *, more: bool) -> Self:
        """``found`` are the page's ids, the newest first, ``kept`` is what is looked for."""
        back = request.before is not None
        is_newer = more if back else request.after is not None
        is_older = more or back
        return cls(
            newer=query(**kept, before=found[0]) if is_newer and found else None,
            older=query(**kept, after=found[-1]) if is_older and found else None,
        )
