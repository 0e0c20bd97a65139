"""What of a message is tracked: a workspace's habit, and what a single message says otherwise. Pure."""

from typing import Literal

import msgspec

TrackLinks = Literal["none", "html", "text", "both"]


def is_tracked(*, opens: bool | None, links: TrackLinks | None) -> bool:
    """Whether anything is."""
    return bool(opens) or links not in (None, "none")


class Tracking(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a workspace tracks in messages that do not say themselves.

    ``domains``: what it tracks instead in mail from these domains and those below them.
    """

    opens: bool = False
    links: TrackLinks = "none"
    domains: dict[str, "Tracking"] = {}

    def of(self, sender: str) -> "Tracking":
        """What holds for an address: its domain's, of several the nearest."""
        domain = sender.rpartition("@")[2].lower()
        while domain and self.domains:
            if domain in self.domains:
                return self.domains[domain]
            domain = domain.partition(".")[2]
        return self

    def changed(self, *, opens: bool | None, links: TrackLinks | None, domain: str) -> "Tracking":
        """The same with what is not None; of a domain alone, where one is named."""
        if domain:
            own = self.domains.get(domain, Tracking(opens=self.opens, links=self.links))
            domains = self.domains | {domain: own.changed(opens=opens, links=links, domain="")}
            return msgspec.structs.replace(self, domains=domains)
        return msgspec.structs.replace(
            self, opens=self.opens if opens is None else opens, links=self.links if links is None else links
        )
