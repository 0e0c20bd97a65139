"""Retention: what is older than its owner wants it kept is forgotten, in the background and a little at a time."""

from core.retention.ages import Ages, ages
from core.retention.sweep import backlog, run

__all__ = ["Ages", "ages", "backlog", "run"]
