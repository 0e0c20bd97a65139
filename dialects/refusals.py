"""From a refusal of the domain to a dialect's answer: a table of rows, looked up along the class's ancestry."""

from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec

from core.errors import Refusal

R = TypeVar("R", bound="Row")

Key = type[BaseException] | tuple[type[BaseException], str]


class Row(msgspec.Struct, frozen=True):
    """How a dialect says a refusal: HTTP status, its own code or name, and a text.

    ``{field}`` and other words in braces are filled from the refusal's attributes; ``{text}`` is its own words.
    """

    status: int
    code: str | int
    text: str = "{text}"


class Answer(msgspec.Struct, frozen=True):
    """Bytes to send, with status and further headers."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


class RefusalTable(Generic[R]):
    """A dialect's rows. It must hold Refusal and Exception, and so has an answer to everything."""

    def __init__(self, rows: Mapping[Key, R]) -> None:
        """Refuse a table that is not total."""
        missing = [kind.__name__ for kind in (Refusal, Exception) if kind not in rows]
        if missing:
            message = f"the table has no row for {', '.join(missing)}"
            raise ValueError(message)
        self._rows = dict(rows)

    def row(self, error: BaseException) -> R:
        """The narrowest row: for each class of the ancestry, first with the refusal's kind, then without."""
        kind = getattr(error, "kind", "")
        for ancestor in type(error).__mro__:
            if kind and (found := self._rows.get((ancestor, kind))) is not None:
                return found
            if (found := self._rows.get(ancestor)) is not None:
                return found
        return self._rows[Exception]


_FACTS: Final = (
    "field", "reason", "value", "kind", "id", "address", "domain", "limit", "what", "retry_after", "template", "line",
    "method", "offset", "path",
)  # fmt: skip  # one word a line would be a page


def text(row: Row, error: BaseException) -> str:
    """A row's text with the refusal's facts in it."""
    if "{" not in row.text:
        return row.text
    facts: dict[str, Any] = {name: getattr(error, name, "") for name in _FACTS}
    facts["text"] = str(error)
    return row.text.format_map(facts)
