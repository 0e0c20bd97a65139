"""The whole round of tracked mail, over real sockets: sent, taken by a server, opened, followed, told."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest

from core import accounts, events, ids, messages
from core.core import Caller, Core
from core.store.database import StoreUnavailable
from core.tracking import tokens
from core.tracking.choice import Tracking
from core.tracking.tokens import Click, Place
from gateway import serving
from gateway.assemble import opened, working
from gateway.config import Settings
from tests.core.post import ANN, BOB, caller_in, draft, parsed, settled
from tests.smtp_sink import Sink

HTML = (
    '<p>Hi, <a href="https://shop.example/a?b=1&amp;c=2">shop</a> <a href="https://shop.example/">all</a></p>'
)
TEXT = "Hi, https://shop.example/a?b=1&c=2 and (https://shop.example/)."
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
TRACKED: dict[str, Any] = {"html": HTML, "text": TEXT, "track_opens": True, "track_links": "both"}


class Site:
    """A server with everything, mail to a sink, and a client that follows nothing by itself."""

    def __init__(self, core: Core, caller: Caller, sink: Sink, client: httpx.AsyncClient) -> None:
        self.core, self.caller, self.sink, self.client = core, caller, sink, client

    async def send(self, wanted: messages.Draft) -> tuple[str, str, str]:
        """Submit and wait; the message's id, and HTML and text as they arrived."""
        receipt = await messages.submit(self.core, self.caller, wanted)
        await settled(self.core)
        letter = parsed(self.sink.messages[-1].content)
        bodies = [letter.get_body((kind,)) for kind in ("html", "plain")]
        html, text = [body.get_content() if body is not None else "" for body in bodies]
        return receipt.id, html, text

    async def get(self, url: str, agent: str = FIREFOX, **headers: str) -> httpx.Response:
        """What a reader's program does."""
        return await self.client.get(url, headers={"user-agent": agent} | headers)

    async def seen(self, id: str, count: int) -> list[events.Event]:
        """The events that pixel and links brought, as soon as there are so many."""
        message = await messages.get(self.core, self.caller, id)
        async with asyncio.timeout(20):
            while True:
                found = [each for each in await events.of_message(self.core, message) if each.detail.seen]
                if len(found) >= count and not self.core.sightings._waiting:
                    return found
                await asyncio.sleep(0.01)


@asynccontextmanager
async def opened_place(settings: Settings, **changes: Any) -> AsyncIterator[Site]:
    """Open one on a port of its own."""
    async with AsyncExitStack() as stack:
        sink = await stack.enter_async_context(Sink())
        bound = serving.listen("127.0.0.1", 0)
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        changed = msgspec.structs.replace(
            settings, transport="relay", relay=f"smtp://127.0.0.1:{sink.port}", public_url=url, **changes
        )
        core = await stack.enter_async_context(opened(changed))
        worker = await stack.enter_async_context(working(core, changed))
        await stack.enter_async_context(serving.running(worker))
        await stack.enter_async_context(serving.serving(core, changed, bound))
        client = await stack.enter_async_context(httpx.AsyncClient())
        yield Site(core, await caller_in(core), sink, client)


@pytest.fixture
async def place(settings):
    """One that trusts no proxy."""
    async with opened_place(settings) as made:
        yield made


def links(html):
    """The addresses in a body that lead to our click page, in order."""
    return re.findall(r"http://127\.0\.0\.1:\d+/_/t/c/[a-z2-7]+", html)


def html_of(source: bytes) -> str:
    """The HTML of a letter."""
    body = parsed(source).get_body(("html",))
    assert body is not None
    return str(body.get_content())


def pixel(html):
    """The address of the pixel."""
    (address,) = re.findall(r'<img src="(http://127\.0\.0\.1:\d+/_/t/o/[a-z2-7]+\.gif)"', html)
    return address


async def test_the_whole_round(place):
    """Opened and followed, each told once as the first, with what is known of who did it."""
    id, html, text = await place.send(draft(**TRACKED))
    assert ["https://shop.example/a?b=1&c=2", "https://shop.example/"] == [
        (await place.get(link)).headers["location"] for link in links(html)
    ]
    assert "Hi, " + links(text)[0] + " and (" + links(text)[1] + ")." == text.strip()
    assert 302 == (await place.get(links(text)[0])).status_code
    for _ in range(2):
        answer = await place.get(pixel(html))
        assert (200, "image/gif") == (answer.status_code, answer.headers["content-type"])
        assert answer.content.startswith(b"GIF89a")
        assert "no-store" in answer.headers["cache-control"]

    found = await place.seen(id, 5)
    told = [(each.kind, each.position, each.detail.seen.first, each.detail.seen.part) for each in found]
    # the second link within a second is a machine's; the same address in the text is the same link
    assert [
        ("clicked", 0, True, "html"),
        ("scanned", 0, False, "html"),
        ("scanned", 0, False, "text"),
        ("opened", 0, True, ""),
        ("opened", 0, False, ""),
    ] == told
    seen = found[-1].detail.seen
    assert ("127.0.0.1", FIREFOX, "Firefox 140.0", "Mozilla", "desktop", "Linux") == (
        seen.ip, seen.user_agent, seen.agent.client.name, seen.agent.client.company, seen.agent.platform,
        seen.agent.os.family,
    )  # fmt: skip
    assert "https://shop.example/a?b=1&c=2" == found[0].detail.seen.link


async def test_what_is_read_back_is_the_callers_own(place):
    """The API shows the HTML that was given; the source is the letter that left, byte for byte, also a second time."""
    id, _, _ = await place.send(draft(**TRACKED))
    message = await messages.get(place.core, place.caller, id)
    assert (HTML, TEXT) == (message.html, message.text)
    left = place.sink.messages[-1].content
    for _ in range(2):
        assert left.rstrip() == (await messages.source(place.core, message)).rstrip()


@pytest.mark.parametrize(
    ("wanted", "pixels", "in_html", "in_text"),
    [
        ({}, 0, 0, 0),
        ({"track_opens": True}, 1, 0, 0),
        ({"track_links": "html"}, 0, 2, 0),
        ({"track_links": "text"}, 0, 0, 2),
        ({"track_opens": True, "html": None, "track_links": "both"}, 0, 0, 2),
        ({"track_links": "both", "headers": (("List-Unsubscribe", "<https://shop.example/>"),)}, 0, 1, 1),
    ],
)
async def test_what_is_tracked_is_what_was_asked_for(place, wanted, pixels, in_html, in_text):
    """Opens and links, html and text each by itself; the way out of a list is never led through us."""
    _, html, text = await place.send(draft(**{"html": HTML, "text": TEXT} | wanted))
    assert (pixels, in_html, in_text) == (html.count("/_/t/o/"), len(links(html)), len(links(text)))


async def test_each_recipient_has_a_pixel_and_links_of_their_own(place):
    """A letter for each, so the event names who it was; for everybody there is a first time."""
    id, _, _ = await place.send(draft(ANN, BOB, **TRACKED))
    assert [(ANN,), (BOB,)] == [each.rcpt_to for each in place.sink.messages]
    bodies = [html_of(each.content) for each in place.sink.messages]
    for body in reversed(bodies):
        await place.get(pixel(body))
        await place.get(links(body)[0])
    assert [("opened", 1, True), ("clicked", 1, True), ("opened", 0, True), ("clicked", 0, True)] == [
        (each.kind, each.position, each.detail.seen.first) for each in await place.seen(id, 4)
    ]


async def test_what_is_redirected_names_nobody(place):
    """Mail led to somebody else is one letter for all of its recipients, and so is what comes back."""
    id, html, _ = await place.send(draft(ANN, BOB, redirect_to=("qa@example.net",), **TRACKED))
    await place.get(pixel(html))
    assert [(-1, True)] == [(each.position, each.detail.seen.first) for each in await place.seen(id, 1)]


async def test_twenty_at_once_have_one_first(place):
    """Whatever comes together, one is the first of it."""
    id, html, _ = await place.send(draft(**TRACKED))
    await asyncio.gather(*[place.get(pixel(html)) for _ in range(20)])
    found = await place.seen(id, 20)
    assert (20, 1) == (len(found), sum(each.detail.seen.first for each in found))


async def test_who_only_asks_is_not_counted(place):
    """HEAD and what is fetched ahead are answered alike and told as nothing; a scanner is told as one."""
    id, html, _ = await place.send(draft(**TRACKED))
    link = links(html)[0]
    assert (302, "https://shop.example/a?b=1&c=2") == (
        (answer := await place.client.head(link)).status_code,
        answer.headers["location"],
    )
    assert 200 == (await place.client.head(pixel(html))).status_code
    for name, value in (
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-moz", "Prefetch"),
    ):
        assert 302 == (await place.get(link, **{name: value})).status_code
    await place.get(link, agent="Barracuda Sentinel (EE)")
    await place.get(pixel(html), agent="Mozilla/5.0")
    assert [("scanned", "scanner", False), ("opened", "prefetch", True)] == [
        (each.kind, each.detail.seen.agent.machine, each.detail.seen.first)
        for each in await place.seen(id, 2)
    ]


@pytest.mark.parametrize(
    "forged", ["x", "", "%0d%0aSet-Cookie:x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
)
async def test_a_forged_token_leads_nowhere(place, forged):
    """No redirect without our signature; a pixel is a pixel all the same."""
    url = place.core.policy.public_url
    answer = await place.get(f"{url}/_/t/c/{forged}")
    assert 404 == answer.status_code
    assert "location" not in answer.headers
    if forged:
        assert b"GIF89a" == (await place.get(f"{url}/_/t/o/{forged}.gif")).content[:6]


async def test_a_target_ends_no_header_line(place):
    """A link with a line break in it is not tracked, and one that was signed all the same is not followed."""
    _, html, _ = await place.send(
        draft(html='<a href="https://x.example/&#13;&#10;Set-Cookie: a=b">x</a>', track_links="html")
    )
    assert [] == links(html)
    token = tokens.of_click(
        place.core.signer, Click(Place(ids.new()), "https://x.example/\r\nSet-Cookie: a=b", "html")
    )
    answer = await place.get(f"{place.core.policy.public_url}/_/t/c/{token}")
    assert (404, None) == (answer.status_code, answer.headers.get("set-cookie"))


async def test_an_unknown_message_is_no_event(place):
    """A token of a message that is gone leads on, and is told to nobody."""
    gone = tokens.of_click(place.core.signer, Click(Place(ids.new()), "https://x.example/", "html"))
    assert 302 == (await place.get(f"{place.core.policy.public_url}/_/t/c/{gone}")).status_code
    id, html, _ = await place.send(draft(**TRACKED))
    await place.get(pixel(html))
    assert 1 == len(await place.seen(id, 1))


async def test_an_outage_of_the_store_stops_no_reader(place, monkeypatch):
    """Links lead on while the store is away, and what happened meanwhile is told afterwards."""
    id, html, _ = await place.send(draft(**TRACKED))
    fetch = place.core.db.fetch

    async def away(query):
        raise StoreUnavailable("gone")

    monkeypatch.setattr(place.core.db, "fetch", away)
    assert 302 == (await place.get(links(html)[0])).status_code
    assert 200 == (await place.get(pixel(html))).status_code
    await asyncio.sleep(0.05)
    monkeypatch.setattr(place.core.db, "fetch", fetch)
    assert ["clicked", "opened"] == [each.kind for each in await place.seen(id, 2)]


async def test_a_flood_of_opens_ends(place):
    """Whoever asks again and again fills no disk."""
    id, html, _ = await place.send(draft(**TRACKED))
    for _ in range(10):
        await asyncio.gather(*[place.get(pixel(html)) for _ in range(10)])
    assert 60 == len(await place.seen(id, 60))


async def test_a_trusted_proxy_names_the_reader(settings):
    """X-Forwarded-For counts only where the peer is one of the operator's proxies, and only from its end."""
    async with opened_place(settings, trusted_proxies=("127.0.0.0/8", "10.0.0.1")) as place:
        id, html, _ = await place.send(draft(**TRACKED))
        for chain in ("192.0.2.1, 203.0.113.9, 10.0.0.1", "not an address"):
            await place.get(pixel(html), **{"x-forwarded-for": chain})
        assert ["203.0.113.9", "127.0.0.1"] == [
            each.detail.seen.ip for each in await place.seen(id, 2) if each.detail.seen
        ]
    async with opened_place(settings) as place:
        id, html, _ = await place.send(draft(**TRACKED))
        await place.get(pixel(html), **{"x-forwarded-for": "203.0.113.9"})
        assert ["127.0.0.1"] == [each.detail.seen.ip for each in await place.seen(id, 1) if each.detail.seen]


async def test_a_workspace_has_a_habit(place):
    """What a message does not say itself its workspace says, fixed when it is accepted."""
    habit = Tracking(opens=True, links="html")
    assert habit == await accounts.track(place.core, place.caller.workspace_id, opens=True, links="html")
    kept = await accounts.workspace(place.core, place.caller.workspace_id)
    assert kept is not None
    assert habit == kept.settings.tracking
    place.caller = msgspec.structs.replace(place.caller, tracking=habit)
    for wanted, expected in (({}, (1, 2, 0)), ({"track_opens": False, "track_links": "text"}, (0, 0, 2))):
        _, html, text = await place.send(draft(html=HTML, text=TEXT, **wanted))
        assert expected == (html.count("/_/t/o/"), len(links(html)), len(links(text)))


async def test_a_stop_loses_nothing(settings):
    """What came before a stop is written before the store is let go."""
    async with opened_place(settings) as place:
        id, html, _ = await place.send(draft(**TRACKED))
        await asyncio.gather(*[place.get(pixel(html)) for _ in range(30)])
    async with opened(settings) as core:
        message = await messages.get(core, place.caller, id)
        kinds = [each.kind for each in await events.of_message(core, message)]
    assert 30 == kinds.count("opened")
