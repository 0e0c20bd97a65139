import asyncio
import contextlib
import smtplib
from email import message_from_bytes, policy
from email.message import EmailMessage

import msgspec
import pytest

from core import credentials, messages, senders, suppressions
from core.clock import SystemClock
from core.paging import PageRequest
from core.store.database import StoreUnavailable
from gateway import conversation, serving
from gateway.config import Settings
from gateway.metrics import Metrics
from gateway.replies import reply
from tests.contract.surfaces import DRIVERS, NAMES, READERS, ask, send
from tests.house import House
from tests.office import HTML, PDF, TEXT, Office, base64, sent, talked, written


@pytest.fixture
async def office(house):
    """A listener beside a house."""
    async with Office.open(house) as made:
        yield made


def broken(error):
    """Make a coroutine function that fails."""

    async def fail(*_, **__):
        raise error

    return fail


@pytest.mark.parametrize("name", NAMES)
async def test_a_letter_is_accepted_and_read_through_http(office, name):
    """What came in by SMTP is a message like any other: kept whole, delivered, seen by every dialect."""
    code, text = await office.send(
        name, written(Cc="cy@example.net", X_Entity_Ref_ID="7"), ["bob@example.net"]
    )
    assert (250, "2.0.0") == (code, text.split()[0])
    await office.house.settle()

    (held,) = await office.kept()
    told = message_from_bytes(await messages.source(office.house.core, held), policy=policy.default)
    assert text.split()[-1] == office.house.dialects[name].submission.show(held.id)
    assert "Jörg <joerg@example.org>" == held.draft.sender.text
    assert ("Grüße", TEXT, HTML) == (held.subject, held.text, held.html)
    assert [("to", "bob@example.net", "delivered")] == [
        (each.role, each.email, each.state) for each in held.deliveries
    ]
    assert ("Bob <bob@example.net>", "cy@example.net", "7") == (
        told["to"],
        told["cc"],
        told["x-entity-ref-id"],
    )
    assert [("Größe.pdf", PDF)] == [(p.get_filename(), p.get_content()) for p in told.iter_attachments()]
    for reader in READERS:
        key = await office.house.key(reader)
        wanted = DRIVERS[reader].read(key, held.id)
        assert wanted is not None
        assert DRIVERS[reader].found(await ask(office.house, reader, wanted, key))


async def test_the_envelope_decides_who_gets_it(office):
    """Recipients that the header does not name are blind copies; a Bcc line is read by nobody."""
    raw = written(
        To="Bob <bob@example.net>, else@example.net", Bcc="spy@example.net", Reply_To="re@example.org"
    )
    await office.send("resend", raw, ["Bob@example.net", "spy@example.net", "spy@example.net"])

    (held,) = await office.kept()
    source = await messages.source(office.house.core, held)
    assert [("to", "bob@example.net"), ("bcc", "spy@example.net")] == [
        (each.role, each.email) for each in held.deliveries
    ]
    assert b"spy" not in source
    assert b"else@example.net" in source
    assert ["re@example.org"] == [each.email for each in held.draft.reply_to]


async def test_postmark_takes_its_token_as_user_name_too(office):
    """Clients of Postmark log in with the token twice."""
    key = await office.house.key("postmark")
    assert 250 == (await office.send("postmark", user=key.upper()))[0]
    assert 250 == (await office.send("postmark"))[0]


@pytest.mark.parametrize("mechanism", ["plain", "login", "LOGIN with its user name"])
async def test_mechanisms(office, mechanism):
    """Both mechanisms work in every form that clients know."""
    key = await office.house.key("resend")

    def login(client):
        client.ehlo()
        if mechanism == "plain":
            return client.docmd("auth", "plain " + base64("", "resend", key))
        if mechanism == "login":
            assert 334 == client.docmd("AUTH", "login")[0]
            assert 334 == client.docmd(base64("resend"))[0]
        else:
            assert 334 == client.docmd("AUTH LOGIN " + base64("resend"))[0]
        return client.docmd(base64(key))

    assert 235 == (await office.talk(login))[0]


@pytest.mark.parametrize(
    "command", ["MAIL FROM:<a@example.org>", "RCPT TO:<a@example.org>", "DATA", "VRFY a"]
)
async def test_nothing_is_done_before_a_login(office, command):
    """Whoever has not logged in is told to."""

    def ask_for_it(client):
        client.ehlo()
        return client.docmd(command)

    assert (530, b"5.7.0 Authentication required") == await office.talk(ask_for_it)


async def test_wrong_keys_are_refused(office):
    """Unknown keys, unknown users, keys of another dialect, of an account, without the right to send: 535."""
    house = office.house
    key = await house.key("resend")
    logins = [
        ("resend", "re_wrong"),
        ("nobody", key),
        ("sendflare", key),
        ("postmark", await house.key("postmark", "account")),
        (key, await house.key("postmark")),
        ("pufferpost", await house.key("pufferpost", scopes=frozenset({"messages:read"}))),
    ]
    for login in logins:
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            await office.talk(lambda client, login=login: client.login(*login, initial_response_ok=False))
        assert 535 == caught.value.smtp_code


async def test_guessing_ends_the_conversation(office):
    """After a few wrong keys a client must come again."""

    def guess(client):
        client.ehlo()
        guess = base64("", "resend", "wrong")
        codes = [client.docmd("AUTH PLAIN", guess)[0] for _ in range(3)]
        return [*codes, client.getreply()[0]]

    assert [535, 535, 535, 421] == await office.talk(guess)


async def test_a_revoked_key_sends_nothing_more(office):
    """A connection does not outlive its key."""
    house = office.house
    key = await house.key("resend")
    client = await office.connect()
    await asyncio.to_thread(client.login, "resend", key)
    (held,) = await credentials.every(house.core)
    await credentials.set_state(house.core, held.id, "revoked")
    with pytest.raises(smtplib.SMTPDataError) as caught:
        await asyncio.to_thread(client.sendmail, "a@example.org", ["bob@example.net"], written())
    await asyncio.to_thread(client.close)
    assert 535 == caught.value.smtp_code
    assert [] == await office.kept()


@pytest.mark.parametrize(
    ("fields", "to", "expected"),
    [
        ({"From": None}, "bob@example.net", "550 5.6.0 Invalid From: is missing"),
        ({"From": "a@b.example, c@d.example"}, "bob@example.net", "550 5.6.0 Invalid From: names more than one sender"),
        ({"To": "Bob <bob@@example>"}, "bob@example.net", "550 5.6.0 Invalid To: holds an address"),
        ({}, "bob@localhost", "553 5.1.3 Not an address that mail can be sent to: bob@localhost"),
        ({}, "nobody", "553 5.1.3 Not an address that mail can be sent to: nobody"),
        ({}, "gone@example.net", "550 5.7.1 Recipient is suppressed: gone@example.net"),
        ({"X-Bad": "a\x00b"}, "bob@example.net", ""),
    ],
)  # fmt: skip
async def test_refusals_are_replies(office, fields, to, expected):
    """Whatever cannot be accepted is told with a code, an enhanced code and a reason."""
    caller = await office.house.caller()
    await suppressions.suppress(office.house.core, caller, "gone@example.net")
    raw = written(**fields) if expected else written().replace(b"Subject:", b"X-Bad: a\x00b\r\nSubject:")
    code, text = await office.send("sendflare", raw, [to])

    if expected:
        assert f"{code} {text}".startswith(expected)
        assert [] == await office.kept()
    else:
        assert (250, "a b") == (code, dict((await office.kept())[0].draft.content.headers)["X-Bad"])


async def test_senders_are_verified_here_too(settings):
    """A sender that may not send over HTTP may not over SMTP, and is told so in the same words."""
    checked = msgspec.structs.replace(settings, sender_policy="verified")
    async with House.open(checked) as house, Office.open(house) as office:
        answer = await office.send("resend")
    said = "5.7.1 The example.org domain is not verified. Please, add and verify your domain."
    assert (550, said) == answer


async def test_postmark_writes_its_own_ids(office):
    """The client's Message-ID is replaced, and the service's own header tells the message's id."""
    await office.send("postmark", written(Message_ID="<own@example.org>", X_PM_Message_Id="forged"))
    await office.send("resend", written(Message_ID="<own@example.org>"))
    await office.house.settle()

    other, own = [
        message_from_bytes(await messages.source(office.house.core, each)) for each in await office.kept()
    ]
    assert "<own@example.org>" == other["Message-ID"]
    assert f"<{own['X-PM-Message-Id']}@babelpost.local>" == own["Message-ID"]


async def test_answers_go_where_the_sender_says(office):
    """By SMTP as by the API, where the letter does not say, and in Postmark's dialect alone."""
    owner = (await office.house.workspace()).account_id
    sender = senders.Draft(email="joerg@example.org", name="J", reply_to="help@example.org")
    await senders.add(office.house.core, owner, sender)
    for dialect, fields in (("postmark", {}), ("postmark", {"Reply_To": "own@example.org"}), ("resend", {})):
        await office.send(dialect, written(**fields))

    told = [[each.email for each in held.draft.reply_to] for held in await office.kept()]
    assert [[], ["own@example.org"], ["help@example.org"]] == told


@pytest.mark.parametrize(
    ("dialect", "to", "expected"),
    [
        ("resend", "bounced@resend.dev", "bounced"),
        ("postmark", "hardbounce@bounce-testing.postmarkapp.com", "bounced"),
    ],
)
async def test_test_addresses_stay_test_addresses(office, dialect, to, expected):
    """Nothing leaves for a provider's real domain."""
    assert 250 == (await office.send(dialect, to=[to]))[0]
    await office.house.settle()

    (held,) = await office.kept()
    assert [expected] == [each.state for each in held.deliveries]


async def test_test_keys_send_nothing(office):
    """A message under a test key is sandboxed."""
    key = await office.house.key("pufferpost", environment="test")
    await office.talk(lambda client: sent(client, ("pufferpost", key), written(), ["bob@example.net"]))
    caller = await office.house.caller(environment="test")
    found = await messages.page(office.house.core, caller, messages.Filter(), PageRequest())
    assert [True] == [each.draft.sandbox for each in found.items]


async def test_rates_are_shared_with_the_api(settings, monkeypatch):
    """The window of the API counts messages by SMTP too."""
    limited = msgspec.structs.replace(settings, rate_limits={"resend": 1})
    async with House.open(limited) as house, Office.open(house) as office:
        now = house.core.clock.now()
        monkeypatch.setattr(SystemClock, "now", lambda _: now)
        key = await house.key("resend")
        answer = await send(house, "resend", key)
        assert 200 == answer.status_code
        assert (450, "4.7.1 Too many requests. Try again in 1 s") == await office.send("resend")


@pytest.mark.parametrize(
    ("dialect", "declared", "size", "expected"),
    [
        ("postmark", True, 10, 552),
        ("postmark", False, 10, 552),
        ("postmark", True, 9, 250),
        ("resend", False, 10, 250),
    ],
)
async def test_sizes_are_bounded(office, dialect, declared, size, expected):
    """A message that is too large is refused by its SIZE, or as it comes; the conversation goes on."""
    key = await office.house.key(dialect)
    line = b"x" * 998 + b"\r\n"
    raw = b"From: a@example.org\r\n\r\n" + line * (size * 1024 * 1024 // len(line) + (size == 10))

    def send(client):
        client.login(dialect, key)
        code, _ = client.mail("a@example.org", [f"size={len(raw)}"] if declared else [])
        if code == 250:
            client.rcpt("bob@example.net")
            code, _ = client.data(raw)
        client.rset()
        return code, client.noop()[0]

    assert (expected, 250) == await office.talk(send)


async def test_a_size_that_was_a_lie_is_refused(office):
    """Room is kept for what was declared, so no more is taken."""
    key = await office.house.key("resend")

    def send(client):
        client.login("resend", key)
        client.mail("a@example.org", ["size=100"])
        client.rcpt("bob@example.net")
        return client.data(b"From: a@example.org\r\n\r\n" + b"x\r\n" * 100_000)[0]

    assert 552 == await office.talk(send)


async def test_recipients_are_bounded(office):
    """One too many is put off, as RFC 5321 4.5.3.1.10 has it."""
    code, text = await office.send("resend", to=[f"a{number}@example.net" for number in range(1001)])
    assert (452, "4.5.3 Too many recipients") == (code, text)


@pytest.mark.parametrize(
    "body", [b"", b"Subject: x\r\nFrom: a@example.org\r\n\r\n..\r\nend\r\n", b"\n.\n\r\n.x\r\n"]
)
async def test_commands_may_come_at_once(office, body):
    """Pipelined commands behind a message are not lost, whatever the message ends in; only CRLF.CRLF ends one."""
    key = await office.house.key("resend")
    login = base64("", "resend", key).encode()
    one = b"MAIL FROM:<a@example.org> AUTH=<>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n"
    letter = b"From: a@example.org\r\nSubject: 2\r\n\r\nx\r\n.\r\n"
    said = b"EHLO me\r\nAUTH PLAIN " + login + b"\r\n" + one + body + b".\r\n" + one + letter + b"QUIT\r\n"

    told = await asyncio.to_thread(talked, office.port, said)

    codes = [line[:3] for line in told.splitlines() if line[3:4] == " "]
    first = "250" if b"From" in body else "550"
    assert ["220", "250", "235", "250", "250", "354", first, "250", "250", "354", "250", "221"] == codes
    kept = await office.kept()
    assert "x\n" == kept[0].text
    assert [".\nend\n"][: len(kept) - 1] == [each.text for each in kept[1:]]


@pytest.mark.parametrize("said", [b"MAIL\r\n", b"MAIL FROM:\r\n", b"MAIL FROM:<a\r\n", b"RCPT TO:<a>\r\n", b"DATA\r\n",
                                  b"AUTH\r\n", b"AUTH PLAIN !\r\n", b"AUTH PLAIN AAAA AAAA\r\n", b"\xff\xff\r\n",
                                  b"MAIL FROM:<\xc3\xa4@example.org>\r\n", b"x" * 200_000 + b"\r\n", b"EHLO\r\n",
                                  b"MAIL FROM:<a@b.example> SIZE=x\r\n",
                                  b"AUTH DIGEST-MD5\r\n", b"AUTH CRAM-MD5 eA==\r\n"])  # fmt: skip
async def test_odd_commands_are_answered(office, said):
    """No command ends the conversation or is taken for a crash of ours."""
    told = await asyncio.to_thread(talked, office.port, b"EHLO me\r\n" + said + b"QUIT\r\n")
    lines = told.splitlines()
    assert lines[-1].startswith("221")
    assert all(line[:1] in "235" for line in lines)


async def test_a_response_without_end_ends_the_conversation(office):
    """A line is held up to a bound, and others are served meanwhile and after."""
    with contextlib.suppress(ConnectionResetError):
        told = await asyncio.to_thread(talked, office.port, b"EHLO me\r\nAUTH LOGIN\r\n" + b"A" * 200_000)
        assert told.endswith("421 4.5.2 Line too long\r\n")
    assert 250 == (await office.send("resend"))[0]


async def test_store_trouble_is_temporary(office, monkeypatch):
    """While the store is away clients are told to come again, and nothing of the cause is shown."""
    core = office.house.core
    with monkeypatch.context() as away:
        away.setattr(core.intake, "add", broken(StoreUnavailable("secret")))
        assert (451, "4.3.0 The store is not available, try again later") == await office.send("resend")
    with monkeypatch.context() as away:
        away.setattr(core.credentials, "find", broken(StoreUnavailable("secret")))
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            await office.send("resend")
    assert 454 == caught.value.smtp_code
    assert 250 == (await office.send("resend"))[0]


async def test_a_crash_is_temporary_and_tells_nothing(office, monkeypatch):
    """A bug of ours costs no mail: the client keeps it and comes again."""
    with monkeypatch.context() as away:
        away.setattr(office.house.core.intake, "add", broken(RuntimeError("secret")))
        answer = await office.send("resend")
    assert (451, "4.3.0 Something broke here, try again later") == answer


async def test_a_stop_lets_the_message_in_work_end(house, monkeypatch):
    """Whoever waits for an answer gets it; whoever only waits is told to come again."""
    began, go_on = asyncio.Event(), asyncio.Event()
    add = house.core.intake.add

    async def slow(submission):
        began.set()
        await go_on.wait()
        await add(submission)

    monkeypatch.setattr(house.core.intake, "add", slow)
    login = ("resend", await house.key("resend"))
    async with Office.open(house) as office:
        idle, busy = [await office.connect() for _ in range(2)]
        sending = asyncio.create_task(asyncio.to_thread(sent, busy, login, written(), ["bob@example.net"]))
        await began.wait()
        asyncio.get_running_loop().call_later(0.1, go_on.set)
    assert 250 == (await sending)[0]
    assert [421, 421] == [(await asyncio.to_thread(client.getreply))[0] for client in (busy, idle)]
    for client in (busy, idle):
        client.close()


async def test_a_stop_does_not_wait_for_ever(house, monkeypatch):
    """Who never ends a message is cut off."""
    monkeypatch.setattr(serving, "_DRAIN_S", 0.1)
    key = await house.key("resend")
    async with Office.open(house) as office:
        client = await office.connect()

        def begin():
            client.login("resend", key)
            client.mail("a@example.org")
            client.rcpt("bob@example.net")
            return client.docmd("DATA")[0]

        assert 354 == await asyncio.to_thread(begin)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        await asyncio.to_thread(client.noop)
    client.close()


async def test_connections_are_bounded(office, monkeypatch):
    """One too many is told to come again."""
    monkeypatch.setattr(conversation, "_MOST_CONNECTIONS", 0)
    told = await asyncio.to_thread(talked, office.port, b"")
    assert "421 4.3.2 Too many connections, try again later\r\n" == told


async def test_long_letters_are_read_beside_the_loop(office):
    """A letter of several megabytes is read in a thread and comes through whole."""
    letter = EmailMessage(policy=policy.SMTP)
    letter["From"], letter["To"] = "a@example.org", "bob@example.net"
    letter.add_attachment(bytes(range(256)) * 8192, maintype="application", subtype="x", filename="a.bin")
    assert 250 == (await office.send("resend", letter.as_bytes()))[0]

    (held,) = await office.kept()
    (file,) = await messages.attachments(office.house.core, held, data=True)
    assert ("a.bin", bytes(range(256)) * 8192) == (file.filename, file.data)


def test_the_listener_can_be_turned_off():
    """A server that wants no SMTP opens no port for it, and names none."""
    assert (None, None) == serving.listen_for_mail(Settings(smtp_submission=False))
    assert "" == Settings(smtp_submission=False).smtp_url
    assert "smtp://127.0.0.1:1025" == Settings().smtp_url


def test_a_reply_is_one_line_of_ascii():
    """Nothing a client said breaks out of a reply."""
    told = reply(StoreUnavailable("x"))
    assert told.isascii()
    assert len(reply(ValueError("ä\r\n" * 1000))) <= 400


@pytest.mark.sdk
def test_dev_tells_where_it_takes_mail(dev):
    """A running dev server has the address in dev.json, and takes mail there."""
    with smtplib.SMTP("127.0.0.1", int(dev.smtp.rpartition(":")[2]), timeout=20) as client:
        code, _ = sent(client, ("resend", dev.key("resend")), written(), ["bob@example.net"])
    assert 250 == code


async def test_letters_are_counted(house):
    """Each beside its dialect's requests, by the code it was answered with."""
    metrics = Metrics()
    async with Office.open(house, metrics) as office:
        await office.send("resend")
        await office.send("resend", written(From=None))
        await office.send("postmark")
    told = (await metrics.text(house.core)).decode().splitlines()
    counted = [line for line in told if line.startswith("babelpost_requests_total{")]
    assert [
        'babelpost_requests_total{dialect="postmark",operation="SMTP",status="250"} 1.0',
        'babelpost_requests_total{dialect="resend",operation="SMTP",status="250"} 1.0',
        'babelpost_requests_total{dialect="resend",operation="SMTP",status="550"} 1.0',
    ] == sorted(counted)
