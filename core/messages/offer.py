"""The way out that a letter offers its reader: links in its texts, and header fields. Pure.

RFC 2369 3.2 has the List-Unsubscribe field, RFC 8058 the one that lets a mail program use it at one click. That needs
a public address with https, which is the operator's to set; over http, programs ignore the second field.
"""

import html as markup
import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from core import optout
from core.core import Policy
from core.messages.draft import Draft, OptOut, Value
from core.messages.message import Delivery, Message
from core.tokens import Signer

Fields = tuple[tuple[str, str], ...]

_FIELD: Final = "list-unsubscribe"
_POST_FIELD: Final = "list-unsubscribe-post"
_LABEL: Final = "Unsubscribe"
_FOOTER: Final = '<p style="text-align:center;font-size:12px"><a href="{}">{}</a></p>'
_END_OF_BODY: Final = re.compile(r"</body\s*>", re.IGNORECASE)


def is_made(message: Message) -> bool:
    """Whether the letter offers anything; then it is another one for every recipient."""
    asked = message.draft.opt_out
    return asked is not None and (asked.header or asked.managed or _is_worded(message, asked))


def way_out(policy: Policy, signer: Signer, message: Message, recipient: Delivery | None) -> str:
    """The address that a recipient's letter leads to; empty where it offers nothing."""
    if recipient is None or not is_made(message):
        return ""
    return optout.url(policy, signer, optout.of(message, recipient))


def html(message: Message, url: str) -> str | None:
    """The HTML with its way out."""
    body, asked = message.html, message.draft.opt_out
    if not body or not url or asked is None:
        return body
    url = markup.escape(url)
    if _is_worded(message, asked):
        return "".join(_filled(body, asked, url))
    return _with_footer(body, _FOOTER.format(url, _LABEL)) if asked.managed else body


def text(message: Message, url: str) -> str | None:
    """The text with its way out, where it has a text of its own."""
    body, asked = message.text, message.draft.opt_out
    if not body or not url or asked is None:
        return body
    if _is_worded(message, asked):
        # a function, so that nothing in the address is taken for a reference to a group
        return _words(asked).sub(lambda _: url, body)
    return f"{body}\n\n{_LABEL}: {url}\n" if asked.managed else body


def headers(message: Message, url: str, own: Fields) -> Fields:
    """The letter's own header fields and those that offer the way out; the caller's win where nothing is managed."""
    asked = message.draft.opt_out
    if not url or asked is None:
        return own
    if asked.managed:
        own = tuple(row for row in own if row[0].lower() not in (_FIELD, _POST_FIELD))
    elif any(name.lower() == _FIELD for name, _ in own):
        return own
    else:
        own = tuple(row for row in own if row[0].lower() != _POST_FIELD)
    return (
        *own,
        ("List-Unsubscribe", f"<{url}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )


def left_standing(draft: Draft) -> dict[str, Value]:
    """Variables that make a template leave the draft's words for an address standing, until a recipient's is known."""
    asked = draft.opt_out
    return {} if asked is None else {word: f"{{{{{{{word}}}}}}}" for word in asked.urls}


def _is_worded(message: Message, asked: OptOut) -> bool:
    """Whether a word for the link stands in the letter."""
    if not asked.links and not asked.urls:
        return False
    found = _words(asked)
    return any(found.search(body) for body in (message.html, message.text) if body)


def _words(asked: OptOut) -> "re.Pattern[str]":
    return _pattern(asked.links, asked.urls)


@cache
def _pattern(links: tuple[str, ...], urls: tuple[str, ...]) -> "re.Pattern[str]":
    """Words in two or three braces; a link's may bring the text to show."""
    link, url = ("|".join(map(re.escape, words)) or "(?!)" for words in (links, urls))
    inner = rf'(?:(?P<link>{link})(?:\s+label="(?P<label>[^"<>{{}}]*)")?|(?P<url>{url}))'
    return re.compile(rf"\{{\{{\s*{inner}\s*\}}\}}|\{{\{{\{{\s*{inner.replace('?P<', '?P<raw_')}\s*\}}\}}\}}")


def _filled(body: str, asked: OptOut, url: str) -> Iterator[str]:
    """The HTML in pieces; within a tag a link would be no link, so there it is the address."""
    end, in_tag = 0, False
    for found in _words(asked).finditer(body):
        before = body[end : found.start()]
        opened, closed = before.rfind("<"), before.rfind(">")
        in_tag = opened > closed if opened != closed else in_tag
        yield before
        is_link = found["link"] or found["raw_link"]
        label = found["label"] or found["raw_label"] or _LABEL
        yield f'<a href="{url}">{label}</a>' if is_link and not in_tag else url
        end = found.end()
    yield body[end:]


def _with_footer(body: str, footer: str) -> str:
    at = len(body)
    for found in _END_OF_BODY.finditer(body):
        at = found.start()
    return f"{body[:at]}{footer}{body[at:]}"
