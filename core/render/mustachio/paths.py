"""Paths of the syntax: words joined by dots, after any number of ``../``; pure.

Every word is a level of its own, and so is the element that ``each`` is at: ``../`` goes up by one of these levels,
not by one block. At the top it stays where it is.
"""

import re
from typing import NamedTuple

from core.render.source import Value

UP = ".."
_STEP = re.compile(r"\.\./|[^.]+")
# what no path has: three dots, anything but words and dots, a slash that is not of "../", two dots without theirs
_BAD = re.compile(r"\.{3}|[^\w./]|(?<!\.\.)/|\.\.(?!/)")


class Place(NamedTuple):
    """A value and how it was come to."""

    value: Value
    parent: "Place | None"


def is_path(text: str) -> bool:
    """Whether a text leads anywhere; the empty one and ``.`` stay at the current place."""
    return _BAD.search(text) is None


def steps(path: str) -> list[str]:
    """A path's steps: keys, and ``..`` for each level up."""
    return [UP if step == "../" else step for step in _STEP.findall(path)]


def walk(place: Place, steps: list[str]) -> Place:
    """Where steps lead; what is not there is null, and has its place all the same."""
    for step in steps:
        if step == UP:
            place = place.parent or place
        else:
            held = place.value
            place = Place(held.get(step) if isinstance(held, dict) else None, place)
    return place
