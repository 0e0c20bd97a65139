"""What is asked of a full store: every call that lists, searches or counts, with each of its filters."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from core import ids
from gateway.bench.filling import RARE_SENDER, RARE_TAG, order, recipient
from gateway.bench.subject import DOMAIN

_JSON: Final = {"Content-Type": "application/json"}
_PAGE: Final = {"count": 50, "offset": 0}


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A request, and how it is named in the table."""

    name: str
    path: str
    method: str = "GET"
    headers: dict[str, str]
    body: dict[str, Any] | None = None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Things of the store that are asked for by name."""

    message: str
    opened: str
    bounce: int
    letter: str
    number: int


def questions(keys: dict[str, str], known: Known) -> Iterator[Question]:
    """All of them; ``keys`` are the dialects'."""
    server = {"X-Postmark-Server-Token": keys["postmark"]}
    for path, query in (*_of_postmark(known), *_stats()):
        yield Question(name=f"postmark {_shown(path, query)}", path=_asked(path, query), headers=server)
    resend, puffer = ({"Authorization": f"Bearer {keys[each]}"} for each in ("resend", "pufferpost"))
    for path, query in _of_resend(known):
        yield Question(name=f"resend {_shown(path, query)}", path=_asked(path, query), headers=resend)
    for path, query in _of_pufferpost(known):
        asked = _asked("/pufferpost" + path, query)
        yield Question(name=f"pufferpost {_shown(path, query)}", path=asked, headers=puffer)
    for method in ("get_project_info", "get_account_info", "get_message_receipt", "get_message_transmissions",
                   "message_status", "message_delivery_status"):  # fmt: skip
        body = {"api_key": keys["postageapp"], "uid": known.message}
        path = f"/v.1.0/{method}.json"
        yield Question(name=f"postageapp {method}", method="POST", path=path, headers=_JSON, body=body)


Asked = tuple[str, dict[str, Any]]


def _asked(path: str, query: dict[str, Any]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _shown(path: str, query: dict[str, Any]) -> str:
    shown = " ".join(f"{key}={value}" for key, value in query.items() if (key, value) not in _PAGE.items())
    return f"{path} {shown}".strip()


def _of_postmark(known: Known) -> Iterator[Asked]:
    now = datetime.now(UTC)
    week = {"fromdate": f"{now - timedelta(14):%Y-%m-%d}", "todate": f"{now - timedelta(7):%Y-%m-%d}"}
    deep = {"count": 500, "offset": 9500}
    yield from _outbound(known, week, deep)
    yield from _sightings(known, week, deep)
    yield from _bounces(known, week, deep)
    yield from _inbound(known, week)
    yield from _suppressions(known, week)


def _outbound(known: Known, week: dict[str, Any], deep: dict[str, Any]) -> Iterator[Asked]:
    alone = order(known.number)
    for query in (
        {}, {"count": 500}, deep, week, {"recipient": recipient(known.number)}, {"recipient": "nobody@example.net"},
        {"fromemail": f"shop@{DOMAIN}"}, {"fromemail": RARE_SENDER}, {"fromemail": f"nobody@{DOMAIN}"},
        {"tag": "receipt"}, {"tag": RARE_TAG}, {"tag": "none"}, {"tag": "receipt"} | week, {"status": "queued"},
        {"status": "sent"}, {"subject": "order"}, {"subject": alone}, {"subject": "none"},
        {"metadata_order": alone}, {"metadata_order": "none"}, {"messagestream": "broadcast"},
        {"messagestream": "broadcast", "tag": RARE_TAG, "status": "sent"},
    ):  # fmt: skip  # one a line would be a page
        yield "/messages/outbound", _PAGE | query
    for path in ("details", "dump"):
        yield f"/messages/outbound/{known.message}/{path}", {}


def _sightings(known: Known, week: dict[str, Any], deep: dict[str, Any]) -> Iterator[Asked]:
    for path in ("opens", "clicks"):
        for query in (
            {}, {"count": 500}, deep, week, {"recipient": recipient(known.number)}, {"recipient": "nobody@example.net"},
            {"tag": "receipt"}, {"tag": RARE_TAG}, {"tag": "none"}, {"messagestream": "broadcast"},
            {"client_name": "Firefox 140.0"}, {"client_name": "none"}, {"client_company": "Google"},
            {"client_family": "Firefox"}, {"os_name": "none"}, {"os_family": "iOS"}, {"os_company": "none"},
            {"platform": "Mobile"}, {"platform": "WebMail"}, {"country": "Denmark"},
        ):  # fmt: skip  # likewise
            yield f"/messages/outbound/{path}", _PAGE | query
        yield f"/messages/outbound/{path}/{known.opened}", _PAGE


def _bounces(known: Known, week: dict[str, Any], deep: dict[str, Any]) -> Iterator[Asked]:
    yield "/deliverystats", {}
    for query in (
        {}, {"count": 500}, deep, week, {"type": "HardBounce"}, {"type": "VirusNotification"}, {"inactive": "true"},
        {"inactive": "false"}, {"emailFilter": recipient(known.number)}, {"emailFilter": "none"}, {"tag": "receipt"},
        {"tag": RARE_TAG}, {"messageID": known.message}, {"messagestream": "broadcast"},
    ):  # fmt: skip  # likewise
        yield "/bounces", _PAGE | query
    for path in ("tags", str(known.bounce), f"{known.bounce}/dump"):
        yield f"/bounces/{path}", {}


def _inbound(known: Known, week: dict[str, Any]) -> Iterator[Asked]:
    for query in (
        {}, {"count": 500}, week, {"recipient": "help@example.org"}, {"recipient": "none@example.org"},
        {"fromemail": recipient(known.number)}, {"fromemail": "none@example.org"}, {"subject": "none"},
        {"mailboxhash": "case1"}, {"tag": "none"}, {"status": "blocked"}, {"status": "failed"},
    ):  # fmt: skip  # likewise
        yield "/messages/inbound", _PAGE | query
    for path in ("details", "dump"):
        yield f"/messages/inbound/{known.letter}/{path}", {}


def _suppressions(known: Known, week: dict[str, Any]) -> Iterator[Asked]:
    dump = "/message-streams/outbound/suppressions/dump"
    for query in (
        {}, week, {"emailaddress": recipient(known.number)}, {"suppressionreason": "SpamComplaint"},
        {"origin": "Customer"},
    ):  # fmt: skip  # likewise
        yield dump, query
    for path in ("/message-streams", "/triggers/inboundrules", "/webhooks"):
        yield path, _PAGE


def _stats() -> Iterator[Asked]:
    since = {"fromdate": f"{datetime.now(UTC) - timedelta(30):%Y-%m-%d}"}
    for path in (
        "", "/sends", "/bounces", "/spam", "/tracked", "/opens", "/opens/platforms", "/opens/emailclients",
        "/opens/readtimes", "/clicks", "/clicks/browserfamilies", "/clicks/platforms", "/clicks/location",
    ):  # fmt: skip  # likewise
        for query in ({}, {"tag": "receipt", "messagestream": "outbound"} | since):
            yield f"/stats/outbound{path}", query


def _of_resend(known: Known) -> Iterator[Asked]:
    for query in ({}, {"limit": 100}, {"limit": 100, "after": known.message}, {"before": known.message}):
        yield "/emails", query
    yield f"/emails/{known.message}", {}
    for query in ({}, {"limit": 100}, {"after": known.letter}):
        yield "/emails/receiving", query
    yield f"/emails/receiving/{known.letter}", {}


def _of_pufferpost(known: Known) -> Iterator[Asked]:
    id = f"msg_{ids.ulid(known.message)}"
    for query in (
        {}, {"limit": 100}, {"status": "bounced"}, {"status": "queued"}, {"status": "suppressed"},
        {"recipient": recipient(known.number)}, {"from": f"shop@{DOMAIN}"}, {"from": RARE_SENDER},
        {"templateId": f"tpl_{ids.ulid(known.message)}"}, {"createdBefore": "2020-01-01"},
    ):  # fmt: skip  # likewise
        yield "/v1/messages", query
    for path in ("", "/events"):
        yield f"/v1/messages/{id}{path}", {}
