"""What may be begun now: pauses, destinations that are away, how much goes to one destination at once and over time.

The limits are each process's own. What may not be begun is put into a lane of the store (``lanes``) and visited there
when there is room again, so that it neither waits in anybody's hands nor stands in the way of other mail.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from core.clock import SECOND
from core.core import Core
from core.jobs.lanes import Lane, Lanes, News
from core.jobs.pauses import NOWHERE, Place, holding, is_pause
from core.jobs.queue import Job
from core.jobs.routes import Routes
from core.jobs.traffic import Traffic
from core.store.database import listed
from core.store.statements import Many, sql

# lanes that are visited in one turn
_VISITS: Final = 20
_ALL: Final = 1 << 30


class Sorted(msgspec.Struct):
    """Claimed jobs: those to begin, and ids of those to park by lane."""

    go: list[Job]
    park: dict[str, list[str]]


class Visits(msgspec.Struct, frozen=True):
    """How many jobs could be begun of which lanes, and which of these are probes of a destination that was away."""

    lanes: dict[str, int]
    probes: frozenset[str]


class Gate:
    """One process's view of what may be begun, and count of what is under way."""

    def __init__(self, core: Core, routes: Routes) -> None:
        """Nothing is under way, and every destination as good as another."""
        self._core = core
        self._routes = routes
        self._traffic = Traffic(core.policy)
        self._turn = 0
        self.lanes = Lanes(core)

    async def refresh(self) -> None:
        """See what others have decided, at most once a second."""
        await self.lanes.refresh()
        await self._routes.refresh(self._core)

    def visits(self, room: int) -> Visits:
        """Where to look for work that was parked, with room for so many jobs."""
        wanted: dict[str, int] = {}
        probes: set[str] = set()
        now = self._core.clock.now()
        for lane in self._in_turn():
            most = min(self._visit(lane, now), room)
            if most <= 0:
                continue
            wanted[lane.name] = most
            room -= most
            if lane.failures:
                probes.add(lane.name)
            if len(wanted) >= _VISITS:
                break
        return Visits(wanted, frozenset(probes))

    def _in_turn(self) -> list[Lane]:
        """Those that may have something in them, each first at some time."""
        lanes = [lane for lane in self.lanes if not lane.is_empty]
        if lanes:
            self._turn = (self._turn + _VISITS) % len(lanes)
        return lanes[self._turn :] + lanes[: self._turn]

    def _visit(self, lane: Lane, now: int) -> int:
        """How much of a lane may be begun."""
        pauses = self.lanes.pauses
        if is_pause(lane.name):
            return 0 if any(each.lane == lane.name for each in pauses) else _ALL
        if holding(pauses, NOWHERE, lane.name) is not None:
            return 0
        return self._room(lane.name, now)

    def _room(self, name: str, now: int) -> int:
        lane = self.lanes[name]
        if lane is not None and lane.failures:
            return 0 if lane.is_closed(now) else 1 - self._traffic.under_way(name)
        return self._traffic.room(name, now)

    def visited(self, asked: Visits, found: Mapping[str, Sequence[Job]]) -> None:
        """Take note of which lanes gave less than was asked for; those that another probes are left to it."""
        for name, most in asked.lanes.items():
            lane = self.lanes[name]
            if lane is not None:
                lane.is_empty = len(found.get(name, ())) < most

    def closed(self, names: Iterable[str]) -> list[str]:
        """Those of the destinations that nobody's mail may be begun for."""
        if not self._routes.all_direct:
            return []
        now = self._core.clock.now()
        return sorted(name for name in names if not is_pause(name) and self._room(name, now) <= 0)

    async def sort(self, jobs: Sequence[Job], probes: Collection[str] = ()) -> Sorted:
        """Tell what to begin from what to park; the former is under way from now on, until ``leave``.

        ``probes`` are ids of jobs that were claimed to try a destination again.
        """
        places = await self._places(jobs)
        result, now = Sorted(go=[], park={}), self._core.clock.now()
        for job in jobs:
            place = places.get(job.message_id, NOWHERE)
            lane = self._lane_for(job, place, now, is_probe=job.id in probes)
            if lane:
                result.park.setdefault(lane, []).append(job.id)
                self.lanes.filled(lane)
                continue
            result.go.append(job)
            if self._is_bounded(job, place):
                self._traffic.enter(job.id, job.destination, now)
        return result

    def leave(self, job_id: str) -> bool:
        """A job is out of this process's hands; whether others may now be begun in its place."""
        name = self._traffic.leave(job_id)
        return bool(name) and self.lanes[name] is not None and self._traffic.has_much_room(name)

    def reason(self, destination: str) -> str:
        """Why a destination is let be; empty where it is not."""
        lane = self.lanes[destination]
        is_away = lane is not None and lane.closed_until > self._core.clock.now() and lane.failures > 0
        return lane.reason if lane is not None and is_away else ""

    def parts(self, place: Place) -> bool:
        """Whether a message of the place for several destinations becomes a job for each."""
        return self._routes.of(place)[0].direct or any(each.destination for each in self.lanes.pauses)

    def learn(self, news: News) -> list[Many]:
        """Take in what an attempt found out; the steps that tell the store."""
        self._traffic.prove(news.destination, good=not news.reason)
        return self.lanes.learn(news)

    async def _places(self, jobs: Sequence[Job]) -> dict[str, Place]:
        """Whose mail the jobs are, where that matters."""
        matters = self._routes.is_varied or any(each.needs_place for each in self.lanes.pauses)
        if not matters or not jobs:
            return {}
        query = sql.places_of(ids=listed([job.message_id for job in jobs]))
        return {row[0]: Place(row[1], row[2]) for row in await self._core.db.fetch(query)}

    def _is_bounded(self, job: Job, place: Place) -> bool:
        return bool(job.destination) and self._routes.of(place)[0].direct

    def _lane_for(self, job: Job, place: Place, now: int, *, is_probe: bool) -> str:
        """The lane that a job has to wait in; empty where it may begin."""
        pause = holding(self.lanes.pauses, place, job.destination)
        if pause is not None:
            return pause.lane
        if is_probe or not self._is_bounded(job, place):
            return ""
        lane = self.lanes[job.destination]
        if lane is not None and lane.is_closed(now):
            # it is not tried: another way is taken, or it is told to be late, or given up
            return "" if len(self._routes.of(place)) > 1 or self._has_news(job, now) else job.destination
        return "" if self._room(job.destination, now) > 0 else job.destination

    def _has_news(self, job: Job, now: int) -> bool:
        """Whether it has waited so long that this must be told, or that it is given up."""
        policy, waited = self._core.policy, now - job.due_at
        is_late = bool(policy.delayed_after_s) and not job.delayed
        return waited >= policy.give_up_after_s * SECOND or (
            is_late and waited >= policy.delayed_after_s * SECOND
        )
