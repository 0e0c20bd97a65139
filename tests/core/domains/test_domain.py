"""Domains come, are trusted, and go."""

import asyncio

import pytest

from core import accounts, domains
from core.domains import Change, Domain, Draft
from core.domains.keys import promoted
from core.errors import Conflict, Invalid, NotFound
from core.store.database import write
from tests.core.post import count, select


async def test_domains_come_and_go(core):
    """Trusted once, in lower case, listed by name, and only their own account's."""
    one, two = [(await accounts.ensure_account(core, name)).id for name in ("one", "two")]
    await asyncio.gather(
        *[domains.trust(core, one, name) for name in ("B.example", "a.example", "b.example")]
    )
    assert ["a.example", "b.example"] == [each.name for each in await domains.of_account(core, one)]
    assert [] == await domains.of_account(core, two)

    with pytest.raises(NotFound):
        await domains.remove(core, two, "a.example")
    await domains.remove(core, one, "A.Example")
    (left,) = await domains.of_account(core, one)
    assert ("b.example", True, "verified") == (left.name, left.trusted, left.state)
    assert left.verified_at


async def test_an_added_domain_has_to_be_proved(core, account):
    """It has a number, a key that waits, and may not be sent from; its names are as addresses have them."""
    made = await domains.add(
        core, account, Draft(name="Bücher.Example", return_domain="B.bücher.example", receiving=True)
    )
    assert ("xn--bcher-kva.example", "b.xn--bcher-kva.example", True) == (
        made.name,
        made.return_domain,
        made.receiving,
    )
    assert (None, False, "pending") == (made.verified_at, made.trusted, made.state)
    assert made.number > 0
    (key,) = await domains.keys_of(core, made.id)
    assert ("rsa", "pending") == (key.algorithm, key.state)


async def test_a_domain_is_added_once(core, account):
    """A second time it is refused, for another account it is another domain with other selectors."""
    draft = Draft(name="example.org", ed25519=True)
    made = await domains.add(core, account, draft)
    with pytest.raises(Conflict) as refused:
        await domains.add(core, account, draft)
    assert ("domain", made.id) == (refused.value.kind, refused.value.id)

    other = await domains.add(core, (await accounts.ensure_account(core, "other")).id, draft)
    selectors = [key.selector for each in (made, other) for key in await domains.keys_of(core, each.id)]
    assert 4 == len(set(selectors))


async def test_trust_and_proof_go_together(core, account):
    """A trusted domain gets keys and stays trusted; an added one can be trusted while it waits."""
    await domains.trust(core, account, "a.example")
    made = await domains.add(core, account, Draft(name="a.example"))
    assert (True, "pending", True) == (made.trusted, made.state, made.verified_at is not None)

    await domains.add(core, account, Draft(name="b.example"))
    await domains.trust(core, account, "b.example")
    held = await domains.get(core, account, "b.example")
    assert (True, True) == (held.trusted, held.verified_at is not None)


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft(name="no domain"), "domain"),
        (Draft(name="example.org", return_domain="b.example.com"), "return_domain"),
        (Draft(name="example.org", return_domain="example.org"), "return_domain"),
        (Draft(name="example.org", tracking_domain="notexample.org"), "tracking_domain"),
        (Draft(name="example.org", selector="a b"), "selector"),
        (Draft(name="example.org", selector="a..b"), "selector"),
        (Draft(name="example.org", selector="x" * 61), "selector"),
    ],
)
async def test_what_cannot_be(core, account, draft, field):
    """Names that the DNS could not have are refused by the field that has them."""
    with pytest.raises(Invalid) as refused:
        await domains.add(core, account, draft)
    assert field == refused.value.field


async def test_names_can_change(core, account):
    """What is not spoken of stays; an empty name takes one away, and a stranger's is refused."""
    draft = Draft(name="example.org", return_domain="b.example.org", tracking_domain="l.example.org")
    made = await domains.add(core, account, draft)
    made = await domains.change(core, made, Change(return_domain="", receiving=True))
    assert ("", "l.example.org", True) == (made.return_domain, made.tracking_domain, made.receiving)
    made = await domains.change(core, made, Change(tracking_domain="X.example.org"))
    assert ("", "x.example.org", True) == (made.return_domain, made.tracking_domain, made.receiving)
    with pytest.raises(Invalid):
        await domains.change(core, made, Change(return_domain="b.example.net"))


async def test_a_domain_without_keys_is_looked_at_once(core, account):
    """Its names may change; there is nothing to look for, and the background does not try for ever."""
    await domains.trust(core, account, "example.org")
    made = await domains.get(core, account, "example.org")
    await domains.change(core, made, Change(return_domain="b.example.org"))
    await domains.verify_due(core)
    assert [(None,)] == await select(core, "SELECT next_check_at FROM domains")


async def test_a_domain_goes_with_all_it_has(core, account):
    """Nothing of a removed domain is left, and it can come again."""
    for _ in range(2):
        made = await domains.add(core, account, Draft(name="example.org", selector="mine"))
        await domains.verify(core, made)
        await domains.remove(core, account, "example.org")
    assert [0, 0, 0] == [await count(core, table) for table in ("domains", "domain_keys", "domain_checks")]


async def test_a_secret_seals_keys(core, account):
    """Without a secret a key is stored as it is; which of both it is can be seen."""
    await domains.add(core, account, Draft(name="example.org"))
    ((private,),) = await select(core, "SELECT private_key FROM domain_keys")
    assert b"\x00\x30" == private[:2]


async def test_a_domain_is_added_once_at_once(core, account):
    """Of several that add it at the same time one does, and its keys are the domain's."""
    done = await asyncio.gather(
        *[domains.add(core, account, Draft(name="example.org")) for _ in range(5)], return_exceptions=True
    )
    assert {"domain"} == {each.kind for each in done if isinstance(each, Conflict)}
    (made,) = [each for each in done if isinstance(each, Domain)]
    assert 1 == len(await domains.keys_of(core, made.id))


async def test_a_trusted_domain_gets_its_first_key_by_rotation(core, account):
    """There is nothing to wait for yet; of several that ask at the same time one is heard."""
    await domains.trust(core, account, "example.org")
    made = await domains.get(core, account, "example.org")
    done = await asyncio.gather(*[domains.rotate(core, made) for _ in range(5)], return_exceptions=True)
    assert [None] == [each for each in done if not isinstance(each, Conflict)]
    assert ["pending"] == [key.state for key in await domains.keys_of(core, made.id)]


async def test_keys_are_renewed_once_at_once(core, account):
    """Two rotations at the same time leave one new key."""
    made = await domains.add(core, account, Draft(name="example.org"))
    (key,) = await domains.keys_of(core, made.id)
    await write(core.db, *promoted(key, core.clock.now()))
    done = await asyncio.gather(*[domains.rotate(core, made) for _ in range(5)], return_exceptions=True)
    assert [None] == [each for each in done if not isinstance(each, Conflict)]
    assert ["active", "pending"] == [each.state for each in await domains.keys_of(core, made.id)]
