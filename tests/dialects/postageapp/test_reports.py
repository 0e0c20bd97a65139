"""What became of messages, also of those that another dialect's client sent."""

import dataclasses

import msgspec
import pytest

from core import credentials, errors, events, ids, messages
from core.addresses import Address
from core.core import Core
from core.store.database import write
from core.store.statements import Query, sql, statement
from dialects.endpoint import Call
from dialects.postageapp import errors as table
from dialects.postageapp import listing
from dialects.postageapp.reports import STATUSES, counts
from dialects.postageapp.wire import Plain
from dialects.request import Request
from tests.dialects.driver import Mail
from tests.dialects.postageapp.driver import DRIVER
from tests.house import House


async def call(house, method, **fields):
    """The answer of a method, by the project's key."""
    client = await house.client("postageapp")
    return await DRIVER.call(await house.key("postageapp", "project"), method, **fields).by(client)


def mail():
    """A draft as another dialect makes it."""
    ann, bob, cy = (messages.Party(Address(f"{name}@acme.example")) for name in "abc")
    return messages.Draft(sender=ann, to=(bob,), cc=(cy,), content=messages.Content(subject="s", text="t"))


async def foreign(house):
    """A message that came without a batch; its id."""
    receipt = await messages.submit(house.core, await house.caller(), mail())
    await house.settle()
    return receipt.id


async def test_messages_of_other_clients_are_read_by_their_id(house):
    """In every report and in the list."""
    id = await foreign(house)
    number = (await messages.get(house.core, await house.caller(), id)).number
    receipt = (await call(house, "get_message_receipt", uid=id)).json()
    assert (id, number) == (receipt["response"]["uid"], receipt["data"]["message"]["id"])
    transmissions = (await call(house, "get_message_transmissions", arguments={"uid": id})).json()["data"]
    assert {"b@acme.example", "c@acme.example"} == transmissions["transmissions"].keys()
    assert {"message_status": {"completed": 2}} == (await call(house, "message_status", uid=id)).json()[
        "data"
    ]
    emails = (await call(house, "get_message_delivery_status", uid=id)).json()["data"]["delivery_status"]
    assert [f"{id}.0@", f"{id}.1@"] == [each["unique_id"][:39] for each in emails]
    listed = (await call(house, "get_messages")).json()["data"]
    assert [id] == list(listed)
    assert (None, 2) == (listed[id]["template"], listed[id]["transmissions_total"])


async def test_their_ids_are_no_uids_to_send_with(house):
    """They are known, whoever made them, and so are a duplicate here."""
    id = await foreign(house)
    batch = messages.NewBatch(uid=ids.new())
    await messages.submit_all(house.core, await house.caller(), [mail()], batch=batch)
    for uid in (id, batch.uid):
        answer = await call(
            house, "send_message", uid=uid, arguments={"recipients": "a@x.example", "content": "x"}
        )
        told = answer.json()["response"]
        assert (400, f"Uid {uid} already exists. Assuming message duplication.") == (
            answer.status_code,
            told["message"],
        )
    fresh = await call(
        house, "send_message", uid=ids.new(), arguments={"recipients": "a@x.example", "content": "x"}
    )
    assert 200 == fresh.status_code


async def test_old_messages_are_not_listed(house):
    """Four weeks after they were accepted."""
    await foreign(house)
    core = house.core
    for days, expected in ((27, 1), (29, 0)):
        later = dataclasses.replace(core, clock=Clock(core.clock.now() + days * 24 * 3600 * 1_000_000))
        asked = Call(later, await house.caller(), Request({"method": "POST"}, nothing, "/", "id"))
        assert expected == len((await listing.get_messages(asked, Plain(""))).data)


async def nothing():
    """Receives an empty body."""
    return {"type": "http.request"}


class Clock:
    """Stands at one moment."""

    def __init__(self, at):
        """In microseconds."""
        self.at = at

    def now(self):
        """The moment."""
        return self.at


async def test_the_operators_rate_limit_is_told(settings):
    """With the seconds to wait; there is none of the provider's."""
    limited = msgspec.structs.replace(settings, rate_limits={"postageapp": 1})
    async with House.open(limited) as house:
        answers = [await call(house, "get_account_info") for _ in range(4)]
    (refused, *_) = [answer for answer in answers if answer.status_code != 200]
    assert (429, "rate_limited") == (refused.status_code, refused.json()["response"]["status"])
    assert 1 <= int(refused.headers["retry-after"])
    DRIVER.refused(refused)


async def test_opens_and_clicks_are_told_by_their_first_moment(house):
    """Of the recipient they belong to."""
    id = await foreign(house)
    caller, detail = await house.caller(), msgspec.msgpack.encode(events.Detail())
    rows = [
        (id, ids.new(), caller.workspace_id, position, kind, at * 1_000_000, detail)
        for position, kind, at in ((0, "opened", 60), (0, "opened", 120), (1, "clicked", 180))
    ]
    await write(house.core.db, sql.event_insert.many(rows))
    told = (await call(house, "get_message_transmissions", uid=id)).json()["data"]["transmissions"]
    seen = {email: (each["opened_at"], each["clicked_at"]) for email, each in told.items()}
    assert {
        "b@acme.example": ("1970-01-01 00:01:00", None),
        "c@acme.example": (None, "1970-01-01 00:03:00"),
    } == seen


@pytest.mark.parametrize(
    ("state", "code", "text", "status", "together"),
    [
        ("queued", 0, "", "queued", "queued"),
        ("deferred", 451, "4.7.1 later", "retry", "queued"),
        ("delivered", 250, "2.0.0 OK", "completed", "completed"),
        ("complained", 250, "2.0.0 OK", "completed", "completed"),
        ("bounced", 554, "5.7.1 no", "failed", "failed"),
        ("failed", 0, "gave up", "failed", "failed"),
        ("suppressed", 0, "", "rejected", "completed"),
        ("canceled", 0, "", "rejected", "completed"),
    ],
)
async def test_every_state_has_a_status(house, state, code, text, status, together):
    """And every text stands under both names."""
    id = await foreign(house)
    await set_state(house.core, id, state, code, text)
    told = (await call(house, "get_message_transmissions", uid=id)).json()["data"]["transmissions"]
    one = told["b@acme.example"]
    assert status == one["status"]
    assert (f"SMTP_{code}" if code else None) == one["result_code"]
    assert (text or None, text or None) == (one["result_message"], one["error_message"])
    assert (status == "failed") == (one["failed_at"] is not None)
    answer = (await call(house, "message_delivery_status", uid=id)).json()["response"]
    assert together == answer["delivery_status"]


async def set_state(core: Core, id, state, code, text):
    """Bring a message's deliveries into a state, as no transport of a test would."""
    update = statement(
        "update", "UPDATE deliveries SET state = :state, code = :code, text = :text WHERE message_id = :id"
    )
    await write(core.db, Query(update, {"state": state, "code": code, "text": text, "id": id}))


def test_statuses_are_counted_together():
    """Two states may be one status."""
    assert {"completed": 5, "failed": 1} == counts({"delivered": 3, "complained": 2, "bounced": 1})
    assert {"queued", "retry", "completed", "failed", "rejected"} == set(STATUSES.values())


@pytest.mark.parametrize(
    "method",
    ["get_message_receipt", "get_message_transmissions", "message_status", "message_delivery_status"],
)
@pytest.mark.parametrize("fields", [{}, {"uid": ""}, {"arguments": {"uid": None}}], ids=repr)
async def test_a_report_wants_a_uid(house, method, fields):
    """A field that is missing is a bad request, not a message that is not there."""
    answer = await call(house, method, **fields)
    told = {"status": "bad_request", "uid": None, "message": "No uid was specified."}
    assert (400, told) == (answer.status_code, answer.json()["response"])


async def test_a_uid_that_no_engine_takes_is_unknown(house):
    """Rather than a failure of the store."""
    answer = await call(house, "get_message_receipt", uid="nul\x00")
    assert (404, "nul\x00") == (answer.status_code, answer.json()["response"]["uid"])


@pytest.mark.parametrize(
    ("state", "status", "word"),
    [("revoked", 401, "unauthorized"), ("disabled", 423, "locked"), ("suspended", 423, "locked")],
)
async def test_keys_out_of_use(house, state, status, word):
    """A revoked key is unknown; a disabled one is locked."""
    key = await house.key("postageapp", "project")
    (held,) = [each for each in await credentials.every(house.core) if key.endswith(each.last4)]
    await credentials.set_state(house.core, held.id, state)
    for method in ("send_message", "get_account_info", "unknown"):
        answer = await call(house, method)
        assert (status, word) == (answer.status_code, answer.json()["response"]["status"])
        DRIVER.refused(answer)


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (RuntimeError("secret"), 500, "internal_server_error"),
        (errors.RateLimited(7), 429, "rate_limited"),
        (errors.QuotaExceeded(), 412, "precondition_failed"),
        (errors.Unsupported("x"), 400, "bad_request"),
        (errors.RenderFailed("t", "broken"), 400, "bad_request"),
        (errors.Forbidden(kind="disabled"), 423, "locked"),
    ],
    ids=str,
)
def test_refusals_without_a_request_are_told(error, status, word):
    """A crash says nothing of itself."""
    answer = table.tell(error, None)
    told = msgspec.json.decode(answer.body)["response"]
    assert (status, word, None) == (answer.status, told["status"], told["uid"])
    assert "secret" not in told["message"]


async def test_the_shared_mail_is_sent_and_read(house):
    """By the driver that the suites of all dialects use."""
    client, key = await house.client("postageapp"), await house.key("postageapp", "project")
    uid = DRIVER.accepted(await DRIVER.send(key, Mail()).by(client))
    assert DRIVER.found(await DRIVER.read(key, uid).by(client))
    assert not DRIVER.found(await DRIVER.read(key, "other").by(client))
