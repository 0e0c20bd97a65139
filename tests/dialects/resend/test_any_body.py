"""Whatever a client sends, the answer is the provider's: an id, or a refusal in three keys."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.dialects.resend.driver import DRIVER
from tests.house import House

_MAIL: dict[str, Any] = {"from": "a@acme.example", "to": "b@acme.example", "subject": "s", "text": "t"}
_FIELDS = (
    "from", "to", "cc", "bcc", "reply_to", "subject", "html", "text", "template", "headers", "attachments", "tags",
    "scheduled_at", "topic_id",
)  # fmt: skip  # a row of names
_KEYS = (
    "id",
    "variables",
    "name",
    "value",
    "content",
    "path",
    "filename",
    "content_id",
    "content_type",
    "X-A",
)
_LEAVES = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.text(max_size=20)
    | some.sampled_from(
        ["a@acme.example", "in 1 hour", "YQ==", "a.txt", "http://127.0.0.1:9/a", "\0", "a\r\nb"]
    )
)
_VALUES = some.recursive(
    _LEAVES,
    lambda inner: (
        some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from(_KEYS), inner, max_size=4)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("path", ["/emails", "/emails/batch"])
async def test_any_fields(house: House, path: str) -> None:
    """Any value in any field is accepted or refused, on every engine, and never breaks the server."""
    client = await house.client("resend")

    @settings(
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None
    )
    @given(some.dictionaries(some.sampled_from(_FIELDS), _VALUES, min_size=1, max_size=3))
    def collect(fields: dict[str, Any]) -> None:
        bodies.append(_MAIL | fields)

    bodies: list[dict[str, Any]] = [
        _MAIL | {"text": None, "template": {"id": "a\0b"}},
        _MAIL | {"attachments": [{"content": "YQ==", "filename": "a\0"}]},
        _MAIL | {"headers": {"X-A": "\0"}},
    ]
    collect()
    for body in bodies:
        answer = await client.post(path, json=body if path == "/emails" else [body])
        if answer.status_code != 200:
            DRIVER.refused(answer)
            assert answer.status_code in (404, 422), body
