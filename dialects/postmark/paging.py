"""Pages: a count and an offset, both required, never cut to fit.

Source: Postmark developer docs, read 2026-11.
"""

from typing import Final

import msgspec

from core.errors import Invalid
from core.paging import PageRequest

_MOST: Final = 500
_DEEPEST: Final = 10_000


class Paged(msgspec.Struct, kw_only=True):
    """The query of a list, its keys folded: of one that is asked for nothing but a page, or what others have too."""

    count: str | None = None
    offset: str | None = None

    def page(self, kind: str) -> PageRequest:
        """The page asked for; raises Invalid of the kind that the list has its own code for."""
        size, skip = _number("count", self.count, kind), _number("offset", self.offset, kind)
        if not 1 <= size <= _MOST:
            raise Invalid("count", f"The 'count' parameter must be between 1 and {_MOST}.", kind=kind)
        if size + skip > _DEEPEST:
            reason = f"The sum of the 'count' and 'offset' parameters must not exceed {_DEEPEST}."
            raise Invalid("offset", reason, kind=kind)
        return PageRequest(limit=size, offset=skip, total=True)


def _number(name: str, given: str | None, kind: str) -> int:
    if given is None:
        raise Invalid(name, f"The '{name}' parameter is required.", kind=kind)
    if not (given.isascii() and given.isdecimal()) or len(given) > len(str(_DEEPEST)):
        raise Invalid(name, f"The '{name}' parameter must be a whole number that is not negative.", kind=kind)
    return int(given)
