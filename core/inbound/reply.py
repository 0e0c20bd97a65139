"""What an answer says above the letter that it quotes. Pure, and linear in the text whatever it holds.

The libraries for this search whole texts with nested repeats: one hostile letter of 100 KB keeps mail-parser-reply 1.36
and email-reply-parser 0.5 busy for minutes. Here each line is looked at by itself, two where a client has wrapped one.
"""

import re
from collections.abc import Sequence
from typing import Final

_LONGEST_LINE: Final = 500
_MOST_LINES: Final = 20_000
# "On Monday, Ann wrote:" as clients put it over a quotation: begin and end, by language
_INTRODUCTIONS: Final = (
    (r"on\s", r"\swrote:"),
    (r"am\s", r"\sschrieb\b.*:"),
    (r"le\s", r"\sa écrit\s*:"),
    (r"el\s", r"\sescribió:"),
    (r"il\s(?:giorno\s)?", r"\sha scritto:"),
    (r"em\s", r"\sescreveu:"),
    (r"op\s", r"\s(?:schreef\b.*|heeft\b.*geschreven):"),
    (r"(?:w dniu|dnia)\s", r"\s(?:pisze|napisał(?:\(a\)|a)?):"),
    (r"den\s", r"\s(?:skrev\b.*):"),
    (r"\S.*\d{1,2}[:.]\d{2}.*", r"\s(?:пишет|написал\(а\)|написала?):"),  # noqa: RUF001  # Cyrillic letters are meant
    (r"\d{4}年\d{1,2}月\d{1,2}日.*", r"<\S+@\S+>.*:"),
)
_INTRODUCTION: Final = re.compile(
    "|".join(rf"(?:{begin}(?:.*{end}|{end}))" for begin, end in _INTRODUCTIONS), re.IGNORECASE
)
_BEGINS: Final = re.compile("|".join(begin for begin, _ in _INTRODUCTIONS), re.IGNORECASE)
# Outlook's, with or without the header that follows; and the rule that it draws
_SEPARATOR: Final = re.compile(
    r"-{2,}\s*(?:original message|original-nachricht|ursprüngliche nachricht|message d'origine|mensaje original|"
    r"messaggio originale|mensagem original|oorspronkelijk bericht|forwarded message)\s*-{2,}|_{20,}|-{32,}",
    re.IGNORECASE,
)
_FROM: Final = re.compile(r"\*?(?:from|von|de|da|van|od)\s?:\*?\s.*\S", re.IGNORECASE)
_SENT: Final = re.compile(
    r"\*?(?:sent|date|to|gesendet|datum|an|envoyé|à|enviado|para|inviato|data|a|verzonden|aan|wysłano|do)\s?:\*?\s.*",
    re.IGNORECASE,
)


def stripped(text: str) -> str:
    """The part above the quotation, without blank lines around it; the whole text where nothing is quoted."""
    lines = [line.strip() for line in text.split("\n", _MOST_LINES)[:_MOST_LINES]]
    quoted = _quoted_from(lines)
    end = next((at for at in range(quoted) if _introduces(lines, at)), quoted)
    kept = text.split("\n", end)[:end] if end < len(lines) else text.split("\n")
    return "\n".join(kept).strip()


def _quoted_from(lines: Sequence[str]) -> int:
    """Where the quoted lines at the end begin: an answer between quoted lines is no answer above them."""
    begin = at = len(lines)
    while at and (not lines[at - 1] or lines[at - 1].startswith(">")):
        at -= 1
        begin = at if lines[at] else begin
    return begin


def _introduces(lines: Sequence[str], at: int) -> bool:
    """Whether what follows a line is the letter that is answered."""
    line = lines[at][:_LONGEST_LINE]
    if _SEPARATOR.fullmatch(line):
        return True
    following = next((each for each in lines[at + 1 : at + 3] if each), "")[:_LONGEST_LINE]
    if _FROM.fullmatch(line):
        return _SENT.fullmatch(following) is not None
    if _BEGINS.match(line) is None:
        return False
    return any(_INTRODUCTION.fullmatch(each) for each in (line, f"{line} {following}"))
