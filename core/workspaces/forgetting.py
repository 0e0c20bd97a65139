"""What is left of workspaces that were removed: forgotten a portion at a time, and their own rows the last.

Mail and what happened to it is retention's to forget, which they ask for with the shortest ages there are. Each portion
is a commit of its own, and what was broken off goes on with whatever is still there.
"""

from typing import Final

import structlog

from core.core import Core
from core.store.database import write
from core.store.statements import sql

_log = structlog.get_logger(__name__)

_WORKSPACES: Final = 100
# what one commit lets go of
_PORTION: Final = 500
# what belongs to another comes before it
_LEFT: Final = (
    sql.left_suppressions,
    sql.left_veils,
    sql.left_contacts,
    sql.left_segments,
    sql.left_choices,
    sql.left_topics,
    sql.left_template_versions,
    sql.left_templates,
    sql.left_mailing_portions,
    sql.left_mailings,
    sql.left_rules,
    sql.left_incidents,
    sql.left_figures,
    sql.left_blocks,
)
_LAST: Final = (
    sql.streams_forget,
    sql.pauses_forget,
    sql.routes_forget,
    sql.credentials_forget,
    sql.removals_forget,
    sql.retention_marks_forget,
    sql.retention_waiting_forget,
    sql.workspace_forget,
)


async def run(core: Core) -> None:
    """Go through all of them once."""
    after = ""
    while found := await core.db.fetch(sql.workspaces_removed(after=after, count=_WORKSPACES)):
        for (id,) in found:
            await _forget(core, id)
        after = found[-1][0]


async def _forget(core: Core, id: str) -> None:
    for statement in _LEFT:
        while (await write(core.db, statement(workspace_id=id, count=_PORTION)))[0]:
            pass
    if (await core.db.fetch(sql.workspace_is_empty(workspace_id=id)))[0][0]:
        await write(core.db, *[statement(workspace_id=id) for statement in _LAST])
        _log.info("a removed workspace is forgotten", workspace=id)
