import asyncio
import re
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from gateway.config import Settings
from tests.house import House
from tests.office import Office, base64

LINE = re.compile(r"[2345][0-9]{2}(?:[ -][\t -~]*)?")
WORDS = some.sampled_from(
    [
        b"EHLO me", b"HELO", b"MAIL FROM:<a@b.example>", b"MAIL FROM:<> SIZE=9 BODY=8BITMIME", b"RCPT TO:<b@b.example>",
        b'RCPT TO:<"a b"@b.example> X=1', b"DATA", b"From: a@b.example", b".", b"..", b"", b"RSET", b"NOOP x",
        b"VRFY a", b"HELP", b"AUTH PLAIN", b"AUTH LOGIN", b"AUTH CRAM-MD5", b"*", b"=", b"AAAA", b"STARTTLS", b"EXPN",
        b"\x00", b"\xff\xfe", b"MAIL FROM:<" + b"a" * 5000 + b"@b.example>",
    ]
)  # fmt: skip
SPOKEN = some.lists(WORDS | some.binary(max_size=40), max_size=25)


def spoken(port, said):
    """Say it all, then no more; what was heard."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(said)
        client.shutdown(socket.SHUT_WR)
        heard = b""
        try:
            while chunk := client.recv(65536):
                heard += chunk
        except ConnectionResetError:
            pass
        return heard.decode("latin-1")


@pytest.fixture
async def office(tmp_path):
    """A listener beside a house on SQLite: what is said does not reach the store."""
    held = Settings(database=f"sqlite:///{tmp_path / 'db'}", transport="capture", sender_policy="any")
    async with House.open(held) as house, Office.open(house) as made:
        yield made


@pytest.mark.parametrize("known", [False, True])
async def test_whatever_is_said_is_answered_in_whole_replies(office, known):
    """No bytes, before or after a login, crash a conversation or those that follow; every reply is a line of ASCII."""
    loop = asyncio.get_running_loop()
    login = (
        b"EHLO me\r\nAUTH PLAIN " + base64("", "resend", await office.house.key("resend")).encode() + b"\r\n"
    )

    @given(SPOKEN, some.sampled_from([b"\r\n", b"\n"]))
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    def check(words, end):
        said = (login if known else b"") + b"".join(word + end for word in words)
        for line in spoken(office.port, said).splitlines():
            assert LINE.fullmatch(line), line
            assert "Something broke" not in line, said

    await loop.run_in_executor(None, check)
    assert 250 == (await office.send("resend"))[0]
