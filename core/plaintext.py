"""Readable plain text from HTML, for the text part of a message that has none. Pure.

One pass over the tags as libxml2 reports them: no tree is built, so neither depth nor size costs more
than its own length.
"""

import re
from typing import Final

from lxml import etree

# unclosed or deep elements beyond this are no layout; a stray end tag is searched for among all of them
_DEEPEST: Final = 512
_TAG_OF_ANY_DEPTH: Final = re.compile(r"</?(?!script\b|style\b)[a-z][^<>]*+>", re.IGNORECASE)
_SLICE: Final = 1 << 16
_SURROGATE: Final = re.compile("[\ud800-\udfff]")

_UNSEEN: Final = frozenset({"head", "object", "script", "style", "template", "title"})
_HIDDEN: Final = re.compile(r"(?:display\s*:\s*none|mso-hide\s*:\s*all)", re.IGNORECASE)
_PARAGRAPHS: Final = frozenset(
    {"blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "p", "pre", "table"}
)
_BLOCKS: Final = _PARAGRAPHS | frozenset(
    {
        *(
            "address",
            "article",
            "aside",
            "body",
            "caption",
            "center",
            "dd",
            "div",
            "dt",
            "fieldset",
            "figcaption",
        ),
        *(
            "figure",
            "footer",
            "form",
            "header",
            "legend",
            "li",
            "main",
            "nav",
            "ol",
            "option",
            "section",
            "tr",
            "ul",
        ),
    }
)
_INDENTS: Final = {"blockquote": "> ", "ul": "  ", "ol": "   ", "dd": "  "}
# deeper levels stand under the last one, or a few tags could make a line of any length
_MOST_INDENTS: Final = 8
_RULE: Final = "-" * 40
_BETWEEN_CELLS: Final = " | "


def from_html(html: str) -> str:
    """What a reader of the HTML sees, as text: links with their addresses, lists and tables line by line."""
    if not html:
        return ""
    html = _SURROGATE.sub("\ufffd", html)
    try:
        return _read(html)
    except _TooDeep:
        return _read(_TAG_OF_ANY_DEPTH.sub("\n<br>", html))


class _TooDeep(Exception):  # noqa: N818  # a turn to the other way of reading, not an error
    """More elements inside of one another than a page has."""


def _read(html: str) -> str:
    page = _Page()
    # without the option, libxml2 drops whatever is more than 256 elements deep
    parser = etree.HTMLParser(target=_Reader(page), huge_tree=True)
    for start in range(0, len(html), _SLICE):
        # what a target raises comes out only when the slice is done
        parser.feed(html[start : start + _SLICE])
    parser.close()
    return page.text()


class _Page:
    """Lines as they grow: blanks run together, indented, never more than one empty line in a row."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.indents: list[str] = []
        self.marker: str | None = None
        self._between = ""
        self._gap = False

    def text(self) -> str:
        """Everything written, without empty lines around it."""
        self.end_line()
        return "\n".join(self.lines)

    def write(self, text: str) -> None:
        """Running text: any blanks count as one, none at the start of a line."""
        words = " ".join(text.split())
        if text[:1].isspace():
            self.separate(" ")
        if words:
            self.line.append(self._between + words)
            self._between = " " if text[-1:].isspace() else ""

    def write_as_is(self, text: str) -> None:
        """Text whose blanks and line ends count."""
        first, *others = text.expandtabs().split("\n")
        self._append(first)
        for other in others:
            self.end_line(gap=not self.line)
            self._append(other)

    def _append(self, text: str) -> None:
        if text:
            self.line.append(self._between + text)
            self._between = ""

    def separate(self, between: str) -> None:
        """Put this before the next word, if the line already has one."""
        if self.line and len(between) > len(self._between):
            self._between = between

    def mark(self, marker: str) -> None:
        """Begin an entry of a list with its bullet or number."""
        self.marker = "".join(self.indents[: min(len(self.indents) - 1, _MOST_INDENTS)]) + marker

    def end_line(self, *, gap: bool = False) -> None:
        """Finish the line if it has text; with ``gap`` the next one comes after an empty line."""
        if self.line:
            indent = "".join(self.indents[:_MOST_INDENTS]) if self.marker is None else self.marker
            if self._gap and self.lines:
                self.lines.append("")
            self.lines.append(indent + "".join(self.line).rstrip())
            self.line, self.marker, self._gap = [], None, False
        self._between = ""
        self._gap = self._gap or gap


class _Reader:
    """What the parser tells its findings to."""

    def __init__(self, page: _Page) -> None:
        self._page = page
        self._open: list[str] = []
        self._unseen_from: int | None = None
        self._preformatted = 0
        self._lists: list[int | None] = []
        self._links: list[tuple[str, int, int]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._open.append(tag)
        if len(self._open) > _DEEPEST:
            raise _TooDeep
        if self._unseen_from is not None:
            return
        if tag in _UNSEEN or "hidden" in attributes or _HIDDEN.search(attributes.get("style", "")):
            self._unseen_from = len(self._open)
            return
        if tag in _BLOCKS:
            self._page.end_line(gap=self._has_gap(tag))
        self._begin(tag, attributes)

    def _has_gap(self, tag: str) -> bool:
        return tag in _PARAGRAPHS or (tag in {"ol", "ul"} and not self._lists)

    def _begin(self, tag: str, attributes: dict[str, str]) -> None:
        match tag:
            case "a":
                self._links.append((attributes.get("href", "").strip(), *self._place()))
            case "br":
                self._page.end_line()
            case "hr":
                self._page.write(_RULE)
            case "img":
                self._page.write(attributes.get("alt", ""))
            case "li":
                self._begin_entry()
            case "pre":
                self._preformatted += 1
            case "td" | "th":
                self._page.separate(_BETWEEN_CELLS)
            case "ol" | "ul":
                self._lists.append(0 if tag == "ol" else None)
        if tag in _INDENTS:
            self._page.indents.append(_INDENTS[tag])

    def _begin_entry(self) -> None:
        number = self._lists[-1] if self._lists else None
        if number is None:
            self._page.mark("* ")
        else:
            self._lists[-1] = number + 1
            self._page.mark(f"{number + 1}. ")

    def end(self, tag: str) -> None:
        """An element ends; every one that began does, also where the HTML forgot it."""
        depth = len(self._open)
        self._open.pop()
        if self._unseen_from is not None:
            self._unseen_from = None if self._unseen_from == depth else self._unseen_from
            return
        if tag == "a":
            self._end_link()
        if tag in _BLOCKS:
            self._page.end_line(gap=tag in _PARAGRAPHS)
        if tag in _INDENTS:
            self._page.indents.pop()
        self._leave(tag)

    def _leave(self, tag: str) -> None:
        match tag:
            case "li":
                self._page.marker = None
            case "pre":
                self._preformatted -= 1
            case "ol" | "ul":
                self._lists.pop()
                self._page.end_line(gap=not self._lists)

    def data(self, text: str) -> None:
        """Text, in as many pieces as the parser likes."""
        if self._unseen_from is not None:
            return
        if self._preformatted:
            self._page.write_as_is(text)
        else:
            self._page.write(text)

    def close(self) -> None:
        """The HTML is over."""

    def _place(self) -> tuple[int, int]:
        return len(self._page.lines), len(self._page.line)

    def _end_link(self) -> None:
        address, line, position = self._links.pop()
        if (
            not address
            or address.startswith("#")
            or address.lower().startswith(("javascript:", "cid:", "data:"))
        ):
            return
        shown = address.removeprefix("mailto:").removeprefix("tel:")
        text = "".join(self._page.line[position:]) if line == len(self._page.lines) else ""
        if text.strip().removesuffix("/") != shown.removesuffix("/"):
            self._page.separate(" ")
            self._page.write(f"<{shown}>")
