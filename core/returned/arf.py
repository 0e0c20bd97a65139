"""Complaints in the abuse reporting format, as feedback loops send them.

Source: RFC 5965; RFC 6591 and RFC 6590 for reports on authentication and for what is hidden in them.
"""

from collections import defaultdict
from typing import Final, Literal

from core.diagnosis import Kind
from core.returned.dsn import original
from core.returned.letter import Letter, fields
from core.returned.notice import Fields, Notice, Verdict
from core.returned.words import flat

_REPORT: Final = "message/feedback-report"
_Sort = tuple[Literal["complained", "returned"], Kind]
# RFC 5965 7.3; "complaint" is what some loops say of abuse. not-spam, auth-failure and what is not known mean nothing
# that could be done
_SORTS: Final[dict[str, _Sort]] = {
    "abuse": ("complained", "complaint"),
    "complaint": ("complained", "complaint"),
    "fraud": ("complained", "complaint"),
    "miscategorized": ("complained", "complaint"),
    "other": ("complained", "complaint"),
    "virus": ("returned", "virus"),
    "opt-out": ("returned", "unsubscribe"),
    "opt-out-list": ("returned", "unsubscribe"),
}
# where loops leave the reader's address besides the standard field
_READERS: Final = ("original-rcpt-to", "removal-recipient", "redacted-address")


def read(letter: Letter) -> Notice | None:
    """What a letter with a feedback report says; None where it has none."""
    report = letter.part(_REPORT)
    if report is None:
        return None
    said: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in fields(report):
        said[name].append(value)
    back = original(letter)
    sort = _SORTS.get(" ".join(said["feedback-type"]).lower())
    verdicts = () if sort is None else tuple(_verdicts(sort, said, back))
    return Notice(verdicts=verdicts, original=back, senders=_bare(said["original-mail-from"]))


def _verdicts(sort: _Sort, said: dict[str, list[str]], back: Fields) -> list[Verdict]:
    """One for each reader; readers that were taken out of the report may still stand in the letter's own header."""
    action, kind = sort
    named = _bare([value for name in _READERS for value in said[name]])
    readers = named or _bare([value for name, value in back if name in ("x-original-to", "delivered-to")])
    text = flat(f"{said['feedback-type'][0]} {' '.join(said['user-agent'])}")
    return [
        Verdict(action=action, kind=kind, recipients=(each,) if each else (), text=text)
        for each in readers or ("",)
    ]


def _bare(values: list[str]) -> tuple[str, ...]:
    found = (value.removeprefix("rfc822;").strip(" <>") for value in values)
    return tuple(dict.fromkeys(each for each in found if "@" in each))
