"""The answer to what has nothing to show: that it is done, in the form of an error that is none.

Source: Postmark developer docs, read 2026-11.
"""

import msgspec


class Done(msgspec.Struct, rename="pascal"):
    """Code 0 and a sentence."""

    message: str
    error_code: int = 0
