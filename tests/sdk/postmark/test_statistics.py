"""Statistics by Postmark's own Python client and by postmarker, with only their base addresses changed."""

import asyncio
from datetime import date
from uuid import uuid4

import pytest
from postmark.clients.server_client import ServerClient
from postmark.exceptions import PostmarkAPIException
from postmark.models.outbound.schemas import Email
from postmarker.core import PostmarkClient

from tests.conftest import Dev

pytestmark = pytest.mark.sdk


async def _sent(client: ServerClient, tag: str) -> None:
    mail = {"sender": "ann@example.org", "to": "bob@example.net", "subject": "s", "text_body": "t"}
    tracked = {
        "tag": tag,
        "track_opens": True,
        "track_links": "HtmlAndText",
        "html_body": '<a href="https://x.example/">x</a>',
    }
    id = (await client.outbound.send(Email.model_validate(mail | tracked))).message_id
    async with asyncio.timeout(20):
        while (await client.outbound.get(id)).status != "Sent":  # noqa: ASYNC110  # another process sends
            await asyncio.sleep(0.02)


async def test_every_method_of_the_official_client(dev: Dev) -> None:
    """What it parses has every key that it asks for."""
    tag = uuid4().hex
    async with ServerClient(dev.key("postmark", "server"), base_url=dev.url) as client:
        await _sent(client, tag)
        overview = await client.stats.overview(tag, message_stream="outbound")
        sends = await client.stats.sent_counts(tag)
        day = date.fromisoformat(sends.days[0].date)
        tracked = await client.stats.tracked_counts(tag, day, day)
        others = [
            await read(tag, day, day)
            for read in (
                client.stats.bounce_counts,
                client.stats.spam_counts,
                client.stats.open_counts,
                client.stats.platform_usage,
                client.stats.email_client_usage,
                client.stats.click_counts,
                client.stats.browser_usage,
                client.stats.browser_platform_usage,
                client.stats.click_location,
                client.stats.read_times,
            )
        ]
        with pytest.raises(PostmarkAPIException) as caught:
            await client.stats.overview(message_stream="nope")

    assert (1, 1, 1, 1, 0.0) == (
        overview.sent,
        overview.tracked,
        overview.with_link_tracking,
        overview.total_tracked_links_sent,
        overview.bounce_rate,
    )
    assert [(1, [1]), (1, [1])] == [
        (sends.sent, [each.sent for each in sends.days]),
        (tracked.tracked, [each.tracked for each in tracked.days]),
    ]
    assert [[]] * len(others) == [each.days for each in others]
    assert (1226, 422) == (caught.value.error_code, caught.value.http_status)


async def test_every_method_of_postmarker(dev: Dev) -> None:
    """It gives out what it was answered."""
    tag, key = uuid4().hex, dev.key("postmark", "server")
    async with ServerClient(key, base_url=dev.url) as client:
        await _sent(client, tag)
    stats = PostmarkClient(server_token=key, root_api_url=dev.url + "/").stats

    def all_of_them() -> dict[str, dict[str, object]]:
        asked = (
            stats.overview, stats.sends, stats.bounces, stats.spam, stats.tracked, stats.opens, stats.opens_platforms,
            stats.emailclients, stats.readtimes, stats.clicks, stats.browserfamilies, stats.clicks_platforms,
            stats.location,
        )  # fmt: skip
        return {ask.__name__: ask(tag=tag, fromdate="2026-01-01") for ask in asked}

    found = await asyncio.to_thread(all_of_them)
    assert (1, 1, 1) == (found["overview"]["Sent"], found["sends"]["Sent"], found["tracked"]["Tracked"])
    assert {"HTML": 0, "Text": 0, "Days": []} == found["location"]
    assert {"Days": []} == found["emailclients"] == found["readtimes"] == found["browserfamilies"]
