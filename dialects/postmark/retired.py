"""Tag triggers, which the Ruby client and postmarker still have calls for: Postmark has let go of them.

They switched the tracking of opens on for mail with a tag; a message and a server say that themselves now. Every call
is told what any path is told that does not exist, but for a wrong token, which is told first.
"""

from typing import NoReturn

from core.errors import NotFound
from dialects.endpoint import Call, delete, get, post, put


async def list_triggers(call: Call) -> None:
    """Nothing is here any longer."""
    _gone(call)


async def create_trigger(call: Call) -> None:
    """None can be made."""
    _gone(call)


async def read_trigger(call: Call, id: str) -> None:
    """There is none."""
    _gone(call, id)


async def change_trigger(call: Call, id: str) -> None:
    """There is none to change."""
    _gone(call, id)


async def remove_trigger(call: Call, id: str) -> None:
    """There is none to remove."""
    _gone(call, id)


def _gone(call: Call, id: str = "") -> NoReturn:
    raise NotFound("path", id or call.request.path)


OPERATIONS = (
    get("/triggers/tags", list_triggers),
    post("/triggers/tags", create_trigger),
    get("/triggers/tags/{id}", read_trigger),
    put("/triggers/tags/{id}", change_trigger),
    delete("/triggers/tags/{id}", remove_trigger),
)
