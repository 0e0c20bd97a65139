"""Failure notices in plain words, as systems write them that do not use the standard's form, or not all of it.

One reading serves them all: what stands before the returned letter is cut at the lines that name an address, and what
follows such a line, up to the next, is that recipient's reason. The shapes are those of qmail (QSBMF,
cr.yp.to/proto/qsbmf.txt), Exim, mail.ru, Yahoo, Gmail, Domino, GroupWise, Exchange 5.5 to 2003, sendmail 8 and IronPort
as administrators have published them.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from core import plaintext
from core.diagnosis import diagnose
from core.returned.dsn import original
from core.returned.letter import Letter, inner_fields
from core.returned.notice import Fields, Notice, Verdict
from core.returned.words import ADDRESS, code, enhanced, flat, reply

_FAILURE: Final = re.compile(
    r"undeliver(?:able|ed)|non[ -]?deliver(?:y|able)|(?:mail )?delivery (?:failed|failure|error|problem|unsuccessful)"
    r"|failure notice"
    r"|failed mail|mail failed|user unknown|no such user"
    r"|fail(?:ed|ure) (?:to deliver|delivery)|returned mail|mail failure|mail system error"
    r"|delivery (?:status )?notification(?: \(failure\))?|(?:could|can) ?not be delivered|was not delivered"
    r"|did ?n[o']t reach|did not reach|unable to deliver|couldn't (?:be delivered|deliver)|message not delivered"
    r"|delivery has failed|permanent (?:fatal )?error|undelivered mail|unzustellbar|nicht zugestellt"
    r"|non remis|недоставлен|не доставлен|no se (?:ha )?(?:podido|pudo) entregar|mancata consegna",
    re.IGNORECASE,
)
_DELAY: Final = re.compile(
    r"delivery (?:status notification )?\(?(?:temporarily )?(?:delay|suspended)|message .{0,60}delayed|delayed mail"
    r"|will (?:continue|keep|be retried)|still (?:being )?(?:trying|retried)|no action is required on your part"
    r"|will (?:re)?try again|not yet (?:been )?delivered|warning: (?:could not send|message)"
    r"|this is a warning message only",
    re.IGNORECASE,
)
_GIVEN_UP: Final = re.compile(
    r"permanent(?:ly)?\b|given up|giving up|fatal error|returning (?:message|to sender)|no further attempts",
    re.IGNORECASE,
)
_BACK: Final = re.compile(
    r"^[ \t]*(?:-{2,80}.{0,80}(?:below this line|copy of (?:the|your) message|original message|returned message"
    r"|header of the|unsent message|message header|undelivered message).{0,80}"
    r"|(?:the )?original message follows.{0,20}|included (?:is|below is) (?:a|the) copy.{0,80}"
    r"|a copy of (?:the|your) (?:original )?message.{0,80}|message headers? follows?:?|Original message headers:)$",
    re.IGNORECASE | re.MULTILINE,
)
# lines that begin what is said of a recipient, in this order: <a@b>: reason; a@b on a date; a@b (reason);
# 'because' lists; an address alone
_NAMED: Final = re.compile(
    rf"^[ \t>]*(?:(?:to|recipient|recipients?|failed recipient|address|user)[ \t]*:[ \t]*)?[<\"'(]?({ADDRESS})[>\"')]?"
    r"[ \t]*(?::[ \t]*(.*)|[ \t]on[ \t].*|[ \t]*\((.*)\)[ \t]*|[ \t]*)$",
    re.IGNORECASE | re.MULTILINE,
)
_LIST: Final = re.compile(
    r"(?:following (?:recipient|address|user)|not delivered to|undeliverable to|did not reach|recipients? of)"
    r"[^\n@]{0,200}\n",
    re.IGNORECASE,
)
# lines of a quoted header, which name others
_OTHERS: Final = re.compile(
    r"^[ \t>|]*(?:from|cc|sender|reply-to|message-id|return-path):.*$", re.IGNORECASE | re.MULTILINE
)
_DAEMON: Final = re.compile(
    r"mailer-?daemon|postmaster|mail delivery (?:sub)?system|mail ?delivery", re.IGNORECASE
)
_HOST: Final = re.compile(r"\bhost[ :]+([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)", re.IGNORECASE)
_VIRUS: Final = re.compile(
    r"\bvirus (?:alert|found|warning|detected)|infected (?:file|message|mail)", re.IGNORECASE
)
_LOOKED_AT: Final = 2000
_MOST: Final = 100


def read(letter: Letter, *, from_nobody: bool) -> Notice | None:
    """What a notice in plain words says; None where it is none."""
    text = letter.part("text/plain") or _untagged(letter.part("text/html") or "")
    subject = letter.value("subject")
    if not _is_notice(letter, subject, text, from_nobody=from_nobody):
        return None
    said, back = _cut(text)
    delayed = _is_delay(subject, said)
    named = _named(_list(said)) or [(name, "") for name in _listed(letter, said)]
    verdicts = tuple(_verdict(name, reason, said, delayed=delayed) for name, reason in named or [("", "")])
    return Notice(verdicts=verdicts, original=original(letter) or back)


def is_daemons(letter: Letter) -> bool:
    """Whether a mail system says it wrote the letter."""
    return _DAEMON.search(letter.value("from")) is not None


def _is_notice(letter: Letter, subject: str, text: str, *, from_nobody: bool) -> bool:
    if letter.value("x-failed-recipients"):
        return True
    beginning = f"{subject}\n{text[:_LOOKED_AT]}"
    is_said = _FAILURE.search(beginning) or _DELAY.search(beginning) or _VIRUS.search(subject)
    return (from_nobody or is_daemons(letter)) and bool(is_said)


def _is_delay(subject: str, said: str) -> bool:
    """A notice that promises another attempt; one that also says it gave up has given up."""
    beginning = f"{subject}\n{said[:_LOOKED_AT]}"
    return _DELAY.search(beginning) is not None and _GIVEN_UP.search(beginning) is None


def _cut(text: str) -> tuple[str, Fields]:
    """What is said, and the header of the letter that follows it."""
    found = _BACK.search(text)
    if found is None:
        return text, ()
    return text[: found.start()], inner_fields(text[found.end() :])


def _named(said: str) -> list[tuple[str, str]]:
    found = list(islice(_NAMED.finditer(said), _MOST))
    if not found:
        return []
    ends = [each.start() for each in found[1:]] + [len(said)]
    pairs: dict[str, str] = {}
    for each, end in zip(found, ends, strict=True):
        reason = f"{each[2] or each[3] or ''} {_paragraphs(said[each.end() : end])}"
        pairs[each[1]] = f"{pairs.get(each[1], '')} {reason}".strip()
    return list(pairs.items())


def _paragraphs(text: str) -> str:
    """The reason: up to two paragraphs, for some systems leave a line empty before it."""
    return " ".join(_each_paragraph(text))


def _each_paragraph(text: str) -> Iterator[str]:
    whole = [each.strip() for each in re.split(r"\n\s*\n", text) if each.strip()]
    yield from whole[:2]


def _list(said: str) -> str:
    """What follows the line that begins the list of recipients, where there is one."""
    found = _LIST.search(said)
    return said[found.end() :] if found is not None else said


def _listed(letter: Letter, said: str) -> list[str]:
    """Addresses in a field of their own, else wherever they stand in the words, without those of the header."""
    value = letter.value("x-failed-recipients")
    if value:
        return re.findall(ADDRESS, value)[:_MOST]
    own = {
        each.lower()
        for name in ("from", "to", "cc", "reply-to")
        for each in re.findall(ADDRESS, letter.value(name))
    }
    found = re.findall(ADDRESS, _OTHERS.sub("", _list(said)))
    return [each for each in dict.fromkeys(found) if each.lower() not in own][:_MOST]


def _verdict(name: str, reason: str, said: str, *, delayed: bool) -> Verdict:
    # a reason that is only blanks is told somewhere in the notice
    text = reason if reason.strip() else said
    exact = enhanced(text)
    kind = diagnose(code(text), exact, flat(text), otherwise="unknown")
    if delayed:
        kind = kind if kind == "dns" else "transient"
    host = _HOST.search(text)
    return Verdict(
        action="delayed" if delayed else "failed",
        kind=kind,
        recipients=(name,) if name else (),
        code=code(text),
        enhanced=exact,
        text=reply(text, code(text)),
        host=host[1] if host else "",
    )


def _untagged(html: str) -> str:
    return plaintext.from_html(html) if html else ""
