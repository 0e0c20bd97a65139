"""Domains are proved by what the DNS says, and by nothing else."""

import asyncio

import pytest

from core import domains
from core.clock import DAY, HOUR, SECOND
from core.domains import Draft, verification
from core.errors import Conflict
from tests.core.post import select

FULL = Draft(
    name="example.org",
    return_domain="bounces.example.org",
    tracking_domain="links.example.org",
    receiving=True,
    ed25519=True,
)


async def states(core, domain):
    """How each record was found."""
    return {
        f"{record.purpose} {record.kind}": check.state
        for record, check in await domains.checked(core, domain)
    }


async def told(core, domain, purpose="dkim"):
    """Why the record was not found."""
    return next(
        check.told for record, check in await domains.checked(core, domain) if purpose == record.purpose
    )


async def publish(core, dns_server, domain):
    """Put all records of a domain into the name server, as their zone lines have them."""
    for record, _ in await domains.checked(core, domain):
        name, _, _, kind, data = record.zone_line().split(" ", 4)
        dns_server.clear(name.rstrip("."), kind)
        dns_server.add(name.rstrip("."), kind, data)


async def proved(core, dns_server, account, draft):
    """A domain that is verified."""
    made = await domains.add(core, account, draft)
    await publish(core, dns_server, made)
    return await domains.verify(core, made)


async def test_what_is_printed_is_what_is_looked_for(core, dns_server, account):
    """Every line of the zone file, pasted as it is, is found, strings of 255 and all."""
    made = await domains.add(core, account, FULL)
    before = await states(core, made)
    assert {"pending"} == set(before.values())
    await publish(core, dns_server, made)
    made = await domains.verify(core, made)
    assert ("verified", True) == (made.state, made.verified_at is not None)
    assert dict.fromkeys(before, "verified") == await states(core, made)
    assert {
        "dkim TXT", "spf TXT", "return CNAME", "tracking CNAME", "inbound MX", "dmarc TXT",
    } == set(before)  # fmt: skip
    assert ["active", "active"] == [key.state for key in await domains.keys_of(core, made.id)]
    assert ["verified"] == [each.kind for each in await domains.events_of(core, made)]


async def test_dkim_alone_decides(core, dns_server, account):
    """A domain without the other records may be sent from; they go on waiting."""
    made = await domains.add(core, account, FULL)
    for record, _ in await domains.checked(core, made):
        if record.purpose == "dkim" and "k=rsa" in record.value:
            dns_server.add(record.name.upper(), "TXT", record.value)
    made = await domains.verify(core, made)
    assert "verified" == made.state
    assert {"verified": 1, "pending": 6} == await _tally(core, made)


async def _tally(core, domain):
    found = [check.state for _, check in await domains.checked(core, domain)]
    return {state: found.count(state) for state in sorted(set(found), reverse=True)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v=DKIM1; k=rsa; p=", "the record revokes the key"),
        ("v=DKIM1; k=rsa; p=AAAA", "the record has another key"),
        ("hello", "the TXT record is no DKIM key"),
        ("v=DKIM2; p={p}", "the TXT record is no DKIM key"),
        ("k=ed25519; p={p}", "the record lacks k=rsa"),
        ("h=sha1; p={p}", "the record does not allow sha256"),
        ("s=tlsrpt; p={p}", "the record is not for email"),
        ("p={p}", ""),
        (" V=DKIM1 ; t=s; s=email:other; h=sha1:sha256; p={p} ;", ""),
    ],
)
async def test_a_record_that_verifiers_would_not_take(core, dns_server, account, text, expected):
    """What does not prove our signatures does not prove the domain, and the reason is told."""
    made = await domains.add(core, account, Draft(name="example.org", selector="s"))
    (key,) = await domains.keys_of(core, made.id)
    halves = key.public_key[:200] + " " + key.public_key[200:]
    dns_server.add("s._domainkey.example.org", "TXT", text.format(p=halves))
    made = await domains.verify(core, made)
    assert (expected, "pending" if expected else "verified") == (await told(core, made), made.state)


async def test_aliases_lead_to_records(core, dns_server, account):
    """A DKIM record may be an alias, return and tracking names may reach ours over several steps."""
    made = await domains.add(core, account, FULL)
    await publish(core, dns_server, made)
    for record, _ in await domains.checked(core, made):
        if record.purpose in ("dkim", "return", "tracking"):
            dns_server.clear(record.name)
            dns_server.add(record.name, "CNAME", f"Step.{record.name}.")
            data = record.zone_line().split(" ", 4)[4]
            dns_server.add(f"step.{record.name}", record.kind, data)
    assert {"verified": 7} == await _tally(core, await domains.verify(core, made))


async def test_return_mail_by_mx(core, dns_server, account):
    """Where a name cannot be an alias, an MX record brings bounces back as well."""
    made = await domains.add(core, account, FULL)
    dns_server.add("bounces.example.org", "MX", "10 bounces.host.example.")
    await domains.verify(core, made)
    assert "verified" == (await states(core, made))["return CNAME"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["v=spf1 mx include:spf.host.example +ip4:192.0.2.7 -all"], ""),
        (["V=SPF1 IP4:192.0.2.7 Include:SPF.host.example ~all", "other"], ""),
        (["v=spf1 include:spf.host.example -all"], "the SPF record lacks ip4:192.0.2.7"),
        (["v=spf1 -include:spf.host.example ip4:192.0.2.7"], "the SPF record lacks include:spf.host.example"),
        (["v=spf1 a", "v=spf1 mx"], "there are several SPF records, which voids them all"),
        (["v=spf10 a"], "there is no SPF record"),
    ],
)
async def test_spf(core, dns_server, account, texts, expected):
    """Ours must pass by the one record there is, whatever else it says."""
    made = await domains.add(core, account, Draft(name="example.org"))
    for text in texts:
        dns_server.add("example.org", "TXT", text)
    await domains.verify(core, made)
    assert expected == await told(core, made, "spf")


async def test_dmarc_of_the_domain_above(core, dns_server, account):
    """A policy above counts for the domains below; a broken one does not."""
    made = await domains.add(core, account, Draft(name="mail.example.org"))
    dns_server.add("_dmarc.example.org", "TXT", "v=DMARC1; p=reject; rua=mailto:a@example.org")
    await domains.verify(core, made)
    assert "" == await told(core, made, "dmarc")
    dns_server.add("_dmarc.mail.example.org", "TXT", "v=DMARC1; p=nothing")
    await domains.verify(core, made)
    assert "the DMARC record has no policy" == await told(core, made, "dmarc")


async def test_nobody_could_say_is_no_failure(core, dns_server, account, clock):
    """However long name servers fail, nothing fails by that; what is verified stays good to send from."""
    waiting = await domains.add(core, account, Draft(name="waiting.example", selector="s"))
    good = await proved(core, dns_server, account, Draft(name="good.example", selector="s"))
    dns_server.failures |= {f"s._domainkey.{name}.example": "SERVFAIL" for name in ("waiting", "good")}
    for _ in range(3):
        clock.pass_s(4 * DAY / SECOND)
        waiting, good = await domains.verify(core, waiting), await domains.verify(core, good)
        assert ("pending", "temporary_failure") == (waiting.state, good.state)
        assert good.verified_at is not None
    dns_server.failures.clear()
    assert "verified" == (await domains.verify(core, good)).state


async def test_three_days_of_patience(core, dns_server, account, clock):
    """A record that does not come fails after 72 hours; asked for anew it has its time again."""
    made = await domains.add(core, account, Draft(name="example.org"))
    await domains.verify(core, made)
    seen = []
    for hours in (71, 1, 1):
        clock.pass_s(hours * HOUR / SECOND)
        made = await domains.verify(core, made)
        seen.append(made.state)
    assert ["pending", "failed", "failed"] == seen
    made = await domains.verify(core, made, anew=True)
    assert "pending" == made.state
    await publish(core, dns_server, made)
    await domains.verify(core, made)
    assert ["failed", "pending", "verified"] == [each.kind for each in await domains.events_of(core, made)]


async def test_a_record_that_is_taken_away(core, dns_server, account, clock):
    """First a temporary failure, sent from as before; after 72 hours failed, and no longer sent from."""
    made = await proved(core, dns_server, account, Draft(name="example.org", selector="s"))
    dns_server.clear("s._domainkey.example.org")
    seen = []
    for hours in (1, 71, 1):
        clock.pass_s(hours * HOUR / SECOND)
        made = await domains.verify(core, made)
        seen.append((made.state, made.verified_at is not None))
    assert [("temporary_failure", True), ("temporary_failure", True), ("failed", False)] == seen
    *_, last = await domains.events_of(core, made)
    assert ("failed", "there is no TXT record") == (last.kind, last.told)


async def test_trust_needs_no_dns(core, account, clock):
    """What an operator trusts is sent from whatever the DNS says, and nothing is looked for without keys."""
    await domains.trust(core, account, "bare.example")
    bare = await domains.get(core, account, "bare.example")
    assert bare == await domains.verify(core, bare)
    await domains.trust(core, account, "example.org")
    made = await domains.add(core, account, Draft(name="example.org"))
    for _ in range(2):
        made = await domains.verify(core, made)
        clock.pass_s(80 * HOUR / SECOND)
    assert ("failed", True) == (made.state, made.verified_at is not None)


async def test_rotation_overlaps(core, dns_server, account, clock):
    """The old key signs until the new record is seen; then its own record is kept until its mail is through."""
    made = await proved(core, dns_server, account, Draft(name="example.org", selector="old"))
    clock.pass_s(DAY / SECOND)
    await domains.rotate(core, made)
    with pytest.raises(Conflict) as refused:
        await domains.rotate(core, made)
    assert "renewal" == refused.value.kind

    made = await domains.verify(core, made)
    old, new = await domains.keys_of(core, made.id)
    assert ("verified", "active", "pending") == (made.state, old.state, new.state)
    await publish(core, dns_server, made)
    made = await domains.verify(core, made)
    old, new = await domains.keys_of(core, made.id)
    assert ("verified", "retired", "active") == (made.state, old.state, new.state)
    assert [("old", 0), (new.selector, 1)] == [
        (row[0], min(1, len(row[1])))
        for row in await select(core, "SELECT selector, private_key FROM domain_keys ORDER BY id")
    ]
    ((record, needed),) = domains.kept(made, [old, new], clock.now())
    assert ("old._domainkey.example.org", True) == (record.name, needed)
    clock.pass_s(8 * DAY / SECOND)
    assert [False] == [needed for _, needed in domains.kept(made, [old, new], clock.now())]


async def test_a_new_key_is_waited_for_before_there_is_one(core, account):
    """A domain that was never proved has nothing to rotate."""
    made = await domains.add(core, account, Draft(name="example.org"))
    with pytest.raises(Conflict):
        await domains.rotate(core, made)


async def test_the_background_looks_when_it_is_time(core, dns_server, account, clock):
    """A new domain is looked for soon and often, a verified one seldom, a trusted one without keys never."""
    await domains.trust(core, account, "trusted.example")
    made = await domains.add(core, account, Draft(name="example.org"))
    await verification.verify_due(core)
    assert 1 == len({name for name, _, _ in dns_server.questions if "_domainkey" in name})
    await publish(core, dns_server, made)
    await verification.verify_due(core)
    assert "pending" == (await domains.get(core, account, "example.org")).state
    clock.pass_s(61)
    await verification.verify_due(core)
    assert "verified" == (await domains.get(core, account, "example.org")).state
    asked = len(dns_server.questions)
    clock.pass_s(5 * 3600)
    await verification.verify_due(core)
    assert asked == len(dns_server.questions)
    clock.pass_s(3601)
    await verification.verify_due(core)
    assert asked < len(dns_server.questions)


async def test_two_looks_at_once_tell_once(core, dns_server, account):
    """Whoever verifies beside the background leaves one event and one state."""
    made = await domains.add(core, account, Draft(name="example.org"))
    await publish(core, dns_server, made)
    both = await asyncio.gather(domains.verify(core, made), domains.verify(core, made))
    assert ["verified", "verified"] == [each.state for each in both]
    assert 1 == len(await domains.events_of(core, made))
