"""The rate limit: five requests a second and token, across all calls. Source: Sendflare API reference, overview."""

from typing import Final

from core.errors import RateLimited
from dialects.endpoint import Call

_PER_SECOND: Final = 5


async def admit(call: Call) -> None:
    """Count the call; raises RateLimited."""
    core = call.core
    limit = core.policy.rate_limits.get("sendflare", _PER_SECOND)
    standing = core.windows.count(f"sendflare:{call.caller.credential_id}", core.clock.now(), limit=limit)
    if not standing.allowed:
        raise RateLimited(standing.wait_s)
