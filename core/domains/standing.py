"""How a record, and with it its domain, stands after a look; and when to look again. Pure.

A record that was never found is ``pending`` for 72 hours, then ``failed``. One that was found and is no longer is a
``temporary_failure`` for as long. Only definite answers count: what nobody could say never makes anything fail.
"""

from collections.abc import Collection
from typing import Final

import msgspec

from core.clock import DAY, HOUR, MINUTE
from core.domains.domain import State
from core.domains.looking import Seen

_PATIENCE: Final = 72 * HOUR
_SOON: Final = HOUR


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """How a record was found. ``since``: from when the present trouble, or the present peace, is counted."""

    purpose: str
    name: str
    state: State
    told: str
    since: int
    checked_at: int


def after(held: Check, seen: Seen, now: int) -> Check:
    """The check with another look added to it."""
    state, since = _moved(held, seen, now)
    return msgspec.structs.replace(held, state=state, told=seen.told, since=since, checked_at=now)


def _moved(held: Check, seen: Seen, now: int) -> tuple[State, int]:
    if seen.verdict == "match":
        return "verified", held.since if held.state == "verified" else now
    if held.state == "verified":
        return "temporary_failure", now
    if seen.verdict == "unanswered":
        # what was not seen to be missing has to be missed anew
        return held.state, now if held.state == "temporary_failure" else held.since
    if held.state != "failed" and now - held.since >= _PATIENCE:
        return "failed", now
    return held.state, held.since


def of_domain(states: Collection[State]) -> State:
    """How a domain stands by the records of its keys: one that verifies is enough."""
    order: tuple[State, ...] = ("verified", "temporary_failure", "pending")
    return next((each for each in order if each in states), "failed")


def next_look(checks: Collection[Check], now: int) -> int:
    """When to look again: soon while somebody may be waiting, seldom once all is settled."""
    states = {each.state for each in checks}
    if "pending" in states:
        latest = max(each.since for each in checks if each.state == "pending")
        return now + (MINUTE if now - latest < _SOON else 10 * MINUTE)
    if "temporary_failure" in states:
        return now + 15 * MINUTE
    return now + (6 * HOUR if "verified" in states else DAY)
