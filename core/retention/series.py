"""What retention needs to know of one kind of data to go through it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec

from core.core import Core
from core.retention.ages import Ages
from core.store.database import listed
from core.store.statements import Many, Query, Statement

Steps = list[Query | Many]
Forget = Callable[[Core, Sequence[str]], Awaitable[Steps]]

ENVIRONMENTS: Final = ("live", "test")


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of a workspace with time-ordered ids, which are gone through once, from the oldest on.

    ``found`` takes workspace_id, after, before, count and what is ``fixed``, and gives an id, about how many bytes
    will be let go, and whether the entry is still waited for; ``counted`` takes the same without the count.
    ``forget`` gives the steps for some ids; it must be safe to repeat.
    """

    name: str
    days: Callable[[Ages], int]
    found: Statement
    counted: Statement
    forget: Forget
    fixed: dict[str, str] = {}


def statements(*each: Statement) -> Forget:
    """Forget by statements alone, which take ``ids``."""

    async def forget(core: Core, ids: Sequence[str]) -> Steps:
        del core
        return [statement(ids=listed(ids)) for statement in each]

    return forget
