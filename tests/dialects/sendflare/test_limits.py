"""The rate limit: five calls a second and token, whatever they ask."""

import msgspec
import pytest

from tests.house import House


@pytest.fixture
async def strict(settings):
    """A house with the provider's own limit."""
    async with House.open(msgspec.structs.replace(settings, rate_limits={})) as made:
        yield made


async def test_the_sixth_call_of_a_second_is_refused(strict):
    """After the token, before the body; with the seconds to wait."""
    client = await strict.client("sendflare")
    second = strict.core.clock.now() // 1_000_000
    answers = [await client.post("v1/send", content=b"{") for _ in range(6)]
    if strict.core.clock.now() // 1_000_000 != second:
        return  # the second ended in between
    refused = answers[-1]

    assert [400] * 5 + [429] == [answer.status_code for answer in answers]
    assert ("1", 429, "Too many requests") == (
        refused.headers["retry-after"],
        refused.json()["code"],
        refused.json()["message"],
    )
    assert refused.json()["data"] is None


async def test_tokens_are_counted_apart(strict):
    """One token's haste is not another's."""
    for workspace in ("one", "two"):
        client = await strict.client("sendflare", workspace=workspace)
        assert 200 == (await client.get("v1/contact", params={"appId": "a"})).status_code
