"""Counting: what a commit tells is counted in the same commit, so that figures are exact whatever happens.

A batch appends a row for each figure that rose; no row is shared between processes, and nobody waits.
"""

from collections import Counter

from core import ids
from core.core import Policy
from core.messages.message import Message
from core.stats.figure import Figures, Origin, day_of
from core.store.statements import Many, sql
from core.tracking import marking
from core.tracking.choice import is_tracked
from core.tracking.sighting import Seen


class Tally:
    """The counts of one commit, as they gather."""

    def __init__(self) -> None:
        """Nothing has happened."""
        self._counts: Counter[tuple[Origin, Figures, str, str]] = Counter()

    def step(self) -> Many:
        """The statement that writes them; it may have nothing to write."""
        return sql.figure_counted.many(
            [
                (
                    origin.workspace_id, ids.new(), origin.environment, origin.stream, origin.tag, figure, day,
                    name, count,
                )
                for (origin, figure, day, name), count in self._counts.items()
            ]
        )  # fmt: skip  # a column list reads better in lines than in a column

    def add(self, origin: Origin, figure: Figures, at: int, name: str = "", count: int = 1) -> None:
        """Something that is told by its figure."""
        self._counts[origin, figure, day_of(at), name] += count

    def accepted(self, origin: Origin, day: str, count: int) -> None:
        """Recipients' mail was accepted on a UTC day."""
        self._counts[origin, "accepted", day, ""] += count

    def sent(self, policy: Policy, message: Message, at: int) -> None:
        """A recipient's letter was offered to a server for the first time."""
        origin, draft = _origin(message), message.draft
        by_links = is_tracked(opens=False, links=draft.track_links)
        name = ("both" if by_links else "opens") if draft.track_opens else "links" if by_links else ""
        self.add(origin, "sent", at, name)
        if by_links and (links := marking.links(policy, message)):
            self.add(origin, "links", at, count=links)

    def bounced(self, message: Message, kind: str, at: int) -> None:
        """A bounce, or another letter or word that came back, has its record."""
        self.add(_origin(message), "bounced", at, kind)

    def opened(self, origin: Origin, seen: Seen, at: int) -> None:
        """A pixel was fetched."""
        self.add(origin, "opened", at)
        if seen.first:
            self.add(origin, "opened_first", at, seen.agent.platform)
            self.add(origin, "opened_with", at, seen.agent.client.family)

    def clicked(self, origin: Origin, seen: Seen, at: int) -> None:
        """A link was followed."""
        self.add(origin, "clicked", at)
        if seen.first:
            self.add(origin, "clicked_first", at, seen.agent.platform)
            self.add(origin, "clicked_with", at, seen.agent.client.family)
            self.add(origin, "clicked_in", at, seen.part)


def _origin(message: Message) -> Origin:
    return Origin(message.workspace_id, message.environment, message.stream, message.tag)
