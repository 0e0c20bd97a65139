"""Delivery status notifications in the standard form.

Source: RFC 3464; RFC 3461 4.2 for recipients in xtext; RFC 6533 for addresses beyond ASCII.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal

from core.diagnosis import diagnose
from core.returned.letter import Letter, fields, inner_fields
from core.returned.notice import Fields, Notice, Verdict
from core.returned.words import code, enhanced, flat, reply

_REPORT: Final = ("message/delivery-status", "message/global-delivery-status")
ORIGINAL: Final = (
    "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "message/rfc822-headers",
)  # fmt: skip  # one word a line would be a page
_Action = Literal["failed", "delayed", ""]
# RFC 3464 2.3.3; what was delivered, handed on or given to a list is no failure
_ACTIONS: Final[dict[str, _Action]] = {
    "failed": "failed",
    "failure": "failed",
    "delayed": "delayed",
    "delivered": "",
    "relayed": "",
    "expanded": "",
}
_BY_CLASS: Final[dict[str, _Action]] = {"5": "failed", "4": "delayed"}
_XTEXT: Final = re.compile(r"\+([0-9A-F]{2})")
_STATUS: Final = re.compile(r"([245])\.\d{1,3}\.\d{1,3}")
_VAGUE: Final = re.compile(r"\d\.0\.0")
_MOST_RECIPIENTS: Final = 1000


def read(letter: Letter) -> Notice | None:
    """What a letter with a status report says; None where it has none, or an empty one."""
    report = letter.part(*_REPORT)
    if report is None:
        return None
    human = letter.part("text/plain") or ""
    groups = list(_groups(report))[:_MOST_RECIPIENTS]
    if not groups:
        return None
    verdicts = (_verdict(group, human) for group in groups)
    return Notice(verdicts=tuple(each for each in verdicts if each is not None), original=original(letter))


def original(letter: Letter) -> Fields:
    """The header of the letter that came back, where it did."""
    found = letter.part(*ORIGINAL)
    return inner_fields(found) if found is not None else ()


def _groups(report: str) -> Iterator[dict[str, str]]:
    """The fields of each recipient; some systems leave out the empty line between them, others add some."""
    group: dict[str, str] = {}
    for block in re.split(r"\n\s*\n", report):
        for name, value in fields(block):
            if name == "final-recipient" and name in group:
                yield group
                group = {}
            group.setdefault(name, value)
        if "final-recipient" in group or "action" in group:
            yield group
            group = {}
        elif "original-recipient" not in group:
            group = {}
    if "final-recipient" in group:
        yield group


def _verdict(group: dict[str, str], human: str) -> Verdict | None:
    said = _untyped(group.get("diagnostic-code", ""))
    status = found[0] if (found := _STATUS.search(group.get("status", ""))) else ""
    action = _action(group, status)
    if action == "":
        return None
    # a status of x.0.0 says nothing that the server's own words do not say better
    exact = status if status and not _VAGUE.fullmatch(status) else enhanced(said) or status
    text = flat(said or human)
    kind = diagnose(code(said), exact, text, otherwise="unknown")
    return Verdict(
        action=action,
        kind=kind if action == "failed" or kind == "dns" else "transient",
        recipients=_recipients(group),
        code=code(said),
        enhanced=exact,
        text=reply(text, code(said)),
        host=_untyped(group.get("remote-mta", "")).partition(" ")[0],
    )


def _action(group: dict[str, str], status: str) -> _Action:
    word = group.get("action", "").partition(" ")[0].lower()
    return _ACTIONS[word] if word in _ACTIONS else _BY_CLASS.get(status[:1], "")


def _recipients(group: dict[str, str]) -> tuple[str, ...]:
    """Whom we wrote to first, then whom that became on the way."""
    original = _XTEXT.sub(lambda found: chr(int(found[1], 16)), _untyped(group.get("original-recipient", "")))
    names = (
        original,
        _untyped(group.get("final-recipient", "")),
        _untyped(group.get("x-actual-recipient", "")),
    )
    return tuple(dict.fromkeys(name.strip("<> ") for name in names if "@" in name))


def _untyped(value: str) -> str:
    """A value without the type before its semicolon; some systems leave that out."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and " " not in kind.strip() else value.strip()
