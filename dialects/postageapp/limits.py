"""The rate limit: the provider documents none, so there is one only where the operator sets it."""

from core.errors import RateLimited
from dialects.endpoint import Call


async def admit(call: Call) -> None:
    """Count the call; raises RateLimited."""
    core = call.core
    limit = core.policy.rate_limits.get("postageapp", 0)
    if limit:
        standing = core.windows.count(
            f"postageapp:{call.caller.credential_id}", core.clock.now(), limit=limit
        )
        if not standing.allowed:
            raise RateLimited(standing.wait_s)
