"""What is counted, of whose mail, and on which day."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from core.clock import HOUR

# What a figure tells apart by name. ``sent``, a recipient: what is tracked, ``opens``, ``links``, ``both`` or nothing.
# ``bounced``, the record of a bounce, complaints among them: its kind in core.diagnosis. ``opened_first`` and
# ``clicked_first``, of a recipient or of a recipient and link: the platform; ``opened_with`` and ``clicked_with``, the
# same once more: the program's family, empty where it is not known; ``clicked_in``, the same: ``html`` or ``text``.
# Without names: ``links``, tracked ones in what was sent, ``opened`` and ``clicked``, every time; and ``accepted``, a
# recipient, counted a while later and by UTC days.
Figures = Literal[
    "sent", "links", "bounced", "opened", "opened_first", "opened_with",
    "clicked", "clicked_first", "clicked_with", "clicked_in", "accepted",
]  # fmt: skip  # one word a line would be a page

# the one zone in which figures by day are asked for; it is whole hours away from UTC at any time of the year
ZONE: Final = ZoneInfo("America/New_York")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Origin(msgspec.Struct, frozen=True):
    """Whose mail: what figures are asked for by."""

    workspace_id: str
    environment: str
    stream: str
    tag: str


class Figure(msgspec.Struct, frozen=True):
    """How often something happened on a day, ``2026-03-04``."""

    day: str
    figure: str
    name: str
    count: int


def day_of(at: int) -> str:
    """The day that a moment is of."""
    return _day(at // HOUR)


@lru_cache(maxsize=1024)
def _day(hour: int) -> str:
    return (_EPOCH + timedelta(hours=hour)).astimezone(ZONE).date().isoformat()
