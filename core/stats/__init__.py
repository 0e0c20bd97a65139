"""Statistics: how much was sent, and what became of it by day."""

from core.stats.figure import Figure, Figures, Origin, day_of
from core.stats.folding import fold
from core.stats.reading import Span, daily
from core.stats.tally import Tally
from core.stats.volume import Volume, volume

__all__ = [
    "Figure",
    "Figures",
    "Origin",
    "Span",
    "Tally",
    "Volume",
    "daily",
    "day_of",
    "fold",
    "volume",
]
