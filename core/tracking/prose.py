"""The links of a plain text, and the text with some of them replaced. Pure."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Final

from core.tracking.targets import target

# letters of RFC 3986 alone; no link begins inside of a word
_ADDRESS: Final = re.compile(
    r"(?<![A-Za-z0-9+.\-])https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%|{}^\\`]+", re.IGNORECASE
)
# what ends a sentence around a link, not the link
_AFTER: Final = ".,;:!?'*_`"
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_BRACKETS: Final = frozenset("()[]{}")


def rewritten(text: str, address: Callable[[str], str | None]) -> str:
    """The text with each link replaced by what ``address`` makes of it, unless that is None."""

    def replaced(found: re.Match[str]) -> str:
        # a letter beyond ASCII: the link may go on or a word may begin, and nobody can tell which
        if text[found.end() : found.end() + 1].isalnum():
            return found[0]
        shown = _trimmed(found[0])
        leads = target(shown)
        made = None if leads is None else address(leads)
        return found[0] if made is None else made + found[0][len(shown) :]

    return _ADDRESS.sub(replaced, text)


def _trimmed(shown: str) -> str:
    """Without the marks of the sentence around it; a bracket that was opened inside belongs to the link."""
    # counted once: a text of brackets alone would be read again for each of them
    counts = Counter(each for each in shown if each in _BRACKETS)
    end = len(shown)
    while end and _is_after(shown[end - 1], counts):
        counts[shown[end - 1]] -= 1
        end -= 1
    return shown[:end]


def _is_after(last: str, counts: Counter[str]) -> bool:
    return last in _AFTER or (last in _PAIRS and counts[_PAIRS[last]] < counts[last])
