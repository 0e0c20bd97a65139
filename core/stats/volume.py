"""How much was sent, counted from the deliveries themselves."""

from datetime import UTC, datetime

import msgspec

from core import ids
from core.core import Caller, Core
from core.store.statements import sql


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """Recipients that mail was accepted for: since midnight, since the first of the month (both UTC), and ever."""

    today: int
    this_month: int
    overall: int


async def volume(core: Core, caller: Caller, *, workspace_id: str | None = None) -> Volume:
    """Of a caller's whole account, or of one of its workspaces; of test mail alone for a caller that tests."""
    now = datetime.fromtimestamp(core.clock.now() / 1_000_000, UTC)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    query = sql.deliveries_volume(
        account_id=caller.account_id,
        environment=caller.environment,
        workspace_id=workspace_id,
        today=f"{today:%Y-%m-%d}",
        today_id=_floor(today),
        month=f"{today:%Y-%m}-01",
        month_id=_floor(today.replace(day=1)),
    )
    row = (await core.db.fetch(query))[0]
    return Volume(today=row[0], this_month=row[1], overall=row[2])


def _floor(when: datetime) -> str:
    return ids.floor(int(when.timestamp()) * 1_000_000)
