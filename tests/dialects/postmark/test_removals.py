"""A person is forgotten on every server of the account, and nothing is promised that is not done."""

import pytest

from core import removals, suppressions

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


@pytest.mark.parametrize(
    "change",
    [
        {"RequestedFor": None},
        {"RequestedFor": "a\0@example.net"},
        {"RequestedBy": ""},
        {"RequestedBy": None},
        {"NotifyWhenCompleted": True},
    ],
)
async def test_what_cannot_be_asked(house, change):
    """No address, nobody who asks, or a notice that this server could not send."""
    account = await house.client("postmark", "account")

    answer = await account.post("/data-removals", json=_ASK | change)

    assert (422, 1300) == (answer.status_code, answer.json()["ErrorCode"])
