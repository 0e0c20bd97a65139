"""Data removals: a person is forgotten on every server of the account.

Source: Postmark developer docs, "Data removal API", read 2026-11. Whoever wants to be told when all is done gets
a mail from the server itself.
"""

from typing import Final

import msgspec

from core import addresses, removals
from core.errors import Invalid
from core.removals import Removal
from dialects.endpoint import Call, get, post
from dialects.postmark import places

_KIND: Final = "removal"
_STATUSES: Final = {"pending": "Pending", "done": "Done"}


class Wish(msgspec.Struct, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """Whom to forget, and who asks for it."""

    requested_by: str | None = None
    requested_for: str | None = None
    notify_when_completed: bool | None = None


class Told(msgspec.Struct, rename="pascal"):
    """How far it is."""

    number: int = msgspec.field(name="ID")
    status: str

    @classmethod
    def of(cls, held: Removal) -> "Told":
        """From the domain's."""
        return cls(held.number, _STATUSES[held.state])


def _email(field: str, text: str | None) -> str:
    try:
        return addresses.parse(text or "").email
    except addresses.AddressError as error:
        raise Invalid(field, f"'{field}' must be an email address.", kind=_KIND) from error


async def create(call: Call, body: Wish) -> Told:
    """Ask for a person to be forgotten."""
    by, whom = _email("RequestedBy", body.requested_by), _email("RequestedFor", body.requested_for)
    notify = bool(body.notify_when_completed)
    return Told.of(await removals.request(call.core, call.caller, whom, requested_by=by, notify=notify))


async def status(call: Call, id: str) -> Told:
    """How far that is."""
    return Told.of(await removals.get(call.core, call.caller, places.number(id, _KIND)))


OPERATIONS = (
    post("/data-removals", create),
    get("/data-removals/{id}", status),
)
