"""What a stream may be called and may be, how many there are, and until when one comes back."""

import pytest

from core.clock import DAY
from tests.core.post import alter

_STREAM = {"ID": "receipts", "Name": "Receipts", "MessageStreamType": "Transactional"}
_PATH = "message-streams"


def _handling(name):
    return {"SubscriptionManagementConfiguration": {"UnsubscribeHandlingType": name}}


@pytest.fixture
async def client(house):
    """A client of a server."""
    return await house.client("postmark")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"ID": "A-b_9"}, None),
        ({"ID": "a" * 30}, None),
        ({"ID": "a" * 31}, 1227),
        ({"ID": "9a"}, 1227),
        ({"ID": "a b"}, 1227),
        ({"ID": "a\0"}, 1227),
        ({"ID": ""}, 1222),
        ({"ID": None}, 1222),
        ({"ID": "pm-a"}, 1233),
        ({"ID": "All"}, 1237),
        ({"ID": "outbound"}, 1230),
        ({"Name": ""}, 1223),
        ({"Name": None}, 1223),
        ({"Name": "n" * 100}, None),
        ({"Name": "n" * 101}, 1224),
        ({"Name": "a\0"}, 403),
        ({"MessageStreamType": None}, 1221),
        ({"MessageStreamType": "Broadcast"}, 1221),
        ({"MessageStreamType": "Inbound"}, 1228),
        ({"Description": "d" * 1000}, None),
        ({"Description": "d" * 1001}, 1231),
        ({"Description": "a < b"}, None),
        ({"Description": "<b>d"}, 1234),
        ({"Description": "\0"}, 403),
        (_handling("Postmark"), None),
        (_handling("none"), None),
        (_handling("always"), 1240),
        ({"MessageStreamType": "Broadcasts"} | _handling("None"), 1239),
        ({"MessageStreamType": "Broadcasts"} | _handling(""), None),
    ],
)
async def test_what_can_be_made(client, wish, code):
    """Every rule has its code, and what was made is read back."""
    answer = await client.post(_PATH, json=_STREAM | wish)

    assert (200 if code is None else 422, code) == (answer.status_code, answer.json().get("ErrorCode"))
    if code is None:
        assert answer.json() == (await client.get(f"{_PATH}/{answer.json()['ID']}")).json()


@pytest.mark.parametrize(
    ("key", "change", "code"),
    [
        ("broadcast", {"Name": ""}, 1223),
        ("broadcast", {"Description": "<i>"}, 1234),
        ("broadcast", _handling("None"), 1239),
        ("broadcast", _handling("Custom"), None),
        ("outbound", _handling("Postmark"), 1239),
        ("outbound", _handling("None"), None),
        ("inbound", _handling("Custom"), 1239),
        ("inbound", {}, None),
        ("nowhere", {"Name": "n"}, 1226),
    ],
)
async def test_what_can_be_changed(client, key, change, code):
    """The same rules; what could not be honoured is refused."""
    answer = await client.patch(f"{_PATH}/{key}", json=change)

    assert code == answer.json().get("ErrorCode")


async def test_how_many_there_can_be(house, client):
    """Ten, and an archived one counts until it is purged."""
    codes = [
        (await client.post(_PATH, json=_STREAM | {"ID": f"a{each}"})).json().get("ErrorCode")
        for each in range(8)
    ]
    assert [*[None] * 7, 1225] == codes
    await client.post(f"{_PATH}/a1/archive")
    assert 1225 == (await client.post(_PATH, json=_STREAM)).json()["ErrorCode"]
    await alter(house.core, "UPDATE streams SET archived_at = 1 WHERE key = 'a1'")
    assert 200 == (await client.post(_PATH, json=_STREAM)).status_code


async def test_until_when_one_comes_back(house, client):
    """Forty-five days; archiving again does not begin them anew, and what was not archived stays as it is."""
    first = (await client.post(f"{_PATH}/broadcast/archive")).json()
    assert first == (await client.post(f"{_PATH}/broadcast/archive", json={})).json()
    for _ in range(2):
        back = (await client.post(f"{_PATH}/broadcast/unarchive")).json()
        assert (None, None) == (back["ArchivedAt"], back["ExpectedPurgeDate"])
    for days, code in ((44, None), (46, 1232)):
        await alter(
            house.core,
            "UPDATE streams SET archived_at = :at WHERE key = 'broadcast'",
            at=house.core.clock.now() - days * DAY,
        )
        answer = await client.post(f"{_PATH}/broadcast/unarchive")
        assert code == answer.json().get("ErrorCode")


async def test_the_test_token_has_no_streams(house):
    """Nobody's server has none, and none can be made."""
    client = await house.client("postmark", authorized=False)
    client.headers["X-Postmark-Server-Token"] = "POSTMARK_API_TEST"

    assert {"MessageStreams": [], "TotalCount": 0} == (await client.get(_PATH)).json()
    answer = await client.post(_PATH, json=_STREAM)
    assert (401, 10) == (answer.status_code, answer.json()["ErrorCode"])
