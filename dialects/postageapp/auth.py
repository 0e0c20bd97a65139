"""Keys, which stand in the body: one for each project, one for the account.

Source: PostageApp developer pages, "Authentication", and the clients' tests, read 2026-11.
"""

import secrets
import string

from core.core import Caller, Core
from core.credentials import identify
from core.errors import Unauthenticated
from dialects.dialect import KeyKind
from dialects.postageapp.envelope import Envelope
from dialects.request import Request

_LETTERS = string.ascii_letters + string.digits


def _mint(environment: str) -> str:
    # the samples are 32 letters and digits
    del environment
    return "".join(secrets.choice(_LETTERS) for _ in range(32))


PROJECT = KeyKind(name="project", mint=_mint)
ACCOUNT = KeyKind(name="account", mint=_mint, account=True)


async def project(core: Core, request: Request) -> Caller:
    """The project that calls; raises as ``either`` does, and Unauthenticated for the account's key."""
    try:
        caller = await either(core, request)
    except Unauthenticated as refusal:
        raise Unauthenticated(kind="project") from refusal
    if caller.kind != PROJECT.name:
        raise Unauthenticated(kind="project")
    return caller


async def either(core: Core, request: Request) -> Caller:
    """Whoever calls; raises Malformed and Mistyped for the body, Unauthenticated and Forbidden for the key in it."""
    request.state = held = Envelope()
    held.open(await request.read(), request.header(b"content-type") or "")
    return await identify(core, "postageapp", held.api_key)
