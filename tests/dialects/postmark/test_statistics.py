"""Statistics in Postmark's form: what opens and clicks come to, complaints, days, and what stands there in any case."""

import pytest

from core import ids
from core.bounces.news import Arrival, News
from core.messages.reading import get
from core.returned import Verdict
from core.stats import Figure
from core.tracking.sightings import Sighting, record
from core.tracking.tokens import Click, Place
from dialects.postmark import statistics

_CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
_MAIL = {
    "From": "a@acme.example",
    "To": "Ann@Example.net, bob@example.net",
    "TextBody": "t",
    "Tag": "welcome",
    "TrackOpens": True,
}


async def _seen(house, id, position=0, *, agent=_CHROME, leads="", part="html"):
    place = Place(id, position)
    click = Click(place, leads, part) if leads else None
    at = house.core.clock.now()
    sighting = Sighting(id=ids.new(), place=place, at=at, ip="192.0.2.1", user_agent=agent, click=click)
    await record(house.core, [sighting])


@pytest.fixture
async def client(house):
    """A client of a server whose mail was opened by two, one of them twice, and followed by one; both complained."""
    made = await house.client("postmark")
    id = (await made.post("/email", json=_MAIL)).json()["MessageID"]
    await house.settle()
    await _seen(house, id)
    await _seen(house, id, agent="?")
    await _seen(house, id, 1, agent="?")
    await _seen(house, id, leads="https://x.example/")
    await _seen(house, id, leads="https://x.example/")
    await _seen(house, id, leads="https://y.example/", part="text")
    message = await get(house.core, await house.caller(), id)
    verdict = Verdict(action="complained", kind="complaint", recipients=())
    news = [News(delivery, verdict) for delivery in message.deliveries]
    await house.core.returns.add(Arrival(message=message, news=news, dump=b""))
    return made


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("opens", {"Opens": 3, "Unique": 2}),
        ("opens/platforms", {"Desktop": 1, "Mobile": 0, "Unknown": 1, "WebMail": 0}),
        ("opens/emailclients", {"Chrome": 1}),
        ("opens/readTimes", {"unknown": 2}),
        ("clicks", {"Clicks": 3, "Unique": 2}),
        ("clicks/browserfamilies", {"Chrome": 2}),
        ("clicks/platforms", {"Desktop": 2, "Mobile": 0, "Unknown": 0}),
        ("clicks/location", {"HTML": 1, "Text": 1}),
        ("spam", {"SpamComplaint": 2}),
        ("bounces", {}),
        ("sends", {"Sent": 2}),
        ("tracked", {"Tracked": 2}),
    ],
)
async def test_by_day(client, path, expected):
    """The day and all days have the same keys; of one stream and tag it is the same as of all."""
    for query in ({}, {"tag": "welcome", "messagestream": "outbound"}, {"TAG": "welcome", "fromDate": ""}):
        body = (await client.get(f"stats/outbound/{path}", params=query)).json()
        days = body.pop("Days")
        if expected:
            assert [expected] == [{key: day[key] for key in day if key != "Date"} for day in days]
            assert expected == body
        else:
            assert ([], {0}) == (days, set(body.values()))


async def test_overview(client):
    """First opens and clicks, what is known of them, and rates in percent."""
    body = (await client.get("stats/outbound")).json()
    assert {
        "Sent": 2, "Bounced": 0, "SMTPApiErrors": 0, "BounceRate": 0, "SpamComplaints": 2, "SpamComplaintsRate": 100,
        "Opens": 3, "UniqueOpens": 2, "Tracked": 2, "WithLinkTracking": 0, "WithOpenTracking": 2,
        "TotalTrackedLinksSent": 0, "UniqueLinksClicked": 2, "TotalClicks": 3, "WithClientRecorded": 1,
        "WithPlatformRecorded": 1, "WithReadTimeRecorded": 0,
    } == body  # fmt: skip


async def test_a_day_is_an_eastern_one(client):
    """A moment means its day, in whatever zone it is given."""
    (day,) = (await client.get("stats/outbound/sends")).json()["Days"]
    date = day["Date"]
    for query, expected in (
        ({"fromdate": f"{date}T23:59:59", "todate": date}, 1),
        ({"fromdate": f"{date}T23:00:00-04:00", "todate": f"{date}T12:00:00"}, 1),
        ({"todate": f"{date}T01:00:00Z"}, 0),
    ):
        assert expected == len((await client.get("stats/outbound/sends", params=query)).json()["Days"])


def test_a_rate_has_three_digits():
    """Rounded, and zero of nothing."""
    assert (10.407, 1.626, 0) == tuple(statistics._rate(*each) for each in ((64, 615), (10, 615), (0, 0)))


def test_bounces_of_every_sort():
    """What is no failed delivery counts for nothing here."""
    kinds = (
        "no_mailbox",
        "blocked",
        "dns",
        "submission_error",
        "auto_reply",
        "complaint",
        "rendering_failed",
    )
    found = [Figure("2026-03-04", "bounced", kind, 1) for kind in kinds]
    counts = {"HardBounce": 1, "SMTPApiError": 1, "SoftBounce": 1, "Transient": 1}
    assert {"Days": [{"Date": "2026-03-04", **counts}], **counts} == statistics._BOUNCE_COUNTS.told(found)
