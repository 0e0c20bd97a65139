"""Opens and clicks: of a server's mail by filter, and of one message.

Source: Postmark developer docs, "Messages API", message opens and clicks, its Python SDK for the keys that always stand
there, read 2026-11. One open of a recipient and message is kept, and one click of a recipient and link.
"""

from typing import Final

import msgspec

from core import ids, messages
from core.errors import Invalid, NotFound
from core.paging import Page
from core.streams import DEFAULT_SEND
from core.tracking import reading
from core.tracking.reading import Filter, Row
from core.tracking.sighting import Platform
from dialects.endpoint import Call, get
from dialects.postmark import places
from dialects.postmark.dates import eastern, end, start
from dialects.postmark.paging import Paged
from dialects.postmark.payloads import PLATFORMS, Geo, Program
from dialects.postmark.timeline import CLICK_LOCATIONS

_PLATFORMS: Final[dict[str, Platform]] = {name.lower(): platform for platform, name in PLATFORMS.items()}


class Search(Paged, kw_only=True):
    """The query of a search, its keys folded: ``client_name`` and ``clientName`` are one."""

    recipient: str | None = None
    tag: str | None = None
    messagestream: str = DEFAULT_SEND
    clientname: str | None = None
    clientcompany: str | None = None
    clientfamily: str | None = None
    osname: str | None = None
    oscompany: str | None = None
    osfamily: str | None = None
    platform: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    fromdate: str | None = None
    todate: str | None = None

    @property
    def asks_where(self) -> bool:
        """Whether it is for places: this server knows of none, so nothing was seen in any of them."""
        return any((self.country, self.region, self.city))

    def filter(self) -> Filter:
        """What to look for; raises Invalid("search")."""
        return Filter(
            recipient=self.recipient,
            tag=self.tag,
            stream=self.messagestream,
            client_name=self.clientname,
            client_company=self.clientcompany,
            client_family=self.clientfamily,
            os_name=self.osname,
            os_company=self.oscompany,
            os_family=self.osfamily,
            platform=self._platform(),
            since=start(self.fromdate, "fromdate"),
            until=end(self.todate, "todate"),
        )

    def _platform(self) -> Platform | None:
        if self.platform is None:
            return None
        if self.platform.lower() not in _PLATFORMS:
            reason = f"The 'platform' parameter '{self.platform}' is not valid."
            raise Invalid("platform", reason, kind="search")
        return _PLATFORMS[self.platform.lower()]


class Sighting(msgspec.Struct, rename="pascal", kw_only=True):
    """What an open and a click have in common; empty objects where nothing is known."""

    record_type: str
    message_id: str = msgspec.field(name="MessageID")
    message_stream: str
    received_at: str
    tag: str
    recipient: str
    user_agent: str
    client: Program
    os: Program = msgspec.field(name="OS")
    platform: str
    geo: Geo


class Open(Sighting, rename="pascal", kw_only=True):
    """The first open. How long somebody read is not measured."""

    first_open: bool
    read_seconds: int = 0

    @classmethod
    def of(cls, row: Row) -> "Open":
        """From the domain's."""
        return cls(**msgspec.structs.asdict(_common(row, "Open")), first_open=row.seen.first)


class Click(Sighting, rename="pascal", kw_only=True):
    """The first click of a link."""

    click_location: str
    original_link: str

    @classmethod
    def of(cls, row: Row) -> "Click":
        """From the domain's."""
        common = msgspec.structs.asdict(_common(row, "Click"))
        return cls(**common, click_location=CLICK_LOCATIONS[row.seen.part], original_link=row.seen.link)


class Opens(msgspec.Struct, rename="pascal", kw_only=True):
    """A page of opens; the count is of all that match."""

    total_count: int
    opens: list[Open]


class Clicks(msgspec.Struct, rename="pascal", kw_only=True):
    """A page of clicks; the count is of all that match."""

    total_count: int
    clicks: list[Click]


def _common(row: Row, record_type: str) -> Sighting:
    agent = row.seen.agent
    return Sighting(
        record_type=record_type,
        message_id=row.message_id,
        message_stream=row.stream,
        received_at=eastern(row.at),
        tag=row.tag,
        recipient=row.recipient,
        user_agent=row.seen.user_agent,
        client=Program.of(agent.client),
        os=Program.of(agent.os),
        platform=PLATFORMS[agent.platform],
        geo=Geo(row.seen.ip),
    )


async def _found(call: Call, kind: reading.Kind, query: Search) -> Page[Row]:
    request, wanted = query.page("search"), query.filter()
    await places.require_stream(call, query.messagestream)
    if query.asks_where:
        return Page(items=())
    return await reading.page(call.core, call.caller, kind, wanted, request)


async def _of_message(call: Call, kind: reading.Kind, query: Paged, id: str) -> Page[Row]:
    request = query.page("search")
    if not ids.is_uuid(id):
        raise NotFound("message", id)
    message = await messages.get(call.core, call.caller, id.lower())
    return await reading.page(call.core, call.caller, kind, Filter(message_id=message.id), request)


def _opens(found: Page[Row]) -> Opens:
    return Opens(total_count=found.total, opens=[Open.of(each) for each in found.items])


def _clicks(found: Page[Row]) -> Clicks:
    return Clicks(total_count=found.total, clicks=[Click.of(each) for each in found.items])


async def opens(call: Call, query: Search) -> Opens:
    """Opens of one stream's mail, the newest first."""
    return _opens(await _found(call, "opened", query))


async def opens_of(call: Call, query: Paged, id: str) -> Opens:
    """Opens of one message, each recipient's first."""
    return _opens(await _of_message(call, "opened", query, id))


async def clicks(call: Call, query: Search) -> Clicks:
    """Clicks in one stream's mail, the newest first."""
    return _clicks(await _found(call, "clicked", query))


async def clicks_of(call: Call, query: Paged, id: str) -> Clicks:
    """Clicks in one message, each recipient's first of each link."""
    return _clicks(await _of_message(call, "clicked", query, id))


OPERATIONS = (
    get("/messages/outbound/opens", opens),
    get("/messages/outbound/opens/{id}", opens_of),
    get("/messages/outbound/clicks", clicks),
    get("/messages/outbound/clicks/{id}", clicks_of),
)
