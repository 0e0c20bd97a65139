"""Mail straight to the recipients' servers, the whole way: real servers, a real name server, both engines."""

import asyncio
import time
from contextlib import asynccontextmanager

import msgspec
import pytest

from core import events, messages
from core.jobs import deliver, routes
from core.jobs.pauses import Place
from core.messages.composition import source
from gateway.assemble import working
from gateway.serving import running
from tests.core.post import PATIENCE, Post, accepted, caller_in, draft, select, timed_core
from tests.dns_server import DnsServer
from tests.smtp_sink import Sink

HANGING = "127.0.0.9"


@pytest.fixture
async def dns():
    """A name server with an empty zone."""
    async with DnsServer() as server:
        yield server


def host(dns, domain, address):
    """Let a domain's mail be taken at an address."""
    dns.add(domain, "MX", f"10 mx.{domain}.")
    dns.add(f"mx.{domain}", "A", address)


@pytest.fixture
async def direct(settings, dns, sink):
    """Settings for mail that goes straight to servers on the sink's port."""
    return msgspec.structs.replace(
        settings,
        transport="mx",
        mx_port=sink.port,
        mx_hostname="us.test",
        dns=(dns.address,),
        allow_private_targets=True,
        **PATIENCE,
    )


@asynccontextmanager
async def post(settings, clock, sink, **changes):
    """An office that sends by these settings."""
    changed = msgspec.structs.replace(settings, **changes)
    async with timed_core(changed, clock) as core, working(core, changed) as worker, running(worker):
        yield Post(core, await caller_in(core), clock, sink)


async def until(condition):
    """Wait until something that others do has happened."""
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110  # the other side sets no event
            await asyncio.sleep(0.02)


@asynccontextmanager
async def hanging(port):
    """A server that takes connections and says nothing."""
    met = []

    async def meet(_reader, writer):
        met.append(writer)

    server = await asyncio.start_server(meet, HANGING, port)
    yield
    server.close()
    for writer in met:
        writer.close()
    await asyncio.gather(*[writer.wait_closed() for writer in met], return_exceptions=True)


async def test_one_that_hangs_holds_up_no_other(direct, dns, clock, sink):
    """Of 200 messages for 50 domains, those for the others leave in seconds, though one domain's servers are silent."""
    for number in range(49):
        host(dns, f"d{number}.test", "127.0.0.1")
    host(dns, "hanging.test", HANGING)
    async with post(direct, clock, sink) as office, hanging(sink.port):
        wanted = [draft(f"p{n}@hanging.test") for n in range(100)]
        wanted += [draft(f"p@d{n % 49}.test") for n in range(100)]
        began = time.monotonic()
        await accepted(office.core, office.caller, wanted)
        await until(lambda: ready(len(sink.messages) == 100))
        assert time.monotonic() - began < 10


async def test_many_that_hang_hold_up_no_other(direct, dns, clock, sink):
    """More silent domains than there are seats and places for claimed work: the others' mail leaves in seconds."""
    for number in range(12):
        host(dns, f"h{number}.test", HANGING)
    host(dns, "alive.test", "127.0.0.1")
    few = {"worker_concurrency": 5, "claim_batch": 20}
    async with post(direct, clock, sink, **few) as office, hanging(sink.port):
        wanted = [draft(f"p{n % 3}@h{n // 3}.test") for n in range(36)]
        await accepted(office.core, office.caller, [*wanted, draft("ann@alive.test")])
        began = time.monotonic()
        await until(lambda: ready(sink.messages))
        # they would be given up after thirty seconds
        assert time.monotonic() - began < 15


async def ready(condition):
    """A condition that is known at once."""
    return condition


async def test_a_message_becomes_a_job_for_each_destination(direct, dns, clock, sink):
    """Each recipient has it once, in a conversation of its domain's; there is no job left."""
    for domain in ("a.test", "b.test"):
        host(dns, domain, "127.0.0.1")
    dns.add("null.test", "MX", "0 .")
    async with post(direct, clock, sink) as office:
        sent = await office.send(draft("x@a.test", "y@b.test", "z@A.test", "n@null.test"))
        await until(lambda: no_jobs(office))
        assert ["delivered", "delivered", "delivered", "bounced"] == await office.states(sent)
        assert {("x@a.test", "z@a.test"), ("y@b.test",)} == set(office.taken())
        told = await office.events(sent)
    assert sorted(set(told)) == sorted(told)
    assert ("bounced", 3) in told


async def no_jobs(office):
    """Whether everything has ended."""
    return [] == await select(office.core, "SELECT id FROM jobs")


async def test_one_destination_of_a_message_waits_alone(direct, dns, clock, sink):
    """Its recipient is retried and given up; the others have it once, and their part has ended."""
    host(dns, "a.test", "127.0.0.1")
    host(dns, "away.test", "127.0.0.8")
    async with post(direct, clock, sink, delayed_after_s=600) as office:
        sent = await office.send(draft("x@a.test", "y@away.test"))
        await until(lambda: stands(office, sent, ["delivered", "deferred"]))
        (job,) = await select(office.core, "SELECT id, destination FROM jobs")
        assert (f"{sent}/away.test", "away.test") == tuple(job)
        await office.later(700)
        await until(lambda: told(office, sent, "delayed"))
        await office.later(3000)
        await until(lambda: told(office, sent, "expired"))
        assert ["delivered", "failed"] == await office.states(sent)
        kinds = [kind for kind, position in await office.events(sent) if position == 1]
        assert 1 == len(office.taken())
        assert (1, 1, "expired") == (kinds.count("delayed"), kinds.count("sent"), kinds[-1])


async def test_a_fault_with_one_destination_is_not_told_of_another(direct, dns, clock, sink, monkeypatch):
    """What cannot be made for one is late for its own recipient alone; the other's is told by its own job, once."""

    def faulty(*given):
        if given[-1].email == "x@a.test":
            raise ValueError("a fault of ours")
        return source(*given)

    monkeypatch.setattr(deliver, "source", faulty)
    for domain in ("a.test", "b.test"):
        host(dns, domain, "127.0.0.1")
    sink.replies = {"y@b.test": "451 4.2.0 Mailbox busy"}
    async with post(direct, clock, sink, delayed_after_s=600) as office:
        sent = await office.send(draft("x@a.test", "y@b.test"))
        await until(lambda: stands(office, sent, ["queued", "deferred"]))
        await office.later(700)
        await until(lambda: are_late(office, sent, [0, 1]))
        await office.later(700)
        assert await are_late(office, sent, [0, 1])


async def are_late(office, sent, positions):
    """Whether these recipients' mail was told to be late, as often as they stand here."""
    return positions == sorted(at for kind, at in await office.events(sent) if kind == "delayed")


async def stands(office, sent, states):
    """Whether a message's deliveries have come to this."""
    return states == await office.states(sent)


async def told(office, sent, kind):
    """Whether something was told of a message."""
    return kind in [each for each, _ in await office.events(sent)]


async def test_a_destination_is_reached_again(direct, dns, clock, sink):
    """After its servers were away, everything that waited leaves."""
    host(dns, "away.test", "127.0.0.8")
    async with post(direct, clock, sink) as office:
        await accepted(office.core, office.caller, [draft(f"p{n}@away.test") for n in range(30)])
        await until(lambda: parked(office))
        async with Sink(host="127.0.0.8", port=sink.port) as other:
            await office.later(70)
            await until(lambda: ready(len({each.rcpt_to for each in other.messages}) >= 29))
            await office.later(400)
            await until(lambda: no_jobs(office))
            assert 30 == len(other.messages) == len({each.rcpt_to for each in other.messages})


async def parked(office):
    """Whether nearly all wait in lanes: but for the one or two that were tried before it was known."""
    return 28 <= (await select(office.core, "SELECT count(*) FROM jobs WHERE lane <> ''"))[0][0]


async def test_another_way_is_taken_where_the_first_does_not_lead(direct, dns, clock, sink):
    """The relay gets what no server of the domain can be reached for, not what one has refused for now."""
    host(dns, "away.test", "127.0.0.8")
    host(dns, "busy.test", "127.0.0.7")
    relay = f"smtp://127.0.0.1:{sink.port}"
    async with (
        Sink(host="127.0.0.7", port=sink.port) as busy,
        post(direct, clock, sink, route=("mx", "relay"), relay=relay) as office,
    ):
        busy.replies = {"busy.test": "451 4.2.0 Later"}
        lost = await office.send(draft("x@away.test"))
        again = await office.send(draft("z@away.test"))
        later = await office.send(draft("y@busy.test"))
        await until(lambda: stands(office, later, ["deferred"]))
        assert (["delivered"], ["delivered"]) == (await office.states(lost), await office.states(again))
        assert [("x@away.test",), ("z@away.test",)] == office.taken()


async def test_a_stream_has_a_route_of_its_own(direct, dns, clock, sink):
    """What was chosen for it counts for its mail alone, a second later at the latest; what nobody knows waits."""
    host(dns, "a.test", "127.0.0.8")
    relay = f"smtp://127.0.0.1:{sink.port}"
    async with (
        Sink(host="127.0.0.8", port=sink.port) as own,
        post(direct, clock, sink, relays={"other": relay}) as office,
    ):
        place = Place(office.caller.workspace_id, "bulk")
        await routes.choose(office.core, place, ("other",))
        await routes.choose(office.core, Place(office.caller.workspace_id, "lost"), ("gone",))
        office.clock.pass_s(2)
        office.core.wake.set()
        await asyncio.sleep(0.5)
        bulk = await office.send(draft("x@a.test", stream="bulk"))
        plain = await office.send(draft("y@a.test"))
        waits = await office.send(draft("z@a.test", stream="lost"))
        await until(lambda: stands(office, waits, ["deferred"]))
        assert (["delivered"], ["delivered"]) == (await office.states(bulk), await office.states(plain))
        assert ([("x@a.test",)], [("y@a.test",)]) == (office.taken(), [each.rcpt_to for each in own.messages])
        await routes.choose(office.core, place, ())
        assert [("lost", ("gone",))] == [
            (each.stream, each.ways) for each in await routes.chosen(office.core)
        ]


async def test_the_failure_of_a_destination_is_told_with_its_reason(direct, dns, clock, sink):
    """A name server that fails puts the mail off, with words of its own."""
    dns.failures["failing.test"] = "SERVFAIL"
    async with post(direct, clock, sink) as office:
        sent = await office.send(draft("x@failing.test"))
        found = await events.of_message(office.core, await messages.get(office.core, office.caller, sent))

    assert ["accepted", "sent", "deferred"] == [each.kind for each in found]
    assert found[-1].detail.text.startswith("the DNS did not answer")
