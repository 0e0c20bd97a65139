"""Domains of an account: made, proved by DNS, given other keys and names, removed.

Source: Postmark developer docs, "Domains API", the provider's PHP client for tracking domains, and recorded answers,
read 2026-11. A name is answered as it was given; whose domain it is not is told like one that is not there.
"""

import msgspec

from core import domains
from core.core import Core
from core.domains import Change, Domain, Draft, Overview
from dialects.endpoint import Call, delete, get, post, put
from dialects.postmark import naming, places, proofs
from dialects.postmark.done import Done
from dialects.postmark.paging import Paged

_KIND = "domain"


class Wish(msgspec.Struct, rename="pascal", kw_only=True, forbid_unknown_fields=True):
    """A domain to make, or what of one is to be otherwise: an empty text takes a name away."""

    name: str | None = None
    return_path_domain: str | None = None
    custom_tracking_domain: str | None = None

    def draft(self) -> Draft:
        """To be made; raises Invalid and Forbidden."""
        return Draft(
            name=naming.checked(self.name),
            return_domain=self.return_path_domain or "",
            tracking_domain=self.custom_tracking_domain or "",
        )


class Row(msgspec.Struct, rename="pascal", kw_only=True):
    """A domain in a list."""

    name: str
    spf_verified: bool = msgspec.field(name="SPFVerified", default=True)
    dkim_verified: bool = msgspec.field(name="DKIMVerified")
    weak_dkim: bool = msgspec.field(name="WeakDKIM")
    return_path_domain_verified: bool
    number: int = msgspec.field(name="ID")

    @classmethod
    def of(cls, core: Core, seen: Overview) -> "Row":
        """From the domain's."""
        return cls(
            name=seen.domain.shown,
            dkim_verified=seen.is_proved,
            weak_dkim=proofs.is_weak(seen),
            return_path_domain_verified=proofs.is_return_path_found(core.policy, seen),
            number=seen.domain.number,
        )


class Listed(msgspec.Struct, rename="pascal"):
    """A page of the domains; the count is of all."""

    total_count: int
    domains: list[Row]


class Told(proofs.Proofs, kw_only=True):
    """A domain with everything."""

    name: str = msgspec.field(name="Name")
    tracking_domain: str = msgspec.field(name="CustomTrackingDomain")
    is_tracking_found: bool = msgspec.field(name="CustomTrackingDomainVerified")
    tracking_host: str = msgspec.field(name="CustomTrackingDomainCNAMEValue")
    number: int = msgspec.field(name="ID")

    @classmethod
    async def of(cls, core: Core, domain: Domain) -> "Told":
        """As it stands now."""
        seen, host = await domains.overview(core, domain), core.policy.tracking_host
        return cls(
            **proofs.proofs(core, seen),
            name=domain.shown,
            tracking_domain=domain.tracking_domain,
            is_tracking_found=bool(host) and seen.is_found("tracking", domain.tracking_domain),
            tracking_host=host,
            number=domain.number,
        )


class Rotated(proofs.Keys, kw_only=True):
    """A domain with its keys alone."""

    name: str = msgspec.field(name="Name")
    number: int = msgspec.field(name="ID")


class Spf(msgspec.Struct, kw_only=True):
    """The record that lets this server send."""

    host: str = msgspec.field(name="SPFHost")
    verified: bool = msgspec.field(name="SPFVerified", default=True)
    text: str = msgspec.field(name="SPFTextValue")


async def list_domains(call: Call, query: Paged) -> Listed:
    """Domains, the newest first."""
    asked = query.page("signatures")
    found = await domains.page(call.core, call.caller.account_id, asked)
    return Listed(found.total, [Row.of(call.core, each) for each in found.items])


async def retrieve(call: Call, id: str) -> Told:
    """One domain."""
    return await Told.of(call.core, await _held(call, id))


async def create(call: Call, body: Wish) -> Told:
    """Make a domain with a key of its own, to be proved."""
    made = await domains.add(call.core, call.caller.account_id, body.draft())
    return await Told.of(call.core, made)


async def edit(call: Call, id: str, body: Wish) -> Told:
    """Give a domain other names for bounces and links."""
    wanted = Change(return_domain=body.return_path_domain, tracking_domain=body.custom_tracking_domain)
    return await Told.of(call.core, await domains.change(call.core, await _held(call, id), wanted))


async def remove(call: Call, id: str) -> Done:
    """Take a domain and its keys away."""
    held = await _held(call, id)
    await domains.remove(call.core, held.account_id, held.name)
    return Done(f"Domain {held.shown} removed.")


async def verify(call: Call, id: str) -> Told:
    """Look for all its records now."""
    return await Told.of(call.core, await domains.verify(call.core, await _held(call, id), anew=True))


async def verify_dkim(call: Call, id: str) -> Told:
    """Look for its keys now."""
    return await verify(call, id)


async def verify_return_path(call: Call, id: str) -> Told:
    """Look for the alias that bounces come back by."""
    return await verify(call, id)


async def verify_tracking(call: Call, id: str) -> Told:
    """Look for the alias that links lead through."""
    return await verify(call, id)


async def verify_spf(call: Call, id: str) -> Spf:
    """Tell of the record that nobody is asked for any longer."""
    held = await _held(call, id)
    return Spf(host=held.name, text=domains.spf(call.core.policy))


async def rotate(call: Call, id: str) -> Rotated:
    """Make a new key; the present one signs until the new one's record is seen."""
    held = await _held(call, id)
    await domains.rotate(call.core, held)
    seen = await domains.overview(call.core, held)
    return Rotated(**proofs.keys(seen, call.core.clock.now()), name=held.shown, number=held.number)


async def _held(call: Call, id: str) -> Domain:
    return await domains.numbered(call.core, call.caller.account_id, places.number(id, _KIND))


OPERATIONS = (
    get("/domains", list_domains),
    get("/domains/{id}", retrieve),
    post("/domains", create),
    put("/domains/{id}", edit),
    delete("/domains/{id}", remove),
    put("/domains/{id}/verifyDkim", verify_dkim),
    put("/domains/{id}/verifyReturnPath", verify_return_path),
    put("/domains/{id}/verifyCustomTracking", verify_tracking),
    post("/domains/{id}/verifyspf", verify_spf),
    post("/domains/{id}/rotatedkim", rotate),
)
