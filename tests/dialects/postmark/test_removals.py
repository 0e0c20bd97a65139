"""A person is forgotten on every server of the account, and nothing is promised that is not done."""

import pytest

from core import accounts, messages, notices, removals, suppressions
from core.core import Caller
from core.messages import Filter
from core.paging import PageRequest

_ASK = {"RequestedBy": "a@acme.example", "RequestedFor": "Ann@Example.net", "NotifyWhenCompleted": False}
_MAIL = {"From": "a@acme.example", "To": "ann@example.net", "Subject": "Secret", "TextBody": "t"}


async def test_a_person_is_forgotten(house):
    """Pending until it is done, then nothing is left on any server, and mail that was stopped stays so."""
    account = await house.client("postmark", "account")
    servers = [await house.client("postmark", workspace=each) for each in ("test", "other")]
    sent = [(await each.post("/email", json=_MAIL)).json()["MessageID"] for each in servers]
    await house.settle()
    await suppressions.suppress(house.core, await house.caller(), "ann@example.net", stream="outbound")

    asked = (await account.post("/data-removals", json=_ASK)).json()
    assert {"ID": asked["ID"], "Status": "Pending"} == asked
    await removals.run(house.core)

    assert asked | {"Status": "Done"} == (await account.get(f"/data-removals/{asked['ID']}")).json()
    for client, id in zip(servers, sent, strict=True):
        told = (await client.get(f"/messages/outbound/{id}/details")).text
        assert "ann@example.net" not in told
        assert "Secret" not in told
    assert 406 == (await servers[0].post("/email", json=_MAIL)).json()["ErrorCode"]


async def test_who_wants_to_be_told_is_told(house):
    """By a mail once it is done, which does not say whom it was about, and by one alone if it is done again."""
    account = await house.client("postmark", "account")
    first, _ = [
        (await account.post("/data-removals", json=_ASK | {"NotifyWhenCompleted": notify})).json()
        for notify in (True, False)
    ]
    place = await house.workspace()
    caller = Caller(account_id=place.account_id, workspace_id="")
    removal = await removals.get(house.core, caller, first["ID"])
    await removals.run(house.core)
    # as if the process had died before the end was written
    await removals.carry_out(house.core, removal)

    box = await accounts.named(house.core, notices.ACCOUNT, notices.WORKSPACE)
    reader = Caller(account_id=box.account_id, workspace_id=box.id)
    (told,) = (await messages.page(house.core, reader, Filter(), PageRequest())).items
    mail = await messages.get(house.core, reader, told.id)
    assert ["a@acme.example"] == [each.email for each in mail.deliveries]
    said = mail.text or ""
    assert f"It was request {first['ID']}." in said
    assert "ann@example.net" not in said.lower()


@pytest.mark.parametrize(
    "change",
    [
        {"RequestedFor": None},
        {"RequestedFor": "a\0@example.net"},
        {"RequestedBy": ""},
        {"RequestedBy": None},
    ],
)
async def test_what_cannot_be_asked(house, change):
    """No address, or nobody who asks."""
    account = await house.client("postmark", "account")

    answer = await account.post("/data-removals", json=_ASK | change)

    assert (422, 1300) == (answer.status_code, answer.json()["ErrorCode"])
