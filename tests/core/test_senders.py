"""Who an account may send as; acceptance itself is tested with the intake."""

import asyncio

import pytest

from core import senders
from core.accounts import ensure_account
from core.errors import NotFound
from tests.core.post import select


async def test_domains_come_and_go(core):
    """Trusted once, in lower case, listed by name, and only their own account's."""
    one, two = await ensure_account(core, "one"), await ensure_account(core, "two")
    await asyncio.gather(
        *[senders.trust_domain(core, one, name) for name in ("B.example", "a.example", "b.example")]
    )
    assert ["a.example", "b.example"] == [each.name for each in await senders.domains(core, one)]
    assert [] == await senders.domains(core, two)

    with pytest.raises(NotFound):
        await senders.distrust_domain(core, two, "a.example")
    await senders.distrust_domain(core, one, "A.Example")
    assert ["b.example"] == [each.name for each in await senders.domains(core, one)]
    assert all(each.verified_at for each in await senders.domains(core, one))


async def test_a_sender_is_known_once(core):
    """Confirmed later, and no longer where it is said again without that."""
    account = await ensure_account(core, "one")
    seen = []
    for confirmed in (False, True, False):
        await senders.put_sender(core, account, "Ann@Example.com", name="A", confirmed=confirmed)
        seen += [
            (row[0], row[1] is not None)
            for row in await select(core, "SELECT email, confirmed_at FROM senders")
        ]

    assert [("ann@example.com", False), ("ann@example.com", True), ("ann@example.com", False)] == seen
