"""The rate limit. Postmark publishes no figure, so there is none unless the operator sets one, per second and token."""

from typing import Final

from core.errors import RateLimited
from dialects.endpoint import Call

_UNLIMITED: Final = 0


async def admit(call: Call) -> None:
    """Count the call; raises RateLimited."""
    core = call.core
    limit = core.policy.rate_limits.get("postmark", _UNLIMITED)
    if limit == _UNLIMITED:
        return
    standing = core.windows.count(f"postmark:{call.caller.credential_id}", core.clock.now(), limit=limit)
    if not standing.allowed:
        raise RateLimited(standing.wait_s)
