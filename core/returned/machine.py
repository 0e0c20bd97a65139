"""Answers that nobody wrote: vacation notices, news of another address, questions whether the sender is human.

Source: RFC 3834 for Auto-Submitted, and what older systems write instead, as their manuals show it.
"""

import re
from typing import Final

from core.diagnosis import Kind
from core.returned.letter import Letter
from core.returned.notice import Notice, Verdict
from core.returned.words import flat

# fields that only an answer by a machine has
_MARKS: Final = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply-from",
    "x-vacation",
    "x-mail-autoreply",
)
_PRECEDENCES: Final = frozenset({"auto_reply", "auto-reply"})
_SUBJECT: Final = re.compile(
    r"\s*(?:auto(?:mati(?:c|sche?)|)[ -]?(?:reply|response|antwort|answer)|autoreply|auto:|out of (?:the )?office"
    r"|on vacation|vacation (?:reply|message)|away from|abwesend|abwesenheit|r[ée]ponse automatique|absence"
    r"|respuesta autom[áa]tica|risposta automatica|resposta autom[áa]tica|automatisch antwoord|afwezig"
    r"|autosvar|automaattinen vastaus|автоответ|автоматический ответ|自動応答|自动回复|자동 회신)",
    re.IGNORECASE,
)
_CHALLENGE: Final = re.compile(
    r"(?:confirm|verify|prove|authenticate).{0,60}"
    r"(?:you are|you're|your (?:message|e-?mail|address|identity)|sender|human)"
    r"|challenge.{0,20}response|sender (?:verification|confirmation)|not a spammer"
    r"|awaiting (?:your )?(?:confirmation|verification)|(?:added|waiting) .{0,40}(?:guest list|approved senders)",
    re.IGNORECASE | re.DOTALL,
)
_MOVED: Final = re.compile(
    r"(?:my |our |this |the )?(?:e-?mail )?address (?:has|is|was) (?:changed|replaced|no longer in use)"
    r"|(?:my|our|a) new (?:e-?mail )?address|has changed (?:his|her|their|its) (?:e-?mail )?address"
    r"|neue (?:e-?mail-?)?adresse|nouvelle adresse",
    re.IGNORECASE,
)
_REQUESTS: Final[dict[str, Kind]] = {
    "unsubscribe": "unsubscribe",
    "unsubscribe me": "unsubscribe",
    "remove": "unsubscribe",
    "remove me": "unsubscribe",
    "signoff": "unsubscribe",
    "subscribe": "subscribe",
}
_RELAY_TEST: Final = re.compile(r"\b(?:open )?relay (?:test|check|probe)\b", re.IGNORECASE)
_LOOKED_AT: Final = 4000


def read(letter: Letter) -> Notice | None:
    """What a machine, or a reader in one word, has to say; None where a person wrote."""
    subject = letter.value("subject")
    text = (letter.part("text/plain") or "")[:_LOOKED_AT]
    kind = _asked(subject, text) or (_answered(subject, text) if _is_machines(letter, subject) else None)
    if kind is None:
        return None
    return Notice(verdicts=(Verdict(action="returned", kind=kind, text=flat(f"{subject}: {text}")),))


def _asked(subject: str, text: str) -> Kind | None:
    if _RELAY_TEST.search(subject):
        return "relay_test"
    first = next((line for line in text.splitlines() if line.strip()), "")
    return _REQUESTS.get(_word(subject)) or (_REQUESTS.get(_word(first)) if not subject else None)


def _word(text: str) -> str:
    return text.strip().rstrip(".!").lower()


def _is_machines(letter: Letter, subject: str) -> bool:
    submitted = letter.value("auto-submitted").partition(";")[0].strip().lower()
    return (
        submitted not in ("", "no")
        or any(letter.value(name) for name in _MARKS)
        or letter.value("precedence").lower() in _PRECEDENCES
        or _SUBJECT.match(subject) is not None
        or _CHALLENGE.search(subject) is not None
    )


def _answered(subject: str, text: str) -> Kind:
    if _CHALLENGE.search(f"{subject}\n{text}"):
        return "challenge"
    return "address_change" if _MOVED.search(f"{subject}\n{text}") else "auto_reply"
