"""Templates: several syntaxes, one sandboxed runtime, bounded in time and size."""

from core.render.compiled import Compiled, compile_text, outline
from core.render.parts import check, render
from core.render.references import references
from core.render.review import PartReview, Review, review
from core.render.source import Options, Rendered, Source, Value
from core.render.syntax import Fault

__all__ = [
    "Compiled",
    "Fault",
    "Options",
    "PartReview",
    "Rendered",
    "Review",
    "Source",
    "Value",
    "check",
    "compile_text",
    "names",
    "needs",
    "references",
    "render",
    "review",
]


def names(syntax: str, text: str) -> frozenset[str]:
    """The variables a text uses, by their first word. Raises RenderFailed."""
    return outline(syntax, text).names


def needs(syntax: str, text: str) -> frozenset[str]:
    """Those that must have a value: used somewhere without a fallback, in a syntax that has fallbacks."""
    return outline(syntax, text).needs
