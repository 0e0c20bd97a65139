"""Removals: forgetting everything about one person, on request and for good."""

from core.removals.erasing import carry_out, extent, run
from core.removals.removal import Removal, get, request

__all__ = ["Removal", "carry_out", "extent", "get", "request", "run"]
