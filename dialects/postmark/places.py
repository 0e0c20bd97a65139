"""The stream or the number that a path names, of whose server the caller is."""

from typing import Final

from core import streams
from core.errors import NotFound, Unauthenticated
from core.streams import DEFAULT_SEND, Stream
from dialects.endpoint import Call
from dialects.postmark.auth import SERVER, is_test

# more digits than any number of ours has
_LONGEST: Final = 18


async def stream(call: Call, key: str) -> Stream:
    """A stream, archived or not; raises NotFound("stream"), and refuses nobody's server, which has none to change."""
    refuse_test(call)
    return await streams.get(call.core, call.caller, key)


async def require_stream(call: Call, key: str) -> None:
    """Make sure that a stream to look for is there; raises NotFound("stream").

    The default stream always is, and nobody's server, which has none, is answered by an empty list.
    """
    if key != DEFAULT_SEND and not is_test(call.caller):
        await streams.get(call.core, call.caller, key)


def refuse_test(call: Call) -> None:
    """Refuse the public test token where something would be kept: nobody's server has no place for it."""
    if is_test(call.caller):
        raise Unauthenticated(kind=SERVER.name)


def number(text: str, kind: str) -> int:
    """The number in a path; raises NotFound of the kind for what is none."""
    if not (text.isascii() and text.isdecimal()) or len(text) > _LONGEST:
        raise NotFound(kind, text)
    return int(text)
