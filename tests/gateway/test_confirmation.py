"""The whole way of a confirmation: mail, link, page, click, and what may be sent after; over real sockets."""

import asyncio
import re
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest

from core import confirmation, domains, messages, notices, senders
from core.accounts import account_named
from core.domains.keys import promoted
from core.errors import Conflict, Unverified
from core.senders import Draft
from core.store.database import write
from gateway.serving import listen, serving
from tests.core.post import MovedClock, Post, draft, parsed, party
from tests.smtp_sink import Sink

_ANN = Draft(email="Ann@Shop.Example", name="Ann <b>of</b> the shop", note="Please say <i>yes</i>.\nSoon!")


class Place:
    """A post office where senders are checked, its pages, and somebody with a browser."""

    def __init__(self, post: Post, browser: httpx.AsyncClient) -> None:
        self.post = post
        self.core = post.core
        self.browser = browser

    async def asked(self, wanted=_ANN):
        """A sender that was added, and the mail as it arrived."""
        made = await senders.add(self.core, self.post.caller.account_id, wanted)
        await confirmation.ask(self.core, made)
        await self.post.settle()
        return made, parsed(self.post.sink.messages[-1].content)

    async def is_sendable(self):
        """Whether the caller may send as Ann."""
        try:
            await messages.submit(self.core, self.post.caller, draft(sender=party("ann@shop.example")))
        except Unverified:
            return False
        return True


@asynccontextmanager
async def opened(settings):
    """Open the place on a port of its own."""
    bound = listen("127.0.0.1", 0)
    settings = msgspec.structs.replace(settings, port=bound.getsockname()[1], sender_policy="verified")
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


def link(mail):
    """The link of a mail, which is the same in both its parts."""
    plain = mail.get_body(("plain",)).get_content()
    (found,) = re.findall(r"http://\S+/_/s/\S+", plain)
    assert f'href="{found}"' in mail.get_body(("html",)).get_content()
    return found


async def test_the_whole_way(place):
    """Nothing may be sent before whoever reads the mail says yes; to look at the page is not to say it."""
    made, mail = await place.asked()
    url = link(mail)

    assert ["ann@shop.example"] == list(place.post.sink.messages[-1].rcpt_to)
    assert ("Babelpost <no-reply@babelpost.local>", "auto-generated") == (
        mail["From"],
        mail["Auto-Submitted"],
    )
    assert "Please say <i>yes</i>.\nSoon!" in mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "Please say &lt;i&gt;yes&lt;/i&gt;." in mail.get_body(("html",)).get_content()

    looks = [await place.browser.get(url), await place.browser.head(url)]
    assert [200, 200] == [each.status_code for each in looks]
    assert "<strong>ann@shop.example</strong>" in looks[0].text
    assert "Please say &lt;i&gt;yes&lt;/i&gt;." in looks[0].text
    assert "no-store" == looks[0].headers["cache-control"]
    assert not await place.is_sendable()

    clicked = await place.browser.post(url)
    again = await place.browser.post(url)
    assert [(200, True), (200, True)] == [
        (each.status_code, "is confirmed" in each.text) for each in (clicked, again)
    ]
    assert await place.is_sendable()
    confirmed = await senders.get(place.core, made.id)
    with pytest.raises(Conflict) as refused:
        await confirmation.ask(place.core, confirmed)
    assert "confirmed" == refused.value.kind


async def test_links_end(place):
    """A link is too old after thirty days, and of no use once its sender is gone, even if it comes again."""
    made, mail = await place.asked()
    url = link(mail)
    place.post.clock.pass_s(30 * 24 * 3600)
    late = await place.browser.post(url)
    await confirmation.ask(place.core, made)
    await place.post.settle()
    second = link(parsed(place.post.sink.messages[-1].content))
    await senders.remove(place.core, made)
    gone = await place.browser.post(second)
    await senders.add(place.core, place.post.caller.account_id, _ANN)
    other = await place.browser.post(second)
    forged = await place.browser.post(second[:-8] + "aaaaaaaa")
    cut = await place.browser.get(second[:-30])

    assert [404] * 5 == [each.status_code for each in (late, gone, other, forged, cut)]
    assert not await place.is_sendable()


async def test_clicks_at_once(place):
    """Many clicks are one, and the moment is that of the first."""
    made, mail = await place.asked()
    answers = await asyncio.gather(*[place.browser.post(link(mail)) for _ in range(10)])
    first = await senders.get(place.core, made.id)
    await place.browser.post(link(mail))
    last = await senders.get(place.core, made.id)

    assert {200} == {each.status_code for each in answers}
    assert first.confirmed_at == last.confirmed_at


async def test_the_server_signs_its_own_mail(place):
    """Once its operator has a domain for it; the mail stands in a workspace of nobody else's."""
    await place.asked()
    owner = await account_named(place.core, notices.ACCOUNT)
    made = await domains.add(place.core, owner.id, domains.Draft(name="babelpost.local"))
    (key,) = await domains.keys_of(place.core, made.id)
    await write(place.core.db, *promoted(key, place.core.clock.now()))
    place.core.identities.forget("babelpost.local")
    sender = await senders.add(
        place.core, place.post.caller.account_id, Draft(email="bob@shop.example", name="Bob")
    )
    await confirmation.ask(place.core, sender)
    await place.post.settle()

    signature = parsed(place.post.sink.messages[-1].content)["DKIM-Signature"]
    assert f"s={key.selector};" in "".join(signature.split())
    assert owner.id != place.post.caller.account_id
