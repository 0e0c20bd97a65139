"""Mail for a domain comes in once it is proved whose the domain is, and that its mail is to come here."""

import pytest

from core import domains, inbound
from core.domains import Draft
from core.errors import Conflict
from tests.core.domains.test_verification import proved, publish
from tests.core.post import caller_in


async def owner_of(core, address):
    """Tell the workspace that takes mail for an address, and what stands behind its plus."""
    place = await inbound.place(core, address)
    return None if place is None else (place.workspace_id, place.hash)


async def test_mail_comes_in_for_a_proved_domain(core, dns_server):
    """To the account's first workspace: not before it is proved, not when it is no longer wanted."""
    first, second = [await caller_in(core, name) for name in ("first", "second")]
    made = await domains.add(core, first.account_id, Draft(name="example.org", receiving=True))
    assert await owner_of(core, "any+t@example.org") is None
    await publish(core, dns_server, made)
    made = await domains.verify(core, made)

    assert (first.workspace_id, "t") == await owner_of(core, "any+t@Example.org")
    assert await owner_of(core, "any@below.example.org") is None
    await inbound.add_domain(core, second, "example.org")
    assert (second.workspace_id, "") == await owner_of(core, "any@example.org")
    await inbound.remove_domain(core, second, "example.org")
    await domains.change(core, made, domains.Change(receiving=False))
    assert await owner_of(core, "any@example.org") is None


async def test_an_mx_record_is_no_proof(core, dns_server):
    """Whoever adds another's domain, whose mail comes here already, gets nothing of it."""
    owner, thief = [await caller_in(core, account=name) for name in ("owner", "thief")]
    stolen = await domains.add(core, thief.account_id, Draft(name="example.org", receiving=True))
    await proved(core, dns_server, owner.account_id, Draft(name="example.org", receiving=True))
    await domains.verify(core, stolen)
    assert (owner.workspace_id, "") == await owner_of(core, "any@example.org")
    for name in ("example.org", "*.example.org"):
        with pytest.raises(Conflict):
            await inbound.add_domain(core, thief, name)
