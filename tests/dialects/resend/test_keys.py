"""What a key is, what it may do, and who is asked for a name of the program."""

import re

import httpx
import pytest

from core import credentials
from dialects.resend import DIALECT, auth
from tests.dialects.resend.driver import DRIVER
from tests.house import House

_MAIL = {"from": "a@acme.example", "to": "b@acme.example", "subject": "s", "text": "t"}


def test_form() -> None:
    """Keys look like the provider's, which some clients check."""
    assert re.fullmatch(r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}", auth.KEY.mint("live"))


@pytest.mark.parametrize(
    ("state", "status", "name", "message"),
    [
        ("disabled", 403, "restricted_api_key", "API key is not active"),
        ("suspended", 403, "suspended_api_key", "This API key is suspended"),
        ("revoked", 401, "validation_error", "API key is invalid"),
    ],
)
async def test_states(house: House, state: str, status: int, name: str, message: str) -> None:
    """Each state of a key has its own words."""
    client = await house.client("resend")
    (held,) = [each for each in await credentials.every(house.core) if each.dialect == "resend"]
    await credentials.set_state(house.core, held.id, state)
    answer = await client.get("/emails")
    DRIVER.refused(answer)
    assert {"statusCode": status, "name": name, "message": message} == answer.json()


async def _client(house: House, scope: str) -> httpx.AsyncClient:
    key = await house.key("resend", scopes=frozenset({scope}))
    client = await house.client("resend", authorized=False)
    client.headers["authorization"] = f"Bearer {key}"
    return client


@pytest.mark.parametrize(
    ("scope", "reads"), [("full_access", 200), ("sending_access", 401), ("something_else", 401)]
)
async def test_scopes(house: House, scope: str, reads: int) -> None:
    """A key with sending access sends, alone and in batches, and reads nothing."""
    client = await _client(house, scope)
    sends = 401 if scope == "something_else" else 200
    for path, body in (("/emails", _MAIL), ("/emails/batch", [_MAIL]), ("/email/sending", _MAIL)):
        assert sends == (await client.post(path, json=body)).status_code
    for path in ("/emails", "/webhooks"):
        answer = await client.get(path)
        assert reads == answer.status_code
        if reads == 401:
            assert "restricted_api_key" == answer.json()["name"]
            assert "This API key is restricted to only send emails" == answer.json()["message"]


@pytest.mark.parametrize(("host", "status"), [("api.resend.com", 403), ("api.postflare.app:443", 200)])
async def test_user_agent(house: House, host: str, status: int) -> None:
    """Resend asks programs for their name, before anything else; Postflare does not."""
    key = await house.key("resend")
    request = httpx.Request(
        "GET", "http://gateway.test/emails", headers={"host": host, "authorization": f"Bearer {key}"}
    )
    answer = await httpx.ASGITransport(house.app).handle_async_request(request)
    assert status == answer.status_code


def test_hosts() -> None:
    """Both providers' own hosts are served, so that a client with a fixed address can be led here."""
    assert ("api.resend.com", "api.postflare.app") == DIALECT.hosts
