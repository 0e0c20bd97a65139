"""Mail that came in grows old in three steps: what it says, then what happened to it, then the letter itself."""

from collections.abc import Sequence
from typing import Final

import msgspec

from core.core import Core
from core.inbound.letter import Body
from core.retention.series import Series, Steps, statements
from core.store.database import listed
from core.store.statements import sql

_NOTHING: Final = msgspec.msgpack.encode(Body())


async def bodies(core: Core, ids: Sequence[str]) -> Steps:
    """Empty letters of what was said in them, with their files and their source."""
    del core
    keys = listed(ids)
    return [
        sql.inbound_files_forget(ids=keys),
        sql.inbound_sources_forget(ids=keys),
        sql.inbound_bodies_empty(ids=keys, body=_NOTHING),
    ]


SERIES: Final = tuple(
    Series(
        name=name,
        days=days,
        found=sql.retention_inbound,
        counted=sql.retention_inbound_count,
        forget=forget,
    )
    for name, days, forget in (
        (
            "inbound messages",
            lambda ages: ages.messages_days,
            statements(
                sql.inbound_files_forget, sql.inbound_sources_forget, sql.events_forget, sql.inbound_forget
            ),
        ),
        ("inbound events", lambda ages: ages.events_days, statements(sql.events_forget)),
        ("inbound bodies", lambda ages: ages.bodies_days, bodies),
    )
)
