"""Whose no can be undone by a customer, and what holds for every stream."""

import pytest

from core import suppressions

_ANN = "ann@example.com"
_ASKED = {"Suppressions": [{"EmailAddress": "Ann@Example.com"}]}
_PATH = "message-streams/outbound/suppressions"
_NO_AUTHORITY = "You do not have the required authority to change this suppression."


@pytest.mark.parametrize("stream", ["outbound", ""])
@pytest.mark.parametrize(
    ("reason", "origin", "made", "deleted"),
    [
        ("manual", "customer", "Suppressed", "Deleted"),
        ("hard_bounce", "recipient", "Suppressed", "Deleted"),
        ("unsubscribe", "recipient", "Suppressed", "Failed"),
        ("manual", "admin", "Suppressed", "Failed"),
        ("complaint", "recipient", "Failed", "Failed"),
    ],
)
async def test_whose_no_it_is(house, reason, origin, made, deleted, stream):
    """What recipients and the operator decided stays, on the stream or on all, and the dump tells it."""
    caller, client = await house.caller(), await house.client("postmark")
    await suppressions.suppress(house.core, caller, _ANN, reason=reason, origin=origin, stream=stream)

    if stream:
        (result,) = (await client.post(_PATH, json=_ASKED)).json()["Suppressions"]
        assert ("Ann@Example.com", made) == (result["EmailAddress"], result["Status"])
        assert (_NO_AUTHORITY if made == "Failed" else None) == result["Message"]
    (result,) = (await client.post(f"{_PATH}/delete", json=_ASKED)).json()["Suppressions"]
    assert (deleted, _NO_AUTHORITY if deleted == "Failed" else None) == (result["Status"], result["Message"])
    left = (await client.get(f"{_PATH}/dump")).json()["Suppressions"]
    assert ([_ANN] if deleted == "Failed" else []) == [each["EmailAddress"] for each in left]


async def test_an_address_is_dumped_once(house):
    """Out of use on the stream and everywhere: what cannot be undone is told; another stream's is not."""
    caller, client = await house.caller(), await house.client("postmark")
    await suppressions.suppress(house.core, caller, _ANN, reason="complaint", origin="recipient")
    await suppressions.suppress(house.core, caller, _ANN, stream="outbound")
    await suppressions.suppress(house.core, caller, "bob@example.com", stream="broadcast")

    (told,) = (await client.get(f"{_PATH}/dump")).json()["Suppressions"]

    assert (_ANN, "SpamComplaint", "Recipient") == (
        told["EmailAddress"],
        told["SuppressionReason"],
        told["Origin"],
    )


async def test_a_dump_has_no_end(house):
    """More than are read at once, each of them once, the newest first."""
    caller, client = await house.caller(), await house.client("postmark")
    emails = [f"a{each}@example.com" for each in range(1001)]
    await suppressions.suppress_all(house.core, caller, emails, stream="outbound")

    told = (await client.get(f"{_PATH}/dump")).json()["Suppressions"]

    assert sorted(emails) == sorted(each["EmailAddress"] for each in told)


async def test_how_many_can_be_changed(house):
    """Fifty at once, for both."""
    client = await house.client("postmark")
    for path in (_PATH, f"{_PATH}/delete"):
        for count, code in ((50, None), (51, 1410), (0, 1409)):
            items = [{"EmailAddress": f"a{each}@example.com"} for each in range(count)]
            answer = await client.post(path, json={"Suppressions": items})
            assert code == answer.json().get("ErrorCode")


async def test_the_test_token_keeps_nothing(house):
    """Nobody's server has no suppressions, and none can be made."""
    client = await house.client("postmark", authorized=False)
    client.headers["X-Postmark-Server-Token"] = "POSTMARK_API_TEST"

    assert {"Suppressions": []} == (await client.get(f"{_PATH}/dump")).json()
    for path in (_PATH, f"{_PATH}/delete"):
        answer = await client.post(path, json=_ASKED)
        assert (401, 10) == (answer.status_code, answer.json()["ErrorCode"])
