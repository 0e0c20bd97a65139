"""Mail handed to the recipients' own servers: real ones on the loopback, found by a real name server."""

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager

import pytest

from core.clock import SystemClock
from core.dns import DnsResolver
from core.transport.mx import MailExchangers, Manners
from core.transport.transport import Bounced, Deferred, Delivered, Envelope
from tests.dns_server import DnsServer
from tests.smtp_sink import Sink, certify

MIME = b"Subject: hello\r\n\r\nHello, you.\r\n"
FIRST, SECOND = "127.0.0.2", "127.0.0.3"


@pytest.fixture
async def dns():
    """A name server with an empty zone."""
    async with DnsServer() as server:
        yield server


@pytest.fixture
async def sink():
    """The server at the first address."""
    async with Sink(host=FIRST) as made:
        yield made


@asynccontextmanager
async def exchangers(dns, port, **changes):
    """The way out."""
    resolver = DnsResolver(SystemClock(), (dns.address,), question_s=0.5)
    manners = {"port": port, "timeout_s": 1.0, "local_hostname": "us.test", "allow_private": True, **changes}
    made = MailExchangers(resolver, Manners(**manners))
    yield made
    await made.close()
    await resolver.close()


def envelope(*recipients):
    """From somebody to these."""
    return Envelope(mail_from="me@us.test", rcpt_to=recipients)


def lead(dns, domain, *addresses):
    """Let a domain have a server at each address, the first the most preferred."""
    for number, address in enumerate(addresses):
        dns.add(domain, "MX", f"{number} mx{number}.{domain}.")
        dns.add(f"mx{number}.{domain}", "A", address)


async def test_mail_goes_to_the_recipients_server(dns, sink):
    """It is taken, by a server that is named in the outcome, over one connection for messages in a row."""
    lead(dns, "acme.test", FIRST)
    async with exchangers(dns, sink.port) as mx:
        outcomes = [await mx.deliver(envelope("ann@acme.test"), MIME) for _ in range(3)]

    assert [(Delivered, "mx0.acme.test")] * 3 == [(type(each), each.host) for (each,) in outcomes]
    assert (1, 3, MIME) == (sink.connections, len(sink.messages), sink.messages[0].content)
    assert "us.test" == sink.messages[0].helo


async def test_each_domain_has_a_conversation_of_its_own(dns, sink):
    """Outcomes stand in the order of the recipients, whatever their domains."""
    lead(dns, "acme.test", FIRST)
    lead(dns, "other.test", FIRST)
    dns.add("null.test", "MX", "0 .")
    sink.replies = {"bob@other.test": "550 5.1.1 Unknown"}
    wanted = envelope("ann@acme.test", "bob@other.test", "x@null.test", "Cat@ACME.test", "dan@other.test")
    async with exchangers(dns, sink.port) as mx:
        outcomes = await mx.deliver(wanted, MIME)

    assert [250, 550, 556, 250, 250] == [each.code for each in outcomes]
    assert {("ann@acme.test", "Cat@ACME.test"), ("dan@other.test",)} == {
        each.rcpt_to for each in sink.messages
    }


@pytest.mark.parametrize("fault", ["nobody", "silent", "busy", "unwilling"])
async def test_the_next_server_is_tried(dns, sink, fault):
    """Where the preferred one is not there, says nothing, or greets with a refusal."""
    lead(dns, "acme.test", SECOND, FIRST)
    greeting = {"silent": b"", "busy": b"421 4.3.2 Busy\r\n", "unwilling": b"554 5.7.1 No\r\n"}.get(fault)
    async with exchangers(dns, sink.port) as mx:
        if greeting is None:
            outcomes = await mx.deliver(envelope("ann@acme.test"), MIME)
        else:
            async with greets(SECOND, sink.port, greeting):
                outcomes = await mx.deliver(envelope("ann@acme.test"), MIME)

    assert [(250, "mx1.acme.test")] == [(each.code, each.host) for each in outcomes]


@asynccontextmanager
async def greets(host, port, greeting):
    """A server that says one thing and no more."""

    async def meet(_reader, writer):
        writer.write(greeting)
        try:
            await asyncio.sleep(0 if greeting else 30)
        finally:
            writer.close()

    server = await asyncio.start_server(meet, host, port)
    yield
    server.close()


@pytest.mark.parametrize(
    ("greeting", "code", "enhanced"),
    [
        (None, 0, ""),
        (b"", 0, ""),
        (b"421 4.3.2 Busy\r\n", 421, "4.3.2"),
        (b"554 " + b"-" * 100_000 + b"\r\n", 0, ""),
    ],
)
async def test_nobody_is_there(dns, greeting, code, enhanced):
    """The mail waits, and it is known that no conversation began."""
    with socket.create_server((FIRST, 0)) as probe:
        port = probe.getsockname()[1]
    lead(dns, "acme.test", FIRST)
    async with exchangers(dns, port, timeout_s=0.3) as mx:
        if greeting is None:
            (outcome,) = await mx.deliver(envelope("ann@acme.test"), MIME)
        else:
            async with greets(FIRST, port, greeting):
                (outcome,) = await mx.deliver(envelope("ann@acme.test"), MIME)

    assert isinstance(outcome, Deferred)
    assert (code, enhanced, True) == (outcome.code, outcome.enhanced, outcome.unreached)


async def test_what_a_greeting_says_can_be_kept(dns):
    """In whatever letters and at whatever length a server refuses us, no store and no reader stumbles over it."""
    with socket.create_server((FIRST, 0)) as probe:
        port = probe.getsockname()[1]
    lead(dns, "acme.test", FIRST)
    greeting = b"421-M\xfcller\0 ist weg\r\n" + b"421-und bleibt es\r\n" * 1000 + b"421 .\r\n"
    async with greets(FIRST, port, greeting), exchangers(dns, port) as mx:
        (outcome,) = await mx.deliver(envelope("ann@acme.test"), MIME)

    assert (421, True) == (outcome.code, outcome.unreached)
    assert "M\N{REPLACEMENT CHARACTER}ller ist weg\nund bleibt es\n" == outcome.text[:29]
    assert len(outcome.text.encode()) <= 2002
    assert "\0" not in outcome.text


async def test_a_refusal_in_the_conversation_is_final(dns, sink):
    """RFC 5321, 5.1: what a server has refused for good is not offered to the next one."""
    lead(dns, "acme.test", FIRST, SECOND)
    sink.replies = {"acme.test": "550 5.1.1 Unknown"}
    async with Sink(host=SECOND, port=sink.port) as other, exchangers(dns, sink.port) as mx:
        (outcome,) = await mx.deliver(envelope("ann@acme.test"), MIME)
        assert (550, False, 0) == (outcome.code, outcome.of_all, other.connections)


async def test_a_server_that_wants_to_know_us_refuses(dns, sink):
    """Nobody has credentials for it: the reply stands as it was said."""
    lead(dns, "acme.test", FIRST)
    sink.mail_replies = ["530 5.7.0 Must issue a STARTTLS command first"]
    async with exchangers(dns, sink.port) as mx:
        (outcome,) = await mx.deliver(envelope("ann@acme.test"), MIME)

    assert isinstance(outcome, Bounced)
    assert ("5.7.0 Must issue a STARTTLS command first", True) == (outcome.text, outcome.of_all)


async def test_tls_is_taken_where_it_is_offered(dns, tmp_path):
    """Whatever its certificate says."""
    lead(dns, "acme.test", FIRST)
    async with (
        Sink(host=FIRST, tls="starttls", pem=certify(tmp_path, "another.test")) as sink,
        exchangers(dns, sink.port) as mx,
    ):
        await mx.deliver(envelope("ann@acme.test"), MIME)

    assert [True] == [each.secured for each in sink.messages]


async def test_tls_that_does_not_work_is_done_without(dns, tmp_path):
    """The mail is taken in the open, as by a server that offers none; the second message does not try again."""
    lead(dns, "acme.test", FIRST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certify(tmp_path))
    # it wants to see a certificate of ours, which we have not
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    async with Sink(host=FIRST, tls="starttls") as sink, exchangers(dns, sink.port) as mx:
        sink._context = context
        for _ in range(2):
            (outcome,) = await mx.deliver(envelope("ann@acme.test"), MIME)
            assert 250 == outcome.code

    assert [False, False] == [each.secured for each in sink.messages]
    assert 2 == sink.connections


async def test_a_cancelled_delivery_leaves_no_connection(dns, sink):
    """Others could be given one that is in the middle of something."""
    lead(dns, "acme.test", FIRST)
    sink.delays["data"] = 30
    async with exchangers(dns, sink.port) as mx:
        task = asyncio.create_task(mx.deliver(envelope("ann@acme.test"), MIME))
        await until(lambda: sink.commands["data"])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await until(lambda: not sink.open_connections)


async def until(condition):
    """Wait until something that others do has happened."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # the other side sets no event
            await asyncio.sleep(0.01)


async def test_our_address_can_be_chosen(dns, sink):
    """The connection comes from it; a server of the other family is met from any."""
    lead(dns, "acme.test", FIRST)
    seen = []
    handle = sink.handle_MAIL

    async def note(server, session, *rest):
        seen.append(session.peer[0])
        return await handle(server, session, *rest)

    sink.handle_MAIL = note
    async with exchangers(dns, sink.port, sources=("127.0.0.77", "::1")) as mx:
        await mx.deliver(envelope("ann@acme.test"), MIME)

    assert ["127.0.0.77"] == seen
