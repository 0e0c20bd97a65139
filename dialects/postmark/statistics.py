"""Statistics of outbound mail: an overview, and each figure by day.

Source: Postmark developer docs, "Stats API", and its SDKs for the keys that always stand there, read 2026-11. A bounce
rate is of what was sent, in percent with three digits; what never left counts as an SMTP API error and not as a bounce.
Programs, platforms and places are those of first opens and first clicks, as lists have them.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from core import stats
from core.errors import Invalid
from core.stats import Figure, Figures, Span
from core.tracking.sighting import Platform
from dialects.endpoint import Call, get
from dialects.postmark import places
from dialects.postmark.dates import day
from dialects.postmark.payloads import PLATFORMS
from dialects.postmark.timeline import CLICK_LOCATIONS

_KIND: Final = "stats"
_HARD: Final = ("hard", "no_mailbox", "no_domain", "bad_address")
_SOFT: Final = (
    *("soft", "mailbox_full", "too_large", "attachment", "blocked", "spam", "dmarc", "virus", "challenge", "unknown"),
)  # fmt: skip
_TRANSIENT: Final = ("transient", "dns")
_NEVER_SENT: Final = ("submission_error",)
_COMPLAINTS: Final = ("complaint",)
_BOUNCES: Final = {
    **dict.fromkeys(_HARD, "HardBounce"),
    **dict.fromkeys(_SOFT, "SoftBounce"),
    **dict.fromkeys(_TRANSIENT, "Transient"),
    **dict.fromkeys(_NEVER_SENT, "SMTPApiError"),
}
# how long somebody read is not measured
_UNKNOWN_TIME: Final = "unknown"
_RATE_DIGITS: Final = 3

Counts = dict[str, int]


class Query(msgspec.Struct, kw_only=True):
    """The query of every statistic, its keys folded; without a stream it is of all of them."""

    tag: str | None = None
    fromdate: str | None = None
    todate: str | None = None
    messagestream: str | None = None

    def span(self) -> Span:
        """What to count; raises Invalid("stats") and Invalid("stats_span")."""
        since, until = day(self.fromdate, "fromdate", _KIND), day(self.todate, "todate", _KIND)
        if since is not None and until is not None and since > until:
            raise Invalid("fromdate", "The 'fromdate' must not be after the 'todate'.", kind="stats_span")
        return Span(stream=self.messagestream, tag=self.tag, since=since, until=until)


class Overview(msgspec.Struct, rename="pascal", kw_only=True):
    """Everything in one look, without days."""

    sent: int
    bounced: int
    smtp_api_errors: int = msgspec.field(name="SMTPApiErrors")
    bounce_rate: float
    spam_complaints: int
    spam_complaints_rate: float
    opens: int
    unique_opens: int
    tracked: int
    with_link_tracking: int
    with_open_tracking: int
    total_tracked_links_sent: int
    unique_links_clicked: int
    total_clicks: int
    with_client_recorded: int
    with_platform_recorded: int
    with_read_time_recorded: int = 0

    @classmethod
    def of(cls, counted: "_Counted") -> "Overview":
        """From the counts of all its figures."""
        sent = counted.of("sent")
        bounced = counted.of("bounced", *_HARD, *_SOFT, *_TRANSIENT)
        complaints = counted.of("bounced", *_COMPLAINTS)
        unique = counted.of("opened_first")
        return cls(
            sent=sent,
            bounced=bounced,
            smtp_api_errors=counted.of("bounced", *_NEVER_SENT),
            bounce_rate=_rate(bounced, sent),
            spam_complaints=complaints,
            spam_complaints_rate=_rate(complaints, sent),
            opens=counted.of("opened"),
            unique_opens=unique,
            tracked=counted.of("sent", "opens", "links", "both"),
            with_link_tracking=counted.of("sent", "links", "both"),
            with_open_tracking=counted.of("sent", "opens", "both"),
            total_tracked_links_sent=counted.of("links"),
            unique_links_clicked=counted.of("clicked_first"),
            total_clicks=counted.of("clicked"),
            with_client_recorded=counted.of("opened_with") - counted.of("opened_with", ""),
            with_platform_recorded=unique - counted.of("opened_first", "unknown"),
        )


class _Counted:
    """Counts by figure and name, whatever the day."""

    def __init__(self, found: Sequence[Figure]) -> None:
        self._found = found

    def of(self, figure: Figures, *names: str) -> int:
        """Of a figure, and of some of its names where any are given."""
        return sum(
            each.count for each in self._found if each.figure == figure and (not names or each.name in names)
        )


class Statistic(msgspec.Struct, frozen=True, kw_only=True):
    """A statistic by day: its figures, the key that one counts for, and the keys that always stand there.

    None for a figure that counts for no key.
    """

    figures: tuple[Figures, ...]
    key: Callable[[Figure], str | None]
    keys: tuple[str, ...] = ()

    def told(self, found: Sequence[Figure]) -> dict[str, object]:
        """The answer: names that are data stand beside the keys, in each day and in all."""
        days: dict[str, Counts] = {}
        total = dict.fromkeys(self.keys, 0)
        for each in found:
            key = self.key(each)
            if key is None:
                continue
            for counts in (days.setdefault(each.day, dict.fromkeys(self.keys, 0)), total):
                counts[key] = counts.get(key, 0) + each.count
        return {"Days": [{"Date": date, **counts} for date, counts in days.items()], **total}


def _always(key: str) -> Callable[[Figure], str]:
    return lambda _: key


def _rate(part: int, whole: int) -> float:
    return round(100 * part / whole, _RATE_DIGITS) if whole else 0


def _complaint(figure: Figure) -> str | None:
    return "SpamComplaint" if figure.name in _COMPLAINTS else None


def _platform(figure: Figure) -> str:
    platform: Platform = figure.name  # type: ignore[assignment]  # as it was counted
    return PLATFORMS[platform]


def _browser_platform(figure: Figure) -> str:
    """A browser is no program of a mailbox provider's."""
    named = _platform(figure)
    return "Unknown" if named == "WebMail" else named


_SENDS: Final = Statistic(figures=("sent",), key=_always("Sent"), keys=("Sent",))
_BOUNCE_COUNTS: Final = Statistic(
    figures=("bounced",),
    key=lambda figure: _BOUNCES.get(figure.name),
    keys=("HardBounce", "SMTPApiError", "SoftBounce", "Transient"),
)
_SPAM: Final = Statistic(figures=("bounced",), key=_complaint, keys=("SpamComplaint",))
_TRACKED: Final = Statistic(
    figures=("sent",), key=lambda figure: "Tracked" if figure.name else None, keys=("Tracked",)
)
_OPENS: Final = Statistic(
    figures=("opened", "opened_first"),
    key=lambda figure: "Opens" if figure.figure == "opened" else "Unique",
    keys=("Opens", "Unique"),
)
_PLATFORM_USAGE: Final = Statistic(
    figures=("opened_first",), key=_platform, keys=("Desktop", "Mobile", "Unknown", "WebMail")
)
_CLIENTS: Final = Statistic(figures=("opened_with",), key=lambda figure: figure.name or None)
_READ_TIMES: Final = Statistic(figures=("opened_first",), key=_always(_UNKNOWN_TIME))
_CLICKS: Final = Statistic(
    figures=("clicked", "clicked_first"),
    key=lambda figure: "Clicks" if figure.figure == "clicked" else "Unique",
    keys=("Clicks", "Unique"),
)
_BROWSERS: Final = Statistic(figures=("clicked_with",), key=lambda figure: figure.name or None)
_BROWSER_PLATFORMS: Final = Statistic(
    figures=("clicked_first",), key=_browser_platform, keys=("Desktop", "Mobile", "Unknown")
)
_LOCATIONS: Final = Statistic(
    figures=("clicked_in",),
    key=lambda figure: CLICK_LOCATIONS[figure.name] or None,
    keys=tuple(CLICK_LOCATIONS[part] for part in ("html", "text")),
)
_OVERVIEW: Final[tuple[Figures, ...]] = (
    *("sent", "links", "bounced", "opened", "opened_first", "opened_with", "clicked", "clicked_first"),
)  # fmt: skip


async def _counted(call: Call, query: Query, figures: Sequence[Figures]) -> list[Figure]:
    span = query.span()
    if query.messagestream is not None:
        await places.require_stream(call, query.messagestream)
    return await stats.daily(call.core, call.caller, figures, span)


async def _by_day(call: Call, query: Query, statistic: Statistic) -> dict[str, object]:
    return statistic.told(await _counted(call, query, statistic.figures))


async def overview(call: Call, query: Query) -> Overview:
    """How the server's mail fares."""
    return Overview.of(_Counted(await _counted(call, query, _OVERVIEW)))


async def sends(call: Call, query: Query) -> dict[str, object]:
    """Recipients that mail was sent to."""
    return await _by_day(call, query, _SENDS)


async def bounces(call: Call, query: Query) -> dict[str, object]:
    """What came back, by sort."""
    return await _by_day(call, query, _BOUNCE_COUNTS)


async def spam(call: Call, query: Query) -> dict[str, object]:
    """Complaints."""
    return await _by_day(call, query, _SPAM)


async def tracked(call: Call, query: Query) -> dict[str, object]:
    """Recipients whose opens or links are tracked."""
    return await _by_day(call, query, _TRACKED)


async def opens(call: Call, query: Query) -> dict[str, object]:
    """Opens, and those that were a recipient's first."""
    return await _by_day(call, query, _OPENS)


async def platforms(call: Call, query: Query) -> dict[str, object]:
    """On what mail was opened."""
    return await _by_day(call, query, _PLATFORM_USAGE)


async def clients(call: Call, query: Query) -> dict[str, object]:
    """With which programs, as far as they are known."""
    return await _by_day(call, query, _CLIENTS)


async def read_times(call: Call, query: Query) -> dict[str, object]:
    """How long mail was read, which nobody knows."""
    return await _by_day(call, query, _READ_TIMES)


async def clicks(call: Call, query: Query) -> dict[str, object]:
    """Clicks, and those that were the first of a recipient and link."""
    return await _by_day(call, query, _CLICKS)


async def browsers(call: Call, query: Query) -> dict[str, object]:
    """With which browsers links were followed, as far as they are known."""
    return await _by_day(call, query, _BROWSERS)


async def browser_platforms(call: Call, query: Query) -> dict[str, object]:
    """On what links were followed."""
    return await _by_day(call, query, _BROWSER_PLATFORMS)


async def locations(call: Call, query: Query) -> dict[str, object]:
    """In which part of a mail."""
    return await _by_day(call, query, _LOCATIONS)


OPERATIONS = (
    get("/stats/outbound", overview),
    get("/stats/outbound/sends", sends),
    get("/stats/outbound/bounces", bounces),
    get("/stats/outbound/spam", spam),
    get("/stats/outbound/tracked", tracked),
    get("/stats/outbound/opens", opens),
    get("/stats/outbound/opens/platforms", platforms),
    get("/stats/outbound/opens/emailclients", clients),
    get("/stats/outbound/opens/readtimes", read_times),
    get("/stats/outbound/clicks", clicks),
    get("/stats/outbound/clicks/browserfamilies", browsers),
    get("/stats/outbound/clicks/platforms", browser_platforms),
    get("/stats/outbound/clicks/location", locations),
)
