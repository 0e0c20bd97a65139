"""Where a domain's mail is taken: what RFC 5321 and RFC 7505 make of what the DNS says, asked of a real name server."""

import pytest

from core.clock import SystemClock
from core.dns import DnsResolver
from core.transport.exchangers import Target, targets
from core.transport.transport import Bounced, Deferred
from tests.dns_server import DnsServer


@pytest.fixture
async def dns():
    """A name server with an empty zone."""
    async with DnsServer() as server:
        yield server


@pytest.fixture
async def resolver(dns):
    """Who asks it."""
    made = DnsResolver(SystemClock(), (dns.address,), question_s=0.3)
    yield made
    await made.close()


async def hosts(resolver, domain):
    """The names and addresses of what is to be tried."""
    found = await targets(resolver, domain, allow_private=True)
    assert isinstance(found, tuple)
    return [(each.host, each.address) for each in found]


async def test_the_preferred_come_first(dns, resolver):
    """By preference, whatever order the DNS has them in, and each with all of its addresses."""
    for preference, name in ((30, "c"), (10, "a"), (20, "b")):
        dns.add("acme.test", "MX", f"{preference} {name}.acme.test.")
    dns.add("a.acme.test", "A", "127.0.0.1")
    dns.add("a.acme.test", "AAAA", "::1")
    dns.add("b.acme.test", "A", "127.0.0.2")
    dns.add("c.acme.test", "A", "127.0.0.3")

    assert [
        ("a.acme.test", "127.0.0.1"),
        ("a.acme.test", "::1"),
        ("b.acme.test", "127.0.0.2"),
        ("c.acme.test", "127.0.0.3"),
    ] == await hosts(resolver, "acme.test")


async def test_equals_take_turns(dns, resolver):
    """Of the same preference, none is always the first."""
    for name in ("a", "b"):
        dns.add("acme.test", "MX", f"10 {name}.acme.test.")
        dns.add(f"{name}.acme.test", "A", "127.0.0.1")
    firsts = {(await hosts(resolver, "acme.test"))[0][0] for _ in range(64)}

    assert {"a.acme.test", "b.acme.test"} == firsts


async def test_a_domain_without_an_exchanger_is_its_own(dns, resolver):
    """Its own address is tried then, and only then."""
    dns.add("plain.test", "A", "127.0.0.9")
    dns.add("both.test", "A", "127.0.0.9")
    dns.add("both.test", "MX", "10 mx.both.test.")
    dns.add("mx.both.test", "A", "127.0.0.8")

    assert [("plain.test", "127.0.0.9")] == await hosts(resolver, "plain.test")
    assert [("mx.both.test", "127.0.0.8")] == await hosts(resolver, "both.test")


async def test_an_exchanger_without_an_address_is_passed_over(dns, resolver):
    """The next one is tried."""
    dns.add("acme.test", "MX", "10 gone.acme.test.")
    dns.add("acme.test", "MX", "20 mx.acme.test.")
    dns.add("mx.acme.test", "A", "127.0.0.8")

    assert [("mx.acme.test", "127.0.0.8")] == await hosts(resolver, "acme.test")


async def test_what_the_dns_refuses_bounces(dns, resolver):
    """A null MX, a domain that is not there, and one of whose servers none is there."""
    dns.add("null.test", "MX", "0 .")
    dns.add("lost.test", "MX", "10 gone.lost.test.")
    dns.add("bare.test", "TXT", "nothing but this")
    found = {
        domain: await targets(resolver, domain, allow_private=True)
        for domain in ("null.test", "nowhere.test", "lost.test", "bare.test", "[nonsense]")
    }

    assert {
        "null.test": (556, "5.1.10", False),
        "nowhere.test": (550, "5.1.2", False),
        "lost.test": (550, "5.4.4", True),
        "bare.test": (550, "5.4.4", True),
        "[nonsense]": (550, "5.1.2", False),
    } == {
        domain: (each.code, each.enhanced, each.of_all)
        for domain, each in found.items()
        if isinstance(each, Bounced)
    }


async def test_what_nobody_could_say_waits(dns, resolver):
    """A failing name server and a silent one are no answer, be it for the domain or for its only host."""
    dns.failures["failing.test"] = "SERVFAIL"
    dns.silent.add("silent.test")
    dns.add("half.test", "MX", "10 mx.half.test.")
    dns.failures["mx.half.test"] = "SERVFAIL"
    for domain in ("failing.test", "silent.test", "half.test"):
        found = await targets(resolver, domain, allow_private=True)
        assert isinstance(found, Deferred)
        assert (0, "4.4.3", True) == (found.code, found.enhanced, found.unreached)


async def test_a_private_network_is_not_tried(dns, resolver):
    """A name that leads to us or our neighbours bounces, unless the operator allows it; a public one is kept."""
    dns.add("inside.test", "A", "10.1.2.3")
    dns.add("us.test", "A", "127.0.0.1")
    dns.add("mixed.test", "A", "192.168.1.1")
    dns.add("mixed.test", "A", "198.41.0.4")
    for domain in ("inside.test", "us.test", "[127.0.0.1]"):
        found = await targets(resolver, domain, allow_private=False)
        assert isinstance(found, Bounced)
        assert "5.4.4" == found.enhanced
    assert (Target("mixed.test", "198.41.0.4"),) == await targets(resolver, "mixed.test", allow_private=False)


async def test_a_private_host_refuses_nothing_in_another_ones_name(dns, resolver):
    """While nobody can say where the other host is, mail waits: it may well be a public one."""
    dns.add("half.test", "MX", "10 out.half.test.")
    dns.add("half.test", "MX", "20 in.half.test.")
    dns.add("in.half.test", "A", "10.1.2.3")
    dns.failures["out.half.test"] = "SERVFAIL"

    assert isinstance(await targets(resolver, "half.test", allow_private=False), Deferred)


async def test_an_address_in_place_of_a_name(resolver):
    """RFC 5321, 4.1.3: it is asked of nobody."""
    assert [("[127.0.0.1]", "127.0.0.1")] == await hosts(resolver, "[127.0.0.1]")
    assert [("[IPv6:::1]", "::1")] == await hosts(resolver, "[IPv6:::1]")
