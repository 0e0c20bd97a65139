"""Mail that comes back over a socket: from the relay's sink to the listener for other servers."""

import asyncio
import smtplib

import pytest

from core import bounces
from core.bounces import Filter
from core.paging import PageRequest
from gateway.serving import listen, receiving
from tests.core.post import MovedClock, Post, draft
from tests.core.returned.test_letters import LETTERS
from tests.smtp_sink import Sink

GONE = "gone@example.com"
HOST = "bounces.example"


@pytest.fixture
async def office(settings):
    """Give an office that sends to a sink and listens for what comes back; and how to bring it."""
    async with Sink() as sink, Post.open(settings, MovedClock(), sink, return_host=HOST) as post:
        bound = listen("127.0.0.1", 0)
        async with receiving(post.core, settings, bound):

            async def bring(name, to, mail_from=""):
                raw = (LETTERS / f"{name}.eml").read_bytes()
                return await asyncio.to_thread(said, bound.getsockname()[1], mail_from, to, raw)

            yield post, bring


def said(port, mail_from, to, raw):
    """Say a whole transaction; give the codes of the recipient's reply and of the last one."""
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.ehlo()
        client.docmd(f"MAIL FROM:<{mail_from}>")
        code, _ = client.docmd(f"RCPT TO:<{to}>")
        return (code, client.data(raw)[0]) if code == 250 else (code, 0)


async def test_a_bounce_comes_in_by_the_door(office):
    """A letter leaves with a return path; a report to it is on disk before the 250, and comes again unharmed."""
    post, bring = office
    sent = await post.send(draft(GONE))
    way = post.sink.messages[0].mail_from

    assert (250, 250) == await bring("exim_failed", way)
    assert (250, 250) == await bring("exim_failed", way.upper())

    assert ["bounced"] == await post.states(sent)
    found = await bounces.page(post.core, post.caller, Filter(), PageRequest())
    assert ["no_mailbox"] == [each.kind for each in found.items]


async def test_what_nobody_reads_is_refused(office):
    """A made-up return path at once, a person's letter when it is known to be one."""
    post, bring = office
    await post.send(draft(GONE))

    assert (550, 0) == await bring("exim_failed", f"b+{'a' * 45}@{HOST}")
    assert (250, 550) == await bring("human", post.sink.messages[0].mail_from, GONE)
    assert (250, 550) == await bring("human", f"abuse@{HOST}", GONE)
    assert (250, 250) == await bring("complaint", f"abuse@{HOST}", "x@isp.example")
