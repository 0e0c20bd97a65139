"""Mail leaves with the signatures of its sender's domain, and only with those."""

import asyncio

import dkim as verifier
import msgspec
import pytest

from core import accounts, domains, messages
from core.clock import DAY, SECOND
from core.domains import Draft
from core.errors import Unverified
from core.identities import Identity
from tests.core.post import Post, draft, party
from tests.dns_server import DnsServer


@pytest.fixture
def settings(settings, dns_server: DnsServer):
    """Everything asks the test's name server."""
    return msgspec.structs.replace(settings, dns=(dns_server.address,))


async def proved(post: Post, dns_server, draft: Draft, *, account=""):
    """A domain whose keys sign."""
    owner = account or post.caller.account_id
    made = await domains.add(post.core, owner, draft)
    await publish(post, dns_server, made)
    return await domains.verify(post.core, made)


async def publish(post, dns_server, domain):
    """Put the keys of a domain into the name server."""
    for record, _ in await domains.checked(post.core, domain):
        if record.purpose == "dkim":
            dns_server.clear(record.name)
            dns_server.add(record.name, "TXT", record.value)


def signatures(post, dns_server):
    """Of each mail that arrived: domain and selector of each signature, once it has been verified."""
    return [verified(each.content, dns_server) for each in post.sink.messages]


def verified(mime, dns_server):
    """Domain and selector of each signature of a mail; each must verify by what the name server has."""
    held = verifier.DKIM(mime)
    found = []
    for at in range(sum(name.lower() == b"dkim-signature" for name, _ in held.headers)):
        assert held.verify(idx=at, dnsfunc=lambda name, **_: dns_server.text(name.decode()).encode())
        found.append((held.domain.decode(), held.selector.decode()))
    return found


async def test_mail_is_signed_by_its_senders_domain(post, dns_server):
    """Each domain with its own key, one with two keys twice, and one without any not at all."""
    await proved(post, dns_server, Draft(name="one.example", selector="s1"))
    await proved(post, dns_server, Draft(name="two.example", selector="s2", ed25519=True))
    for sender in ("a@one.example", "a@TWO.example", "a@three.example"):
        await post.send(draft(sender=party(sender)))
    assert [
        [("one.example", "s1")],
        [("two.example", "s2"), ("two.example", "s2e")],
        [],
    ] == signatures(post, dns_server)


async def test_a_domain_signs_for_those_below(post, dns_server):
    """The nearest domain that has a key; a signature of one above is still aligned (RFC 7489 3.1.1)."""
    await proved(post, dns_server, Draft(name="example.org", selector="s"))
    await proved(post, dns_server, Draft(name="b.example.org", selector="t"))
    for sender in ("x@a.example.org", "x@c.b.example.org", "x@b.example.org", "x@notexample.org"):
        await post.send(draft(sender=party(sender)))
    assert [
        [("example.org", "s")],
        [("b.example.org", "t")],
        [("b.example.org", "t")],
        [],
    ] == signatures(post, dns_server)


async def test_another_accounts_domain_does_not_sign(post, dns_server):
    """Whoever writes a stranger's address does not get the stranger's signature."""
    other = await accounts.ensure_account(post.core, "other")
    await proved(post, dns_server, Draft(name="example.org"), account=other.id)
    await post.send(draft(sender=party("a@example.org")))
    assert [[]] == signatures(post, dns_server)


async def test_a_key_signs_from_the_moment_its_record_is_seen(post, dns_server):
    """Not before, though the domain is trusted; and after a removal no longer."""
    await domains.trust(post.core, post.caller.account_id, "example.org")
    made = await domains.add(post.core, post.caller.account_id, Draft(name="example.org", selector="s"))
    await post.send(draft(sender=party("a@example.org")))
    await publish(post, dns_server, made)
    await domains.verify(post.core, made)
    await post.send(draft(sender=party("a@example.org")))
    await domains.remove(post.core, post.caller.account_id, "example.org")
    await post.send(draft(sender=party("a@example.org")))
    assert [[], [("example.org", "s")], []] == signatures(post, dns_server)


async def test_rotation_never_leaves_mail_unsigned(post, dns_server):
    """The old key signs until the new record is seen, and its mail verifies afterwards too."""
    made = await proved(post, dns_server, Draft(name="example.org", selector="old"))
    await domains.rotate(post.core, made)
    await domains.verify(post.core, made)
    await post.send(draft(sender=party("a@example.org")))
    await publish(post, dns_server, made)
    await domains.verify(post.core, made)
    await post.send(draft(sender=party("a@example.org")))
    ((_, first),), ((_, second),) = signatures(post, dns_server)
    assert ("old", True) == (first, second.startswith("bp2"))


async def test_another_process_is_heard_within_seconds(post, dns_server, monkeypatch):
    """What was changed past this process is obeyed after a short while."""
    monkeypatch.setattr(post.core.identities, "_clock", post.clock)
    made = await domains.add(post.core, post.caller.account_id, Draft(name="example.org", selector="s"))
    await publish(post, dns_server, made)
    await post.send(draft(sender=party("a@example.org")))
    with monkeypatch.context() as patch:
        patch.setattr(post.core.identities, "forget", lambda _: None)
        await domains.verify(post.core, made)
    await post.send(draft(sender=party("a@example.org")))
    post.clock.pass_s(16)
    await post.send(draft(sender=party("a@example.org")))
    assert [[], [], [("example.org", "s")]] == signatures(post, dns_server)


async def test_large_mail_is_signed_as_well(post, dns_server):
    """Off the loop, with the same result."""
    await proved(post, dns_server, Draft(name="example.org", selector="s"))
    await post.send(draft(sender=party("a@example.org"), text="a  line\n" * 60_000))
    assert [[("example.org", "s")]] == signatures(post, dns_server)


async def test_many_at_once_read_their_keys_once(post, dns_server):
    """A claim of mail from one domain costs one look into the store."""
    await proved(post, dns_server, Draft(name="example.org", selector="s"))
    found = await asyncio.gather(
        *[post.core.identities.of(post.caller.workspace_id, "a@example.org") for _ in range(50)]
    )
    assert 1 == len({id(each) for each in found})


async def test_a_key_that_cannot_be_read_holds_mail_back(post, dns_server):
    """With another secret than the key was sealed with, mail waits, and leaves signed once the secret is right."""
    seal = post.core.seal
    object.__setattr__(post.core, "seal", type(seal)("a secret"))
    await proved(post, dns_server, Draft(name="example.org", selector="s"))
    id = await post.send(draft(sender=party("a@example.org")))
    assert ["queued"] == await post.states(id)
    assert [] == post.sink.messages
    post.core.identities._seal = post.core.seal
    post.core.identities.forget("example.org")
    await post.later(DAY / SECOND / 100)
    assert [[("example.org", "s")]] == signatures(post, dns_server)


async def test_a_proved_domain_may_be_sent_from(post, dns_server):
    """Where senders are checked, proof by DNS is what lets a domain in, and its loss what shuts it out."""
    policy = msgspec.structs.replace(post.core.policy, sender_policy="verified")
    object.__setattr__(post.core, "policy", policy)
    wanted = draft(sender=party("a@example.org"))
    made = await domains.add(post.core, post.caller.account_id, Draft(name="example.org", selector="s"))
    with pytest.raises(Unverified):
        await post.send(wanted)
    await publish(post, dns_server, made)
    made = await domains.verify(post.core, made)
    await post.send(wanted)
    dns_server.clear("s._domainkey.example.org")
    for _ in range(2):
        made = await domains.verify(post.core, made)
        post.clock.pass_s(4 * DAY / SECOND)
        with_failure = await domains.verify(post.core, made)
    assert "failed" == with_failure.state
    with pytest.raises(Unverified):
        await post.send(wanted)


async def test_bounces_and_links_stand_under_names_that_are_proved(post, dns_server):
    """The customer's own, once its record is seen; else the installation's."""
    hosts = {"return_host": "bounces.host.example", "tracking_host": "links.host.example"}
    policy = msgspec.structs.replace(post.core.policy, public_url="https://host.example/x", **hosts)
    object.__setattr__(post.core, "policy", policy)
    own = Draft(
        name="example.org", selector="s", return_domain="b.example.org", tracking_domain="l.example.org"
    )
    wanted = draft(sender=party("a@sub.example.org"), html="<p>Hello</p>", track_opens=True)
    made = await proved(post, dns_server, own)
    await post.send(wanted)
    dns_server.add("b.example.org", "CNAME", "bounces.host.example.")
    dns_server.add("l.example.org", "CNAME", "links.host.example.")
    await domains.verify(post.core, made)
    id = await post.send(wanted)
    before, after = post.sink.messages
    assert ["bounces.host.example", "b.example.org"] == [
        each.mail_from.rpartition("@")[2] for each in (before, after)
    ]
    flat = [each.content.replace(b"=\r\n", b"") for each in (before, after)]
    assert b"https://host.example/x/_/t/" in flat[0]
    assert b"https://l.example.org/_/t/" in flat[1]
    source = await messages.source(post.core, await post.message(id))
    assert after.content.endswith(source)
    assert [[("example.org", "s")]] * 2 == signatures(post, dns_server)


async def test_the_worker_finds_records_by_itself(post, dns_server):
    """Nobody has to ask: what was published is found in the background, and mail leaves signed."""
    made = await domains.add(post.core, post.caller.account_id, Draft(name="example.org", selector="s"))
    await publish(post, dns_server, made)
    post.clock.pass_s(61)
    async with asyncio.timeout(30):
        while (await domains.get(post.core, made.account_id, made.name)).state != "verified":  # noqa: ASYNC110  # the store tells nobody
            await asyncio.sleep(0.05)
    await post.send(draft(sender=party("a@example.org")))
    assert [[("example.org", "s")]] == signatures(post, dns_server)


async def test_a_key_that_breaks_between_two_copies_loses_no_outcome(post, dns_server, monkeypatch):
    """What left before it is recorded and not sent again; the other copy waits."""
    await proved(post, dns_server, Draft(name="example.org", selector="s"))
    good = await post.core.identities.of(post.caller.workspace_id, "a@example.org")
    given = iter([good, Identity(broken="gone")])

    async def of(*_):
        return next(given, good)

    monkeypatch.setattr(post.core.identities, "of", of)
    wanted = draft(
        "bob@example.net", "cat@example.net", sender=party("a@example.org"), html="<p>x</p>", track_opens=True
    )
    id = await post.send(wanted)
    assert ["delivered", "queued"] == await post.states(id)
    await post.later(DAY / SECOND / 100)
    assert ["delivered", "delivered"] == await post.states(id)
    assert ["bob@example.net", "cat@example.net"] == [
        to for each in post.sink.messages for to in each.rcpt_to
    ]
