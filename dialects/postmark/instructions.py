"""Headers of a letter that ask the service for something; none of them is in the mail that leaves.

Source: Postmark user guide, "Sending with SMTP", and its articles on metadata and tracking, read 2026-11.
"""

from collections.abc import Sequence
from typing import Final, Self

import msgspec

from core import words
from core.errors import Invalid

_METADATA: Final = "x-pm-metadata-"
_WRITTEN_BY_THE_SERVICE: Final = frozenset({"x-pm-rcpt", "x-pm-message-id"})
_STREAM: Final = "x-pm-message-stream"
_TAG: Final = "x-pm-tag"
_TRACK_OPENS: Final = "x-pm-trackopens"
_TRACK_LINKS: Final = "x-pm-tracklinks"
_KEEP_ID: Final = "x-pm-keepid"
_BOUNCE_TYPE: Final = "x-pm-bounce-type"
_NAMES: Final = frozenset({_STREAM, _TAG, _TRACK_OPENS, _TRACK_LINKS, _KEEP_ID, _BOUNCE_TYPE})
_YES_OR_NO: Final = {"true": True, "false": False}


class Instructions(msgspec.Struct, frozen=True, kw_only=True):
    """What the header asks for in its own words, empty where it does not say, and the ``rest`` of its rows."""

    stream: str
    tag: str
    metadata: dict[str, str]
    track_opens: str
    track_links: str
    keep_id: str
    bounce_type: str
    rest: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, rows: Sequence[tuple[str, str]]) -> Self:
        """Sort a header's rows; of an instruction given twice the last one counts."""
        given: dict[str, str] = {}
        metadata: dict[str, str] = {}
        rest = []
        for name, value in rows:
            lower = name.lower()
            if lower in _NAMES:
                given[lower] = words.decode(value).strip()
            elif lower.startswith(_METADATA) and len(lower) > len(_METADATA):
                metadata[_unused(name[len(_METADATA) :], metadata)] = words.decode(value)
            elif lower not in _WRITTEN_BY_THE_SERVICE:
                rest.append((name, value))
        return cls(
            stream=given.get(_STREAM, ""),
            tag=given.get(_TAG, ""),
            metadata=metadata,
            track_opens=given.get(_TRACK_OPENS, ""),
            track_links=given.get(_TRACK_LINKS, ""),
            keep_id=given.get(_KEEP_ID, ""),
            bounce_type=given.get(_BOUNCE_TYPE, ""),
            rest=tuple(rest),
        )


def _unused(key: str, held: dict[str, str]) -> str:
    """The key, with a number behind it where it is taken already, in whatever case."""
    taken = {each.lower() for each in held}
    name, number = key, 0
    while name.lower() in taken:
        number += 1
        name = f"{key}{number}"
    return name


def flag(name: str, word: str) -> bool | None:
    """Whether it is so, None where nothing is said; raises Invalid."""
    if not word:
        return None
    if word.lower() not in _YES_OR_NO:
        raise Invalid(name, f"Invalid '{name}' value: '{word}'.", kind="message")
    return _YES_OR_NO[word.lower()]
