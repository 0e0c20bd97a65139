"""Opens and clicks in Postmark's form: fields, filters, pages, and of one message."""

import pytest

from core import ids
from core.tracking.sightings import Sighting, record
from core.tracking.tokens import Click, Place

_CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
_MAIL = {
    "From": "a@acme.example",
    "To": "Ann@Example.net, bob@example.net",
    "TextBody": "t",
    "Tag": "welcome",
}
_OPENS = "messages/outbound/opens"
_CLICKS = "messages/outbound/clicks"
_PAGE = {"count": 10, "offset": 0}


async def _sent(client, **more):
    return (await client.post("/email", json=_MAIL | more)).json()["MessageID"]


async def _seen(house, id, position=0, agent=_CHROME, leads=""):
    place = Place(id, position)
    sighting = Sighting(
        id=ids.new(),
        place=place,
        at=house.core.clock.now(),
        ip="192.0.2.1",
        user_agent=agent,
        click=Click(place, leads, "html") if leads else None,
        is_burst=False,
    )
    await record(house.core, [sighting])


@pytest.fixture
async def client(house):
    """A client of a server."""
    return await house.client("postmark")


@pytest.fixture
async def one(house, client):
    """A message that both recipients opened, one of them twice, and one followed two links, one of them twice."""
    id = await _sent(client)
    for position in (0, 0, 1):
        await _seen(house, id, position)
    for leads in ("https://x.example/", "https://y.example/", "https://x.example/"):
        await _seen(house, id, leads=leads)
    return id


async def test_an_open(client, one):
    """Every key that the Python client asks for, each recipient's first, the newest first."""
    body = (await client.get(_OPENS, params=_PAGE)).json()

    assert (2, ["bob@example.net", "Ann@example.net"]) == (
        body["TotalCount"],
        [each["Recipient"] for each in body["Opens"]],
    )
    told = body["Opens"][1]
    assert told.pop("ReceivedAt").endswith(("-04:00", "-05:00"))
    client_told = told.pop("Client")
    assert ("Chrome", "Google") == (client_told["Family"], client_told["Company"])
    assert "Linux" in told.pop("OS")["Family"]
    assert {
        "RecordType": "Open",
        "FirstOpen": True,
        "MessageID": one,
        "MessageStream": "outbound",
        "Tag": "welcome",
        "Recipient": "Ann@example.net",
        "UserAgent": _CHROME,
        "Platform": "Desktop",
        "Geo": {"IP": "192.0.2.1"},
        "ReadSeconds": 0,
    } == told


async def test_a_click(client, one):
    """Each recipient's first of each link, with where it stood."""
    body = (await client.get(_CLICKS, params=_PAGE)).json()

    assert 2 == body["TotalCount"]
    assert [("https://y.example/", "HTML"), ("https://x.example/", "HTML")] == [
        (each["OriginalLink"], each["ClickLocation"]) for each in body["Clicks"]
    ]
    assert {("Click", one, "Ann@example.net")} == {
        (each["RecordType"], each["MessageID"], each["Recipient"]) for each in body["Clicks"]
    }
    assert not {"FirstOpen", "ReadSeconds"} & body["Clicks"][0].keys()


async def test_what_is_known_of_nobody(house, client):
    """Empty objects and an unknown platform, never absent keys."""
    await _seen(house, await _sent(client), agent="Odd Thing")

    (told,) = (await client.get(_OPENS, params=_PAGE)).json()["Opens"]

    assert ({}, {}, "Unknown", "Odd Thing") == (
        told["Client"],
        told["OS"],
        told["Platform"],
        told["UserAgent"],
    )


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"recipient": "ANN@example.net"}, 1),
        ({"recipient": "nobody@example.net"}, 0),
        ({"tag": "welcome"}, 2),
        ({"tag": "other"}, 0),
        ({"client_family": "chrome", "os_family": "linux"}, 2),
        ({"clientCompany": "Google", "Platform": "desktop"}, 2),
        ({"client_name": "Nothing"}, 0),
        ({"os_name": "Windows"}, 0),
        ({"platform": "Mobile"}, 0),
        ({"messagestream": "broadcast"}, 0),
        ({"fromdate": "2020-01-01", "todate": "2999-01-01"}, 2),
        ({"todate": "2020-01-01"}, 0),
        ({"country": "US"}, 0),
        ({"region": "TX"}, 0),
        ({"city": "Houston"}, 0),
    ],
)
@pytest.mark.usefixtures("one")
async def test_filters(client, wanted, count):
    """Whatever the case; what this server does not know matches nothing."""
    body = (await client.get(_OPENS, params=_PAGE | wanted)).json()

    assert (count, count) == (body["TotalCount"], len(body["Opens"]))


async def test_of_one_message(house, client, one):
    """Whatever its stream; none is an empty list, and pages count them all."""
    other = await _sent(client, MessageStream="broadcast")
    silent = await _sent(client)
    await _seen(house, other)

    for id, opens, clicks in ((one, 2, 2), (other, 1, 0), (silent, 0, 0), (one.upper(), 2, 2)):
        for path, key, count in ((_OPENS, "Opens", opens), (_CLICKS, "Clicks", clicks)):
            page = (await client.get(f"{path}/{id}", params={"count": 1, "offset": 0})).json()
            assert (count, min(count, 1)) == (page["TotalCount"], len(page[key]))
    rest = (await client.get(f"{_OPENS}/{one}", params={"count": 1, "offset": 1})).json()
    assert ["Ann@example.net"] == [each["Recipient"] for each in rest["Opens"]]


async def test_the_test_token_has_seen_nothing(house):
    """Nobody's server has no mail."""
    client = await house.client("postmark", authorized=False)
    client.headers["X-Postmark-Server-Token"] = "POSTMARK_API_TEST"

    for wanted in ({}, {"messagestream": "broadcast"}):
        assert {"TotalCount": 0, "Opens": []} == (await client.get(_OPENS, params=_PAGE | wanted)).json()
