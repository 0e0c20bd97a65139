"""The bodies of a message as they leave: with a pixel and with links that lead here first, where that was asked for.

What is read back by API stays the caller's own; only the letter is written otherwise. It is another one for every
recipient, so that what comes back tells who it was.
"""

import re
from functools import lru_cache
from html import escape
from typing import Final

import msgspec

from core import plaintext
from core.core import Policy
from core.messages.message import WHOLE_MESSAGE, Delivery, Message
from core.tokens import Signer
from core.tracking import markup, prose, tokens
from core.tracking.choice import is_tracked
from core.tracking.tokens import Part, Place

# the gateway's own pages: nothing of ours is ever led through ourselves again
_OWN: Final = "/_/"
_PIXEL: Final = (
    '<img src="{}" width="1" height="1" alt="" border="0" style="height:1px;width:1px;margin:0;padding:0">'
)
_LISTED: Final = re.compile(r"<\s*(https?:[^<>]*)>", re.IGNORECASE)

# of a body that is remembered
_MOST_REMEMBERED: Final = 100_000

Bodies = tuple[str | None, str | None]
Fields = tuple[tuple[str, str], ...]


class Marker(msgspec.Struct, frozen=True):
    """What marks are made with."""

    policy: Policy
    signer: Signer


def is_made(message: Message) -> bool:
    """Whether anything of the message is tracked; then it is another one for every recipient."""
    return is_tracked(opens=message.draft.track_opens, links=message.draft.track_links)


def base(policy: Policy) -> str:
    """The address that a message's pixel and links stand under, without a slash at its end."""
    return policy.tracking_url or policy.public_url


def marked(
    marker: Marker, message: Message, recipient: Delivery | None, bodies: Bodies, headers: Fields
) -> Bodies:
    """HTML and text as they leave; ``headers`` are the letter's, whose unsubscribe addresses are left alone."""
    if not is_made(message):
        return bodies
    html, text = bodies
    links = message.draft.track_links or "none"
    marks = _Marks(marker, _place(message, recipient), _unsubscribing(headers))
    read = _read(html) if html else None
    if read is not None:
        marks.leave |= read.opted_out
    if text is not None and links in {"text", "both"}:
        text = prose.rewritten(text, marks.in_text)
    if html and read is not None:
        html = marks.html(html, read, opens=bool(message.draft.track_opens), links=links in {"html", "both"})
    return html, text


def links(policy: Policy, message: Message) -> int:
    """How many addresses lead here first in a copy of the message; one that stands in both parts is one."""
    which = message.draft.track_links or "none"
    if which == "none":
        return 0
    html, text, content = message.html, message.text, message.draft.content
    headers = message.rendering.headers if message.rendering is not None else ()
    if text is None and html and content.derive_text and which == "text":
        text = plaintext.from_html(html)
    read = _read(html) if html else None
    leave = _unsubscribing(headers or content.headers) | (read.opted_out if read is not None else frozenset())
    found: set[str] = set()
    if text is not None and which in {"text", "both"}:
        prose.rewritten(text, found.add)
    if read is not None and which in {"html", "both"}:
        found.update(link.target for link in read.links)
    own = _own(policy)
    return sum(each not in leave and not each.lower().startswith(own) for each in found)


def _read(html: str) -> markup.Markup:
    return _read_before(html) if len(html) < _MOST_REMEMBERED else markup.scan(html)


# copies for several recipients, and mail that is sent again and again, have the same HTML
_read_before = lru_cache(maxsize=64)(markup.scan)


def _place(message: Message, recipient: Delivery | None) -> Place:
    # what is led elsewhere is one letter, whoever it was for
    is_shared = bool(message.draft.redirect_to) and len(message.deliveries) > 1
    return Place(message.id, WHOLE_MESSAGE if is_shared or recipient is None else recipient.position)


class _Marks:
    """What a letter's pixel and links become; each address is signed once. ``leave``: addresses that stay."""

    def __init__(self, marker: Marker, place: Place, leave: frozenset[str]) -> None:
        self._signer = marker.signer
        self._base = base(marker.policy) + _OWN
        self._own = _own(marker.policy)
        self._place = place
        self._made: dict[tuple[str, Part], str] = {}
        self.leave = leave

    def html(self, html: str, read: markup.Markup, *, opens: bool, links: bool) -> str:
        pixel = ""
        if opens:
            token = tokens.of_open(self._signer, self._place)
            pixel = _PIXEL.format(escape(f"{self._base}t/o/{token}.gif"))
        if not links:
            return html[: read.end] + pixel + html[read.end :]
        return markup.rewritten(html, read, self.in_html, last=pixel)

    def in_html(self, leads: str) -> str | None:
        made = self._address(leads, "html")
        return None if made is None else escape(made)

    def in_text(self, leads: str) -> str | None:
        return self._address(leads, "text")

    def _address(self, leads: str, part: Part) -> str | None:
        if leads in self.leave or leads.lower().startswith(self._own):
            return None
        made = self._made.get((leads, part))
        if made is None:
            token = tokens.of_click(self._signer, tokens.Click(self._place, leads, part))
            made = self._made[leads, part] = f"{self._base}t/c/{token}"
        return made


def _own(policy: Policy) -> tuple[str, str]:
    return (base(policy) + _OWN).lower(), (policy.public_url + _OWN).lower()


def _unsubscribing(headers: Fields) -> frozenset[str]:
    """The addresses of List-Unsubscribe (RFC 2369 3.2): a reader who leaves is not led through anything."""
    return frozenset(
        address.strip()
        for name, value in headers
        if name.lower() == "list-unsubscribe"
        for address in _LISTED.findall(value)
    )
