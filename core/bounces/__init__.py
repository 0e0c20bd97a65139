"""Bounces: what came back of a delivery, at once or later, and what follows from it."""

from core.bounces.bounce import Bounce, row
from core.bounces.reading import Counts, Filter, activate, counts, dump, get, page, tags
from core.bounces.receiving import receive
from core.bounces.return_path import mail_from, owns

__all__ = [
    "Bounce",
    "Counts",
    "Filter",
    "activate",
    "counts",
    "dump",
    "get",
    "mail_from",
    "owns",
    "page",
    "receive",
    "row",
    "tags",
]
