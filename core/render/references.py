"""Which other templates a source names: what has to be at hand before it can be rendered."""

from core.render.compiled import outline
from core.render.source import Source


def references(source: Source) -> frozenset[str]:
    """The slugs that the source extends, includes or has as its layout. Raises RenderFailed."""
    named = {source.layout} if source.layout else set()
    for text in (source.subject, source.html, source.text):
        if text:
            named |= outline(source.syntax, text).references
    return frozenset(named)
