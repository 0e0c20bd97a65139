import asyncio
import re

import pytest

from gateway import conversation
from gateway.replies import enhanced
from gateway.submitter import Submitter
from tests.office import Office, base64, talked

CODED = re.compile(r"([245])\d\d[ -]\1\.\d{1,3}\.\d{1,3}( |$)")


@pytest.fixture
async def office(house):
    """A listener beside a house."""
    async with Office.open(house) as made:
        yield made


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("HELP", b"2.0.0 AUTH DATA EHLO HELO HELP MAIL NOOP QUIT RCPT RSET STARTTLS VRFY"),
        ("EXPN staff", b"5.5.1 EXPN is not offered"),
        ("VRFY bob", b"5.7.0 Authentication required"),
        ("NOOP", b"2.0.0 OK"),
        ("RSET", b"2.0.0 OK"),
    ],
)
async def test_commands_that_move_no_mail(office, said, expected):
    """Each is answered as RFC 5321 has it, and tells nothing of who is here."""
    assert expected == (await office.talk(lambda client: client.docmd(said)))[1]


async def test_nobody_is_told_who_is_here(office):
    """After a login neither."""
    key = await office.house.key("resend")

    def verify(client):
        client.login("resend", key)
        return client.docmd("VRFY bob"), client.docmd("VRFY")[0]

    assert ((252, b"2.1.5 Send mail to find out"), 501) == await office.talk(verify)


async def test_chunks_are_not_read_as_commands(office):
    """Whoever sends them without an offer is cut off before what they hold is obeyed."""
    key = await office.house.key("resend")
    login = base64("", "resend", key).encode()
    said = b"EHLO me\r\nAUTH PLAIN " + login + b"\r\nBDAT 20 LAST\r\nMAIL FROM:<a@b.example>\r\n"
    told = await asyncio.to_thread(talked, office.port, said)
    assert "502 5.5.1 BDAT is not offered" == told.splitlines()[-1]


async def test_every_reply_has_an_enhanced_code(office):
    """But for the greeting and the answers to EHLO and HELO, which RFC 2034 leaves without."""
    key = await office.house.key("resend")
    login = base64("", "resend", key).encode()
    said = (
        b"MAIL FROM:<a@b.example>\r\nEHLO me\r\nHELO me\r\nEHLO me\r\nNOOP\r\nFOO\r\nAUTH PLAIN " + login
        + b"\r\nMAIL FROM:<a\r\nMAIL FROM:<a@b.example> X=y\r\nMAIL FROM:<a@b.example>\r\nMAIL FROM:<a@b.example>\r\n"
        b"RCPT TO:<bob@example.net>\r\nRCPT TO:<>\r\nRSET\r\nDATA\r\n" + b"x" * 5000 + b"\r\nQUIT\r\n"
    )  # fmt: skip
    told = (await asyncio.to_thread(talked, office.port, said)).splitlines()

    offers = [
        line for line in told if line.startswith("250-") or line in {"250 8BITMIME", "250 babelpost.local"}
    ]
    assert 2 * ["250-ENHANCEDSTATUSCODES"] == [line for line in offers if "ENHANCED" in line]
    rest = [line for line in told if line not in offers]
    assert rest[0].startswith("220 babelpost.local ESMTP")
    assert [] == [line for line in rest[1:] if CODED.match(line) is None]


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ("250 OK", "250 2.0.0 OK"), ("503 Error: x", "503 5.5.1 Error: x"), ("555 x", "555 5.5.4 x"),
        ("421 x", "421 4.0.0 x"), ("250 2.1.0 Ok", "250 2.1.0 Ok"), ("550 5.7.26", "550 5.7.26"),
        ("220 host", "220 host"), ("334 VXNlcg==", "334 VXNlcg=="), ("354 go", "354 go"),
        ("220 2.0.0 Ready", "220 2.0.0 Ready"), ("550 4 of them", "550 5.0.0 4 of them"),
    ],
)  # fmt: skip
def test_codes_are_put_in_where_they_belong(plain, expected):
    """A reply that has one keeps it."""
    assert expected == enhanced(plain)


async def test_too_many_errors_end_the_conversation(office, monkeypatch):
    """A message that is taken makes up for those before it."""
    monkeypatch.setattr(Submitter, "most_errors", 3)
    key = await office.house.key("resend")

    def err(client):
        client.login("resend", key)
        letter = b"From: a@example.org\r\n\r\nx\r\n"
        for _ in range(2):
            assert [501, 501] == [client.docmd("MAIL x")[0] for _ in range(2)]
            client.mail("a@example.org")
            client.rcpt("bob@example.net")
            assert 250 == client.data(letter)[0]
        return [client.docmd("MAIL x")[0] for _ in range(3)] + [client.getreply()[0]]

    assert [501, 501, 501, 421] == await office.talk(err)


async def test_mail_without_a_sender_in_its_envelope(office):
    """Notices name nobody to return them to; who they are from says their header. To nobody goes none."""
    key = await office.house.key("resend")

    def send(client):
        client.login("resend", key)
        begun = (
            client.docmd("MAIL FROM:<>")[0],
            client.docmd("RCPT TO:<>")[0],
            client.rcpt("bob@example.net")[0],
        )
        return *begun, client.data(b"From: a@example.org\r\n\r\nx\r\n")[0]

    assert (250, 553, 250, 250) == await office.talk(send)
    (held,) = await office.kept()
    assert "a@example.org" == held.draft.sender.email


async def test_silence_ends_the_conversation(office, monkeypatch):
    """Whoever says nothing is told why it ends."""
    begin = Submitter.connection_made

    def soon(self, transport):
        begin(self, transport)
        self._reset_timeout(0.2)

    monkeypatch.setattr(Submitter, "connection_made", soon)
    told = await asyncio.to_thread(talked, office.port, b"")
    assert "421 4.4.2 Nothing was said for too long" == told.splitlines()[-1]


@pytest.mark.parametrize("begun", [b"", b"x" * 100_000])
async def test_a_letter_that_never_ends_ends_the_conversation(office, monkeypatch, begun):
    """However lively it comes; the room it held is free again."""
    monkeypatch.setattr(conversation.Conversation, "longest_letter_s", 0.3)
    key = await office.house.key("resend")
    login = base64("", "resend", key).encode()
    said = (
        b"EHLO me\r\nAUTH PLAIN "
        + login
        + b"\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n"
    )
    told = await asyncio.to_thread(talked, office.port, said + begun)
    assert "421 4.4.2 The message took too long" == told.splitlines()[-1]
    assert 250 == (await office.send("resend"))[0]
    assert [] == list(office.house.core.bodies._waiting)
