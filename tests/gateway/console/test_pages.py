"""What the console shows, over real sockets and on both engines."""

import asyncio
import re
from dataclasses import replace
from html import unescape

import pytest
from starlette.requests import Request

from core import suppressions, webhooks
from core.clock import SystemClock
from core.messages import Attachment
from core.paging import PageRequest
from core.retention import letters
from core.store.database import StoreUnavailable, write
from core.suppressions import Entry
from core.webhooks import Filter, NewWebhook, incidents
from dialects.dialect import Listener, discover
from gateway.console import pages
from gateway.console.door import OpenDoor
from tests.consumer import Consumer, status
from tests.core.post import ANN, BOB, SENDER, alter, caller_in, letter_in

LETTER = b"""From: Ann <ann@example.org>\r
To: help@in.example\r
Subject: Re: order\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/html\r
\r
<p>An <b>answer</b><img src="cid:dot@x"></p>\r
--b\r
Content-Type: image/gif\r
Content-ID: <dot@x>\r
Content-Disposition: inline; filename=dot.gif\r
\r
GIF89a\r
--b\r
Content-Type: text/html\r
Content-Disposition: attachment; filename="a b.html"\r
\r
<script>alert(1)</script>\r
--b--\r
"""


def links(page: str, within: str) -> list[str]:
    """The addresses of links that hold a text."""
    return [unescape(found) for found in re.findall(r'href="([^"]*)"', page) if within in found]


async def test_a_message_is_found_and_read(looker):
    """From the list to all that is known of it: people, state, reply, events, what it says, source and files."""
    files = (Attachment(filename="Rechnung ü.pdf", content_type="application/pdf", data=b"%PDF-"),)
    id = await looker.send(
        ANN, cc=(BOB,), subject="Your order", html="<p>Hi</p>", text="Hi there", tag="order",
        metadata={"shop": "7"}, files=files,
    )  # fmt: skip
    listed = (await looker.get("/messages")).text
    (link,) = links(listed, id)
    assert "Your order" in listed
    assert f"<bdi>{ANN}</bdi> <small>and 1 more</small>" in listed
    page = (await looker.browser.get(link)).text
    for text in (
        "Your order",
        ANN,
        BOB,
        SENDER,
        "order",
        "shop",
        "delivered",
        "accepted",
        "sent",
        "Rechnung ü.pdf",
    ):
        assert text in page
    assert f'src="{looker.base}/messages/{id}/html"' in page
    assert "Hi there" in (await looker.get(f"/messages/{id}", view="text")).text
    assert "Subject: Your order" in (await looker.get(f"/messages/{id}", view="headers")).text
    assert "Hi there" not in (await looker.get(f"/messages/{id}", view="headers")).text
    assert "Hi there" in (await looker.get(f"/messages/{id}", view="source")).text
    assert "<p>Hi</p>" == (await looker.get(f"/messages/{id}/html")).text
    source = await looker.get(f"/messages/{id}/source")
    assert source.content.startswith(b"From:") or b"\r\nFrom:" in source.content
    file = await looker.get(f"/messages/{id}/files/0")
    assert b"%PDF-" == file.content
    assert "attachment; filename*=UTF-8''Rechnung%20%C3%BC.pdf" == file.headers["content-disposition"]


async def test_a_letter_is_found_and_read(looker):
    """What came in likewise; its own pictures are in its HTML, so that nothing needs to be fetched for it."""
    letter = await letter_in(looker.core, looker.caller, LETTER)
    listed = (await looker.get("/inbound")).text
    (link,) = links(listed, letter.id)
    page = (await looker.browser.get(link)).text
    for text in ("Re: order", "Ann &lt;ann@example.org&gt;", "help@in.example", "a b.html", "dot.gif"):
        assert text in page
    html = (await looker.get(f"/inbound/{letter.id}/html")).text
    assert '<img src="data:image/gif;base64,R0lGODlh">' in html
    assert (await looker.get(f"/inbound/{letter.id}/source")).content.endswith(LETTER)
    assert "Received: here" in (await looker.get(f"/inbound/{letter.id}", view="headers")).text
    file = await looker.get(f"/inbound/{letter.id}/files/1")
    assert "<script>" in file.text
    assert "application/octet-stream" == file.headers["content-type"]
    assert file.headers["content-disposition"].startswith("attachment;")
    await looker.get(f"/inbound/{letter.id}/files/2", status=404)
    await looker.get(f"/inbound/{letter.id}/files/{2**70}", status=404)


async def test_what_is_looked_for(looker):
    """By recipient, by a part of the subject, by state; the form keeps what was asked."""
    await looker.send(ANN, subject="One apple")
    await looker.send(BOB, subject="Two pears")
    for query in ({"recipient": BOB.upper()}, {"subject": "PEAR"}, {"subject": "pear", "state": "delivered"}):
        page = (await looker.get("/messages", **query)).text
        assert "Two pears" in page
        assert "One apple" not in page
    assert 'value="pear"' in page
    assert "<option selected>delivered</option>" in page
    assert "Nothing fits" in (await looker.get("/messages", state="bounced")).text
    assert "Nothing fits" in (await looker.get("/messages", subject="\x00\x01")).text
    await letter_in(looker.core, looker.caller, LETTER)
    assert "Re: order" in (await looker.get("/inbound", sender="ANN@example.org")).text
    assert "Nothing fits" in (await looker.get("/inbound", recipient="nobody@in.example")).text


async def test_pages_lead_on_and_back(looker, monkeypatch):
    """Older ones and back again, with what was looked for; the first page leads to nothing newer."""
    monkeypatch.setattr("gateway.console.listing._PER_PAGE", 2)
    sent = [await looker.send(ANN, subject=f"Apple {each}") for each in range(5)]
    seen, page = [], (await looker.get("/messages", subject="apple")).text
    assert [] == links(page, "before=")
    while True:
        seen += [id for id in reversed(sent) if f"/messages/{id}" in page]
        way = links(page, "after=")
        if not way:
            break
        assert "subject=apple" in way[0]
        page = (await looker.get(f"/messages{way[0]}")).text
    assert sent[::-1] == seen
    (back,) = links(page, "before=")
    page = (await looker.get(f"/messages{back}")).text
    assert [sent[2], sent[1]] == [id for id in reversed(sent) if f"/messages/{id}" in page]
    (back,) = links(page, "before=")
    page = (await looker.get(f"/messages{back}")).text
    assert [sent[4], sent[3]] == [id for id in reversed(sent) if f"/messages/{id}" in page]
    assert [] == links(page, "before=")


@pytest.mark.parametrize("cursor", ["x", "\x00", "01a215a3-76b4-74e4-862c-bfa16a0efc81", "é" * 40])
async def test_a_cursor_that_names_nothing(looker, cursor):
    """It is told, and no error of ours."""
    for place in ("/messages", "/inbound"):
        await looker.get(place, status=404, after=cursor)
        await looker.get(place, status=404, before=cursor)


async def test_the_strip_counts(looker):
    """Today's mail, suppressed addresses and the queue."""
    await looker.send(ANN)
    await letter_in(looker.core, looker.caller, LETTER)
    now = SystemClock().now()
    entry = Entry(
        workspace_id=looker.caller.workspace_id,
        email=BOB,
        stream="",
        reason="manual",
        origin="customer",
        at=now,
    )
    await write(looker.core.db, *suppressions.insertion(looker.core.outbox, [entry]))
    page = (await looker.get("/messages")).text
    assert ["1", "1", "1", "0"] == re.findall(r"<dd>(\d+)", page)


async def test_suppressed_addresses(looker):
    """Each with its reason, found by the whole address whatever its case; another workspace's are its own."""
    now = SystemClock().now()
    for caller, email in ((looker.caller, BOB), (await caller_in(looker.core, "other"), "x@example.net")):
        entry = Entry(
            workspace_id=caller.workspace_id,
            email=email,
            stream="",
            reason="hard_bounce",
            origin="recipient",
            at=now,
        )
        await write(looker.core.db, *suppressions.insertion(looker.core.outbox, [entry]))
    page = (await looker.get("/suppressions")).text
    assert BOB in page
    assert "hard bounce" in page
    assert "x@example.net" not in page
    assert "hard bounce" in (await looker.get("/suppressions", email=BOB.upper())).text
    assert "not held back" in (await looker.get("/suppressions", email=ANN)).text


async def test_what_webhooks_were_told(looker):
    """From the list to one webhook, to one call with every attempt, and what befell it; nothing secret of it."""
    async with Consumer() as consumer:
        made = discover()["resend"].listen
        assert made is not None
        wish = Listener(
            url=consumer.url.replace("//", "//user:hidden@") + "?token=hidden", events=("email.sent",)
        )
        hook = await webhooks.create(looker.core, looker.caller, made(wish))
        assert "was told nothing yet" in (await looker.get(f"/webhooks/{hook.id}")).text
        consumer.reply = lambda _: status(503, b"<b>away</b>")
        await looker.send(ANN)
        held = await tried(looker, hook)
    await incidents.disable(looker.core, hook, "tested")

    listed = (await looker.get("/webhooks")).text
    (link, again) = links(listed, hook.id)
    page = (await looker.browser.get(link)).text
    (call,) = links(page, held.id)
    told = (await looker.browser.get(call)).text

    assert link == again
    for text in (f"http://127.0.0.1:{consumer.port}", "resend", "sent", "disabled", "tested"):
        assert text in listed
    for text in ("email.sent", "503", "tested", f"babelpost webhooks replay {hook.id}"):
        assert text in page
    for text in ("email.sent", "503", "&lt;b&gt;away&lt;/b&gt;", "email_id", f"--call {held.id}"):
        assert text in told
    assert "hidden" not in listed + page + told
    assert hook.secret not in listed + page + told
    # which of the two it is depends on whether a worker has heard of it
    waits, has_failed = [
        (await looker.get(f"/webhooks/{hook.id}", state=state)).text for state in ("attempting", "failed")
    ]
    assert held.id in waits + has_failed
    assert "Nothing fits" in (await looker.get(f"/webhooks/{hook.id}", state="success")).text
    other = await caller_in(looker.core, "other")
    for path in (link, call):
        foreign = path.replace(looker.base, f"/_/console/{other.workspace_number}/live")
        assert 404 == (await looker.browser.get(foreign)).status_code


async def tried(looker, hook):
    """The one thing that a webhook is told, once it was tried."""
    async with asyncio.timeout(20):
        while True:
            found = await webhooks.dispatches(looker.core, hook, Filter(), PageRequest())
            if any(each.attempts for each in found.items):
                return found.items[0]
            await asyncio.sleep(0.02)


async def test_a_list_of_webhooks_leads_on(looker, monkeypatch):
    """And back; one that was sealed with another secret is listed all the same."""
    monkeypatch.setattr("gateway.console.listing._PER_PAGE", 2)
    new = NewWebhook(dialect="resend", url="https://app.example/", kinds=("sent",), options=b"\x81")
    made = [(await webhooks.create(looker.core, looker.caller, new)).id for _ in range(3)]
    await alter(looker.core, "UPDATE webhooks SET private = :bad", bad=b"\x01bad")
    page = (await looker.get("/webhooks")).text
    assert [made[2], made[1]] == [id for id in reversed(made) if id in page]
    (older,) = links(page, "after=")
    page = (await looker.get(f"/webhooks{older}")).text
    assert [made[0]] == [id for id in made if id in page]
    (newer,) = links(page, "before=")
    assert made[2] in (await looker.get(f"/webhooks{newer}")).text


async def test_a_list_loads_itself_again_where_it_is_asked_to(looker):
    """Only then, with what is looked for, and not where somebody has gone on to older ones."""
    id = await looker.send(subject="One")
    page = (await looker.get("/messages", subject="one")).text
    assert 'http-equiv="refresh"' not in page
    (way,) = links(page, "reload=1")
    page = (await looker.get(f"/messages{way}")).text
    assert '<meta http-equiv="refresh" content="5">' in page
    assert id in page
    assert ["?subject=one"] == links(page, "?subject")
    page = (await looker.get("/messages", reload="1", after=id)).text
    assert 'http-equiv="refresh"' not in page
    assert "Sent today" not in page


async def test_another_workspace_is_nobodys_business(looker):
    """An id of another workspace, or of another environment, is as good as unknown, for every page of it."""
    other = await caller_in(looker.core, "other", account="other")
    letter = await letter_in(looker.core, looker.caller, LETTER)
    id = await looker.send(ANN, files=(Attachment(filename="x", data=b"x"),))
    kinds = ("", "/html", "/source", "/files/0")
    paths = [f"/messages/{id}{kind}" for kind in kinds]
    both = [f"/inbound/{letter.id}{kind}" for kind in kinds]
    for path in (*paths, *both):
        await looker.get(path)
        answer = await looker.browser.get(f"/_/console/{other.workspace_number}/live{path}")
        assert 404 == answer.status_code
    for path in paths:
        assert 404 == (await looker.browser.get(looker.base.replace("live", "test") + path)).status_code
    assert id not in (await looker.browser.get(f"/_/console/{other.workspace_number}/live/messages")).text


async def test_mail_of_test_keys_has_a_list_of_its_own(looker):
    """It is found where it is looked for, and nowhere else."""
    tester = await caller_in(looker.core, environment="test")
    live = await looker.send(ANN)
    looker.caller = tester
    id = await looker.send(ANN)
    page = (await looker.get("/messages")).text
    assert id in page
    assert live not in page


@pytest.mark.parametrize(
    "path",
    [
        "/_/console/999/live/messages",
        f"/_/console/{2**70}/live/messages",
        "/_/console/1/other/messages",
        "/_/console/x/live/messages",
        "/_/console/1/live/messages/x",
        "/_/console/1/live/messages/%00",
        "/_/console/1/live/messages/01a215a3-76b4-74e4-862c-bfa16a0efc81",
        "/_/console/1/live/inbound/01a215a3-76b4-74e4-862c-bfa16a0efc81/source",
        "/_/console/1/live/inbound/..%2Fmessages",
        "/_/console/1/live/webhooks/x",
        "/_/console/1/live/webhooks/01a215a3-76b4-74e4-862c-bfa16a0efc81",
        "/_/console/1/live/webhooks/01a215a3-76b4-74e4-862c-bfa16a0efc81/calls/x",
        "/_/console/1/live/else",
    ],
)
async def test_what_is_not_there(looker, path):
    """It is a 404, whatever stands in the path."""
    assert 404 == (await looker.browser.get(path)).status_code


async def test_workspaces_are_chosen_where_there_are_several(looker):
    """The only one is led to; of several each is listed with its account; a page holds a number of them."""
    answer = await looker.browser.get("/_/console")
    assert (303, f"{looker.base}/messages") == (answer.status_code, answer.headers["location"])
    assert f"{looker.base}/messages" in (await looker.browser.get("/_/console?all=1")).text
    other = await caller_in(looker.core, "<i>other", account="another")
    page = (await looker.browser.get("/_/console")).text
    assert f"/_/console/{other.workspace_number}/live/messages" in page
    assert "&lt;i&gt;other" in page
    assert "another" in page
    assert 200 == (await looker.browser.get(f"/_/console?after={10**30}")).status_code


async def test_a_store_that_is_away(looker):
    """It is told in words."""

    class Away:
        async def fetch(self, _):
            raise StoreUnavailable("gone")

    core = replace(looker.core, db=Away())
    route = next(pages(core, OpenDoor("127.0.0.1")))
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }
    answer = await route.endpoint(Request(scope))
    assert 503 == answer.status_code
    assert b"try again" in answer.body


async def test_bodies_that_are_kept_no_more(looker):
    """A message that has grown old is shown without what it said, and so is a letter."""
    id = await looker.send(ANN, html="<p>Hi</p>", files=(Attachment(filename="x", data=b"x"),))
    await write(looker.core.db, *await letters.bodies(looker.core, [id]))
    assert "kept no more" in (await looker.get(f"/messages/{id}")).text
    assert "" == (await looker.get(f"/messages/{id}/html")).text
    await looker.get(f"/messages/{id}", view="source")
    await looker.get(f"/messages/{id}/files/0", status=404)


async def test_a_link_to_a_server(looker):
    """Where Postmark's API leads people for a server, they come to the mail of its workspace."""
    answer = await looker.browser.get(f"/_/servers/{looker.caller.workspace_number}/streams")
    assert (307, f"{looker.base}/messages") == (answer.status_code, answer.headers["location"])
    await looker.get("/messages")
