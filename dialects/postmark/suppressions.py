"""Suppressions of a stream: all of them, and addresses taken out of use or into it again.

Source: Postmark developer docs, "Suppressions API", its SDKs for JavaScript, PHP and .NET, read 2026-11. What holds for
every stream, as other providers' customers say it, is shown with each stream, and goes where an address is deleted.
"""

from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from core import addresses, streams, suppressions
from core.errors import Invalid, NotFound
from core.suppressions import Filter, Released, Suppression
from dialects.endpoint import Call, get, post
from dialects.postmark import places
from dialects.postmark.auth import is_test
from dialects.postmark.dates import EASTERN, end, start
from dialects.postmark.payloads import MANUAL, ORIGINS, REASONS
from dialects.times import zoned

T = TypeVar("T")

_MOST: Final = 50
# about what an entry takes while the answer is made
_ENTRY_BYTES: Final = 1000
_NO_ADDRESS: Final = "An invalid email address was provided."
_NO_AUTHORITY: Final = "You do not have the required authority to change this suppression."
_ORIGIN_OF: Final = {name.lower(): origin for origin, name in ORIGINS.items()}
_REASONS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    name.lower(): (reason,) for reason, name in REASONS.items()
} | {MANUAL.lower(): ("manual", "unsubscribe")}


class Which(msgspec.Struct, kw_only=True):
    """The query of the dump, its keys folded. It has no pages: counts and offsets are read by nobody."""

    suppressionreason: str | None = None
    origin: str | None = None
    emailaddress: str | None = None
    fromdate: str | None = None
    todate: str | None = None

    def filter(self, stream: str) -> Filter:
        """What to look for; raises Invalid."""
        return Filter(
            stream=stream,
            wide=True,
            email=self.emailaddress,
            reasons=_known(_REASONS_OF, self.suppressionreason, "SuppressionReason"),
            origin=_known(_ORIGIN_OF, self.origin, "Origin"),
            since=start(self.fromdate, "fromdate"),
            until=end(self.todate, "todate"),
        )


class Told(msgspec.Struct, rename="pascal", kw_only=True):
    """An address that gets no mail."""

    email_address: str
    suppression_reason: str
    origin: str
    created_at: str

    @classmethod
    def of(cls, entry: Suppression) -> "Told":
        """From the domain's."""
        return cls(
            email_address=entry.email,
            suppression_reason=REASONS.get(entry.reason, MANUAL),
            origin=ORIGINS[entry.origin],
            created_at=zoned(entry.created_at, EASTERN, digits=0),
        )


class Dump(msgspec.Struct, rename="pascal"):
    """All of them, the newest first."""

    suppressions: list[Told]


class Item(msgspec.Struct, rename="pascal", forbid_unknown_fields=True):
    """An address to change."""

    email_address: str | None = None

    def email(self) -> str | None:
        """The bare address, None where it is none; raises Invalid where nothing is said."""
        if self.email_address is None:
            raise Invalid("EmailAddress", "The 'EmailAddress' is missing.", kind="suppression_address")
        try:
            found = addresses.parse(self.email_address)
        except addresses.AddressError:
            return None
        return None if found.name else found.email


class Changes(msgspec.Struct, rename="pascal", forbid_unknown_fields=True):
    """Addresses to change."""

    suppressions: list[Item] | None = None

    def emails(self) -> list[str | None]:
        """The bare addresses, None in the place of what is none; raises Invalid."""
        if not self.suppressions:
            raise Invalid("Suppressions", "The 'Suppressions' are missing.", kind="suppressions_body")
        if len(self.suppressions) > _MOST:
            raise Invalid(
                "Suppressions",
                f"At most {_MOST} addresses can be changed at once.",
                kind="suppressions_count",
            )
        return [each.email() for each in self.suppressions]


class Changed(msgspec.Struct, rename="pascal"):
    """What became of an address, in the request's spelling."""

    email_address: str
    status: str
    message: str | None = None


class Answered(msgspec.Struct, rename="pascal"):
    """What became of each, in the request's order."""

    suppressions: list[Changed]

    @classmethod
    def of(cls, body: Changes, status: str, failures: list[str]) -> "Answered":
        """From why each was not changed, empty for those that were."""
        return cls(
            [
                Changed(item.email_address or "", "Failed" if failure else status, failure or None)
                for item, failure in zip(body.suppressions or (), failures, strict=True)
            ]
        )


def _known(names: Mapping[str, T], name: str | None, field: str) -> T | None:
    if name is None:
        return None
    if name.lower() not in names:
        raise Invalid(field, f"The '{field}' parameter '{name}' is not valid.", kind=f"suppressions_{field}")
    return names[name.lower()]


async def dump(call: Call, stream_id: str, query: Which) -> Dump:
    """Addresses that get no mail through a stream; an inbound one has none."""
    if is_test(call.caller):
        return Dump([])
    await streams.get(call.core, call.caller, stream_id)
    wanted = query.filter(stream_id)
    count = await suppressions.count(call.core, call.caller, wanted)
    async with call.core.bodies.hold(count * _ENTRY_BYTES):
        held: dict[str, Suppression] = {}
        async for entry in suppressions.every(call.core, call.caller, wanted):
            # of two, one for the stream and one for all, the one that a customer cannot undo is told
            if entry.email not in held or entry.guarded:
                held[entry.email] = entry
        return Dump([Told.of(each) for each in held.values()])


async def create(call: Call, stream_id: str, body: Changes) -> Answered:
    """Take addresses out of use; a complaint that stands already is nobody's to change."""
    emails = body.emails()
    await _require_sending(call, stream_id)
    known = [email for email in emails if email is not None]
    made = await suppressions.suppress_all(call.core, call.caller, known, stream=stream_id)
    entries = iter(made)
    failures = [_NO_ADDRESS if email is None else _of_made(next(entries)) for email in emails]
    return Answered.of(body, "Suppressed", failures)


def _of_made(entry: Suppression) -> str:
    return _NO_AUTHORITY if entry.reason == "complaint" else ""


async def delete(call: Call, stream_id: str, body: Changes) -> Answered:
    """Take addresses into use again, but for those whose owners or the operator said no."""
    emails = body.emails()
    await _require_sending(call, stream_id)
    known = [email for email in emails if email is not None]
    outcomes = iter(await suppressions.release_through(call.core, call.caller, known, stream_id))
    failures = [_NO_ADDRESS if email is None else _of_released(next(outcomes)) for email in emails]
    return Answered.of(body, "Deleted", failures)


def _of_released(outcome: Released) -> str:
    return _NO_AUTHORITY if outcome == "guarded" else ""


async def _require_sending(call: Call, key: str) -> None:
    if (await places.stream(call, key)).kind == "inbound":
        # nothing is sent through it that could be stopped
        raise NotFound("stream", key)


OPERATIONS = (
    get("/message-streams/{stream_id}/suppressions/dump", dump),
    post("/message-streams/{stream_id}/suppressions", create),
    post("/message-streams/{stream_id}/suppressions/delete", delete),
)
