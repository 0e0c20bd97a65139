"""The rate limit, told on every answer to a send."""

import msgspec
import pytest

from tests.house import House

_MAIL = {"from": "a@acme.example", "to": "b@example.com", "subject": "s", "text": "t"}


@pytest.fixture
async def strict(settings):
    """A house that takes three sends a minute, the guide's sample."""
    async with House.open(msgspec.structs.replace(settings, rate_limits={"pufferpost": 3})) as made:
        yield made


async def test_sends_are_counted_whatever_comes_of_them(strict):
    """A refused call counts, a batch counts once, both roots count together, reading does not count."""
    client = await strict.client("pufferpost")
    now_s = strict.core.clock.now() // 1_000_000

    answers = [
        await client.post("v1/messages", json=_MAIL),
        await client.post("api/v1/messages", content=b"{"),
        await client.post("v1/messages/batch", json={"messages": [_MAIL, _MAIL]}),
        await client.post("v1/messages", json=_MAIL),
    ]

    if len({answer.headers["ratelimit-reset"] for answer in answers}) > 1:
        return  # the minute ended between two of them
    assert [202, 400, 200, 429] == [answer.status_code for answer in answers]
    assert ["3"] * 4 == [answer.headers["ratelimit-limit"] for answer in answers]
    assert ["2", "1", "0", "0"] == [answer.headers["ratelimit-remaining"] for answer in answers]
    assert now_s < int(answers[0].headers["ratelimit-reset"]) <= now_s + 61
    refused = answers[-1]
    assert "rate_limited" == refused.json()["error"]["code"]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert 200 == (await client.get("v1/messages")).status_code


async def test_workspaces_are_counted_apart(strict):
    """One workspace's haste is not another's."""
    for name in ("one", "two"):
        client = await strict.client("pufferpost", workspace=name)
        assert "2" == (await client.post("v1/messages", json=_MAIL)).headers["ratelimit-remaining"]


async def test_without_a_limit_the_headers_stay_far_from_empty(house):
    """Clients that slow down at a low remainder do not."""
    client = await house.client("pufferpost")

    answer = await client.post("v1/messages", json=_MAIL)

    assert int(answer.headers["ratelimit-remaining"]) > 100_000
