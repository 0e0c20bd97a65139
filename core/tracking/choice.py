"""What of a message is tracked: a workspace's habit, and what a single message says otherwise. Pure."""

from typing import Literal

import msgspec

TrackLinks = Literal["none", "html", "text", "both"]


def is_tracked(*, opens: bool | None, links: TrackLinks | None) -> bool:
    """Whether anything is."""
    return bool(opens) or links not in (None, "none")


class Tracking(msgspec.Struct, frozen=True, gc=False):
    """What a workspace tracks in messages that do not say themselves."""

    opens: bool = False
    links: TrackLinks = "none"
