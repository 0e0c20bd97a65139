"""Keys that callers gave for their calls, once nobody may ask for them any longer."""

from typing import Final

from core.core import Core
from core.store.database import write
from core.store.statements import sql

# see the statement: a portion, so that whoever accepts mail does not wait for all of them
_PORTION: Final = 10_000


async def purge(core: Core) -> None:
    """Forget the claims that have expired."""
    while len((await write(core.db, sql.claims_purge(now=core.clock.now(), count=_PORTION)))[0]) == _PORTION:
        pass
