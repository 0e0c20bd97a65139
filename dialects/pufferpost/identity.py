"""Who a key is.

Source: PufferPost guide "Authentication", read 2026-11, names the path; the body is in the style of the others.
"""

from typing import Final

import msgspec

from core import credentials
from core.core import Caller
from core.credentials import Credential
from dialects.endpoint import Call, get
from dialects.pufferpost.wire import both, shown
from dialects.times import offset

# "key_live_": what is the same in all keys of an environment
_PREFIX_LENGTH: Final = 9


class Workspace(msgspec.Struct):
    """The workspace that a key belongs to."""

    id: str
    name: str


class Key(msgspec.Struct, kw_only=True):
    """A key, without what is secret of it."""

    id: str
    name: str
    prefix: str
    last4: str
    environment: str
    scopes: list[str]
    created_at: str
    last_used_at: str | None

    @classmethod
    def of(cls, held: Credential) -> "Key":
        """From a stored credential."""
        return cls(
            id=shown("apk", held.id),
            name=held.name,
            prefix=held.prefix[:_PREFIX_LENGTH],
            last4=held.last4,
            environment=held.environment,
            scopes=sorted(held.scopes),
            created_at=offset(held.created_at),
            last_used_at=offset(held.last_used_at) if held.last_used_at is not None else None,
        )


class Identity(msgspec.Struct):
    """Whom a request speaks for."""

    workspace: Workspace
    key: Key

    @classmethod
    def of(cls, caller: Caller, held: Credential) -> "Identity":
        """From the caller and its credential."""
        return cls(Workspace(shown("wsp", caller.workspace_id), caller.workspace_name), Key.of(held))


async def whoami(call: Call) -> Identity:
    """Tell the caller about its key."""
    return Identity.of(call.caller, await credentials.get(call.core, call.caller))


OPERATIONS = both(get("/v1/whoami", whoami))
