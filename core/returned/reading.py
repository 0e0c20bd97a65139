"""Which sort of letter came back: asked in the order of how sure the answer is."""

from typing import Final

from core.returned import arf, dsn, machine, prose
from core.returned.letter import Letter, opened
from core.returned.notice import Notice, Verdict
from core.returned.words import flat

_RECEIPT: Final = "message/disposition-notification"


def read(raw: bytes, *, from_nobody: bool) -> Notice | None:
    """What a letter at a return path says; None where a person wrote it.

    ``from_nobody``: it came with the null sender, so that it is some sort of report (RFC 5321 4.5.5).
    """
    letter = opened(raw)
    if letter.part(_RECEIPT) is not None:
        # it was read, or not: nothing that a delivery would change by (RFC 8098)
        return Notice()
    found = (
        arf.read(letter)
        or dsn.read(letter)
        or prose.read(letter, from_nobody=from_nobody)
        or machine.read(letter)
    )
    if found is None and (from_nobody or prose.is_daemons(letter)):
        return _puzzle(letter)
    return found


def _puzzle(letter: Letter) -> Notice:
    text = flat(f"{letter.value('subject')}: {letter.part('text/plain') or ''}")
    return Notice(verdicts=(Verdict(action="returned", kind="unknown", text=text),))
