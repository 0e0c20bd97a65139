"""What a worker may begin next: from lanes where there is room again, then from the queue; the rest is parked."""

from collections.abc import Container, Mapping, Sequence

from core.core import Core
from core.jobs.gate import Gate
from core.jobs.pauses import is_pause
from core.jobs.queue import Claims, Job


class Supply:
    """One worker's way to the queue, through the gate of its process."""

    def __init__(self, core: Core, claims: Claims, gate: Gate) -> None:
        """Nothing was parked yet."""
        self._core = core
        self._claims = claims
        self._gate = gate
        # what the last look found too much of
        self._crowd: list[str] = []

    async def take(self, room: int, held: Container[str]) -> tuple[list[Job], bool]:
        """Up to ``room`` jobs to begin, and whether there may be more; ``held`` are in the worker's hands."""
        await self._gate.refresh()
        visited, probes = await self._visit(room // 2)
        left = room - len(visited)
        queued = await self._claims.take(left, self._gate.closed(self._crowd))
        # a lease that ran out while the loop or the store stood still brings our own work back, which goes on
        own = [job for job in (*visited, *queued) if job.id in held]
        result = await self._gate.sort([job for job in (*visited, *queued) if job.id not in held], probes)
        try:
            await self._park(result.park)
        except BaseException:
            # their leases end by themselves, but nobody would tell the gate
            for job in result.go:
                self._gate.leave(job.id)
            raise
        return [*own, *result.go], bool(visited) or len(queued) >= left

    async def _visit(self, room: int) -> tuple[list[Job], set[str]]:
        visits = self._gate.visits(room)
        if not visits.lanes:
            return [], set()
        found = await self._claims.visit(visits.lanes, visits.probes)
        self._gate.visited(visits, found)
        jobs = [job for each in found.values() for job in each]
        return jobs, {job.id for name in visits.probes for job in found.get(name, ())}

    async def _park(self, lanes: Mapping[str, Sequence[str]]) -> None:
        self._crowd = [name for name in lanes if not is_pause(name)]
        if lanes:
            await self._claims.park(lanes, [name for name in lanes if is_pause(name)])
