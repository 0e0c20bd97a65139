"""What a template may hold: which parts, how long, that they parse, and where a layout takes its content.

Source: Postmark developer docs, "Templates API" and its error codes, and the tests of its command line, read 2026-11.
Its limits of length are not published.
"""

import asyncio
from functools import partial
from typing import Final

from core.errors import Invalid
from core.render import Fault, Source, review
from core.templates import Body, Kind

SYNTAX: Final = "mustachio"
# a template and its layout are rendered as one text, which is bounded
_LONGEST_BODY: Final = 500_000
_LONGEST_SUBJECT: Final = 2000


def check_parts(kind: Kind, body: Body) -> None:
    """Refuse what lacks a part or has one too many; raises Invalid."""
    if kind == "layout":
        if body.subject:
            raise unfit("Subject", "A layout has no 'Subject'.")
        if body.layout:
            raise unfit("LayoutTemplate", "A layout cannot have a 'LayoutTemplate'.")
    elif not body.subject.strip():
        raise missing("Subject", "The 'Subject' of the template is missing.")
    if not body.html and not body.text:
        raise missing("HtmlBody", "Provide either 'HtmlBody' or 'TextBody' or both.")
    check_lengths(body)


def check_lengths(body: Body) -> None:
    """Refuse what is too long; raises Invalid."""
    check_length("Subject", body.subject, _LONGEST_SUBJECT)
    check_length("HtmlBody", body.html, _LONGEST_BODY)
    check_length("TextBody", body.text, _LONGEST_BODY)


def check_length(name: str, text: str | None, most: int) -> None:
    """Refuse what is too long, or what not every engine keeps; raises Invalid."""
    if text and len(text) > most:
        raise Invalid(name, f"The '{name}' is longer than {most} characters.", kind="template_length")
    if text and "\x00" in text:
        raise Invalid(name, f"The '{name}' may not contain NUL.", kind="template_field")


async def check_texts(kind: Kind, body: Body) -> None:
    """Refuse what does not parse, and a layout without its one placeholder; raises Invalid.

    In a thread, since a large text takes its time.
    """
    source = Source(name="", syntax=SYNTAX, subject=body.subject, html=body.html, text=body.text)
    found = await asyncio.to_thread(partial(review, source, is_layout=kind == "layout"))
    for fault in found.faults:
        if fault.kind != "rendering":
            refused = "template_placeholder" if fault.kind == "placeholder" else "template_field"
            raise Invalid("body", said(fault), kind=refused)


def said(fault: Fault) -> str:
    """What is wrong, and where, so far as that is known."""
    return f"{fault.reason} (line {fault.line}, character {fault.character})" if fault.line else fault.reason


def missing(field: str, reason: str) -> Invalid:
    """What is refused for want of a field."""
    return Invalid(field, reason, kind="template_missing")


def unfit(field: str, reason: str) -> Invalid:
    """What is refused for a field too many."""
    return Invalid(field, reason, kind="template")
