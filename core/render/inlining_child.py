"""The process that ``inlining`` starts: HTML comes in, HTML with its styles inlined goes out, until nothing comes.

It stands alone, and imports nothing of this package: all it may do is what it is here for.
"""

import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import css_inline

MEMORY_LIMIT_BYTES = 1 << 29
# of the processor's time, so that a busy machine does not make honest HTML fail; usual HTML takes a few milliseconds
TIME_LIMIT_S = 2.0
_TYPE = re.compile(r"\s*<!doctype[^>]*>", re.IGNORECASE)
_DOCUMENT = ("<!doctype", "<html", "<head", "<body")
# style elements stay, for what cannot be inlined: media queries, states; nothing is ever fetched
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True, keep_link_tags=True)


def _confine() -> None:
    """Bound memory, and leave no core behind, where the system has limits."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415  # not on every system

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))


@contextmanager
def _watched() -> Iterator[None]:
    """Have the system end this process when one body has used up its time."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.setitimer(signal.ITIMER_PROF, TIME_LIMIT_S)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)


def _inlined(html: str) -> str:
    """A document comes back as one, of the type it had; a piece comes back as a piece."""
    lowered = html.lower()
    if not any(mark in lowered for mark in _DOCUMENT):
        return _INLINER.inline_fragment(html, "")
    made, own = _INLINER.inline(html), _TYPE.match(html)
    # by its long name mail programs choose how they draw, and the inliner knows only the short one
    return _TYPE.sub(lambda _: own[0], made, count=1) if own else made


def _answer(html: str) -> bytes:
    try:
        return _inlined(html).encode()
    except (css_inline.InlineError, MemoryError, ValueError):
        return b""


def main() -> None:
    """Say one byte once ready, then answer: a length in eight bytes and that many of UTF-8; none is a refusal."""
    _confine()
    read, write = sys.stdin.buffer, sys.stdout.buffer
    write.write(b"+")
    write.flush()
    while head := read.read(8):
        html = read.read(int.from_bytes(head)).decode()
        with _watched():
            made = _answer(html)
        write.write(len(made).to_bytes(8) + made)
        write.flush()


if __name__ == "__main__":
    main()
