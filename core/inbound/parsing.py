"""From the bytes that a server brought to what they say. Pure; whatever they are, there is an answer.

Nothing of a letter is lost by it: its source is kept, and what could not be told from it is named as a defect.
"""

import re
from collections.abc import Iterable
from email.message import Message
from itertools import islice
from typing import Final

from core import parsing
from core.errors import Invalid
from core.inbound import people, reply
from core.inbound.letter import Body, Head, Letter, Mailbox
from core.inbound.parts import Parts, clean
from core.parsing import MOST_FIELDS, Fields, decoded, unfolded, values

# RFC 5322 has no limit; servers refuse more than a tenth of this
_MOST_HEADER_BYTES: Final = 1024 * 1024
_LONGEST_TEXT: Final = 20_000
_LONGEST_VALUE: Final = 100_000
_END_OF_HEADER: Final = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n")
_FOR: Final = re.compile(r"\bfor\s+<?([^\s<>;]{1,64}@[^\s<>;]{1,253})>?\s*(?:;|\Z|\()", re.IGNORECASE)
_SCORED: Final = frozenset({"x-spam-score", "x-spam-status"})
_SCORE: Final = re.compile(r"(?:.*?\bscore=)?\s*(-?\d{1,6}(?:\.\d{1,6})?)\b.*", re.IGNORECASE | re.DOTALL)


def read(trace: bytes, raw: bytes, mail_from: str) -> Letter:
    """What a letter says. ``trace`` are the fields put above it on arrival; ``mail_from`` is used where no From is."""
    letter, defects = _tree(trace + raw)
    fields, more = _fields(letter)
    parts = Parts.of(letter) if not defects else Parts()
    if more:
        defects.append(f"Of its header the first {MOST_FIELDS} fields were read.")
    if parts.left_out:
        defects.append(f"{parts.left_out} of its files are in the source alone.")
    return Letter(
        subject=_text(fields, "Subject"),
        head=_head(fields, parts, mail_from, tuple(defects)),
        body=Body(
            text=parts.text,
            html=parts.html,
            stripped_reply=_stripped(fields, parts.text),
            headers=tuple((name, decoded(value)) for name, value in fields),
        ),
        contents=tuple(parts.contents),
    )


def _tree(raw: bytes) -> tuple[Message, list[str]]:
    """The letter's parts; of one that cannot be taken apart its header alone, and why."""
    found = _END_OF_HEADER.search(raw, 0, _MOST_HEADER_BYTES)
    header = raw[: found.end()] if found else raw[:_MOST_HEADER_BYTES]
    if not found and len(raw) > len(header):
        return _header_of(header), ["Its header is too long to be read whole."]
    try:
        return parsing.parsed(raw), []
    except Invalid as error:
        return _header_of(header), [f"Its body {error.reason}."]


def _header_of(header: bytes) -> Message:
    try:
        return parsing.parsed(header)
    except Invalid:
        return Message()


def _fields(letter: Message) -> tuple[Fields, bool]:
    """The header, up to a number of fields, each up to a length; and whether there is more."""
    items = letter.raw_items()
    fields = [
        (unfolded(name)[:_LONGEST_TEXT], unfolded(str(value)[:_LONGEST_VALUE]))
        for name, value in islice(items, MOST_FIELDS)
    ]
    return [(clean(name), clean(value)) for name, value in fields], next(items, None) is not None


def _head(fields: Fields, parts: Parts, mail_from: str, defects: tuple[str, ...]) -> Head:
    senders = _people(fields, "From") or people.mailboxes(clean(mail_from))
    return Head(
        sender=senders[0] if senders else Mailbox(""),
        to=_people(fields, "To"),
        cc=_people(fields, "Cc"),
        # whom the letter names as hidden; on arrival those are kept that the envelope names too
        bcc=_people(fields, "Bcc"),
        reply_to=_people(fields, "Reply-To"),
        from_text=_text(fields, "From"),
        to_text=_joined(fields, "To"),
        cc_text=_joined(fields, "Cc"),
        reply_to_text=_joined(fields, "Reply-To"),
        message_id=_text(fields, "Message-ID"),
        date=_text(fields, "Date"),
        received_for=_noted(values(fields, "Received")),
        files=tuple(parts.kept),
        spam_score=_score(fields),
        defects=defects,
    )


def _text(fields: Fields, name: str) -> str:
    return decoded(next(values(fields, name), ""))[:_LONGEST_TEXT]


def _joined(fields: Fields, name: str) -> str:
    return decoded(", ".join(value for value in values(fields, name) if value))[:_LONGEST_TEXT]


def _people(fields: Fields, name: str) -> tuple[Mailbox, ...]:
    text = ", ".join(value for value in values(fields, name) if value)
    return people.mailboxes(text[:_LONGEST_TEXT])


def _noted(received: Iterable[str]) -> tuple[str, ...]:
    """The addresses of "for" clauses (RFC 5321 4.4), each once."""
    found = (_FOR.search(value) for value in received)
    return tuple(dict.fromkeys(each[1] for each in found if each))


def _score(fields: Fields) -> float | None:
    """What the scanner nearest to us says: it wrote the topmost of its fields."""
    told = (_SCORE.fullmatch(value[:_LONGEST_TEXT]) for name, value in fields if name.lower() in _SCORED)
    return next((float(found[1]) for found in told if found), None)


def _stripped(fields: Fields, text: str | None) -> str:
    """An answer names the letter that it answers (RFC 5322 3.6.4); anything else has nothing to strip."""
    answers = any(values(fields, "In-Reply-To")) or any(values(fields, "References"))
    return reply.stripped(text) if answers and text else ""
