"""Postmark's test addresses: recipients that bounce as they are told, and a hole that swallows mail.

Source: Postmark user guide, "Sandbox mode" and "Generate fake bounces", read 2026-11; the black hole stands in the
tests of its .NET client.
"""

from typing import Final

from core import addresses
from core.messages import Party, Rehearsal
from dialects.postmark.bounce_types import BY_NAME

_BOUNCING: Final = "bounce-testing.postmarkapp.com"
_BLACK_HOLE: Final = "blackhole.postmarkapp.com"
# a spam complaint cannot be rehearsed: it becomes a hard bounce, like any word that is no type
_REHEARSED: Final = {name: each.kinds[0] for name, each in BY_NAME.items() if each.type != "SpamComplaint"}


def rehearsals(people: tuple[Party, ...], bounce_type: str) -> dict[str, Rehearsal]:
    """What happens to those among the recipients who are none; ``bounce_type`` is the header's word, or empty."""
    return {
        addresses.key(each.email): _rehearsal(each.email, bounce_type)
        for each in people
        if each.email.endswith((f"@{_BOUNCING}", f"@{_BLACK_HOLE}"))
    }


def _rehearsal(email: str, bounce_type: str) -> Rehearsal:
    local, _, domain = email.rpartition("@")
    if domain == _BLACK_HOLE:
        return Rehearsal(outcome="drop")
    named = _REHEARSED.get(_folded(bounce_type)) or _REHEARSED.get(_folded(local)) or "hard"
    return Rehearsal(outcome="bounce", kind=named, suppress=named == "hard")


def _folded(word: str) -> str:
    return word.strip().replace("_", "").lower()
