"""The rate limit of a team in fixed windows of a second, and the headers that tell of it on every answer.

Source: Resend docs, rate limit, read 2026-11. The provider allows 10 a second; a server of one's own has no reason to
unless its operator says so.
"""

from functools import lru_cache
from typing import Final

from core.errors import RateLimited
from dialects.endpoint import Call

_OFF: Final = 0
# SDKs hand the headers to their users, so there is a figure even where nothing is counted
_NOMINAL: Final = 1000

Headers = tuple[tuple[bytes, bytes], ...]


async def admit(call: Call) -> None:
    """Count the call and tell where the team stands; raises RateLimited."""
    core = call.core
    limit = core.policy.rate_limits.get("resend", _OFF)
    if limit == _OFF:
        call.headers.extend(UNCOUNTED)
        return
    standing = core.windows.count(f"resend:{call.caller.workspace_id}", core.clock.now(), limit=limit)
    call.headers.extend(_headers(limit, standing.remaining, standing.wait_s))
    if not standing.allowed:
        raise RateLimited(standing.wait_s)


@lru_cache(maxsize=1024)
def _headers(limit: int, remaining: int, reset_s: int) -> Headers:
    return (
        (b"ratelimit-limit", b"%d" % limit),
        (b"ratelimit-remaining", b"%d" % remaining),
        (b"ratelimit-reset", b"%d" % reset_s),
        (b"ratelimit-policy", b"%d;w=1" % limit),
    )


UNCOUNTED: Final = _headers(_NOMINAL, _NOMINAL, 1)
