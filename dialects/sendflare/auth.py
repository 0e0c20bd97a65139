"""The token that stands in the Authorization header."""

import secrets
import string

from core.core import Caller, Core
from core.credentials import identify
from dialects.dialect import KeyKind
from dialects.request import Request

_LETTERS = string.ascii_letters + string.digits


def _mint(environment: str) -> str:
    # samples of the provider start with sf_; no other rule is known
    del environment
    return "sf_" + "".join(secrets.choice(_LETTERS) for _ in range(32))


TOKEN = KeyKind(name="token", mint=_mint)


async def token(core: Core, request: Request) -> Caller:
    """Who calls; raises Unauthenticated and Forbidden."""
    return await identify(core, "sendflare", request.bearer())
