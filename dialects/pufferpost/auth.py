"""Keys and what each may do: scopes are exact, none implies another.

Source: PufferPost guides "Authentication" and "Getting started", read 2026-11.
"""

import secrets
import string
from typing import Final

from core.core import Caller, Core
from core.credentials import identify
from core.errors import Forbidden
from dialects.dialect import KeyKind
from dialects.endpoint import Guard
from dialects.request import Request

_LETTERS: Final = string.ascii_letters + string.digits
_SCOPES: Final = frozenset(
    {
        "messages:send", "messages:read", "templates:read", "templates:manage", "senders:read", "senders:manage",
        "domains:read", "domains:manage", "suppressions:read", "suppressions:manage", "webhooks:read",
        "webhooks:manage", "unsubscribe_groups:read", "unsubscribe_groups:manage", "billing:read", "billing:manage",
        "usage:read",
    }
)  # fmt: skip  # the guide's table, in its order


def _mint(environment: str) -> str:
    return f"key_{environment}_" + "".join(secrets.choice(_LETTERS) for _ in range(32))


KEY: Final = KeyKind(
    name="key",
    mint=_mint,
    scopes=frozenset({"messages:send", "messages:read"}),
    all_scopes=_SCOPES,
    environments=("live", "test"),
)


async def key(core: Core, request: Request) -> Caller:
    """Who calls, with whatever scopes; raises Unauthenticated and Forbidden."""
    return await identify(core, "pufferpost", request.bearer())


def scoped(scope: str) -> Guard:
    """A guard that asks for a scope; it raises Forbidden("scope") too."""

    async def guard(core: Core, request: Request) -> Caller:
        caller = await key(core, request)
        if scope not in caller.scopes:
            raise Forbidden(kind="scope")
        return caller

    return guard
