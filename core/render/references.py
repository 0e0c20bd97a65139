"""What a source says about itself before it is rendered: which others it names, whether values can make it fail."""

from collections.abc import Iterator

from core.render.compiled import outline
from core.render.source import Source
from core.render.syntax import Outline


def references(source: Source) -> frozenset[str]:
    """The slugs that the source extends, includes or has as its layout. Raises RenderFailed."""
    named = {source.layout} if source.layout else set()
    for each in _outlines(source):
        named |= each.references
    return frozenset(named)


def may_fail(source: Source) -> bool:
    """Whether there are values that it cannot be rendered with, but for their size. Raises RenderFailed."""
    return any(each.may_fail for each in _outlines(source))


def _outlines(source: Source) -> Iterator[Outline]:
    for text in (source.subject, source.html, source.text):
        if text:
            yield outline(source.syntax, text)
