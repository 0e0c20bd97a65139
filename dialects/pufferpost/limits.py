"""The rate limit of sends, per workspace, told on every answer to one.

Source: PufferPost guide "Sending email", read 2026-11: three headers, the reset as a unix timestamp. It names no
size for everybody; this server's own is far above what one workspace sends.
"""

from typing import Final

from core.core import Caller, Core
from core.errors import RateLimited
from dialects.endpoint import Call
from dialects.pufferpost.auth import scoped
from dialects.request import Request

_PER_WINDOW: Final = 60_000
_WINDOW_S: Final = 60
# what the headers count down from where there is no limit: clients slow down at a low remainder
_WITHOUT_LIMIT: Final = 1_000_000

_may_send = scoped("messages:send")


async def sender(core: Core, request: Request) -> Caller:
    """Who sends, counted; raises RateLimited beside what every guard raises. A batch counts as one."""
    caller = await _may_send(core, request)
    limit = core.policy.rate_limits.get("pufferpost", _PER_WINDOW)
    standing = core.windows.count(
        f"pufferpost:{caller.workspace_id}",
        core.clock.now(),
        limit=limit or _WITHOUT_LIMIT,
        window_s=_WINDOW_S,
    )
    request.state = [
        (b"ratelimit-limit", b"%d" % standing.limit),
        (b"ratelimit-remaining", b"%d" % standing.remaining),
        (b"ratelimit-reset", b"%d" % standing.resets_at),
    ]
    if limit and not standing.allowed:
        request.headers_out.extend(request.state)
        raise RateLimited(standing.wait_s)
    return caller


async def admit(call: Call) -> None:
    """Carry the headers over to whatever the answer will be."""
    if call.request.state is not None:
        call.headers.extend(call.request.state)
