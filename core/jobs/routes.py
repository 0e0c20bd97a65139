"""Which ways out a message has, in their order: the operator's choice for everybody, or for a workspace's stream.

The next way is tried where one cannot take mail at all. What a server has refused, or may have taken, is not offered
elsewhere.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from core.clock import SECOND
from core.core import Core
from core.errors import Invalid
from core.jobs.pauses import Place
from core.store.database import write
from core.store.statements import sql
from core.transport.transport import Deferred, Envelope, Outcome, Transport

_LOOK_EVERY_S: Final = 1
_SEPARATOR: Final = ","


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A way out by its name. ``direct``: to each recipient's own servers, which have limits of their own."""

    name: str
    transport: Transport
    direct: bool = False


class Missing:
    """Stands for a way that a route names and this process was not given: its mail waits."""

    def __init__(self, name: str) -> None:
        """``name`` is what the route calls it."""
        self._text = f"no way out is called {name}"

    async def deliver(self, envelope: Envelope, mime: bytes) -> tuple[Outcome, ...]:  # noqa: ARG002  # nothing can be done
        """Put everything off."""
        return (Deferred(code=0, text=self._text, unreached=True),) * len(envelope.rcpt_to)

    async def close(self) -> None:
        """Nothing is open."""


class Routes:
    """The ways out that this process has, and who takes which."""

    def __init__(self, ways: Mapping[str, Way], default: Sequence[str], sandbox: Transport) -> None:
        """``sandbox`` keeps in what must not leave, whatever the route."""
        self._ways = dict(ways)
        self._default = self._named(default)
        self._chosen: dict[tuple[str, str], tuple[Way, ...]] = {}
        self._look_at = 0
        self.sandbox: Final = sandbox

    def _named(self, names: Sequence[str]) -> tuple[Way, ...]:
        return tuple(self._ways.get(name) or Way(name=name, transport=Missing(name)) for name in names)

    @property
    def is_varied(self) -> bool:
        """Whether it depends on a message's workspace and stream."""
        return bool(self._chosen)

    @property
    def all_direct(self) -> bool:
        """Whether every message goes to its recipients' servers and has no other way."""
        return not self._chosen and len(self._default) == 1 and self._default[0].direct

    def of(self, place: Place) -> tuple[Way, ...]:
        """The ways out of a place, the first to be tried first."""
        if not self._chosen:
            return self._default
        own = self._chosen.get((place.workspace_id, place.stream))
        return own or self._chosen.get((place.workspace_id, "")) or self._default

    async def refresh(self, core: Core) -> None:
        """Read what was chosen, if it is time to."""
        now = core.clock.now()
        if now >= self._look_at:
            found = await core.db.fetch(sql.routes_all())
            self._chosen = {(row[0], row[1]): self._named(row[2].split(_SEPARATOR)) for row in found}
            self._look_at = now + _LOOK_EVERY_S * SECOND

    async def close(self) -> None:
        """Let go of every connection."""
        for way in self._ways.values():
            await way.transport.close()
        await self.sandbox.close()


class Route(msgspec.Struct, frozen=True):
    """What was chosen for a workspace's stream, or with an empty stream for all of its others."""

    workspace_id: str
    stream: str
    ways: tuple[str, ...]


async def chosen(core: Core) -> list[Route]:
    """Every choice."""
    return [
        Route(row[0], row[1], tuple(row[2].split(_SEPARATOR)))
        for row in await core.db.fetch(sql.routes_all())
    ]


async def choose(core: Core, place: Place, ways: Sequence[str]) -> None:
    """Let a place's mail take these ways, within a second in every process; none: what everybody takes.

    Raises Invalid for a name that could not be read back.
    """
    if any(not name or _SEPARATOR in name for name in ways):
        raise Invalid("ways", "are names without a comma", kind="ways")
    held = {"workspace_id": place.workspace_id, "stream": place.stream}
    if ways:
        await write(core.db, sql.route_put(**held, ways=_SEPARATOR.join(ways)))
    else:
        await write(core.db, sql.route_delete(**held))
