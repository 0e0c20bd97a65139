"""The SMTP listener beside a house, and clients of it, which talk in threads of their own."""

import asyncio
import smtplib
import socket
from base64 import b64encode
from contextlib import asynccontextmanager
from email import policy
from email.message import EmailMessage

import msgspec
import pytest

from core import messages
from core.paging import PageRequest
from gateway import submission
from gateway.serving import listen_for_mail, submitting

TEXT, HTML = "Hello Bob\n.a dot at the begin of a line\n\n", "<p>Hello <b>Bøb</b></p>\n"
PDF = b"%PDF-1.4\r\n.\r\n\x00\xff"


def written(**fields):
    """Write a letter that has everything; fields replace those of the header, None leaves one out."""
    letter = EmailMessage(policy=policy.SMTP)
    wanted = {"From": "Jörg <joerg@example.org>", "To": "Bob <bob@example.net>", "Subject": "Grüße"} | {
        name.replace("_", "-"): value for name, value in fields.items()
    }
    for name, value in wanted.items():
        if value is not None:
            letter[name] = value
    letter.set_content(TEXT)
    letter.add_alternative(HTML, subtype="html")
    letter.add_attachment(PDF, maintype="application", subtype="pdf", filename="Größe.pdf")
    return letter.as_bytes()


class Office:
    """The listener beside a house, and clients of it, which talk in threads of their own."""

    def __init__(self, house, port, tls_port):
        self.house, self.port, self.tls_port = house, port, tls_port

    @classmethod
    @asynccontextmanager
    async def open(cls, house, metrics=None, **chosen):
        """Listen for the length of the block."""
        settings = msgspec.structs.replace(house.settings, smtp_port=0, **chosen)
        bound = listen_for_mail(settings)
        told = bound.told(settings)
        with pytest.MonkeyPatch.context() as patch:
            # wrong logins wait for nobody here
            patch.setattr(submission, "_DELAY_S", 0.0)
            async with submitting(house.core, settings, bound, metrics):
                yield cls(house, told.smtp_port, told.smtps_port)

    async def talk(self, what):
        """Connect, and do something with the client in its thread."""

        def run():
            with smtplib.SMTP("127.0.0.1", self.port, "client.test", timeout=20) as client:
                return what(client)

        return await asyncio.to_thread(run)

    async def connect(self):
        """Connect, and leave the rest to the test."""
        return await asyncio.to_thread(smtplib.SMTP, "127.0.0.1", self.port, "client.test", timeout=20)

    async def send(self, dialect, raw=None, to=("bob@example.net",), user=""):
        """Log in and send; the reply, or the reply that refused."""
        key = await self.house.key(dialect)
        return await self.talk(lambda client: sent(client, (user or dialect, key), raw or written(), to))

    async def kept(self):
        """Give every message of the workspace, whole."""
        core, caller = self.house.core, await self.house.caller()
        page = await messages.page(core, caller, messages.Filter(), PageRequest())
        return [await messages.get(core, caller, each.id) for each in page.items]


def sent(client, login, raw, to):
    """Say a whole transaction, and give the last reply as code and text."""
    client.login(*login)
    client.ehlo()
    code, text = client.mail("joerg@example.org")
    for each in to if code == 250 else ():
        code, text = client.rcpt(each)
        if code != 250:
            break
    if code == 250:
        code, text = client.data(raw)
    return code, text.decode()


def base64(*words):
    """Write what a login says: words with NUL between them, or one."""
    return b64encode("\0".join(words).encode()).decode()


def talked(port, said):
    """Send octets at once and read until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(said)
        return b"".join(iter(lambda: client.recv(65536), b"")).decode()
