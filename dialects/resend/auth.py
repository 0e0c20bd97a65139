"""Keys: what they look like, what they may do, and who must name its program.

Source: Resend docs, introduction, API keys and errors, read 2026-11; Postflare's introduction, read 2026-11.
"""

import secrets
import string
from typing import Final

from core.core import Caller, Core
from core.credentials import identify
from core.errors import Forbidden
from dialects.dialect import KeyKind
from dialects.request import Request

POSTFLARE_HOST: Final = "api.postflare.app"

_FULL: Final = "full_access"
_SENDING: Final = "sending_access"
_LETTERS: Final = string.ascii_letters + string.digits


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


def _mint(environment: str) -> str:
    # there is no test environment: test addresses take its place
    del environment
    return f"re_{_letters(8)}_{_letters(24)}"


KEY: Final = KeyKind(
    name="key", mint=_mint, scopes=frozenset({_FULL}), all_scopes=frozenset({_FULL, _SENDING})
)


async def full(core: Core, request: Request) -> Caller:
    """Who calls, with a key that may do everything; raises Unauthenticated and Forbidden."""
    caller = await _known(core, request)
    if _FULL not in caller.scopes:
        raise Forbidden(kind="restricted")
    return caller


async def sending(core: Core, request: Request) -> Caller:
    """Who calls, with a key that may at least send; raises Unauthenticated and Forbidden."""
    caller = await _known(core, request)
    if _FULL not in caller.scopes and _SENDING not in caller.scopes:
        raise Forbidden(kind="restricted")
    return caller


async def _known(core: Core, request: Request) -> Caller:
    if not request.header(b"user-agent") and not _is_postflare(request):
        raise Forbidden(kind="user_agent")
    return await identify(core, "resend", request.bearer())


def _is_postflare(request: Request) -> bool:
    # its introduction has no such rule
    return (request.header(b"host") or "").partition(":")[0].lower() == POSTFLARE_HOST
