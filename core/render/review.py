"""A template looked at before it is kept: everything wrong with it, a model that fits it, what it would become."""

from collections.abc import Mapping

import msgspec

from core.errors import RenderFailed
from core.render import inlining, syntaxes
from core.render.compiled import compile_joined
from core.render.parts import render
from core.render.source import Options, Source, Value
from core.render.syntax import Fault

_PARTS = ("html", "text", "subject")
# what stands for a template in a layout that is shown alone
_SAMPLE = "Content"


class PartReview(msgspec.Struct, frozen=True, kw_only=True):
    """One part: its faults, or else what it becomes."""

    faults: tuple[Fault, ...] = ()
    rendered: str | None = None


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What was found; a part that the source has not is None. ``model`` holds the values it was rendered with."""

    html: PartReview | None
    text: PartReview | None
    subject: PartReview | None
    model: dict[str, Value]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Those of all parts."""
        parts = (self.html, self.text, self.subject)
        return tuple(fault for part in parts if part is not None for fault in part.faults)

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def review(
    source: Source,
    *,
    layout: Source | None = None,
    is_layout: bool = False,
    model: Mapping[str, Value] | None = None,
    inline_css: bool = False,
) -> Review:
    """Check a template or a layout, and render what is right of it with the values given and suggested ones.

    Never raises for what is wrong with the source; an unknown syntax is a fault of every part.
    """
    texts = {part: text for part in _PARTS if (text := _text(source, part)) is not None}
    faults = {part: _faults(source, part, text, is_layout=is_layout) for part, text in texts.items()}
    sound = {part: text for part, text in texts.items() if not faults[part]}
    filled = _filled(model or {}, _suggested(source.syntax, sound, layout))
    shown = _Showing(_framed(source, layout, is_layout=is_layout), filled, inline_css=inline_css)
    parts = {
        part: PartReview(faults=tuple(faults[part])) if faults[part] else shown.part(part) for part in texts
    }
    return Review(html=parts.get("html"), text=parts.get("text"), subject=parts.get("subject"), model=filled)


def _text(source: Source, part: str) -> str | None:
    match part:
        case "html":
            return source.html
        case "text":
            return source.text
        case _:
            return source.subject or None


def _faults(source: Source, part: str, text: str, *, is_layout: bool) -> list[Fault]:
    row = syntaxes.SYNTAXES.get(source.syntax)
    found = list(row.faults(text, is_layout and part != "subject")) if row and row.faults else []
    if found:
        return found
    # what names no other text is compiled as it will be rendered, and so only once
    library: dict[str, str] | None = {} if row and row.inlaid else None
    try:
        compile_joined(source.syntax, source.name, text, escape=part == "html", library=library)
    except RenderFailed as failed:
        return [Fault(reason=failed.reason, line=failed.line)]
    return []


def _suggested(syntax: str, texts: Mapping[str, str], layout: Source | None) -> dict[str, Value]:
    row = syntaxes.SYNTAXES.get(syntax)
    if row is None or row.suggest is None:
        return {}
    around: dict[str, str | None] = {}
    if layout is not None and layout.syntax == syntax:
        around = {"html": layout.html, "text": layout.text}
    return row.suggest(
        [
            (outer, text) if (outer := around.get(part)) is not None else (text, "")
            for part, text in texts.items()
        ]
    )


def _filled(given: Mapping[str, Value], suggested: Mapping[str, Value]) -> dict[str, Value]:
    """What was given, and what it leaves out; an object given empty is meant to be empty."""
    made = dict(given)
    for key, value in suggested.items():
        held = given.get(key)
        if key not in given:
            made[key] = value
        elif isinstance(held, dict) and held and isinstance(value, dict):
            made[key] = _filled(held, value)
    return made


def _framed(source: Source, layout: Source | None, *, is_layout: bool) -> tuple[Source, Source | None]:
    """What to render, and the layout around it."""
    if is_layout:
        named = msgspec.structs.replace(source, name=source.name or "layout")
        sample = Source(name="", syntax=source.syntax, html=_SAMPLE, text=_SAMPLE, layout=named.name)
        return msgspec.structs.replace(sample, subject=source.subject), named
    return msgspec.structs.replace(source, layout=layout.name if layout else ""), layout


class _Showing:
    """Renders one part after the other, so that the failure of one is told of it alone."""

    def __init__(
        self, framed: tuple[Source, Source | None], model: Mapping[str, Value], *, inline_css: bool
    ) -> None:
        self._source, self._layout = framed
        self._model = model
        self._inline_css = inline_css

    def part(self, part: str) -> PartReview:
        """The part alone."""
        kept = {other: None if other != "subject" else "" for other in _PARTS if other != part}
        source = msgspec.structs.replace(self._source, **kept)
        try:
            made = render(source, [self._layout] if self._layout else [], self._model, Options())
            html = inlining.inlined(made.html) if made.html and self._inline_css else made.html
        except RenderFailed as failed:
            return PartReview(faults=(Fault(kind="rendering", reason=failed.reason, line=failed.line),))
        return PartReview(rendered={"html": html, "text": made.text, "subject": made.subject}[part])
