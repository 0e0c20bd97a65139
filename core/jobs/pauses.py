"""What an operator holds back: the mail of a workspace, a stream, a destination, or of what they have in common.

Mail is taken meanwhile and waits in a lane of the pause's own; neither its attempts nor its patience are used up.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from core.clock import SECOND
from core.core import Core
from core.store.database import rows, write
from core.store.statements import Many, Query, sql

# paused work comes back by itself this often, to be parked again: a lane that was lost loses nothing
LOOK_AGAIN_S: Final = 24 * 3600
# stands in no domain and no id
_MARK: Final = "|"


class Place(msgspec.Struct, frozen=True):
    """Whose mail a job is."""

    workspace_id: str
    stream: str


NOWHERE: Final = Place("", "")


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is held back; an empty field stands for all."""

    workspace_id: str = ""
    stream: str = ""
    destination: str = ""
    created_at: int = 0

    @property
    def lane(self) -> str:
        """Where its mail waits."""
        return f"{_MARK}{self.workspace_id}{_MARK}{self.stream}{_MARK}{self.destination}"

    @property
    def needs_place(self) -> bool:
        """Whether a job's destination alone does not tell if it is held back."""
        return bool(self.workspace_id or self.stream)

    def holds(self, place: Place, destination: str) -> bool:
        """Whether mail of this place to this destination is held back."""
        return (
            self.workspace_id in ("", place.workspace_id)
            and self.stream in ("", place.stream)
            and self.destination in ("", destination)
        )


def is_pause(lane: str) -> bool:
    """Whether a lane belongs to a pause, be it over or not."""
    return lane.startswith(_MARK)


def holding(pauses: Iterable[Pause], place: Place, destination: str) -> Pause | None:
    """The first that holds mail of a place to a destination back."""
    return next((each for each in pauses if each.holds(place, destination)), None)


async def current(core: Core) -> list[Pause]:
    """All of them, the oldest first."""
    return await rows(core.db, Pause, sql.pauses_all())


async def pause(core: Core, wanted: Pause) -> bool:
    """Hold back what it says, within a second in every process; whether it was not held back before."""
    now = core.clock.now()
    insert = sql.pause_insert(
        workspace_id=wanted.workspace_id,
        stream=wanted.stream,
        destination=wanted.destination,
        created_at=now,
    )
    over: list[Query | Many] = []
    if wanted.destination and not wanted.needs_place:
        until = now + LOOK_AGAIN_S * SECOND
        hold = sql.jobs_into_pause(lane=wanted.lane, destination=wanted.destination, now=now, until=until)
        over = [sql.lane_open.many([(wanted.lane, now)]), hold]
    return bool((await write(core.db, insert, *over))[0])


async def resume(core: Core, wanted: Pause) -> bool:
    """Let it go again; whether it was held back by exactly this."""
    query = sql.pause_delete(
        workspace_id=wanted.workspace_id, stream=wanted.stream, destination=wanted.destination
    )
    return bool((await write(core.db, query))[0])
