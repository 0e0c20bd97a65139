"""The rules of an HTML body's style elements, written into the style attributes of what they select.

Many mail programs drop style elements. The work is css-inline's, which reads HTML as browsers do: there a few
kilobytes can become gigabytes or a tree too deep for any stack, and native code dies of that. So it works in a
process of its own, bounded in memory and time, and a body that kills it is refused.
"""

import atexit
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Final

from core.errors import RenderFailed

# a backstop: the process itself bounds the processor's time it takes
TIME_LIMIT_S: Final = 30.0
# elements times rules: the worst selectors take about 40 nanoseconds for each pair
PAIRS_LIMIT: Final = 50_000_000
# how a process ends that was not ended by what it worked on, which may be tried once more; 9 is SIGKILL, which not
# every system names
_FROM_OUTSIDE: Final = (-signal.SIGTERM, -9)
# what the process says first
READY: Final = b"+"
_STYLE: Final = re.compile(r"<style[\s>]", re.IGNORECASE)
_CHILD: Final = Path(__file__).with_name("inlining_child.py")


def inlined(html: str) -> str:
    """The HTML with its styles inlined, itself where it has none; raises RenderFailed."""
    if _STYLE.search(html) is None:
        return html
    if html.count("<") * html.count("{") > PAIRS_LIMIT:
        raise RenderFailed("", "the style sheet is too large to be inlined")
    try:
        data = html.encode()
    except UnicodeEncodeError as error:
        raise RenderFailed("", "the HTML holds half of a character") from error
    if not (made := _HELPER.run(data)):
        raise RenderFailed("", "the styles cannot be inlined")
    return made.decode()


class _Helper:
    """The process, started when it is first needed and again when it has died; one body at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, data: bytes) -> bytes:
        """What came back; nothing from a process that dies of the data."""
        with self._lock:
            for _ in range(2):
                if made := self._tried(data):
                    return made
                if self.close() not in _FROM_OUTSIDE:
                    break
            return b""

    def close(self) -> int:
        """End the process, if there is one, and say how it ended."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.kill()
        process.communicate()
        return process.returncode

    def _tried(self, data: bytes) -> bytes:
        if self._process is None:
            self._process = _started()
        timer = threading.Timer(TIME_LIMIT_S, self._process.kill)
        timer.start()
        try:
            return _exchanged(self._process, data)
        finally:
            timer.cancel()


def _started() -> "subprocess.Popen[bytes]":
    # a session of its own: a Ctrl-C is for the server, which finishes what it has begun
    process = subprocess.Popen(  # noqa: S603  # this very program, and a file of ours
        [sys.executable, "-P", str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    if process.stdout is None or process.stdout.read(1) != READY:
        process.kill()
        process.communicate()
        message = f"the process that inlines styles cannot be started: it ended with {process.returncode}"
        raise ChildProcessError(message)
    return process


def _exchanged(process: "subprocess.Popen[bytes]", data: bytes) -> bytes:
    sent, received = process.stdin, process.stdout
    if sent is None or received is None:
        return b""
    try:
        sent.write(len(data).to_bytes(8) + data)
        sent.flush()
    except OSError:
        return b""
    return _whole(received)


def _whole(received: IO[bytes]) -> bytes:
    length = int.from_bytes(received.read(8))
    made = received.read(length)
    return made if len(made) == length else b""


_HELPER: Final = _Helper()
atexit.register(_HELPER.close)
