"""What a uid stands for: all that one call made, or a message of another provider's client by its id."""

from core import messages
from core.errors import Invalid, NotFound
from dialects.endpoint import Call

Held = messages.Batch | messages.Message


async def find(call: Call, uid: str, kind: str = "message") -> Held:
    """Look in the project of the key; raises NotFound(kind), and Invalid where no uid was given."""
    if not uid:
        raise Invalid("uid", "No uid was specified.")
    try:
        return await messages.batch_by_uid(call.core, call.caller, uid)
    except NotFound:
        pass
    try:
        return await messages.get(call.core, call.caller, uid)
    except NotFound as refusal:
        raise NotFound(kind, uid) from refusal
