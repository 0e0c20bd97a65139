"""Keys: what a scope opens and what it does not, and the two environments."""

import re

import pytest

from core import credentials, messages
from core.paging import PageRequest

_MAIL = {"from": "a@acme.example", "to": "b@example.com", "subject": "s", "text": "t"}
_TEMPLATE = {"name": "n", "slug": "s", "subject": "s", "body": "b"}
_HOOK = {"url": "https://example.com/", "events": ["delivered"]}


async def _client(house, **which):
    return await house.client("pufferpost", **which)


@pytest.mark.parametrize(
    ("scopes", "method", "path", "body", "status"),
    [
        ({"messages:send"}, "POST", "v1/messages", _MAIL, 202),
        ({"messages:read"}, "POST", "v1/messages", _MAIL, 403),
        ({"messages:read"}, "POST", "api/v1/messages/batch", {"messages": [_MAIL]}, 403),
        ({"messages:send"}, "POST", "api/v1/messages/batch", {"messages": [_MAIL]}, 200),
        ({"messages:read"}, "GET", "v1/messages", None, 200),
        ({"messages:send"}, "GET", "v1/messages", None, 403),
        ({"messages:send"}, "GET", "v1/messages/msg_1/events", None, 403),
        # manage does not imply read, and previewing is reading
        ({"templates:manage"}, "POST", "v1/templates", _TEMPLATE, 201),
        ({"templates:manage"}, "GET", "v1/templates", None, 403),
        ({"templates:manage"}, "POST", "v1/templates/s/preview", {}, 403),
        ({"templates:read"}, "POST", "v1/templates/s/preview", {}, 404),
        ({"templates:read"}, "POST", "v1/templates", _TEMPLATE, 403),
        ({"templates:read"}, "POST", "v1/templates/s/versions", _TEMPLATE, 403),
        ({"webhooks:manage"}, "POST", "v1/webhooks", _HOOK, 201),
        ({"webhooks:manage"}, "GET", "v1/webhooks", None, 403),
        ({"webhooks:manage"}, "GET", "v1/webhooks/whe_1/deliveries", None, 403),
        ({"webhooks:manage"}, "POST", "v1/webhooks/whe_1/deliveries/whd_1/replay", None, 404),
        ({"webhooks:read"}, "GET", "api/v1/webhooks", None, 200),
        ({"webhooks:read"}, "POST", "v1/webhooks", _HOOK, 403),
        ({"webhooks:read"}, "DELETE", "v1/webhooks/whe_1", None, 403),
        ({"webhooks:read"}, "POST", "v1/webhooks/whe_1/deliveries/whd_1/replay", None, 403),
        (set(), "GET", "v1/whoami", None, 200),
    ],
)
async def test_scopes_are_exact(house, scopes, method, path, body, status):
    """A key does what its scopes name and nothing else."""
    client = await _client(house, scopes=frozenset(scopes))

    answer = await client.request(method, path, json=body)

    assert status == answer.status_code
    if 403 == status:
        error = answer.json()["error"]
        assert ("insufficient_scope", "Forbidden") == (error["code"], error["message"])


async def test_the_scope_is_asked_for_before_the_body(house):
    """A body that cannot be read does not hide a missing scope."""
    client = await _client(house, scopes=frozenset())

    answer = await client.post("v1/messages", content=b"{")

    assert 403 == answer.status_code
    assert "ratelimit-limit" not in answer.headers


async def test_a_test_key_sends_nothing_and_is_alone_with_its_messages(house):
    """What a test key sent goes through the same states, and no live key sees it."""
    live, test = await _client(house), await _client(house, environment="test")

    id_ = (await test.post("v1/messages", json=_MAIL)).json()["id"]
    await house.settle()

    read = await test.get(f"v1/messages/{id_}")
    assert "delivered" == read.json()["status"]
    assert 404 == (await live.get(f"v1/messages/{id_}")).status_code
    assert [] == (await live.get("v1/messages")).json()["data"]
    assert "test" == (await test.get("v1/whoami")).json()["key"]["environment"]
    caller = await house.caller(environment="test")
    page = await messages.page(house.core, caller, messages.Filter(), PageRequest())
    assert [True] == [message.draft.sandbox for message in page.items]


async def test_the_same_idempotency_key_is_another_in_each_environment(house):
    """Live and test keys do not meet."""
    answers = [
        await (await _client(house, environment=environment)).post(
            "v1/messages", json=_MAIL, headers={"Idempotency-Key": "k"}
        )
        for environment in ("live", "test")
    ]

    assert 2 == len({answer.json()["id"] for answer in answers})
    assert not any("idempotent-replayed" in answer.headers for answer in answers)


@pytest.mark.parametrize(
    ("state", "status", "told"),
    [
        ("revoked", 401, "Unauthorized"),
        ("disabled", 401, "Unauthorized"),
        ("suspended", 403, "Sending is paused for this workspace."),
    ],
)
async def test_a_key_that_was_stopped(house, state, status, told):
    """A revoked key is unknown; a suspended one says that sending is paused."""
    client = await _client(house)
    held = (await credentials.every(house.core))[0]
    await credentials.set_state(house.core, held.id, state)

    answer = await client.post("v1/messages", json=_MAIL)

    error = answer.json()["error"]
    assert (status, told) == (answer.status_code, error if isinstance(error, str) else error["message"])


@pytest.mark.parametrize("environment", ["live", "test"])
async def test_keys_look_like_the_providers(house, environment):
    """The environment is in the key."""
    key = await house.key("pufferpost", environment=environment)

    assert re.fullmatch(rf"key_{environment}_[A-Za-z0-9]{{32}}", key)


async def test_a_key_tells_when_it_was_used(house):
    """Its first use is remembered; a new key has none."""
    await house.key("pufferpost")
    fresh = (await credentials.every(house.core))[0]
    client = await _client(house)
    told = (await client.get("v1/whoami")).json()["key"]

    used = (await credentials.every(house.core))[0]
    assert fresh.last_used_at is None
    assert used.last_used_at is not None
    assert used.last_used_at >= used.created_at
    assert told["last_used_at"] >= told["created_at"]


async def test_webhooks_of_test_keys_stand_apart(house):
    """What a key of one environment made, one of the other does not see."""
    live, test = await _client(house), await _client(house, environment="test")
    made = (await test.post("v1/webhooks", json=_HOOK)).json()["id"]

    assert [made] == [each["id"] for each in (await test.get("v1/webhooks")).json()["data"]]
    assert [] == (await live.get("v1/webhooks")).json()["data"]
    assert 404 == (await live.get(f"v1/webhooks/{made}")).status_code
    assert 404 == (await live.delete(f"v1/webhooks/{made}")).status_code
    assert 200 == (await test.get(f"v1/webhooks/{made}")).status_code
