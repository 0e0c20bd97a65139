"""core.dns against a real server on the loopback."""

import asyncio

import pytest

from core.clock import SystemClock
from core.dns import Absent, DnsResolver, Found, Memory, Mx, Unanswered, parse_server
from tests.dns_server import DnsServer


class Hands:
    """A clock that the test turns."""

    def __init__(self):
        self.moment = 1_000_000

    def now(self):
        """The moment that was set."""
        return self.moment


@pytest.fixture
async def clock():
    """A clock that stands still."""
    return Hands()


@pytest.fixture
async def resolver(dns_server, clock):
    """A resolver that asks the test's server and soon gives up."""
    made = DnsResolver(clock, [dns_server.address], question_s=0.3)
    yield made
    await made.close()


async def test_mail_exchangers_come_best_first(dns_server, resolver):
    """MX records are told by preference, in lower case and without the dot at the end."""
    dns_server.add("Example.org", "MX", "20 B.example.org.")
    dns_server.add("example.org", "MX", "10 a.example.org.")
    assert Found((Mx(10, "a.example.org"), Mx(20, "b.example.org"))) == await resolver.mx("EXAMPLE.org.")


async def test_null_mx(dns_server, resolver):
    """A domain that takes no mail says so with an empty host (RFC 7505)."""
    dns_server.add("example.org", "MX", "0 .")
    assert Found((Mx(0, ""),)) == await resolver.mx("example.org")


async def test_addresses_of_both_families(dns_server, resolver):
    """IPv4 comes before IPv6, and one of the two suffices though the other fails."""
    dns_server.add("both.example", "AAAA", "2001:db8::1")
    dns_server.add("both.example", "A", "192.0.2.1")
    dns_server.add("six.example", "AAAA", "2001:db8::2")
    assert Found(("192.0.2.1", "2001:db8::1")) == await resolver.addresses("both.example")
    assert Found(("2001:db8::2",)) == await resolver.addresses("six.example")
    assert Absent(exists=False) == await resolver.addresses("none.example")


async def test_long_texts_are_joined_and_come_by_tcp(dns_server, resolver):
    """A TXT of many strings is one text; an answer too large for a datagram is asked for again by TCP."""
    text = "".join(chr(33 + at % 90) for at in range(2000))
    dns_server.add("long.example", "TXT", text)
    assert Found((text,)) == await resolver.txt("long.example")
    assert ["udp", "tcp"] == [transport for _, _, transport in dns_server.questions]


async def test_aliases_are_followed(dns_server, resolver):
    """A chain of CNAMEs leads to the records at its end; ``cname`` tells the next link."""
    dns_server.add("a.example", "CNAME", "B.example.")
    dns_server.add("b.example", "CNAME", "c.example.")
    dns_server.add("c.example", "TXT", "here")
    assert Found(("here",)) == await resolver.txt("a.example")
    assert Found(("b.example",)) == await resolver.cname("a.example")
    assert Absent(exists=True) == await resolver.cname("c.example")
    dns_server.add("d.example", "CNAME", "gone.example.")
    assert Absent(exists=False) == await resolver.txt("d.example")


async def test_nothing_there(dns_server, resolver):
    """A name without such records and a name that does not exist are told apart; neither is a failure."""
    dns_server.add("sub.example.org", "A", "192.0.2.1")
    assert Absent(exists=True) == await resolver.mx("sub.example.org")
    assert Absent(exists=True) == await resolver.mx("example.org")
    assert Absent(exists=False) == await resolver.mx("other.example.org")


@pytest.mark.parametrize(
    "name", ["a..example", f"{'a' * 64}.example", ".".join(["a" * 60] * 5), "xn--ü.example"]
)
async def test_impossible_names_do_not_exist(resolver, name):
    """A name that cannot be asked for is a name without records."""
    assert Absent(exists=False) == await resolver.txt(name)


async def test_failures_are_temporary(dns_server, resolver):
    """SERVFAIL, REFUSED and silence say nothing about the name."""
    dns_server.failures |= {"serv.example": "SERVFAIL", "refused.example": "REFUSED"}
    dns_server.silent.add("silent.example")
    for name in ("serv.example", "refused.example", "silent.example"):
        assert isinstance(await resolver.txt(name), Unanswered)


async def test_nobody_listens():
    """A name server that is not there is a temporary failure as well."""
    async with DnsServer() as gone:
        pass
    resolver = DnsResolver(SystemClock(), [gone.address], question_s=0.2)
    assert isinstance(await resolver.mx("example.org"), Unanswered)


async def test_next_server_is_asked(dns_server):
    """Where the first server fails, the second one's answer counts."""
    dns_server.add("example.org", "A", "192.0.2.1")
    async with DnsServer() as broken:
        broken.failures["example.org"] = "SERVFAIL"
        resolver = DnsResolver(SystemClock(), [broken.address, dns_server.address])
        assert Found(("192.0.2.1",)) == await resolver.addresses("example.org")


async def test_ttl_is_obeyed(dns_server, resolver, clock):
    """An answer is believed for its TTL, an absence for that of the zone's SOA, and no longer."""
    dns_server.add("example.org", "TXT", "old", ttl=30)
    dns_server.negative_ttl = 10
    await resolver.txt("example.org")
    await resolver.txt("none.example")
    dns_server.clear("example.org")
    dns_server.add("example.org", "TXT", "new")
    dns_server.add("none.example", "TXT", "some")
    clock.moment += 9_999_999
    assert (Found(("old",)), Absent(exists=False)) == (
        await resolver.txt("example.org"),
        await resolver.txt("none.example"),
    )
    clock.moment += 1
    assert (Found(("old",)), Found(("some",))) == (
        await resolver.txt("example.org"),
        await resolver.txt("none.example"),
    )
    clock.moment += 20_000_000
    assert Found(("new",)) == await resolver.txt("example.org")


async def test_fresh_answers(dns_server, resolver):
    """Who has just changed a record sees the change, and so does everybody after."""
    assert Absent(exists=False) == await resolver.txt("example.org")
    dns_server.add("example.org", "TXT", "new")
    assert Absent(exists=False) == await resolver.txt("example.org")
    assert Found(("new",)) == await resolver.txt("example.org", fresh=True)
    assert Found(("new",)) == await resolver.txt("example.org")


async def test_failures_are_forgotten_after_a_second(dns_server, resolver, clock):
    """A name server that comes back is asked again soon, but not at once."""
    dns_server.failures["example.org"] = "SERVFAIL"
    await resolver.txt("example.org")
    del dns_server.failures["example.org"]
    assert isinstance(await resolver.txt("example.org"), Unanswered)
    clock.moment += 1_000_000
    assert Absent(exists=False) == await resolver.txt("example.org")


async def test_same_question_at_once_is_asked_once(dns_server, resolver):
    """A hundred mails to one domain ask once; one that is called off takes nothing from the others."""
    dns_server.add("example.org", "MX", "10 a.example.org.", ttl=0)
    dns_server.delays["example.org"] = 0.1
    tasks = [asyncio.create_task(resolver.mx("example.org")) for _ in range(100)]
    await asyncio.sleep(0.02)
    tasks[0].cancel()
    answers = await asyncio.gather(*tasks[1:])
    assert [Found((Mx(10, "a.example.org"),))] * 99 == answers
    assert 1 == len(dns_server.questions)


async def test_closing_ends_questions(dns_server):
    """Nothing is asked any longer after the end, and nobody waits for it."""
    dns_server.silent.add("example.org")
    resolver = DnsResolver(SystemClock(), [dns_server.address])
    waiting = asyncio.create_task(resolver.mx("example.org"))
    await asyncio.sleep(0.02)
    await resolver.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_memory_is_bounded():
    """Answers take a bounded amount of memory; the one asked for longest ago is forgotten first."""
    memory = Memory(Hands(), limit_bytes=2000)
    for name in ("a", "b", "c"):
        memory.put((name, "TXT"), Found((name,)), 60)
        memory.get(("a", "TXT"))
    memory.put(("d", "TXT"), Found(("d",)), 60)
    held = {name: memory.get((name, "TXT")) for name in ("a", "b", "c", "d")}
    assert {"a": Found(("a",)), "b": None, "c": Found(("c",)), "d": Found(("d",))} == held
    memory.put(("e", "TXT"), Found(("e" * 5000,)), 60)
    assert None is memory.get(("e", "TXT"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("[2001:db8::1]:54", ("2001:db8::1", 54)),
        ("[::1]", ("::1", 53)),
    ],
)
def test_server_addresses(text, expected):
    """A name server is written with or without its port."""
    assert expected == parse_server(text)


@pytest.mark.parametrize("text", ["", "dns.example", "192.0.2.1:", "::1", "192.0.2.1:53:54"])
def test_server_addresses_refused(text):
    """Whatever is no numeric address is told at the start."""
    with pytest.raises(ValueError, match="no address"):
        parse_server(text)
