"""The memory of large mail goes back to the system once the mail is let go."""

import ctypes
from typing import Final

# mallopt(3) of glibc
_M_MMAP_THRESHOLD: Final = -3
_THRESHOLD_BYTES: Final = 1024 * 1024


def return_large_blocks() -> None:
    """Have every block of a megabyte or more mapped by itself.

    By default glibc raises that bound to the largest block ever freed, up to 32 MiB, and keeps twice as much for later:
    a few large mails would cost a process several times their size for good. Without effect on other C libraries.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _THRESHOLD_BYTES)
