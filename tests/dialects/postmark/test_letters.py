from email import message_from_bytes, policy

import pytest

from core import messages
from tests.office import Office, sent, written

BOB = ["bob@example.net"]


@pytest.fixture
async def office(house):
    """A listener beside a house."""
    async with Office.open(house) as made:
        yield made


async def test_instructions_are_obeyed_and_leave_with_nobody(office):
    """Each header does what the field of the API does, and recipients see none of them but the tag."""
    asked = {
        "X-PM-Message-Stream": "broadcast",
        "x-pm-tag": "=?utf-8?q?gr=C3=BC=C3=9Fe?=",
        "X-PM-Metadata-color": "blue",
        "X-PM-Metadata-Client-Id": "77",
        "X-PM-TrackOpens": "True",
        "X-PM-TrackLinks": "HtmlOnly",
        "X-Other": "stays",
    }
    assert 250 == (await office.send("postmark", written(**asked)))[0]
    await office.house.settle()

    (held,) = await office.kept()
    draft = held.draft
    assert ("broadcast", "grüße", {"color": "blue", "Client-Id": "77"}) == (
        draft.stream,
        draft.tag,
        draft.metadata,
    )
    assert (True, "html") == (draft.track_opens, draft.track_links)
    told = message_from_bytes(await messages.source(office.house.core, held), policy=policy.default)
    assert ["X-Other", "X-PM-Message-Id", "X-PM-Tag"] == sorted(
        name for name in told if name.startswith("X-")
    )
    assert "grüße" == told["x-pm-tag"]


async def test_what_smtp_asked_for_is_read_through_the_api(office):
    """Both ways in feed one store."""
    code, text = await office.send("postmark", written(X_PM_Tag="welcome", X_PM_Metadata_order="7"))
    client = await office.house.client("postmark")
    told = (await client.get(f"/messages/outbound/{text.split()[-1]}/details")).json()
    assert (250, "welcome", {"order": "7"}) == (code, told["Tag"], told["Metadata"])


async def test_metadata_given_twice_is_numbered(office):
    """A later field of the same name, in any case, gets a number behind it."""
    raw = written().replace(
        b"Subject:", b"X-PM-Metadata-A: 1\r\nx-pm-metadata-a: 2\r\nX-PM-Metadata-A: 3\r\nSubject:"
    )
    await office.send("postmark", raw)
    (held,) = await office.kept()
    assert {"A": "1", "a1": "2", "A2": "3"} == held.draft.metadata


@pytest.mark.parametrize(("keep", "kept"), [("true", True), ("TRUE", True), ("false", False), (None, False)])
async def test_the_message_id_is_kept_only_on_request(office, keep, kept):
    """Without X-PM-KeepID the service writes its own."""
    await office.send("postmark", written(Message_ID="<own@example.org>", X_PM_KeepID=keep))
    await office.house.settle()
    (held,) = await office.kept()
    told = message_from_bytes(await messages.source(office.house.core, held))
    assert ("<own@example.org>" if kept else f"<{held.id}@babelpost.local>") == told["Message-ID"]


async def test_a_bounce_can_be_asked_for(office):
    """At the domain for test bounces the header names the sort of bounce."""
    raw = written(X_PM_Bounce_Type="SoftBounce")
    await office.send("postmark", raw, ["any@bounce-testing.postmarkapp.com"])
    (held,) = await office.kept()
    (rehearsal,) = held.draft.rehearsals.values()
    assert ("bounce", "soft", False) == (rehearsal.outcome, rehearsal.kind, rehearsal.suppress)


async def test_the_public_test_token_keeps_nothing(office):
    """A letter under it is answered like any other, and is nowhere."""
    login = ("POSTMARK_API_TEST", "POSTMARK_API_TEST")
    code, text = await office.talk(lambda client: sent(client, login, written(), BOB))
    assert (250, 36) == (code, len(text.split()[-1]))
    assert [] == await office.kept()
