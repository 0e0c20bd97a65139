"""The links of an HTML body, and the body written again with some of it changed. Pure.

Reads tags as the HTML standard's tokenizer does (section 13.2.5) and never builds a tree: what is not the address of a
link stays as it is to the letter. Comments, Outlook's conditional ones among them, are not looked into.
"""

import re
from collections.abc import Callable
from html import unescape
from html.entities import html5
from typing import Final, NamedTuple

from core.tracking.targets import target

# a link that has it is left alone, and so is the same address in the text part; documented by the provider whose
# templates have it, and honoured whoever sends
OPT_OUT: Final = "data-pm-no-track"

_OPENING: Final = re.compile(r"<(?:(!--)|(/?)([a-zA-Z][^\t\n\f\r />]*)|[!?/])")
_COMMENT_END: Final = re.compile(r"--!?>")
# one attribute with the blanks before it; a quote that is never closed takes the rest
_ATTRIBUTE: Final = re.compile(
    r"[\t\n\f\r /]*([^\t\n\f\r />][^\t\n\f\r />=]*)"
    r"(?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:\"([^\"]*)(?:\"|\Z)|'([^']*)(?:'|\Z)|([^\t\n\f\r >\"'][^\t\n\f\r >]*))?)?"
)
# a whole tag as nearly every one is written, in one look
_USUAL_TAG: Final = re.compile(r"(?:[\t\n\f\r ]+[a-zA-Z:-]+=\"[^\"]*\")*[\t\n\f\r ]*/?>")
_TAG_END: Final = re.compile(r"[\t\n\f\r /]*>")
_REFERENCE: Final = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|([a-zA-Z][a-zA-Z0-9]*)(;?))(=?)")
# elements whose content is text to the tokenizer; a reader of mail runs no scripts, so noscript is none of them
_RAW: Final = frozenset(
    {"iframe", "noembed", "noframes", "plaintext", "script", "style", "textarea", "title", "xmp"}
)


class Link(NamedTuple):
    """Where the address of an ``a`` stands, without its quotes, and where it leads."""

    start: int
    end: int
    target: str


class Markup(NamedTuple):
    """What a body holds. ``end`` is where something can be added that is shown last.

    ``cuts`` are the attributes that opt out, with the blanks before them; ``opted_out`` where those links lead.
    """

    links: tuple[Link, ...]
    cuts: tuple[tuple[int, int], ...]
    opted_out: frozenset[str]
    end: int


def scan(html: str) -> Markup:
    """Read a body once, from front to back."""
    reader = _Reader(html)
    end = reader.read()
    if reader.body_end is not None:
        end = reader.body_end
    return Markup(tuple(reader.links), tuple(reader.cuts), frozenset(reader.opted_out), end)


def rewritten(html: str, markup: Markup, address: Callable[[str], str | None], *, last: str = "") -> str:
    """The body with each link's address replaced by what ``address`` makes of its target, unless that is None.

    ``last`` is put before the end of the body. What opts out is taken out; everything else stays.
    """
    changes = [(start, end, "") for start, end in markup.cuts]
    changes += [
        (link.start, link.end, made) for link in markup.links if (made := address(link.target)) is not None
    ]
    changes.append((markup.end, markup.end, last))
    pieces: list[str] = []
    at = 0
    for start, end, text in sorted(changes):
        pieces += [html[at:start], text]
        at = end
    return "".join([*pieces, html[at:]])


def value_of(text: str) -> str:
    """What an attribute's text says: character references are undone by the rule for attributes (13.2.5.73).

    There a name without its semicolon is none where a letter, a digit or ``=`` follows: ``?a=1&copy=2`` stays.
    """
    return _REFERENCE.sub(_undone, text) if "&" in text else text


def _undone(found: re.Match[str]) -> str:
    name, semicolon, equals = found[1], found[2], found[3]
    if name is None:
        return unescape(found[0])
    if semicolon:
        return html5.get(f"{name};", f"&{name};") + equals
    return html5[name] if name in html5 and not equals else found[0]


class _Reader:
    def __init__(self, html: str) -> None:
        self._html = html
        self.links: list[Link] = []
        self.cuts: list[tuple[int, int]] = []
        self.opted_out: set[str] = set()
        self.body_end: int | None = None

    def read(self) -> int:
        """Where reading ended: the end, or the beginning of what is never closed."""
        at = 0
        while (found := _OPENING.search(self._html, at)) is not None:
            past = self._past(found)
            if past < 0:
                return found.start()
            at = past
        return len(self._html)

    def _past(self, found: re.Match[str]) -> int:
        """Where what begins here is over; below 0 where it never is."""
        if found[1]:
            # the dashes of the beginning may be those of the end: <!--> is a comment
            closed = _COMMENT_END.search(self._html, found.end() - 2)
            return -1 if closed is None else closed.end()
        if found[3] is None:
            return self._html.find(">", found.start() + 2) + 1 or -1
        name = found[3].lower()
        if found[2]:
            return self._end_tag(name, found)
        end = self._link(found.end()) if name == "a" else self._tag_end(found.end())
        return self._past_text(name, end) if name in _RAW and end >= 0 else end

    def _end_tag(self, name: str, found: re.Match[str]) -> int:
        end = self._tag_end(found.end())
        if name == "body" and end >= 0:
            self.body_end = found.start()
        return end

    def _past_text(self, name: str, at: int) -> int:
        """Past the text of an element that has nothing else in it; its end tag is read as any other."""
        if name == "plaintext":
            return -1
        closed = re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE).search(self._html, at)
        return -1 if closed is None else closed.start()

    def _tag_end(self, at: int) -> int:
        usual = _USUAL_TAG.match(self._html, at)
        if usual is not None:
            return usual.end()
        while (found := _ATTRIBUTE.match(self._html, at)) is not None:
            at = found.end()
        return self._closed(at)

    def _closed(self, at: int) -> int:
        closed = _TAG_END.match(self._html, at)
        return -1 if closed is None else closed.end()

    def _link(self, at: int) -> int:
        """An ``a``: of two attributes of one name the first counts."""
        held: dict[str, re.Match[str]] = {}
        cuts: list[tuple[int, int]] = []
        while (found := _ATTRIBUTE.match(self._html, at)) is not None:
            name = found[1].lower()
            held.setdefault(name, found)
            if name == OPT_OUT:
                cuts.append(found.span())
            at = found.end()
        end = self._closed(at)
        if end >= 0:
            self.cuts += cuts
            self._keep(held)
        return end

    def _keep(self, held: dict[str, re.Match[str]]) -> None:
        href = held.get("href")
        if href is None or href.lastindex is None or href.lastindex < 2:
            return
        start, end = href.span(href.lastindex)
        leads = target(value_of(self._html[start:end]))
        if leads is None:
            return
        if OPT_OUT in held:
            self.opted_out.add(leads)
        else:
            self.links.append(Link(start, end, leads))
