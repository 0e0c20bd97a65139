"""What stands in the store, read beside the programs that write it."""

import asyncio
from typing import Final

from core.store.database import Row
from core.store.statements import Query, statement
from gateway.assemble import open_database
from gateway.config import Settings

# a message, which tells itself that it was accepted, has its deliveries, and a job for as long as one of those is open;
# nothing is without a message
_HALVES: Final = """
SELECT 'delivery', id FROM messages m
WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = m.id)
UNION ALL SELECT 'job', id FROM messages m
WHERE EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = m.id AND d.state IN ('queued', 'deferred'))
  AND NOT EXISTS (SELECT 1 FROM jobs j WHERE substr(j.id, 1, 36) = m.id)
UNION ALL SELECT 'end of the job', id FROM jobs j
WHERE NOT EXISTS (
    SELECT 1 FROM deliveries d WHERE d.message_id = substr(j.id, 1, 36) AND d.state IN ('queued', 'deferred'))
UNION ALL SELECT 'outcome', message_id FROM deliveries d
WHERE state = 'delivered' AND NOT EXISTS (
    SELECT 1 FROM events e WHERE e.message_id = d.message_id AND e.kind = 'delivered')
UNION ALL SELECT 'message of an event', message_id FROM events
WHERE message_id NOT IN (SELECT id FROM messages)
UNION ALL SELECT 'message of a delivery', message_id FROM deliveries
WHERE message_id NOT IN (SELECT id FROM messages)
"""
# a letter that came in has its source, and its event where it was not blocked
_HALVES_OF_ARRIVALS: Final = """
SELECT 'source', id FROM inbound i WHERE NOT EXISTS (SELECT 1 FROM inbound_sources s WHERE s.message_id = i.id)
UNION ALL SELECT 'event', id FROM inbound i
WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.message_id = i.id AND e.kind = 'received')
UNION ALL SELECT 'letter', message_id FROM inbound_sources WHERE message_id NOT IN (SELECT id FROM inbound)
"""


class Records:
    """Looks into the database of a site."""

    def __init__(self, database: str) -> None:
        self._settings = Settings(database=database, transport="capture", postgres_pool=2)

    def halves_of_arrivals(self) -> list[Row]:
        """What of the letters that came in lacks its other half, and which."""
        return self._ask(_HALVES_OF_ARRIVALS)

    def arrivals(self) -> dict[str, str]:
        """The subject of each letter that came in, by id."""
        return {row[0]: row[1] for row in self._ask("SELECT id, subject FROM inbound")}

    def file_bytes(self, id_: str) -> int:
        """How large the files of a letter that came in are."""
        text = f"SELECT COALESCE(sum(length(data)), 0) FROM inbound_files WHERE message_id = '{id_}'"  # noqa: S608
        return int(self._ask(text)[0][0])

    def halves(self) -> list[Row]:
        """What lacks its other half, and which."""
        return self._ask(_HALVES)

    def subjects(self) -> dict[str, str]:
        """Subjects by the ids of their messages."""
        return {row[0]: row[1] for row in self._ask("SELECT id, subject FROM messages")}

    def states(self) -> set[str]:
        """Every state that some delivery is in."""
        return {row[0] for row in self._ask("SELECT DISTINCT state FROM deliveries")}

    def until_settled(self, within_s: float = 60) -> None:
        """Wait until no job is left."""
        asyncio.run(self._until_settled(within_s))

    async def _until_settled(self, within_s: float) -> None:
        db = await open_database(self._settings, owner=False)
        count = Query(statement("jobs_left", "SELECT count(*) FROM jobs"), {})
        try:
            async with asyncio.timeout(within_s):
                while (await db.fetch(count))[0][0]:  # noqa: ASYNC110  # another process empties it
                    await asyncio.sleep(0.05)
        finally:
            await db.close()

    def _ask(self, text: str) -> list[Row]:
        return asyncio.run(self._fetch(text))

    async def _fetch(self, text: str) -> list[Row]:
        db = await open_database(self._settings, owner=False)
        try:
            return await db.fetch(Query(statement("question", text), {}))
        finally:
            await db.close()
