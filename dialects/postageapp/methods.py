"""The methods and who may call them, and what is said where there is none.

Source: PostageApp developer pages, v.1.0 and v.1.1, and the paths its clients call, read 2026-11.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from core.core import Core
from core.errors import Conflict, NotAllowed, NotFound, Refusal
from dialects.endpoint import MIB, Call, Handler, Operation, post
from dialects.postageapp import auth, listing, projects, reports, sending
from dialects.postageapp.wire import Plain, Success
from dialects.request import Request

_VERSIONS: Final = ("1.0", "1.1")
# the pages of v.1.1 have no suffix; those of v.1.0 and every client have one
_SUFFIXES: Final = ("", ".json")
_LIMIT_BYTES: Final = 40 * MIB
_PATH: Final = re.compile(r"/v\.([^/]*)(?:/(.*))?")


class Names(msgspec.Struct):
    """One text, which Java's client cuts at comma and blank."""

    methods: str


async def get_method_list(call: Call, body: Plain) -> Success:
    """The names of what this key may call, in alphabetical order."""
    names = {*_EITHER, *(_PROJECT if call.caller.kind == auth.PROJECT.name else ())}
    return body.answer(Names(", ".join(sorted(names))))


_PROJECT: Final[Mapping[str, Handler]] = {
    "send_message": sending.send_message,
    "get_message_receipt": reports.get_message_receipt,
    "get_message_transmissions": reports.get_message_transmissions,
    "get_messages": listing.get_messages,
    "get_project_info": projects.get_project_info,
    "message_status": reports.message_status,
    "message_delivery_status": reports.message_delivery_status,
}
_EITHER: Final[Mapping[str, Handler]] = {
    "get_account_info": projects.get_account_info,
    "get_method_list": get_method_list,
}
# in the manner of the other names; not listed
_ALIASES: Final[Mapping[str, Handler]] = {
    "get_message_status": reports.message_status,
    "get_message_delivery_status": reports.message_delivery_status,
}


def _operations(methods: Mapping[str, Handler]) -> tuple[Operation, ...]:
    return tuple(
        post(f"/v.{version}/{name}{suffix}", handler, limit_bytes=_LIMIT_BYTES)
        for name, handler in methods.items()
        for version in _VERSIONS
        for suffix in _SUFFIXES
    )


PROJECT_OPERATIONS: Final = _operations({**_PROJECT, **_ALIASES})
EITHER_OPERATIONS: Final = _operations(_EITHER)


async def unmatched(core: Core, request: Request, refusal: Refusal) -> Refusal:
    """What to say of a call that no operation takes, in the provider's order: verb, version, body, key, method."""
    if request.method != "POST":
        return NotAllowed(request.method, ("POST",))
    found = _PATH.fullmatch(request.path)
    if found is None:
        return refusal
    version, name = found[1], found[2] or ""
    if version not in _VERSIONS:
        return Conflict("version", "There is no such version.", id=version)
    request.limit_bytes = _LIMIT_BYTES
    request.room = core.bodies
    try:
        await auth.either(core, request)
    finally:
        request.forget()
        request.give_room()
    return NotFound("method", name.rstrip("/").removesuffix(".json"))
