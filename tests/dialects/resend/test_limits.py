"""The rate limit: counted by team, told on every answer."""

from dataclasses import replace

import msgspec
import pytest

from core.core import Core
from gateway.config import Settings
from tests.dialects.resend.driver import DRIVER
from tests.house import House


class _Still:
    """A clock that stands."""

    def now(self) -> int:
        """Always the same."""
        return 1_800_000_000_000_000


@pytest.fixture
def limited(core: Core, settings: Settings) -> House:
    """A server that allows two requests a second."""
    policy = msgspec.structs.replace(core.policy, rate_limits={"resend": 2})
    return House(replace(core, policy=policy, clock=_Still()), settings)


async def test_limit(limited: House) -> None:
    """The third request of a second is refused with the wait; a refused one counts, and tells its headers too."""
    async with limited._stack:
        client = await limited.client("resend")
        told = []
        for path in ("/emails", "/emails/no-uuid", "/emails"):
            answer = await client.get(path)
            told.append((answer.status_code, answer.headers["ratelimit-remaining"]))
        assert [(200, "1"), (422, "0"), (429, "0")] == told
        DRIVER.refused(answer)
        assert "rate_limit_exceeded" == answer.json()["name"]
        assert ("2", "2;w=1") == (answer.headers["ratelimit-limit"], answer.headers["ratelimit-policy"])
        assert ("1", "1") == (answer.headers["ratelimit-reset"], answer.headers["retry-after"])


async def test_by_team(limited: House) -> None:
    """All keys of a team share its limit, another team has its own."""
    async with limited._stack:
        for scopes, workspace, status in (
            (None, "one", 200),
            (frozenset({"full_access"}), "one", 200),
            (None, "one", 429),
            (None, "two", 200),
        ):
            key = await limited.key("resend", workspace=workspace, scopes=scopes)
            client = await limited.client("resend", authorized=False)
            answer = await client.get("/emails", headers=DRIVER.authorize(key, ""))
            assert status == answer.status_code


async def test_unknown_key_is_not_counted(limited: House) -> None:
    """Nobody uses up another's limit."""
    async with limited._stack:
        client = await limited.client("resend")
        for _ in range(3):
            assert 401 == (await client.get("/emails", headers={"authorization": "Bearer re_x"})).status_code
        assert 200 == (await client.get("/emails")).status_code


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/emails", {"authorization": "Bearer re_x"}, 401),
        ("GET", "/emails", {"user-agent": ""}, 403),
        ("GET", "/nothing", {}, 404),
        ("DELETE", "/emails", {}, 405),
    ],
)
async def test_whoever_is_not_counted_is_told_too(
    house: House, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """SDKs hand the headers of every answer to their users."""
    client = await house.client("resend")
    answer = await client.request(method, path, headers=headers)
    assert status == answer.status_code
    assert ["1000;w=1"] == answer.headers.get_list("ratelimit-policy")
    assert {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"} <= answer.headers.keys()
