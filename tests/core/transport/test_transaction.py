"""What goes to DATA, and servers that keep to no book."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.transport.relay import Relay, RelayUrl
from core.transport.transaction import stuff
from core.transport.transport import Bounced, Deferred, Delivered, Envelope


@pytest.mark.parametrize(
    ("mime", "expected"),
    [
        (b"a\r\n", b"a\r\n"),
        (b"a", b"a\r\n"),
        (b"", b"\r\n"),
        (b".\r\n", b"..\r\n"),
        (b"a\r\n.\r\n..b\r\n", b"a\r\n..\r\n...b\r\n"),
        (b"a\n.\r\nRSET\r\n", b"a\r\n..\r\nRSET\r\n"),
        (b"a\r.\rb\r\n", b"a\r\n..\r\nb\r\n"),
        (b"a\r\r\n.\n", b"a\r\n\r\n..\r\n"),
    ],
)
def test_a_message_cannot_end_itself(mime, expected):
    """Lines that begin with a dot get another; lone line ends become whole ones first."""
    assert expected == stuff(mime)


@given(st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"x"])).map(b"".join))
def test_no_content_holds_the_end_of_data(mime):
    """Of no content does any reading of its line ends find a lone dot on a line."""
    stuffed = stuff(mime)

    assert b"." not in stuffed.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    assert stuffed.endswith(b"\r\n")


class Script:
    """A server that answers the n-th piece it is sent with the n-th reply, whatever was asked."""

    def __init__(self, *replies):
        """The greeting and the reply to EHLO are understood."""
        self.replies = [b"220 hi\r\n", b"250-me\r\n250 PIPELINING\r\n", *replies]
        self.heard = []
        self.talks = []

    async def __aenter__(self):
        """Listen."""
        self.server = await asyncio.start_server(self.talk, "127.0.0.1", 0)
        url = RelayUrl(
            host="127.0.0.1",
            port=self.server.sockets[0].getsockname()[1],
            security="none",
            local_hostname="c",
            timeout_s=0.2,
        )
        self.relay = Relay(url)
        return self

    async def __aexit__(self, *_):
        """Close both sides."""
        await self.relay.close()
        self.server.close()
        await asyncio.gather(*self.talks)

    async def talk(self, reader, writer):
        """Say the replies in turn, then say nothing more until the client leaves."""
        self.talks.append(asyncio.current_task())
        with suppress(ConnectionError):
            for reply in self.replies:
                writer.write(reply)
                self.heard.append(await reader.read(65536))
            while self.heard[-1] and not self.heard[-1].startswith(b"QUIT"):
                self.heard.append(await reader.read(65536))
        writer.close()


OK2 = b"250 ok\r\n250 ok\r\n"


@pytest.mark.parametrize(
    ("replies", "expected", "last_heard"),
    [
        ([OK2 + b"354 go\r\n", b"250 2.6.0 done\r\n"], (Delivered, 250), b"m\r\n.\r\n"),
        ([OK2, b""], (Deferred, 0), None),
        ([b"250 ok\r\n550 no\r\n354 go\r\n", b"554 no recipients\r\n"], (Bounced, 550), b".\r\n"),
        ([b"250 ok\r\n550 no\r\n503 what\r\n"], (Bounced, 550), None),
        ([b"550 no\r\n503 what\r\n354 go\r\n", b"554 no\r\n"], (Bounced, 550), b".\r\n"),
        ([OK2 + b"250 what\r\n"], (Deferred, 0), None),
        ([OK2 + b"451 not now\r\n"], (Deferred, 451), None),
        ([OK2 + b"354 go\r\n", b"354 what\r\n"], (Deferred, 354), b"m\r\n.\r\n"),
        ([OK2 + b"354 go\r\n", b"whatever\r\n"], (Deferred, 0), b"m\r\n.\r\n"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], (Deferred, 0), None),
        ([b"250-" + b"x" * 100_000], (Deferred, 0), None),
        ([b"250-more\r\n" * 1000], (Deferred, 0), None),
        ([b"250 \xff\xfe\r\n250 ok\r\n354 go\r\n", b"250 \xff\r\n"], (Delivered, 250), b"m\r\n.\r\n"),
    ],
)
async def test_servers_that_keep_to_no_book(replies, expected, last_heard):
    """Too early, too late, too much or nonsense: there is an outcome, and Delivered only on a real 2xx."""
    async with Script(*replies) as server:
        (outcome,) = await server.relay.deliver(Envelope(mail_from="", rcpt_to=("a@b.test",)), b"m\r\n")

    assert expected == (type(outcome), outcome.code)
    if last_heard is not None:
        assert last_heard in server.heard


@pytest.mark.parametrize(
    ("offered", "wanted", "mail", "recipient"),
    [
        (b"DSN", True, b"<r@c.test> RET=HDRS", b"<a+b@c.test> ORCPT=rfc822;a+2Bb@c.test"),
        (b"DSN", False, b"<r@c.test>", b"<a+b@c.test>"),
        (b"HELP", True, b"<r@c.test>", b"<a+b@c.test>"),
    ],
)
async def test_reports_are_asked_for_by_the_recipients_name(offered, wanted, mail, recipient):
    """Where a server knows RFC 3461 and we read what comes back; others get not a word more."""
    async with Script(OK2 + b"354 go\r\n", b"250 2.6.0 done\r\n") as server:
        server.replies[1] = b"250-me\r\n250-" + offered + b"\r\n250 PIPELINING\r\n"
        envelope = Envelope(mail_from="r@c.test", rcpt_to=("a+b@c.test",), reported=wanted)
        (outcome,) = await server.relay.deliver(envelope, b"m\r\n")

    assert Delivered is type(outcome)
    assert b"MAIL FROM:" + mail + b"\r\nRCPT TO:" + recipient + b"\r\nDATA\r\n" in server.heard


async def test_a_refusal_in_the_midst_of_a_message_ends_it():
    """A server that says no before it heard all is taken at its word, and hears no more."""
    async with Script(OK2 + b"354 go\r\n", b"552 5.3.4 too large\r\n") as server:
        mime = (b"x" * 76 + b"\r\n") * 1_000_000
        (outcome,) = await server.relay.deliver(Envelope(mail_from="", rcpt_to=("a@b.test",)), mime)

    assert (
        Bounced(code=552, enhanced="5.3.4", text="5.3.4 too large", host="127.0.0.1", of_all=True) == outcome
    )


async def test_a_farewell_to_an_idle_connection_is_heard():
    """A server that speaks between two messages is leaving; no later reply is taken for the next message's."""
    async with Script(OK2 + b"354 go\r\n", b"250 done\r\n421 idle\r\n") as server:
        envelope = Envelope(mail_from="", rcpt_to=("a@b.test",))
        await server.relay.deliver(envelope, b"m\r\n")
        server.replies[-1] = b"250 2.0.0 again\r\n"

        (outcome,) = await server.relay.deliver(envelope, b"m\r\n")

    assert "2.0.0 again" == outcome.text


async def test_a_reply_is_fit_to_be_stored():
    """Controls are left out of a server's words, what is no UTF-8 is replaced, and a flood is cut."""
    async with Script(
        OK2 + b"354 go\r\n", b"250-2.0.0 a\x00b\x1b\xff\r\n250 " + b"x" * 4000 + b"\r\n"
    ) as server:
        (outcome,) = await server.relay.deliver(Envelope(mail_from="", rcpt_to=("a@b.test",)), b"m\r\n")

    assert ("2.0.0", "2.0.0 ab\ufffd\nxxx") == (outcome.enhanced, outcome.text[:13])
    assert len(outcome.text) <= 2000
