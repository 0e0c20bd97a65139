"""The whole way of an unsubscription: letter, link, click, and what is sent after; over real sockets."""

import asyncio
import re
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest

from core import topics
from core.topics import NewTopic
from gateway.serving import listen, serving
from tests.core.post import ANN, BOB, MovedClock, Post, count, draft, parsed
from tests.smtp_sink import Sink

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


class Place:
    """A post office whose pages are served, and somebody with a browser."""

    def __init__(self, post: Post, browser: httpx.AsyncClient) -> None:
        self.post = post
        self.browser = browser

    async def letter(self, **fields):
        """Send a letter to Ann; her copy as it arrived, None where it did not."""
        before = len(self.post.sink.messages)
        await self.post.send(draft(ANN, **({"html": "<p>Hi</p>"} | fields)))
        arrived = self.post.sink.messages[before:]
        return parsed(arrived[0].content) if arrived else None

    async def link(self, **fields):
        """The link of a letter's header."""
        return (await self.letter(**fields))["List-Unsubscribe"].strip("<>")


@asynccontextmanager
async def opened(settings):
    """Open the place on a port of its own."""
    bound = listen("127.0.0.1", 0)
    settings = msgspec.structs.replace(settings, port=bound.getsockname()[1])
    async with (
        Sink() as sink,
        Post.open(settings, MovedClock(), sink) as post,
        serving(post.core, settings, bound),
        httpx.AsyncClient() as browser,
    ):
        yield Place(post, browser)


@pytest.fixture
async def place(settings):
    """The place."""
    async with opened(settings) as made:
        yield made


async def test_the_whole_way(place):
    """A broadcast has header and footer; one click ends the stream and nothing else; the page leads back."""
    first = await place.letter(stream="broadcast")
    url = first["List-Unsubscribe"].strip("<>")
    assert "List-Unsubscribe=One-Click" == first["List-Unsubscribe-Post"]
    assert f'<a href="{url}">Unsubscribe</a>' in first.get_body(("html",)).get_content()
    assert f"Unsubscribe: {url}" in first.get_body(("plain",)).get_content()

    clicked = await place.browser.post(url, data=ONE_CLICK)
    assert (200, False) == (clicked.status_code, "set-cookie" in clicked.headers)
    assert None is await place.letter(stream="broadcast")
    assert None is not await place.letter()

    back = await place.browser.post(url, data={"action": "rejoin"})
    assert 200 == back.status_code
    assert None is not await place.letter(stream="broadcast")


async def test_looking_changes_nothing(place):
    """Neither a scanner that fetches it a hundred times nor a HEAD nor a preview."""
    url = await place.link(stream="broadcast")
    answers = await asyncio.gather(
        *[place.browser.get(url, headers={"user-agent": f"scanner/{n}"}) for n in range(100)],
        place.browser.head(url),
        place.browser.get(url, params={"List-Unsubscribe": "One-Click", "action": "leave"}),
    )

    assert {200} == {each.status_code for each in answers}
    assert (0, 0) == (
        await count(place.post.core, "suppressions"),
        await count(place.post.core, "subscription_changes"),
    )
    assert None is not await place.letter(stream="broadcast")


@pytest.mark.parametrize("way", [{"data": ONE_CLICK}, {"files": {"List-Unsubscribe": (None, "One-Click")}}])
async def test_one_click_comes_in_both_forms(place, way):
    """RFC 8058 3.2: as a browser sends a form, either way; again it is the same."""
    url = await place.link(stream="broadcast")
    answers = [await place.browser.post(url, **way) for _ in range(2)]

    assert [200, 200] == [each.status_code for each in answers]
    assert None is await place.letter(stream="broadcast")
    assert 1 == await count(place.post.core, "subscription_changes")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "", 400),
        (b"List-Unsubscribe=Two-Clicks", "application/x-www-form-urlencoded", 400),
        (b"action=explode", "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe=%00%ff&action", "application/x-www-form-urlencoded", 400),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 400),
        (b"--x\r\nbroken", "multipart/form-data", 400),
        (b"a" * 300_000, "application/x-www-form-urlencoded", 413),
    ],
)
async def test_what_is_not_understood_changes_nothing(place, body, content_type, status):
    """It is told so, on a page."""
    url = await place.link(stream="broadcast")
    answer = await place.browser.post(url, content=body, headers={"content-type": content_type})

    assert (status, "text/html; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
    assert 0 == await count(place.post.core, "suppressions")


async def test_a_forged_link_leads_nowhere(place):
    """Changed by a letter, cut or made up: one page for all, and nothing happens."""
    url = await place.link(stream="broadcast")
    start, token = url.rsplit("/", 1)
    other = "c" if token.startswith("b") else "b"
    for forged in (token[:-2], other + token[1:], "x", "%00", token + "a"):
        for method in ("GET", "POST"):
            answer = await place.browser.request(method, f"{start}/{forged}", data=ONE_CLICK)
            assert (404, True) == (answer.status_code, "does not lead anywhere" in answer.text), forged

    assert 0 == await count(place.post.core, "suppressions")


async def test_the_page_keeps_to_itself(place):
    """Nothing is loaded from anywhere, nothing is framed, kept, indexed or told to others."""
    url = await place.link(stream="broadcast")
    page = await place.browser.get(url)

    policy = page.headers["content-security-policy"]
    (nonce,) = re.findall(r"'nonce-([^']+)'", policy)
    assert f'<style nonce="{nonce}">' in page.text
    assert {"default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(
        policy.split("; ")
    )
    assert ("no-store", "noindex, nofollow", "no-referrer") == tuple(
        page.headers[name] for name in ("cache-control", "x-robots-tag", "referrer-policy")
    )
    assert [] == re.findall(r"<(?:script|img|link|iframe)|https?://", page.text)


async def test_what_comes_from_elsewhere_is_text(place):
    """A topic's name cannot become markup."""
    name = '<b onclick=x>"News"</b>'
    await topics.create(place.post.core, place.post.caller, NewTopic(name=name, key="news", description=name))
    page = await place.browser.get(await place.link(topic="news"))

    assert name not in page.text
    assert "&lt;b onclick=x&gt;" in page.text


async def test_topics_are_chosen_on_the_page(place):
    """Boxes show what holds; what is sent after follows them."""
    core, caller = place.post.core, place.post.caller
    made = {
        key: await topics.create(core, caller, NewTopic(name=key, key=key, visibility="public"))
        for key in ("news", "ads")
    }
    url = await place.link(topic="news")
    await place.browser.post(url, data={"action": "choose", "topic": [made["ads"].id]})
    page = await place.browser.get(url)

    boxes = dict(re.findall(r'name="topic" value="([^"]+)"( checked)?>', page.text))
    assert {made["news"].id: "", made["ads"].id: " checked"} == boxes
    assert (None, True) == (await place.letter(topic="news"), await place.letter(topic="ads") is not None)
    await place.browser.post(url, data={"action": "leave_all"})
    assert (None, None) == (await place.letter(topic="ads"), await place.letter())


async def test_one_recipient_decides_for_themselves(place):
    """The others of the same letter go on getting mail."""
    await place.post.send(draft(ANN, BOB, stream="broadcast"))
    copies = {each.rcpt_to[0]: parsed(each.content) for each in place.post.sink.messages}
    await place.browser.post(copies[BOB]["List-Unsubscribe"].strip("<>"), data=ONE_CLICK)
    sent = await place.post.send(draft(ANN, BOB, stream="broadcast"))

    assert ["delivered", "suppressed"] == await place.post.states(sent)
