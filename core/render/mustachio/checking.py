"""What is wrong with a text, and a model that would fit it: the syntax's answers to those who review a template."""

from collections.abc import Sequence

from core.render.mustachio.suggesting import Suggestion
from core.render.mustachio.tokens import CONTENT_PATH, Reading, Token, bad_path, read
from core.render.source import Value
from core.render.syntax import Fault

_PLACEHOLDER = "The layout content placeholder must be present exactly once: '{{{ @content }}}'."


def faults(text: str, is_layout: bool) -> list[Fault]:  # noqa: FBT001  # the shape of every syntax's check
    """Everything that is wrong; a layout has one place for its content, anything else has none."""
    reading = read(text)
    return [*reading.faults, *_misplaced(reading, is_layout=is_layout)]


def _misplaced(reading: Reading, *, is_layout: bool) -> list[Fault]:
    places = [token for token in reading.tokens if token.kind == "content"]
    if not is_layout:
        reason = bad_path(CONTENT_PATH)
        return [Fault(reason=reason, line=each.line, character=each.character) for each in places]
    if not places:
        return [Fault(kind="placeholder", reason=_PLACEHOLDER)]
    return [
        Fault(kind="placeholder", reason=_PLACEHOLDER, line=each.line, character=each.character)
        for each in places[1:]
    ]


def suggest(texts: Sequence[tuple[str, str]]) -> dict[str, Value]:
    """A model for texts, each with the one that stands at its place for content; faulty ones say nothing."""
    suggestion = Suggestion()
    for text, content in texts:
        suggestion.read(_sound(text), _sound(content))
    return suggestion.model()


def _sound(text: str) -> Sequence[Token]:
    reading = read(text)
    return () if reading.faults else reading.tokens


def is_reserved(key: str) -> bool:
    """Whether a model may not bring this key at its top, because the syntax has a use of its own for it."""
    return key.startswith(("@", "pm:"))
