"""Every operation, by one table: it works, finds nothing, knows no stranger, and reads no nonsense."""

import re
from typing import Any

import httpx
import msgspec
import pytest

from core import accounts, domains, senders
from core.paging import PageRequest
from dialects.endpoint import Operation
from dialects.postmark import DIALECT, retired
from dialects.postmark.auth import ACCOUNT
from gateway import provision
from gateway.config import Settings
from tests.core.post import alter, letter_in
from tests.dialects.postmark.driver import DRIVER
from tests.dns_server import DnsServer
from tests.house import House

_MAIL = {"From": "a@acme.example", "To": "b@acme.example", "TextBody": "t"}
_BOUNCING = _MAIL | {"To": "softbounce@bounce-testing.postmarkapp.com", "Tag": "welcome"}
_HOOK = {"Url": "http://127.0.0.1:9/pm", "Triggers": {"Open": {"Enabled": True}}}
_SUPPRESSED = {"Suppressions": [{"EmailAddress": "b@acme.example"}]}
_LETTER = b"From: ann@example.org\r\nTo: help@in.example\r\nSubject: Hi\r\n\r\nHello\r\n"
_LETTERS = {"letter": "processed", "blocked": "blocked", "failed": "failed"}
_STREAM = {"ID": "receipts", "Name": "Receipts", "MessageStreamType": "Transactional"}
_REMOVAL = {"RequestedBy": "a@acme.example", "RequestedFor": "b@acme.example", "NotifyWhenCompleted": False}
_DOMAIN = {"Name": "shop.example", "ReturnPathDomain": "bounces.shop.example"}
_TEMPLATE = {"Name": "Receipt", "Subject": "s", "TextBody": "Hello {{name}}"}
_TEMPLATED = {
    "From": "a@acme.example",
    "To": "b@acme.example",
    "TemplateAlias": "{alias}",
    "TemplateModel": {},
}
_BULK = {"From": "a@acme.example", "TextBody": "t", "Messages": [{"To": "b@acme.example"}]}
_PUSH = {"SourceServerID": "{source}", "DestinationServerID": "{destination}", "PerformChanges": True}
# what a path asks for: where a server makes it, of what, and by which key it is then named
_MADE = {
    # without a trigger there is nobody to probe
    "{webhook}": ("/webhooks", {"Url": _HOOK["Url"]}, "ID"),
    "{rule}": ("/triggers/inboundrules", {"Rule": "example.com"}, "ID"),
    "{template}": ("/templates", _TEMPLATE, "TemplateId"),
    "{bulk}": ("/email/bulk", _BULK, "Id"),
}
_SENDER = {"FromEmail": "ann@shop.example", "Name": "Ann"}
_NOBODY = "2f6a1c1e-7a0b-4d0a-9a59-0c1d2e3f4a5b"


class Case(msgspec.Struct, frozen=True):
    """A request and the ErrorCode of its answer.

    ``path`` may hold the id of a message or of a letter that came in, or the number of a bounce, a rule or a webhook.
    """

    path: str
    body: Any = None
    code: int = 0
    status: int = 422


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An operation with a request for each of its fates; ``kind`` is the token's."""

    name: str
    kind: str = "server"
    method: str
    works: Case
    missing: Case
    invalid: Case


_ROWS = (
    Row(
        name="emails.send",
        method="POST",
        works=Case("/email", _MAIL),
        missing=Case("/email", _MAIL | {"MessageStream": "nope"}, 1235),
        invalid=Case("/email", _MAIL | {"To": 5}, 403),
    ),
    Row(
        name="emails.send_batch",
        method="POST",
        works=Case("/email/batch", [_MAIL]),
        missing=Case("/email/batch", [_MAIL | {"MessageStream": "nope"}], 1235, 200),
        invalid=Case("/email/batch", {"To": 5}, 403),
    ),
    Row(
        name="templated.send",
        method="POST",
        works=Case("/email/withTemplate", _TEMPLATED),
        missing=Case("/email/withTemplate", _TEMPLATED | {"TemplateAlias": "nope"}, 1101),
        invalid=Case("/email/withTemplate", _TEMPLATED | {"TemplateModel": 5}, 403),
    ),
    Row(
        name="templated.send_batch",
        method="POST",
        works=Case("/email/batchWithTemplates", {"Messages": [_TEMPLATED]}),
        missing=Case(
            "/email/batchWithTemplates", {"Messages": [_TEMPLATED | {"TemplateAlias": "nope"}]}, 1101, 200
        ),
        invalid=Case("/email/batchWithTemplates", {"Messages": 5}, 403),
    ),
    Row(
        name="bulk.send",
        method="POST",
        works=Case("/email/bulk", _BULK),
        missing=Case("/email/bulk", _BULK | {"MessageStream": "nope"}, 1226),
        invalid=Case("/email/bulk", _BULK | {"Messages": [{"To": "nobody"}]}, 300),
    ),
    Row(
        name="bulk.status",
        method="GET",
        works=Case("/email/bulk/{bulk}"),
        missing=Case(f"/email/bulk/{_NOBODY}", code=12, status=404),
        invalid=Case("/email/bulk/%00", code=12, status=404),
    ),
    Row(
        name="bulk.list_requests",
        method="GET",
        works=Case("/email/bulk"),
        missing=Case("/email/bulk?paginationKey=nope", code=13),
        invalid=Case("/email/bulk?count=x", code=13),
    ),
    Row(
        name="templates.list_templates",
        method="GET",
        works=Case("/templates?count=1&offset=0"),
        missing=Case("/templates?count=1&offset=0&layoutTemplate=nope", code=1101),
        invalid=Case("/templates?count=x&offset=0", code=1100),
    ),
    Row(
        name="templates.retrieve",
        method="GET",
        works=Case("/templates/{template}"),
        missing=Case("/templates/999999999", code=1101),
        invalid=Case("/templates/%00", code=1101),
    ),
    Row(
        name="templates.create",
        method="POST",
        works=Case("/templates", _TEMPLATE),
        missing=Case("/templates", _TEMPLATE | {"LayoutTemplate": "nope"}, 1101),
        invalid=Case("/templates", _TEMPLATE | {"Name": 5}, 403),
    ),
    Row(
        name="templates.edit",
        method="PUT",
        works=Case("/templates/{template}", {"Name": "Bill"}),
        missing=Case("/templates/999999999", {"Name": "Bill"}, 1101),
        invalid=Case("/templates/nope", {"Name": 5}, 403),
    ),
    Row(
        name="templates.remove",
        method="DELETE",
        works=Case("/templates/{template}"),
        missing=Case("/templates/999999999", code=1101),
        invalid=Case("/templates/x'", code=1101),
    ),
    Row(
        name="validating.validate",
        method="POST",
        works=Case("/templates/validate", {"Subject": "s"}),
        missing=Case("/templates/validate", {"HtmlBody": "h", "LayoutTemplate": "nope"}, 1101),
        invalid=Case("/templates/validate", {"Subject": 5}, 403),
    ),
    Row(
        name="messages.search",
        method="GET",
        works=Case("/messages/outbound?count=1&offset=0"),
        missing=Case("/messages/outbound?count=1&offset=0&messagestream=nope", code=1226),
        invalid=Case("/messages/outbound?count=x&offset=0", code=700),
    ),
    Row(
        name="messages.details",
        method="GET",
        works=Case("/messages/outbound/{id}/details"),
        missing=Case(f"/messages/outbound/{_NOBODY}/details", code=701),
        invalid=Case("/messages/outbound/%00/details", code=701),
    ),
    Row(
        name="messages.dump",
        method="GET",
        works=Case("/messages/outbound/{id}/dump"),
        missing=Case(f"/messages/outbound/{_NOBODY}/dump", code=701),
        invalid=Case("/messages/outbound/x'/dump", code=701),
    ),
    Row(
        name="messages.details_by_id",
        method="GET",
        works=Case("/messages/outbound/{id}"),
        missing=Case(f"/messages/outbound/{_NOBODY}", code=701),
        invalid=Case("/messages/outbound/sent", code=404, status=404),
    ),
    Row(
        name="sightings.opens",
        method="GET",
        works=Case("/messages/outbound/opens?count=1&offset=0"),
        missing=Case("/messages/outbound/opens?count=1&offset=0&messagestream=nope", code=1226),
        invalid=Case("/messages/outbound/opens?count=1&offset=0&platform=x", code=700),
    ),
    Row(
        name="sightings.opens_of",
        method="GET",
        works=Case("/messages/outbound/opens/{id}?count=1&offset=0"),
        missing=Case(f"/messages/outbound/opens/{_NOBODY}?count=1&offset=0", code=701),
        invalid=Case(f"/messages/outbound/opens/{_NOBODY}?count=501&offset=0", code=700),
    ),
    Row(
        name="sightings.clicks",
        method="GET",
        works=Case("/messages/outbound/clicks?count=1&offset=0"),
        missing=Case("/messages/outbound/clicks?count=1&offset=0&messagestream=nope", code=1226),
        invalid=Case("/messages/outbound/clicks?count=1&offset=9999&todate=x", code=700),
    ),
    Row(
        name="sightings.clicks_of",
        method="GET",
        works=Case("/messages/outbound/clicks/{id}?count=1&offset=0"),
        missing=Case("/messages/outbound/clicks/%00?count=1&offset=0", code=701),
        invalid=Case(f"/messages/outbound/clicks/{_NOBODY}?count=1", code=700),
    ),
    Row(
        name="inbound.search",
        method="GET",
        works=Case("/messages/inbound?count=1&offset=0"),
        missing=Case("/messages/inbound?count=1", code=700),
        invalid=Case("/messages/inbound?count=1&offset=0&status=x", code=700),
    ),
    Row(
        name="inbound.details",
        method="GET",
        works=Case("/messages/inbound/{letter}/details"),
        missing=Case(f"/messages/inbound/{_NOBODY}/details", code=701),
        invalid=Case("/messages/inbound/%00/details", code=701),
    ),
    Row(
        name="inbound.dump",
        method="GET",
        works=Case("/messages/inbound/{letter}/dump"),
        missing=Case(f"/messages/inbound/{_NOBODY}/dump", code=701),
        invalid=Case("/messages/inbound/x'/dump", code=701),
    ),
    Row(
        name="inbound.bypass",
        method="PUT",
        works=Case("/messages/inbound/{blocked}/bypass", {}),
        missing=Case(f"/messages/inbound/{_NOBODY}/bypass", {}, 701),
        invalid=Case("/messages/inbound/%00/bypass", {}, 701),
    ),
    Row(
        name="inbound.retry",
        method="PUT",
        works=Case("/messages/inbound/{failed}/retry", {}),
        missing=Case(f"/messages/inbound/{_NOBODY}/retry", {}, 701),
        invalid=Case("/messages/inbound/-1/retry", {}, 701),
    ),
    Row(
        name="bounces.stats",
        method="GET",
        works=Case("/deliverystats"),
        missing=Case("/deliverystats/outbound", code=404, status=404),
        invalid=Case("/deliverystats/%00", code=404, status=404),
    ),
    Row(
        name="bounces.search",
        method="GET",
        works=Case("/bounces?count=1&offset=0"),
        missing=Case("/bounces?count=1&offset=0&type=None", code=1000),
        invalid=Case("/bounces?count=x&offset=0", code=1000),
    ),
    Row(
        name="bounces.tags",
        method="GET",
        works=Case("/bounces/tags"),
        missing=Case("/bounces/tag", code=1002, status=400),
        invalid=Case("/bounces/tags/%00", code=404, status=404),
    ),
    Row(
        name="bounces.one",
        method="GET",
        works=Case("/bounces/{bounce}"),
        missing=Case("/bounces/999999999", code=1001),
        invalid=Case("/bounces/%00", code=1002, status=400),
    ),
    Row(
        name="bounces.dump",
        method="GET",
        works=Case("/bounces/{bounce}/dump"),
        missing=Case("/bounces/999999999/dump", code=1001),
        invalid=Case("/bounces/-1/dump", code=1002, status=400),
    ),
    Row(
        name="bounces.activate",
        method="PUT",
        works=Case("/bounces/{bounce}/activate", {}),
        missing=Case("/bounces/999999999/activate", {}, 1001),
        invalid=Case("/bounces/x'/activate", {}, 1002, 400),
    ),
    Row(
        name="streams.list_streams",
        method="GET",
        works=Case("/message-streams"),
        missing=Case("/message-streams?includeArchivedStreams=x", code=403),
        invalid=Case("/message-streams?messageStreamType=x", code=1221),
    ),
    Row(
        name="streams.retrieve",
        method="GET",
        works=Case("/message-streams/broadcast"),
        missing=Case("/message-streams/nope", code=1226),
        invalid=Case("/message-streams/%00", code=1226),
    ),
    Row(
        name="streams.edit",
        method="PATCH",
        works=Case("/message-streams/broadcast", {"Name": "News"}),
        missing=Case("/message-streams/nope", {"Name": "News"}, 1226),
        invalid=Case("/message-streams/broadcast", {"Name": 5}, 403),
    ),
    Row(
        name="streams.create",
        method="POST",
        works=Case("/message-streams", _STREAM),
        missing=Case("/message-streams", {}, 1222),
        invalid=Case("/message-streams", _STREAM | {"ID": 5}, 403),
    ),
    Row(
        name="streams.archive",
        method="POST",
        works=Case("/message-streams/broadcast/archive", {}),
        missing=Case("/message-streams/nope/archive", {}, 1226),
        invalid=Case("/message-streams/outbound/archive", {}, 1229),
    ),
    Row(
        name="streams.unarchive",
        method="POST",
        works=Case("/message-streams/broadcast/unarchive", {}),
        missing=Case("/message-streams/nope/unarchive", {}, 1226),
        invalid=Case("/message-streams/%00/unarchive", {}, 1226),
    ),
    Row(
        name="suppressions.dump",
        method="GET",
        works=Case("/message-streams/outbound/suppressions/dump"),
        missing=Case("/message-streams/nope/suppressions/dump", code=1226),
        invalid=Case("/message-streams/outbound/suppressions/dump?origin=x", code=1405),
    ),
    Row(
        name="suppressions.create",
        method="POST",
        works=Case("/message-streams/outbound/suppressions", _SUPPRESSED),
        missing=Case("/message-streams/inbound/suppressions", _SUPPRESSED, 1226),
        invalid=Case("/message-streams/outbound/suppressions", {"Suppressions": 5}, 403),
    ),
    Row(
        name="suppressions.delete",
        method="POST",
        works=Case("/message-streams/outbound/suppressions/delete", _SUPPRESSED),
        missing=Case("/message-streams/%00/suppressions/delete", _SUPPRESSED, 1226),
        invalid=Case("/message-streams/outbound/suppressions/delete", {"Suppressions": [5]}, 403),
    ),
    Row(
        name="rules.list_rules",
        method="GET",
        works=Case("/triggers/inboundrules?count=1&offset=0"),
        missing=Case("/triggers/inboundrules?count=1", code=800),
        invalid=Case("/triggers/inboundrules?count=0&offset=0", code=800),
    ),
    Row(
        name="rules.create",
        method="POST",
        works=Case("/triggers/inboundrules", {"Rule": "node-v20.19.0.com"}),
        missing=Case("/triggers/inboundrules", {}, 809),
        invalid=Case("/triggers/inboundrules", {"Rule": "nobody"}, 813),
    ),
    Row(
        name="rules.remove",
        method="DELETE",
        works=Case("/triggers/inboundrules/{rule}"),
        missing=Case("/triggers/inboundrules/999999999", code=812),
        invalid=Case("/triggers/inboundrules/%00", code=812),
    ),
    Row(
        name="webhooks.list_webhooks",
        method="GET",
        works=Case("/webhooks"),
        missing=Case("/webhooks?MessageStream=nope", code=1226),
        invalid=Case("/webhooks?status=x", code=1362),
    ),
    Row(
        name="webhooks.retrieve",
        method="GET",
        works=Case("/webhooks/{webhook}"),
        missing=Case("/webhooks/999999999", code=1352),
        invalid=Case("/webhooks/%00", code=1352),
    ),
    Row(
        name="webhooks.create",
        method="POST",
        works=Case("/webhooks", _HOOK),
        missing=Case("/webhooks", _HOOK | {"MessageStream": "nope"}, 1226),
        invalid=Case("/webhooks", _HOOK | {"Triggers": {"Open": 5}}, 403),
    ),
    Row(
        name="webhooks.edit",
        method="PUT",
        works=Case("/webhooks/{webhook}", _HOOK),
        missing=Case("/webhooks/999999999", _HOOK, 1352),
        invalid=Case("/webhooks/1", {"Url": 5}, 403),
    ),
    Row(
        name="webhooks.remove",
        method="DELETE",
        works=Case("/webhooks/{webhook}"),
        missing=Case("/webhooks/999999999", code=1352),
        invalid=Case("/webhooks/-1", code=1352),
    ),
    Row(
        name="webhooks.verify_webhook",
        method="POST",
        works=Case("/webhooks/{webhook}/verify", {}),
        missing=Case("/webhooks/999999999/verify", {}, 1352),
        invalid=Case("/webhooks/x'/verify", {}, 1352),
    ),
    Row(
        name="figures.statistics",
        method="GET",
        works=Case("/webhooks/{webhook}/statistics"),
        missing=Case("/webhooks/999999999/statistics", code=1352),
        invalid=Case("/webhooks/x'/statistics", code=1352),
    ),
    *(
        Row(
            name=f"statistics.{name}",
            method="GET",
            works=Case(f"/stats/outbound{path}?tag=welcome&fromdate=2026-01-01&todate=2026-12-31"),
            missing=Case(f"/stats/outbound{path}?messagestream=nope", code=1226),
            invalid=Case(f"/stats/outbound{path}?{query}", code=code),
        )
        for name, path, query, code in (
            ("overview", "", "fromdate=yesterday", 900),
            ("sends", "/sends", "todate=2026-02-30", 900),
            ("bounces", "/bounces", "fromdate=2026-03-02&todate=2026-03-01", 1502),
            ("spam", "/spam", "fromdate=2026", 900),
            ("tracked", "/tracked", "fromdate=x", 900),
            ("opens", "/opens", "todate=-1", 900),
            ("platforms", "/opens/platforms", "fromdate=%C3%A9", 900),
            ("clients", "/opens/emailclients", "fromdate=1/2/2026", 900),
            ("read_times", "/opens/readTimes", "todate=2026-13-01", 900),
            ("clicks", "/clicks", "fromdate=0000-01-01", 900),
            ("browsers", "/clicks/browserFamilies", "fromdate='", 900),
            ("browser_platforms", "/clicks/platforms", "fromdate=2026-03-02&todate=2026-03-01", 1502),
            ("locations", "/clicks/location", "todate=never", 900),
        )
    ),
    Row(
        name="servers.own",
        method="GET",
        works=Case("/server"),
        missing=Case("/server/1", code=404, status=404),
        invalid=Case("/server/%00", code=404, status=404),
    ),
    Row(
        name="servers.edit_own",
        method="PUT",
        works=Case("/server", {"Color": "Red"}),
        missing=Case("/server", {}, 609),
        invalid=Case("/server", {"TrackOpens": "perhaps"}, 403),
    ),
    Row(
        name="pushing.push",
        kind="account",
        method="PUT",
        works=Case("/templates/push", _PUSH),
        missing=Case("/templates/push", _PUSH | {"SourceServerID": 0, "DestinationServerID": 1}, 601),
        invalid=Case("/templates/push", _PUSH | {"SourceServerID": 1, "DestinationServerID": "x"}, 403),
    ),
    Row(
        name="removals.create",
        kind="account",
        method="POST",
        works=Case("/data-removals", _REMOVAL),
        missing=Case("/data-removals", {}, 1300),
        invalid=Case("/data-removals", _REMOVAL | {"RequestedFor": "nobody"}, 1300),
    ),
    Row(
        name="removals.status",
        kind="account",
        method="GET",
        works=Case("/data-removals/{removal}"),
        missing=Case("/data-removals/999999999", code=1301),
        invalid=Case("/data-removals/%00", code=1301),
    ),
    Row(
        name="domains.list_domains",
        kind="account",
        method="GET",
        works=Case("/domains?count=1&offset=0"),
        missing=Case("/domains?count=1", code=500),
        invalid=Case("/domains?count=501&offset=0", code=500),
    ),
    Row(
        name="domains.retrieve",
        kind="account",
        method="GET",
        works=Case("/domains/{domain}"),
        missing=Case("/domains/999999999", code=510),
        invalid=Case("/domains/%00", code=510),
    ),
    Row(
        name="domains.create",
        kind="account",
        method="POST",
        works=Case("/domains", _DOMAIN),
        missing=Case("/domains", {}, 514),
        invalid=Case("/domains", {"Name": 5}, 403),
    ),
    Row(
        name="domains.edit",
        kind="account",
        method="PUT",
        works=Case("/domains/{domain}", {"ReturnPathDomain": "other.shop.example"}),
        missing=Case("/domains/999999999", {}, 510),
        invalid=Case("/domains/1", {"ReturnPathDomain": 5}, 403),
    ),
    Row(
        name="domains.remove",
        kind="account",
        method="DELETE",
        works=Case("/domains/{domain}"),
        missing=Case("/domains/999999999", code=510),
        invalid=Case("/domains/x'", code=510),
    ),
    *(
        Row(
            name=f"domains.{name}",
            kind="account",
            method=method,
            works=Case(f"/domains/{{domain}}/{path}", {}),
            missing=Case(f"/domains/999999999/{path}", {}, 510),
            invalid=Case(f"/domains/-1/{path}", {}, 510),
        )
        for name, method, path in (
            ("verify_dkim", "PUT", "verifyDkim"),
            ("verify_return_path", "PUT", "verifyReturnPath"),
            ("verify_tracking", "PUT", "verifyCustomTracking"),
            ("verify_spf", "POST", "verifyspf"),
        )
    ),
    Row(
        name="domains.rotate",
        kind="account",
        method="POST",
        works=Case("/domains/{trusted}/rotatedkim", {}),
        missing=Case("/domains/999999999/rotatedkim", {}, 510),
        invalid=Case("/domains/-1/rotatedkim", {}, 510),
    ),
    Row(
        name="senders.list_senders",
        kind="account",
        method="GET",
        works=Case("/senders?count=1&offset=0"),
        missing=Case("/senders?offset=0", code=500),
        invalid=Case("/senders?count=1&offset=x", code=500),
    ),
    Row(
        name="senders.retrieve",
        kind="account",
        method="GET",
        works=Case("/senders/{sender}"),
        missing=Case("/senders/999999999", code=501),
        invalid=Case("/senders/%00", code=501),
    ),
    Row(
        name="senders.create",
        kind="account",
        method="POST",
        works=Case("/senders", _SENDER),
        missing=Case("/senders", {}, 502),
        invalid=Case("/senders", _SENDER | {"Name": 5}, 403),
    ),
    Row(
        name="senders.edit",
        kind="account",
        method="PUT",
        works=Case("/senders/{sender}", {"Name": "Bob"}),
        missing=Case("/senders/999999999", {"Name": "Bob"}, 501),
        invalid=Case("/senders/1", {"Name": 5}, 403),
    ),
    Row(
        name="senders.remove",
        kind="account",
        method="DELETE",
        works=Case("/senders/{sender}"),
        missing=Case("/senders/999999999", code=501),
        invalid=Case("/senders/x'", code=501),
    ),
    *(
        Row(
            name=f"senders.{name}",
            kind="account",
            method="POST",
            works=Case(f"/senders/{sender}/{path}", {}),
            missing=Case(f"/senders/999999999/{path}", {}, 501),
            invalid=Case(f"/senders/-1/{path}", {}, 501),
        )
        for name, sender, path in (
            ("resend", "{sender}", "resend"),
            ("verify_spf", "{sender}", "verifyspf"),
            ("request_new_dkim", "{known}", "requestnewdkim"),
        )
    ),
    Row(
        name="servers.list_servers",
        kind="account",
        method="GET",
        works=Case("/servers?count=1&offset=0"),
        missing=Case("/servers?count=1", code=600),
        invalid=Case("/servers?count=501&offset=0", code=600),
    ),
    Row(
        name="servers.retrieve",
        kind="account",
        method="GET",
        works=Case("/servers/{server}"),
        missing=Case("/servers/999999999", code=601),
        invalid=Case("/servers/%00", code=601),
    ),
    Row(
        name="servers.create",
        kind="account",
        method="POST",
        works=Case("/servers", {"Name": "Made"}),
        missing=Case("/servers", {"Color": "red"}, 608),
        invalid=Case("/servers", {"Name": 5}, 403),
    ),
    Row(
        name="servers.edit",
        kind="account",
        method="PUT",
        works=Case("/servers/{server}", {"Name": "Renamed"}),
        missing=Case("/servers/999999999", {"Name": "Renamed"}, 601),
        invalid=Case("/servers/1", {"InboundSpamThreshold": "x"}, 403),
    ),
    Row(
        name="servers.remove",
        kind="account",
        method="DELETE",
        works=Case("/servers/{server}"),
        missing=Case("/servers/999999999", code=601),
        invalid=Case("/servers/x'", code=601),
    ),
)


@pytest.fixture
def settings(settings: Settings, dns_server: DnsServer) -> Settings:
    """No name server but the test's own is asked."""
    return msgspec.structs.replace(settings, dns=(dns_server.address,))


_each = pytest.mark.parametrize("row", _ROWS, ids=lambda row: row.name)


def test_the_table_is_complete() -> None:
    """Whoever adds an operation adds a row; what never works any longer has a test of its own."""
    served = [operation for operation in DIALECT.operations if operation not in retired.OPERATIONS]
    assert [operation.name for operation in served] == [row.name for row in _ROWS]


@pytest.mark.parametrize("operation", retired.OPERATIONS, ids=lambda each: each.name)
async def test_the_retired_are_told_as_nothing(house: House, operation: Operation) -> None:
    """With a token a call that Postmark has let go of is answered as any path that does not exist; without, 401."""
    client = await house.client("postmark")
    path = operation.path.replace("{id}", "1").lstrip("/")
    answer = await client.request(operation.method, path, json={"MatchName": "t", "TrackOpens": True})
    nothing = await client.request(operation.method, "triggers/nothing", json={})
    DRIVER.refused(answer)
    assert (404, nothing.content) == (answer.status_code, answer.content)

    stranger = await house.client("postmark", authorized=False)
    assert 401 == (await stranger.request(operation.method, path)).status_code


async def _filled(house: House, case: Case) -> tuple[Case, str]:
    """The case with what it asks for, and the id of a message of the server."""
    path, id = await _path(house, case.path)
    body = msgspec.json.encode(case.body).decode()
    if '"{alias}"' in body:
        client = await house.client("postmark")
        made = await client.post("/templates", json=_TEMPLATE)
        body = body.replace("{alias}", made.json()["Alias"])
    if '"{source}"' in body:
        await (await house.client("postmark")).post("/templates", json=_TEMPLATE)
        body = body.replace("{source}", str((await house.workspace()).number))
        body = body.replace("{destination}", str((await house.workspace("other")).number))
    return msgspec.structs.replace(case, path=path, body=msgspec.json.decode(body)), id


async def _path(house: House, path: str) -> tuple[str, str]:
    client = await house.client("postmark")
    sent = await client.post("/email", json=_BOUNCING if "bounces" in path else _MAIL)
    id = sent.json()["MessageID"]
    if "bounces" in path:
        await house.settle()
        (bounce,) = (await client.get("/bounces?count=1&offset=0")).json()["Bounces"]
        path = path.replace("{bounce}", str(bounce["ID"]))
    if "{server}" in path:
        path = path.replace("{server}", str((await house.workspace()).number))
    for slot, (at, wish, name) in _MADE.items():
        if slot in path:
            path = path.replace(slot, str((await client.post(at, json=wish)).json()[name]))
    if "{removal}" in path:
        account = await house.client("postmark", "account")
        asked = await account.post("/data-removals", json=_REMOVAL)
        path = path.replace("{removal}", str(asked.json()["ID"]))
    path = await _proved(house, path)
    for state in _LETTERS.keys() & set(re.findall(r"{(\w+)}", path)):
        letter = await letter_in(house.core, await house.caller(), _LETTER)
        await alter(house.core, "UPDATE inbound SET state = :state", state=_LETTERS[state])
        path = path.replace(f"{{{state}}}", letter.id)
    return path.replace("{id}", id), id


async def _proved(house: House, path: str) -> str:
    """The path with the number of a domain or a sender that it asks for."""
    if "{domain}" in path:
        account = await house.client("postmark", "account")
        made = await account.post("/domains", json=_DOMAIN)
        path = path.replace("{domain}", str(made.json()["ID"]))
    if "{trusted}" in path:
        # one without keys: there is nothing that could be waited for
        owner = (await house.workspace()).account_id
        await domains.trust(house.core, owner, "trusted.example")
        held = await domains.get(house.core, owner, "trusted.example")
        path = path.replace("{trusted}", str(held.number))
    if "{sender}" in path:
        account = await house.client("postmark", "account")
        made = await account.post("/senders", json=_SENDER)
        path = path.replace("{sender}", str(made.json()["ID"]))
    if "{known}" in path:
        # on the operator's word, and so without a domain whose key could be waited for
        person = await accounts.account_named(house.core, "test")
        await senders.put_sender(house.core, person, "known@shop.example", confirmed=True)
        (known,) = (await senders.page(house.core, person.id, PageRequest())).items
        path = path.replace("{known}", str(known.number))
    return path


@_each
async def test_works(house: House, row: Row) -> None:
    """The request is answered 200, with a body."""
    client = await house.client("postmark", row.kind)
    case, _ = await _filled(house, row.works)

    answer = await client.request(row.method, case.path.lstrip("/"), json=case.body)

    assert 200 == answer.status_code
    assert answer.json()
    assert "x-pm-apierrorcode" not in answer.headers


@_each
@pytest.mark.parametrize("fate", ["missing", "invalid"])
async def test_refuses(house: House, row: Row, fate: str) -> None:
    """What does not exist and what makes no sense get their codes; a batch says so of the item."""
    client = await house.client("postmark", row.kind)
    case: Case = getattr(row, fate)

    answer = await client.request(row.method, case.path.lstrip("/"), json=case.body)

    assert case.status == answer.status_code
    if case.status == 200:
        assert [case.code] == [item["ErrorCode"] for item in answer.json()]
    else:
        DRIVER.refused(answer)
        assert case.code == answer.json()["ErrorCode"]


@_each
@pytest.mark.parametrize("token", ["", "unknown", "other"])
async def test_knows_no_stranger(house: House, row: Row, token: str) -> None:
    """No token, an unknown one and one of the wrong kind are told alike."""
    client = await house.client("postmark", authorized=False)
    other = {"server": "account", "account": "server"}[row.kind]
    key = await house.key("postmark", other) if token == "other" else token
    headers = DRIVER.authorize(key, row.kind) if key else {}

    answer = await client.request(
        row.method, row.works.path.lstrip("/"), json=row.works.body, headers=headers
    )

    DRIVER.refused(answer)
    assert row.kind in answer.json()["Message"].lower()
    assert (401, 10) == (answer.status_code, answer.json()["ErrorCode"])


async def _stranger(house: House, kind: str) -> httpx.AsyncClient:
    """Another server of the account, or another account."""
    if kind == "server":
        return await house.client("postmark", workspace="other")
    dialect = house.dialects["postmark"]
    place = await provision.workspace(house.core, [dialect], "stranger", "other")
    made = await provision.mint(house.core, place, provision.Wish(dialect=dialect, kind=ACCOUNT))
    client = await house.client("postmark", authorized=False)
    client.headers.update(DRIVER.authorize(made.secret, kind))
    return client


@_each
async def test_shows_nobody_elses(house: House, row: Row) -> None:
    """A message of another server is as unknown as one that never was."""
    stranger = await _stranger(house, row.kind)
    case, id = await _filled(house, row.works)

    answer = await stranger.request(row.method, case.path.lstrip("/"), json=case.body)

    refused = 404 if "{bulk}" in row.works.path else 422
    foreign = case != row.works and row.name != "templated.send_batch"
    assert (refused if foreign else 200) == answer.status_code
    assert id not in answer.text
