import asyncio
import re
import smtplib
import socket
import ssl
import subprocess
from contextlib import asynccontextmanager
from email import policy
from email.message import EmailMessage

import msgspec
import pytest

from core import bounces, inbound
from core.inbound import Filter
from core.paging import PageRequest
from core.store.database import StoreUnavailable
from gateway import exchanger, reception, serving
from gateway.config import Settings
from gateway.serving import listen, receiving
from tests.core.post import caller_in, count, select
from tests.smtp_sink import certify

PDF = b"%PDF-1.4\r\n.\r\n\x00\xff"


def written(**fields):
    """Write a letter with a text, an HTML and a file; fields replace those of the header."""
    letter = EmailMessage(policy=policy.SMTP)
    wanted = {"From": "Ann <Ann@example.org>", "To": "Support <help@in.example>", "Subject": "Grüße"}
    for name, value in (wanted | fields).items():
        letter[name.replace("_", "-")] = value
    letter.set_content("Hello\n.a dot\n")
    letter.add_alternative("<p>Hello</p>\n", subtype="html")
    letter.add_attachment(PDF, maintype="application", subtype="pdf", filename="Größe.pdf")
    return letter.as_bytes()


class Door:
    """The listener for other servers beside a core, with a workspace behind it."""

    def __init__(self, core, caller, port):
        self.core, self.caller, self.port = core, caller, port

    @classmethod
    @asynccontextmanager
    async def open(cls, core, settings):
        """Listen for the length of the block."""
        bound = listen("127.0.0.1", 0)
        async with receiving(core, settings, bound):
            yield cls(core, await caller_in(core), bound.getsockname()[1])

    async def talk(self, what):
        """Connect, and do something with the client in its thread."""

        def run():
            with smtplib.SMTP("127.0.0.1", self.port, "mx.example.org", timeout=20) as client:
                return what(client)

        return await asyncio.to_thread(run)

    async def send(self, *to, raw=None, mail_from="ann@example.org"):
        """Bring a letter; the last reply as code and text."""
        return await self.talk(lambda client: brought(client, mail_from, to, raw or written()))

    async def address(self, plus=""):
        """Give the workspace's own address, with something behind a plus."""
        local, _, host = (await inbound.address_of(self.core, self.caller.workspace_id)).partition("@")
        return f"{local}{plus}@{host}"

    async def kept(self, caller=None):
        """Give every letter of a workspace, whole, the newest first."""
        who = caller or self.caller
        page = await inbound.page(self.core, who, Filter(), PageRequest(limit=100))
        return [await inbound.get(self.core, who, each.id) for each in page.items]


def brought(client, mail_from, to, raw):
    """Say a whole transaction; give the first reply that refuses, else the last."""
    client.ehlo_or_helo_if_needed()
    code, text = client.docmd(f"MAIL FROM:<{mail_from}>")
    for each in to if code == 250 else ():
        code, text = client.docmd(f"RCPT TO:<{each}>")
        if code != 250:
            break
    if code == 250:
        code, text = client.data(raw)
    return code, text.decode()


@pytest.fixture
def settings(settings):
    """Have a host for the workspaces' own addresses."""
    return msgspec.structs.replace(settings, inbound_host="in.example")


@pytest.fixture
async def door(core, settings):
    """A listener beside a core."""
    async with Door.open(core, settings) as made:
        yield made


async def test_a_letter_is_kept_before_it_is_acknowledged(door):
    """Everything that a letter says can be read back, and its bytes as they came."""
    to, raw = await door.address("+t77"), written(Message_ID="<1@example.org>")
    code, text = await door.send(to, raw=raw)

    (held,) = await door.kept()
    assert (250, f"2.0.0 {held.id}") == (code, text)
    assert ("processed", "ann@example.org", to, "t77") == (
        held.state,
        held.sender,
        held.recipient,
        held.mailbox_hash,
    )
    assert ("Grüße", "Hello\n.a dot\n", "<p>Hello</p>\n") == (held.subject, held.body.text, held.body.html)
    assert "<1@example.org>" == held.head.message_id
    (file,) = held.head.files
    assert ("Größe.pdf", "application/pdf", len(PDF)) == (file.name, file.content_type, file.size_bytes)
    assert PDF == await inbound.file(door.core, held, 0)
    source = await inbound.source(door.core, held)
    assert source.endswith(raw)
    assert source.startswith(b"Return-Path: <ann@example.org>\r\nReceived: from mx.example.org ([127.0.0.1])")
    assert [("received", held.id)] == [
        tuple(row) for row in await select(door.core, "SELECT kind, message_id FROM events")
    ]


async def test_each_form_of_address_leads_to_its_workspace(door):
    """The managed address in any case, a domain, a name below a wildcard; the narrowest wins."""
    other = await caller_in(door.core, "other")
    await inbound.add_domain(door.core, door.caller, "Bücher.example")
    await inbound.add_domain(door.core, door.caller, "*.shop.example")
    await inbound.add_domain(door.core, other, "*.uk.shop.example")
    for address in (
        (await door.address()).upper(),
        "any+one+two@xn--bcher-kva.example",
        "any@a.shop.example",
        "any@b.a.shop.example",
        "any@a.uk.shop.example",
    ):
        assert 250 == (await door.send(address))[0], address

    assert ["", "", "one+two", ""] == [each.mailbox_hash for each in await door.kept()]
    assert ["any@a.uk.shop.example"] == [each.recipient for each in await door.kept(other)]


@pytest.mark.parametrize(
    "address",
    [
        "bob@example.net",
        "0123456789abcdef0123456789abcdef@in.example",
        "any@shop.example",
        "any@notshop.example",
        "postmaster",
        "",
        "a@b@in.example",
        "x" * 300 + "@in.example",
        "%s@in.example",
    ],
)
async def test_nobody_elses_mail_is_taken(door, address):
    """Whoever is not here is refused before the letter comes: there is no relay, and nothing to send back later."""
    await inbound.add_domain(door.core, door.caller, "*.shop.example")
    code, text = await door.send(address)
    assert (550, "5.1.1 No such mailbox here") == (code, text)
    assert 0 == await count(door.core, "inbound")


async def test_the_null_sender_is_taken(door):
    """Mail that must not be answered comes from nobody."""
    assert 250 == (await door.send(await door.address(), mail_from=""))[0]
    (held,) = await door.kept()
    assert (await inbound.source(door.core, held)).startswith(b"Return-Path: <>\r\n")


async def test_each_workspace_gets_a_letter_once(door):
    """Several addresses of one owner make one letter; those that To and Cc do not name are its Bcc."""
    other = await caller_in(door.core, "other")
    await inbound.add_domain(door.core, door.caller, "in.shop.example")
    await inbound.add_domain(door.core, other, "other.example")
    to = ["sales@in.shop.example", "Help@in.shop.example", "x@other.example", "spy@in.shop.example"]
    assert (
        250
        == (await door.send(*to, raw=written(Cc="help@in.shop.example", Bcc="Spy <spy@in.shop.example>")))[0]
    )

    (held,), (others,) = await door.kept(), await door.kept(other)
    assert ("sales@in.shop.example", "x@other.example") == (held.recipient, others.recipient)
    assert [("sales@in.shop.example", ""), ("spy@in.shop.example", "Spy")] == [
        (each.email, each.name) for each in held.head.bcc
    ]
    assert ["x@other.example"] == [each.email for each in others.head.bcc]


async def test_a_recipient_who_is_named_twice_is_one(door):
    """In whatever case; what stands behind the plus makes it another."""
    to = await door.address()
    assert 250 == (await door.send(to, to.upper(), await door.address("+a"), to))[0]
    (held,) = await door.kept()
    assert [to, await door.address("+a")] == [each.email for each in held.head.bcc]


def test_what_comes_back_is_read_once_for_each_address():
    """Anybody may bring a report, and name the address for complaints a hundred times."""
    envelope = reception.Envelope(helo="mx.example", peer="192.0.2.1")
    for each in ("abuse@b.example", "ABUSE@b.example", "fbl@b.example", "abuse@b.example"):
        envelope.give_back(bounces, each)
    assert ["abuse@b.example", "fbl@b.example"] == [address for _, address in envelope.returned]


async def test_a_store_that_is_away_puts_mail_off(door, monkeypatch):
    """The other server keeps the letter and comes again."""
    to = await door.address()

    async def fail(*_):
        raise StoreUnavailable("away")

    monkeypatch.setattr(door.core.inbox, "add", fail)
    assert (451, "4.3.0 The store is not available, try again later") == await door.send(to)
    monkeypatch.setattr(door.core.db, "fetch", fail)
    assert (451, "4.3.0 The store is not available, try again later") == await door.send(to)


async def test_what_is_too_large_is_refused(core, settings):
    """By its SIZE before it comes, or as it comes; the conversation goes on."""
    small = msgspec.structs.replace(settings, inbound_most_bytes=100_000)
    async with Door.open(core, small) as door:
        to = await door.address()

        def large(client):
            client.ehlo()
            assert "100000" == client.esmtp_features["size"]
            by_size = client.docmd(f"MAIL FROM:<a@example.org> SIZE={100_001}")[0]
            unsaid = brought(client, "a@example.org", [to], written() + b"x" * 100_000)[0]
            return by_size, unsaid, brought(client, "a@example.org", [to], written())[0]

        assert (552, 552, 250) == await door.talk(large)
        assert 1 == len(await door.kept())


async def test_there_are_no_logins_and_bounds_on_talk(door, monkeypatch):
    """Guessing at keys or addresses ends the conversation; recipients and messages are counted."""
    monkeypatch.setattr(exchanger.Exchanger, "most_errors", 3)
    monkeypatch.setattr(exchanger, "_MOST_RECIPIENTS", 2)
    monkeypatch.setattr(exchanger, "_MOST_MESSAGES", 2)
    to = await door.address()

    def guess(client):
        client.ehlo()
        assert "auth" not in client.esmtp_features
        assert 502 == client.docmd("AUTH PLAIN AGEAYg==")[0]
        client.docmd("MAIL FROM:<a@example.org>")
        return [client.docmd("RCPT TO:<no@example.org>")[0] for _ in range(2)] + [client.getreply()[0]]

    assert [550, 550, 421] == await door.talk(guess)
    assert (452, "4.5.3 Too many recipients") == await door.send(to, to, to)

    def many(client):
        return [brought(client, "a@example.org", [to], written())[0] for _ in range(3)]

    assert [250, 250, 452] == await door.talk(many)


async def test_mail_comes_in_behind_starttls(core, settings, tmp_path):
    """Other servers find the certificate of submission, the trace says so, and need no TLS."""
    pem = certify(tmp_path)
    safe = msgspec.structs.replace(settings, smtp_tls_certificate=str(pem), smtp_require_tls=True)
    async with Door.open(core, safe) as door:
        to = await door.address()

        def bring(client):
            client.starttls(context=ssl.create_default_context(cafile=pem))
            client.ehlo()
            assert "starttls" not in client.esmtp_features
            return brought(client, "ann@example.org", [to], written())[0]

        assert [250, 250] == [await door.talk(bring), (await door.send(to))[0]]
        plain, safe = [await inbound.source(core, each) for each in await door.kept()]
    assert ([b"ESMTP"], [b"ESMTPS"]) == (
        re.findall(rb"with (\S+) id", plain),
        re.findall(rb"with (\S+) id", safe),
    )


async def test_owners_of_one_letter_are_bounded(door):
    """Each keeps the whole letter: whoever wants more of them sends it again for the others."""
    for number in range(11):
        other = await caller_in(door.core, f"other{number}")
        await inbound.add_domain(door.core, other, f"d{number}.example")
    code, text = await door.send(*(f"a@d{number}.example" for number in range(11)))
    assert (452, "4.5.3 Too many recipients of different owners, send the others apart") == (code, text)


async def test_commands_in_one_packet(door):
    """A client that pipelines is understood, and two letters in one packet are two."""
    to = await door.address()
    one = f"MAIL FROM:<a@example.org>\r\nRCPT TO:<{to}>\r\nDATA\r\n".encode()
    letters = b"".join(one + b"Subject: %d\r\n\r\n..dot\r\n.\r\n" % number for number in range(2))

    def talk():
        with socket.create_connection(("127.0.0.1", door.port), timeout=20) as client:
            client.sendall(b"EHLO c.example\r\n" + letters + b"QUIT\r\n")
            return b"".join(iter(lambda: client.recv(65536), b""))

    said = (await asyncio.to_thread(talk)).splitlines()
    assert [b"354", b"250", b"221"] == [said[-3][:3], said[-2][:3], said[-1][:3]]
    assert [("1", ".dot\n"), ("0", ".dot\n")] == [
        (each.subject, each.body.text) for each in await door.kept()
    ]


@pytest.mark.parametrize("end", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n"])
async def test_only_one_end_is_an_end(door, end):
    """What ends a letter for a careless server is part of it for this one: nothing can be smuggled in behind it."""
    to = await door.address()
    inner = f"MAIL FROM:<x@evil.example>\r\nRCPT TO:<{to}>\r\nDATA\r\nSubject: smuggled\r\n\r\n".encode()
    raw = b"Subject: outer\r\n\r\nfirst" + end + inner + b"second"

    def talk():
        with socket.create_connection(("127.0.0.1", door.port), timeout=20) as client:
            head = f"EHLO c.example\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<{to}>\r\nDATA\r\n".encode()
            client.sendall(head + raw + b"\r\n.\r\nQUIT\r\n")
            return b"".join(iter(lambda: client.recv(65536), b""))

    await asyncio.to_thread(talk)
    (held,) = await door.kept()
    assert "outer" == held.subject
    # a dot that begins a line is taken off (RFC 5321 4.5.2)
    kept = raw.replace(b"\r\n.", b"\r\n") + b"\r\n"
    assert kept == (await inbound.source(door.core, held))[-len(kept) :]


async def test_addresses_in_other_letters(door):
    """SMTPUTF8: local parts and headers in UTF-8."""
    await inbound.add_domain(door.core, door.caller, "in.shop.example")

    def talk(client):
        client.ehlo()
        client.command_encoding = "utf-8"
        said = (
            client.docmd("MAIL FROM:<jörg@example.org> SMTPUTF8"),
            client.docmd("RCPT TO:<ä+ß@in.shop.example>"),
        )
        assert [250, 250] == [code for code, _ in said]
        return client.data("From: jörg@example.org\r\nSubject: Grüße\r\n\r\nä\r\n".encode())[0]

    assert 250 == await door.talk(talk)
    (held,) = await door.kept()
    assert ("ä+ß@in.shop.example", "ß", "Grüße") == (held.recipient, held.mailbox_hash, held.subject)


async def test_swaks_is_understood(door):
    """An independent client brings a letter with a file."""
    command = ["swaks", "--server", "127.0.0.1", "--port", str(door.port), "--from", "ann@example.org", "--to",
               await door.address(), "--attach-type", "text/csv", "--attach", "@/etc/hostname"]  # fmt: skip
    try:
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    except FileNotFoundError:
        pytest.skip("swaks is not installed")
    said, _ = await process.communicate()
    assert 0 == process.returncode, said
    (held,) = await door.kept()
    assert ["text/csv"] == [each.content_type.partition(";")[0] for each in held.head.files]


def test_the_listener_can_be_left_out():
    """The port is closed where the operator wants no mail from outside."""
    assert serving.listen_for_servers(Settings(inbound_smtp=False)) is None
    assert "" == Settings(inbound_smtp=False).inbound_smtp_url


@pytest.mark.parametrize(
    "lines",
    [
        [b"MAIL FROM:<\xff@x>", b"RCPT TO:<%b>", b"DATA"],
        [b"MAIL FROM:<a\x00@example.org>", b"RCPT TO:<%b>", b"DATA"],
        [b"MAIL FROM:<" + b"a" * 3000 + b"@example.org>", b"RCPT TO:<%b>", b"DATA"],
        [
            b"MAIL FROM:<a@b>",
            b"RCPT TO:<\xff%b>",
            b"RCPT TO:<\x00%b>",
            b"RCPT TO:<x@\xff>",
            b"RCPT TO:<%b>",
            b"DATA",
        ],
        [b"mail from: <>", b"rcpt to:%b", b"data"],
        [b"DATA", b"RCPT TO:<%b>", b"MAIL FROM:<>", b"RCPT TO:<>", b"RCPT TO:<%b>", b"NOOP", b"DATA"],
        [
            b"MAIL FROM:<> SIZE=x",
            b"MAIL FROM:<> BODY=8BITMIME",
            b"RCPT TO:<%b>",
            b"VRFY a",
            b"EXPN a",
            b"DATA",
        ],
    ],
)
async def test_nothing_that_is_said_breaks_the_listener(door, lines):
    """Bytes that no field can hold, commands out of order: the letter at the end is kept all the same."""
    to = (await door.address()).encode()
    said = b"EHLO \xffc\x00.example\r\nHELO c.example\r\nEHLO c.example\r\n" + b"".join(
        line.replace(b"%b", to) + b"\r\n" for line in lines
    )

    def talk():
        with socket.create_connection(("127.0.0.1", door.port), timeout=20) as client:
            client.sendall(said + b"Subject: here\r\n\r\n\xff\x00\r\n.\r\nQUIT\r\n")
            return b"".join(iter(lambda: client.recv(65536), b""))

    answer = await asyncio.to_thread(talk)
    # where replies have their codes: an id may hold these digits too
    assert b"451" not in {line[:3] for line in answer.split(b"\r\n")}
    (held,) = await door.kept()
    assert ("here", "ÿ\x00\n") == (held.subject, held.body.text)
    assert (await inbound.source(door.core, held)).endswith(b"\xff\x00\r\n")


async def test_a_lost_connection_leaves_nothing(door):
    """What was not ended is no letter."""
    to = await door.address()

    def talk():
        with socket.create_connection(("127.0.0.1", door.port), timeout=20) as client:
            head = f"EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<{to}>\r\nDATA\r\nSubject: half\r\n".encode()
            client.sendall(head)
            client.recv(65536)

    await asyncio.to_thread(talk)
    assert 250 == (await door.send(to))[0]
    assert ["Grüße"] == [each.subject for each in await door.kept()]


async def test_a_slow_stranger_keeps_nobody_waiting(door, monkeypatch):
    """A large letter that never ends takes nothing of the callers' room, and is broken off."""
    monkeypatch.setattr(exchanger.Exchanger, "longest_letter_s", 0.5)
    to = await door.address()

    def talk():
        with socket.create_connection(("127.0.0.1", door.port), timeout=20) as client:
            client.sendall(f"EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<{to}>\r\nDATA\r\n".encode())
            client.sendall(b"x" * 200_000)
            return b"".join(iter(lambda: client.recv(65536), b""))

    task = asyncio.create_task(asyncio.to_thread(talk))
    await asyncio.sleep(0.2)
    async with asyncio.timeout(0.2), door.core.bodies.hold(door.core.bodies._limit):
        pass
    assert (await task).splitlines()[-1].startswith(b"421 4.4.2 ")
    assert 0 == await count(door.core, "inbound")
