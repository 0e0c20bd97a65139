"""Handing mail to a real server over the loopback, in good order and in bad."""

import asyncio

import msgspec
import pytest
import structlog
import uvloop

from core.transport.relay import Relay, RelayUrl, parse_url
from core.transport.transport import Bounced, Deferred, Delivered, Envelope, Outcome
from tests.smtp_sink import Sink, certify

MIME = b"Subject: hello\r\n\r\n.a line with a dot\r\n..\r\nand the end\r\n"
ANN, BOB, CAT = "ann@example.com", "bob@example.com", "cat@example.org"


def envelope(*rcpt_to):
    """An envelope from the same sender to these recipients, or to Ann."""
    return Envelope(mail_from="news@example.net", rcpt_to=rcpt_to or (ANN,))


def relay_to(sink, scheme="smtp", credentials="", idle_s=8.0, **options):
    """A relay that speaks to a sink, with a timeout that suits tests."""
    url = parse_url(f"{scheme}://{credentials}127.0.0.1:{sink.port}")
    settings = {"timeout_s": 5.0, "local_hostname": "client.test", **options}
    return Relay(msgspec.structs.replace(url, **settings), idle_s=idle_s)


@pytest.fixture(params=[True, False], ids=["pipelined", "one by one"])
async def sink(request):
    """A sink that knows PIPELINING, and one that does not."""
    async with Sink(pipelining=request.param) as sink:
        yield sink


@pytest.fixture
async def relay(sink):
    """A relay that hands mail to the sink."""
    relay = relay_to(sink)
    yield relay
    await relay.close()


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    """A certificate nobody has signed but itself."""
    return certify(tmp_path_factory.mktemp("certificate"))


Kind = tuple[type[Outcome], int]
EACH_ITS_OWN: list[Kind] = [(Deferred, 450), (Deferred, 450), (Bounced, 553)]


def kinds(outcomes):
    """Kind and code of each outcome."""
    return [(type(outcome), outcome.code) for outcome in outcomes]


async def until(condition):
    """Wait until something that the other side does has happened."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # the other side sets no event
            await asyncio.sleep(0.001)


async def test_a_message_arrives_as_it_is(sink, relay):
    """Sender, recipients and every octet arrive; the outcome is the server's reply to the message."""
    outcomes = await relay.deliver(envelope(ANN, BOB), MIME)

    taken = Delivered(code=250, enhanced="2.0.0", text="2.0.0 Taken", host="127.0.0.1")
    assert (taken, taken) == outcomes
    (received,) = sink.messages
    assert ("news@example.net", (ANN, BOB), MIME) == received[:3]
    assert "client.test" == received.helo


async def test_a_message_without_recipients_is_no_conversation(sink, relay):
    """An empty envelope has an empty answer."""
    assert () == await relay.deliver(Envelope(mail_from="", rcpt_to=()), MIME)
    assert 0 == sink.connections


async def test_a_large_message_arrives(sink, relay):
    """A message beyond any buffer goes out in pieces and arrives whole."""
    mime = b"Subject: large\r\n\r\n" + b"\r\n".join([b"." + b"x" * 75] * 40_000) + b"\r\n"

    assert [(Delivered, 250)] == kinds(await relay.deliver(envelope(), mime))
    assert mime == sink.messages[0].content


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ({BOB: "550 5.1.1 Unknown"}, [(Delivered, 250), (Bounced, 550), (Delivered, 250)]),
        ({BOB: "452 4.2.2 Full"}, [(Delivered, 250), (Deferred, 452), (Delivered, 250)]),
        (
            {"example.com": "450 4.1.2 Later", CAT: "553 No"},
            EACH_ITS_OWN,
        ),
        (
            {ANN: "251 Forwarded", BOB: "530 5.7.0 Login"},
            [(Delivered, 250), (Deferred, 530), (Delivered, 250)],
        ),
    ],
)
async def test_each_recipient_has_its_own_outcome(sink, relay, replies, expected):
    """A refused recipient gets its refusal, the others the reply to the message, and the next message works."""
    sink.replies = replies

    assert expected == kinds(await relay.deliver(envelope(ANN, BOB, CAT), MIME))
    accepted = tuple(
        each for each, (kind, _) in zip((ANN, BOB, CAT), expected, strict=True) if kind is Delivered
    )
    assert [accepted] * bool(accepted) == [received.rcpt_to for received in sink.messages]

    sink.replies = {}
    assert [(Delivered, 250)] == kinds(await relay.deliver(envelope(), MIME))
    assert 1 == sink.connections


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("550 5.1.1 No such user", Bounced(code=550, enhanced="5.1.1", text="5.1.1 No such user")),
        ("550 No such user, see 5.1.1", Bounced(code=550, text="No such user, see 5.1.1")),
        ("451 5.0.0 Confused", Deferred(code=451, text="5.0.0 Confused")),
        (
            "451-4.7.1 Wait\r\n451 4.7.1 a bit",
            Deferred(code=451, enhanced="4.7.1", text="4.7.1 Wait\n4.7.1 a bit"),
        ),
        ("354 Go ahead", Deferred(code=354, text="Go ahead")),
    ],
)
async def test_a_refusal_is_told_in_the_servers_words(sink, relay, reply, expected):
    """Code, enhanced code and text are the reply's own; an enhanced code of another class does not count."""
    sink.replies = {ANN: reply}

    assert (msgspec.structs.replace(expected, host="127.0.0.1"),) == await relay.deliver(envelope(), MIME)


@pytest.mark.parametrize("reply", ["554 5.6.0 Spam", "451 4.3.0 Disk full", "421 4.3.2 Going down"])
async def test_the_reply_to_a_message_is_for_all_accepted(sink, relay, reply):
    """What the server says of the message is the outcome of every recipient that it took, and the next one works."""
    sink.replies, sink.data_replies = {BOB: "550 5.1.1 Unknown"}, [reply]
    code = int(reply[:3])
    of_message = (Bounced if code >= 500 else Deferred, code)

    outcomes = await relay.deliver(envelope(ANN, BOB, CAT), MIME)

    assert [of_message, (Bounced, 550), of_message] == kinds(outcomes)
    assert [(Delivered, 250)] == kinds(await relay.deliver(envelope(), MIME))


@pytest.mark.parametrize(
    ("reply", "kind"), [("550 5.1.8 Bad sender", Bounced), ("450 4.1.8 Later", Deferred)]
)
async def test_a_refused_sender_is_refused_for_all(sink, relay, reply, kind):
    """The reply to MAIL is every recipient's outcome, and the next message works on the same connection."""
    sink.mail_replies = [reply]

    assert [(kind, int(reply[:3]))] * 2 == kinds(await relay.deliver(envelope(ANN, BOB), MIME))
    assert [(Delivered, 250)] == kinds(await relay.deliver(envelope(), MIME))
    assert 1 == sink.connections


@pytest.mark.parametrize("command", ["mail", "rcpt"])
async def test_a_server_that_says_421_is_not_asked_again(sink, relay, command):
    """RFC 5321: 421 means the server is closing; the message is for later and the connection is gone."""
    if command == "mail":
        sink.mail_replies = ["421 4.3.2 Down"]
    else:
        sink.replies = {BOB: "421 4.3.2 Down"}

    assert {(Deferred, 421)} == set(kinds(await relay.deliver(envelope(ANN, BOB), MIME)))
    await until(lambda: sink.open_connections == 0)


@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt", "data", "after_data_before_reply"])
async def test_a_new_connection_that_is_lost_defers(sink, relay, stage):
    """Wherever a new connection breaks, nobody is bounced, nothing is tried twice, and the next message works."""
    sink.drops[stage] = 1

    assert [(Deferred, 0)] * 2 == kinds(await relay.deliver(envelope(ANN, BOB), MIME))
    assert 1 == sink.connections
    assert [(Delivered, 250)] == kinds(await relay.deliver(envelope(), MIME))


async def test_a_refusal_before_a_loss_counts(sink, relay):
    """A recipient that was refused for good before the connection broke is not tried again."""
    sink.replies = {ANN: "550 5.1.1 Unknown"}
    sink.drops["data"] = 1

    expected: list[Kind] = [(Bounced, 550), (Deferred, 0)]
    assert expected == kinds(await relay.deliver(envelope(ANN, BOB), MIME))


async def test_a_kept_connection_that_proves_dead_is_replaced(sink, relay):
    """A server may cut an idle connection just when it is used; the message goes out over a new one."""
    await relay.deliver(envelope(), MIME)
    sink.drops["mail"] = 1

    assert [(Delivered, 250)] == kinds(await relay.deliver(envelope(), MIME))
    assert 2 == sink.connections
    assert 2 == len(sink.messages)


async def test_a_kept_connection_is_replaced_once(sink, relay):
    """When the new connection breaks as well, the message is for later."""
    await relay.deliver(envelope(), MIME)
    sink.drops["mail"] = 2

    assert [(Deferred, 0)] == kinds(await relay.deliver(envelope(), MIME))
    assert 2 == sink.connections


async def test_a_message_that_may_have_been_taken_is_not_sent_again(sink, relay):
    """After the message was sent, a loss is Deferred: the queue decides, and no second copy goes out here."""
    await relay.deliver(envelope(), MIME)
    sink.drops["after_data_before_reply"] = 1

    assert [(Deferred, 0)] == kinds(await relay.deliver(envelope(), MIME))
    assert 1 == sink.connections


async def test_a_server_may_restart_between_messages(sink, relay):
    """A restart in between costs a connection and no message; while the server is away, mail is deferred."""
    await relay.deliver(envelope(), MIME)
    await sink.stop()
    assert [(Deferred, 0)] == kinds(await relay.deliver(envelope(), MIME))

    async with sink:
        assert [(Delivered, 250)] == kinds(await relay.deliver(envelope(), MIME))


async def test_greylisting_is_passed_at_the_second_attempt(sink, relay):
    """A greylisting server says 451 at first, and takes the message later."""
    sink.greylisting = True

    first = await relay.deliver(envelope(), MIME)
    second = await relay.deliver(envelope(), MIME)

    assert [(Deferred, 451), (Delivered, 250)] == kinds(first + second)


@pytest.mark.parametrize("stage", ["connect", "mail"])
async def test_a_server_that_does_not_answer_is_left(sink, stage):
    """When the time for a reply is over, the message is deferred and the connection closed."""
    relay = relay_to(sink, timeout_s=0.05)
    sink.delays[stage] = 30

    assert [(Deferred, 0)] == kinds(await relay.deliver(envelope(), MIME))
    await until(lambda: sink.open_connections == 0)


async def test_connections_are_used_again(sink, relay):
    """Messages one after the other share a connection."""
    for _ in range(5):
        await relay.deliver(envelope(), MIME)

    assert 1 == sink.connections
    assert 5 == len(sink.messages)


async def test_connections_are_bounded(sink):
    """Never more connections than allowed, however many messages wait; all of them arrive."""
    relay = relay_to(sink, connections=3)
    sink.delays["mail"] = 0.005

    outcomes = await asyncio.gather(*(relay.deliver(envelope(), MIME) for _ in range(20)))
    await relay.close()

    assert {(Delivered, 250)} == {kind for each in outcomes for kind in kinds(each)}
    assert 3 == sink.connections


async def test_a_connection_serves_so_many_messages(sink):
    """After ``messages_per_connection`` the connection is left in good order and a new one made."""
    relay = relay_to(sink, messages_per_connection=2)
    for _ in range(5):
        await relay.deliver(envelope(), MIME)
    await relay.close()

    assert 3 == sink.connections
    assert 3 == sink.commands["quit"]


async def test_an_idle_connection_is_left(sink):
    """A connection that had no message for a while says QUIT by itself."""
    relay = relay_to(sink, idle_s=0.02)
    await relay.deliver(envelope(), MIME)

    await until(lambda: sink.open_connections == 0)

    assert 1 == sink.commands["quit"]
    assert [(Delivered, 250)] == kinds(await relay.deliver(envelope(), MIME))
    await relay.close()


async def test_closing_waits_for_no_silent_server(sink, relay, monkeypatch):
    """A server that does not answer QUIT cannot hold the process."""
    monkeypatch.setattr("core.transport.session._QUIT_S", 0.02)
    await relay.deliver(envelope(), MIME)
    sink.delays["quit"] = 30

    await relay.close()

    await until(lambda: sink.open_connections == 0)


@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt", "data", "after_data_before_reply"])
async def test_a_cancelled_delivery_leaves_no_connection(sink, stage):
    """A worker that stops cuts the conversation; its place in the pool is free and the next message is whole."""
    relay = relay_to(sink, connections=1)
    sink.delays[stage] = 30
    task = asyncio.create_task(relay.deliver(envelope(BOB), MIME))
    await until(lambda: sink.commands[stage] == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: sink.open_connections == 0)
    sink.delays = {}
    sink.messages.clear()

    assert [(Delivered, 250)] == kinds(await relay.deliver(envelope(ANN), MIME))
    await relay.close()

    assert [(ANN,)] == [received.rcpt_to for received in sink.messages]


async def test_a_login_is_made_once_per_connection():
    """The right credentials are accepted, and asked for once."""
    async with Sink(credentials=("me", "s3cret/")) as sink:
        relay = relay_to(sink, credentials="me:s3cret%2F@")
        outcomes = await relay.deliver(envelope(), MIME) + await relay.deliver(envelope(), MIME)
        await relay.close()

    assert [(Delivered, 250)] * 2 == kinds(outcomes)
    assert ["me"] == sink.logins


@pytest.mark.parametrize(
    ("credentials", "code"), [("me:wr0ng@", 535), ("", 530)], ids=["wrong password", "no login at all"]
)
async def test_credentials_that_are_refused_bounce_nobody(credentials, code):
    """It is the operator's error: mail waits, and the log says why without the password."""
    async with Sink(credentials=("me", "s3cret")) as sink:
        relay = relay_to(sink, credentials=credentials)
        with structlog.testing.capture_logs() as logs:
            outcomes = await relay.deliver(envelope(ANN, BOB), MIME)
        await relay.close()

    assert [(Deferred, code)] * 2 == kinds(outcomes)
    assert {"the relay refused our credentials"} == {outcome.text for outcome in outcomes}
    assert [("warning", "the relay refused our credentials", code)] == [
        (line["log_level"], line["event"], line["code"]) for line in logs
    ]
    assert "wr0ng" not in repr(logs)


async def test_refused_credentials_are_not_tried_for_every_message():
    """Servers lock out who keeps trying; the messages in the meantime are deferred for the same reason."""
    async with Sink(credentials=("me", "s3cret")) as sink:
        relay = relay_to(sink, credentials="me:wr0ng@")
        outcomes = [await relay.deliver(envelope(), MIME) for _ in range(5)]

    assert 1 == len(set(outcomes))
    assert 1 == sink.connections


async def test_a_server_without_logins_gets_no_mail_of_a_relay_that_has_one():
    """Credentials that cannot be used are the operator's error too."""
    async with Sink() as sink:
        relay = relay_to(sink, credentials="me:s3cret@")
        (outcome,) = await relay.deliver(envelope(), MIME)

    assert (
        Deferred(code=0, text="the relay refused our credentials", host="127.0.0.1", unreached=True)
        == outcome
    )


@pytest.mark.parametrize(
    ("tls", "scheme", "secured"),
    [
        (None, "smtp", False),
        ("starttls", "smtp", True),
        ("starttls", "smtp+starttls", True),
        ("implicit", "smtps", True),
    ],
)
async def test_mail_is_secured_as_the_scheme_says(tls, scheme, secured, pem, monkeypatch):
    """Plain smtp takes STARTTLS where it is offered, the others insist on TLS and on a certificate they can trust."""
    if scheme != "smtp":
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    async with Sink(tls=tls, pem=pem, credentials=("me", "s3cret")) as sink:
        relay = relay_to(sink, scheme=scheme, credentials="me:s3cret@")
        outcomes = [await relay.deliver(envelope(), MIME) for _ in range(2)]
        await relay.close()

    assert [(Delivered, 250)] * 2 == kinds(outcome for (outcome,) in outcomes)
    assert [secured] * 2 == [received.secured for received in sink.messages]
    assert 1 == sink.connections


@pytest.mark.parametrize(
    ("tls", "scheme", "text"),
    [
        (None, "smtp+starttls", "the relay offers no TLS"),
        ("starttls", "smtp+starttls", "TLS with the relay failed"),
        ("implicit", "smtps", "TLS with the relay failed"),
        (None, "smtps", "TLS with the relay failed"),
    ],
    ids=["not offered", "unknown authority", "unknown authority, implicit", "plain server"],
)
async def test_what_cannot_be_secured_is_not_sent(tls, scheme, text, pem):
    """No TLS, or none that can be trusted: the mail waits."""
    async with Sink(tls=tls, pem=pem) as sink:
        relay = relay_to(sink, scheme=scheme)
        outcomes = await relay.deliver(envelope(), MIME)
        await relay.close()

    assert (Deferred(code=0, text=text, host="127.0.0.1", unreached=True),) == outcomes
    assert [] == sink.messages


async def test_security_can_be_given_up(pem):
    """The operator may say that STARTTLS is not to be used though it is offered."""
    async with Sink(tls="starttls", pem=pem) as sink:
        relay = relay_to(sink, security="none")
        await relay.deliver(envelope(), MIME)
        await relay.close()

    assert [False] == [received.secured for received in sink.messages]


@pytest.mark.parametrize(("tls", "scheme"), [(None, "smtp"), ("starttls", "smtp"), ("implicit", "smtps")])
def test_the_production_loop_does_the_same(tls, scheme, pem):
    """Transports of uvloop are handed over after the greeting as asyncio's are."""

    async def deliver_two():
        async with Sink(tls=tls, pem=pem) as sink:
            relay = relay_to(sink, scheme=scheme, verify=False)
            outcomes = [await relay.deliver(envelope(), MIME) for _ in range(2)]
            await relay.close()
            return outcomes, sink.messages

    outcomes, messages = uvloop.run(deliver_two())

    assert [(Delivered, 250)] * 2 == kinds(outcome for (outcome,) in outcomes)
    assert [(MIME, tls is not None)] * 2 == [(received.content, received.secured) for received in messages]


async def test_an_unknown_host_defers():
    """A relay whose name cannot be resolved, or that is not there, is an outage and no reason to bounce."""
    relay = Relay(RelayUrl(host="nowhere.invalid", port=25, local_hostname="client.test"))

    (outcome,) = await relay.deliver(envelope(), MIME)

    assert (
        Deferred(code=0, text="the relay could not be reached", host="nowhere.invalid", unreached=True)
        == outcome
    )


@pytest.mark.parametrize("address", ["a@b>\r\nRSET", "a@b> SIZE=1", "é@example.com", "a\x00@b"])
async def test_an_address_cannot_become_a_command(sink, relay, address):
    """Whatever came past every check before, no octet of it reaches the server."""
    with pytest.raises(ValueError, match="cannot be said"):
        await relay.deliver(envelope(address), MIME)

    assert 0 == sink.commands["mail"]
