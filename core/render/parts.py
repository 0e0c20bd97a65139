"""The parts of a source: subject, html, text; each rendered on its own and put into its layouts."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from core.errors import RenderFailed
from core.render import syntaxes
from core.render.compiled import Compiled, compile_joined
from core.render.linking import DEPTH_LIMIT
from core.render.runtime import Flaw
from core.render.source import Options, Rendered, Source, Value

_HEAD_END = re.compile(r"</head\s*>", re.IGNORECASE)
PARTS = ("subject", "html", "text")


def check(source: Source) -> None:
    """Compile every part by itself; templates that it names need not exist yet.

    Raises RenderFailed whose ``kind`` is the part.
    """
    _layouts_allowed(source)
    for part in PARTS:
        if (text := _part(source, part)) is None:
            continue
        with _told(of=part):
            compile_joined(source.syntax, source.name, text, escape=part == "html", library=None)


def render(
    source: Source, parents: Sequence[Source], variables: Mapping[str, Value], options: Options
) -> Rendered:
    """Fill every part; ``parents`` are what the source, or one of them, extends, includes or has as layout.

    An empty subject is taken from the nearest layout that has one. Raises RenderFailed whose ``kind`` is the
    part.
    """
    _layouts_allowed(source)
    chain = _chain(source, {parent.name: parent for parent in parents})
    rendering = _Rendering(chain, parents, variables, options)
    html = rendering.part("html")
    return Rendered(
        subject=rendering.subject() or "",
        html=html if html is None else _styled(html, chain),
        text=rendering.part("text"),
    )


class _Rendering:
    """One call of render: the source with its layouts, outermost last."""

    def __init__(
        self,
        chain: Sequence[Source],
        parents: Sequence[Source],
        variables: Mapping[str, Value],
        options: Options,
    ) -> None:
        self._chain = chain
        self._parents = parents
        self._variables = variables
        self._options = options

    def subject(self) -> str:
        """The subject, which no layout surrounds."""
        source = next((held for held in self._chain if held.subject), self._chain[0])
        with _told(of="subject"):
            return self._compiled(source, "subject", source.subject).render(self._variables, self._options)

    def part(self, part: str) -> str | None:
        """A body within its layouts."""
        made: str | None = None
        with _told(of=part):
            if self._inlaid():
                return self._whole(part)
            for source in self._chain:
                if (text := _part(source, part)) is not None:
                    made = self._nested(source, part, text, made)
        return made

    def _inlaid(self) -> bool:
        own, *layouts = self._chain
        inlaid = bool(layouts) and syntaxes.SYNTAXES[own.syntax].inlaid
        return inlaid and all(layout.syntax == own.syntax for layout in layouts)

    def _whole(self, part: str) -> str | None:
        """A body rendered at its place in its layouts; one without layouts that have the part stands alone."""
        if _part(self._chain[0], part) is None:
            return None
        *inner, outermost = [(held, text) for held in self._chain if (text := _part(held, part)) is not None]
        taken = [(held.name, text) for held, text in reversed(inner)]
        compiled = self._compiled(outermost[0], part, outermost[1], taken)
        if taken and not compiled.outline.takes_content:
            _bare_allowed(outermost[0])
        return compiled.render(self._variables, self._options)

    def _nested(self, source: Source, part: str, text: str, content: str | None) -> str | None:
        """A body around its content; one that waits for content makes no part of its own."""
        compiled = self._compiled(source, part, text)
        if content is None and compiled.outline.takes_content and source is not self._chain[0]:
            return None
        if content is not None and not compiled.outline.takes_content:
            _bare_allowed(source)
        return compiled.render(self._variables, self._options, content=content or "")

    def _compiled(
        self, source: Source, part: str, text: str, inner: Sequence[tuple[str, str]] = ()
    ) -> Compiled:
        library = self._library(source, part)
        return compile_joined(
            source.syntax, source.name, text, escape=part == "html", library=library, inner=inner
        )

    def _library(self, source: Source, part: str) -> dict[str, str]:
        held = (
            (parent.name, _part(parent, part)) for parent in self._parents if parent.syntax == source.syntax
        )
        return {name: text for name, text in held if text is not None}


@contextmanager
def _told(*, of: str) -> Iterator[None]:
    """Failures say which part they are of."""
    try:
        yield
    except RenderFailed as failed:
        failed.kind = of
        raise


def _part(source: Source, part: str) -> str | None:
    match part:
        case "subject":
            return source.subject
        case "html":
            return source.html
        case _:
            return source.text


def _layouts_allowed(source: Source) -> None:
    try:
        layouts = syntaxes.of(source.syntax).layouts
    except Flaw as flaw:
        raise RenderFailed(source.name, flaw.reason) from flaw
    if source.layout and not layouts:
        raise RenderFailed(source.name, f"a {source.syntax} template names its parent in its own text")


def _bare_allowed(layout: Source) -> None:
    if not syntaxes.SYNTAXES[layout.syntax].bare_parent_wins:
        raise RenderFailed(layout.name, "the layout has no place for its content")


def _chain(source: Source, parents: Mapping[str, Source]) -> list[Source]:
    chain = [source]
    while slug := chain[-1].layout:
        if slug not in parents:
            raise RenderFailed(chain[-1].name, f'unknown template "{slug}"')
        chain.append(parents[slug])
        _layouts_allowed(chain[-1])
        if len(chain) > DEPTH_LIMIT:
            raise RenderFailed(source.name, "layouts are nested too deeply")
    return chain


def _styled(html: str, chain: Sequence[Source]) -> str:
    sheets = [source.css for source in reversed(chain) if source.css]
    if not sheets:
        return html
    # "<\/" is "</" to CSS and cannot end the element
    style = "<style>\n" + "\n".join(sheets).replace("</", "<\\/") + "\n</style>\n"
    at = found.start() if (found := _HEAD_END.search(html)) else 0
    return html[:at] + style + html[at:]
