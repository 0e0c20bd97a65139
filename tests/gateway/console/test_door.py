"""Who may look at the console."""

import base64

import httpx
import msgspec
import pytest

from gateway.config import Settings
from gateway.console import door
from gateway.console.door import LockedDoor, OpenDoor
from gateway.proxies import Proxies
from tests.gateway.console.conftest import console_on

PASSWORD = "correct horse battery staple"


@pytest.fixture
def settings(tmp_path):
    """One engine will do: the store has no say in it."""
    return Settings(
        database=f"sqlite:///{tmp_path / 'babelpost.db'}", transport="capture", sender_policy="any"
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"console_open": True}, OpenDoor),
        ({"console_open": True, "host": "::1"}, OpenDoor),
        ({"console_open": True, "host": "192.0.2.1"}, None),
        ({"console_open": True, "host": "0.0.0.0"}, None),  # noqa: S104  # never listened on
        ({"console_password": PASSWORD}, LockedDoor),
        ({"console_password": PASSWORD, "console_open": True}, LockedDoor),
        ({"console_password": PASSWORD, "host": "192.0.2.1"}, LockedDoor),
    ],
)
def test_which_door(settings, changes, expected):
    """None unless it is wanted, and an open one only where no other machine comes; a password always counts."""
    chosen = msgspec.structs.replace(settings, **changes)
    found = door(chosen, Proxies())
    assert expected == (None if found is None else type(found))
    assert bool(expected) == bool(chosen.console_url)


async def test_no_door_no_console(settings):
    """A server that nobody told to show it has no such page."""
    async with console_on(settings, console_open=False) as looker:
        assert 404 == (await looker.browser.get("/_/console")).status_code
        assert 404 == (await looker.browser.get(f"{looker.base}/messages")).status_code


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", 303),
        ("127.0.0.1:80", 303),
        ("127.8.8.8", 303),
        ("[::1]:8025", 303),
        ("localhost", 303),
        ("LOCALHOST:8025", 303),
        ("localhost.", 303),
        ("mail.localhost:8025", 303),
        ("evil.example", 403),
        ("evil.example:8025", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example", 403),
        ("notlocalhost", 403),
        ("192.0.2.1", 403),
        ("[::ffff:192.0.2.1]", 403),
        ("0.0.0.0", 403),  # noqa: S104  # never listened on
        ("", 403),
        ("api.resend.com", 403),
    ],
)
async def test_an_open_console_knows_its_own_names(settings, host, expected):
    """A site that has its name lead here for a visitor's browser reads nothing (DNS rebinding)."""
    async with console_on(settings) as looker:
        await looker.send()
        answer = await looker.browser.get("/_/console", headers={"host": host})
        assert expected == answer.status_code
        deeper = await looker.browser.get(f"{looker.base}/messages", headers={"host": host})
        assert (200 if expected == 303 else 403) == deeper.status_code
        assert ("ann@example.com" in deeper.text) == (expected == 303)


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"])
async def test_an_open_console_is_not_shown_through_a_proxy(settings, name):
    """Who comes from elsewhere comes by a proxy, however it names this machine."""
    async with console_on(settings) as looker:
        answer = await looker.browser.get("/_/console", headers={name: "127.0.0.1"})
        assert 403 == answer.status_code


async def test_the_password(settings):
    """Whoever has it comes in by any user name and any host's; it is asked for as browsers understand it."""
    async with console_on(settings, console_password=PASSWORD) as looker:
        asked = await looker.browser.get("/_/console")
        assert 401 == asked.status_code
        assert 'Basic realm="Babelpost console", charset="UTF-8"' == asked.headers["www-authenticate"]
        for user in ("", "me", "Jürgen"):
            auth = httpx.BasicAuth(user, PASSWORD)
            answer = await looker.browser.get("/_/console", auth=auth, headers={"host": "mail.example.com"})
            assert 303 == answer.status_code
            answer = await looker.browser.get(f"{looker.base}/messages", auth=auth)
            assert 200 == answer.status_code


@pytest.mark.parametrize(
    "header",
    [
        "", "Basic", "Basic  x", "Basic !", "Basic é", f"Bearer {PASSWORD}", "Basic " + "A" * 5000,
        "Basic " + base64.b64encode(PASSWORD.encode()).decode(),
        "Basic " + base64.b64encode(b"me:" + PASSWORD[:-1].encode()).decode(),
        "Basic " + base64.b64encode(b"me:").decode(),
        "Basic " + base64.b64encode(b"me:\xff\xfe").decode(),
    ],
)  # fmt: skip
async def test_what_is_no_password(settings, header):
    """It is asked for again, on every page, and nothing is shown."""
    async with console_on(settings, console_password=PASSWORD) as looker:
        id = await looker.send()
        for path in ("/messages", f"/messages/{id}/source"):
            answer = await looker.browser.get(looker.base + path, headers={"authorization": header.encode()})
            assert 401 == answer.status_code
            assert "ann@example.com" not in answer.text


async def test_who_guesses_waits(settings):
    """After ten wrong ones even the right one is not looked at for the rest of a minute; others are not held up."""
    changes = {"console_password": PASSWORD, "trusted_proxies": ("127.0.0.1",)}
    async with console_on(settings, **changes) as looker:

        async def tried(password: str, client: str) -> httpx.Response:
            headers = {"x-forwarded-for": client}
            return await looker.browser.get("/_/console", auth=("me", password), headers=headers)

        # windows end with the minute
        object.__setattr__(looker.core, "clock", _Later())
        statuses = [(await tried("wrong", "2001:db8::1")).status_code for _ in range(12)]
        assert [401] * 10 + [429] * 2 == statuses
        refused = await tried(PASSWORD, "2001:db8::2")
        assert 429 == refused.status_code
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert 303 == (await tried(PASSWORD, "2001:db8:0:1::1")).status_code
        assert 303 == (await tried(PASSWORD, "192.0.2.7")).status_code


class _Later:
    """A clock at the beginning of some minute."""

    def now(self) -> int:
        return 1_800_000_000 * 1_000_000


async def test_no_path_of_a_dialect_leads_there(settings):
    """Prefixes and providers' host names end in their own 404; below them is no page of ours."""
    async with console_on(settings) as looker:
        for path in (
            "/resend/_/console",
            "/postmark/_/console",
            "//_/console",
            "/v1/_/console",
            "/./_/console/x",
        ):
            answer = await looker.browser.get(path)
            assert 404 == answer.status_code, path
            assert "Babelpost" not in answer.text


async def test_nothing_can_be_changed(settings):
    """Only GET and HEAD are understood."""
    async with console_on(settings) as looker:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = await looker.browser.request(method, f"{looker.base}/messages")
            assert 405 == answer.status_code
        assert 200 == (await looker.browser.head(f"{looker.base}/messages")).status_code
