from email import message_from_bytes, policy

import msgspec
import pytest

from core import bounces, domains, messages, suppressions
from core.accounts import ensure_account
from core.paging import PageRequest
from dialects.postmark.bounce_types import OF_KIND
from gateway.assemble import opened
from tests.house import House
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


async def returned(office):
    """Every bounce of the workspace, the oldest first."""
    await office.house.settle()
    caller = await office.house.caller()
    page = await bounces.page(office.house.core, caller, bounces.Filter(), PageRequest())
    return list(reversed(page.items))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"X-PM-Message-Stream": "nowhere"},
            "The stream provided: 'nowhere' does not exist on this server. (ErrorCode 1235)",
        ),
        ({"X-PM-Message-Stream": "inbound"}, "The stream provided cannot be used to send. (ErrorCode 1236)"),
        ({"X-PM-Tag": "x" * 1001}, "The 'Tag' is longer than 1000 characters. (ErrorCode 300)"),
        ({"Subject": "x" * 2001}, "The 'Subject' is longer than 2000 characters. (ErrorCode 300)"),
        (
            {"X-PM-Metadata-" + "k" * 21: "v"},
            f"Invalid metadata content. Field names are limited to 20 characters: '{'k' * 21}'. (ErrorCode 300)",
        ),
        ({"X-PM-TrackOpens": "maybe"}, "Invalid 'X-PM-TrackOpens' value: 'maybe'. (ErrorCode 300)"),
        ({"X-PM-KeepID": "1"}, "Invalid 'X-PM-KeepID' value: '1'. (ErrorCode 300)"),
        ({"X-PM-TrackLinks": "All"}, "Invalid 'TrackLinks' value: 'All'. (ErrorCode 300)"),
    ],
)  # fmt: skip
async def test_what_the_api_would_refuse_bounces(office, fields, expected):
    """The letter is taken with 250, nothing leaves, and a bounce tells the API's error, its code and the letter."""
    code, text = await office.send("postmark", written(**fields))
    (bounce,) = await returned(office)
    (held,) = await office.kept()

    assert (250, f"2.0.0 Ok: queued as {held.id}") == (code, text)
    assert ("SMTPApiError", expected) == (OF_KIND[bounce.kind].type, bounce.text)
    assert (held.id, "bob@example.net", "outbound") == (bounce.message_id, bounce.email, bounce.stream)
    assert (False, True) == (bounce.suppresses, bounce.can_activate)
    assert ["bounced"] == [each.state for each in held.deliveries]
    dump = await bounces.dump(office.house.core, bounce)
    assert dump.startswith(expected.encode())
    assert b"Hello Bob" in dump


@pytest.mark.parametrize(("name", "refused"), [("tool.EXE", True), ("tool.exe.txt", False)])
async def test_forbidden_attachments_bounce(office, name, refused):
    """As the API refuses them, by the end of their name."""
    raw = written().replace(b"filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf", f'filename="{name}"'.encode())
    assert name.encode() in raw
    assert 250 == (await office.send("postmark", raw))[0]
    expected = (
        [f"The attachment '{name}' is of a type that is not allowed. (ErrorCode 411)"] if refused else []
    )
    assert expected == [each.text for each in await returned(office)]


async def test_more_recipients_than_the_api_takes_bounce(office):
    """Each of them."""
    people = [f"a{number}@example.net" for number in range(51)]
    assert 250 == (await office.send("postmark", to=people))[0]
    found = await returned(office)
    assert 1 == len({each.text for each in found})
    assert found[0].text.startswith("Too many recipients: 51.")
    assert 51 == len({each.email for each in await whole(office)})


async def whole(office):
    """The deliveries of the one message."""
    (held,) = await office.kept()
    return held.deliveries


async def test_suppressed_recipients_bounce_and_the_others_get_it(office):
    """One letter, one message: what is suppressed on its stream comes back at once."""
    core, caller = office.house.core, await office.house.caller()
    await suppressions.suppress(core, caller, "gone@example.net", reason="hard_bounce", stream="outbound")
    await suppressions.suppress(core, caller, "news@example.net", reason="hard_bounce", stream="broadcast")
    people = ["Gone@example.net", "news@example.net", "bob@example.net"]
    assert 250 == (await office.send("postmark", to=people))[0]

    (bounce,) = await returned(office)
    states = {each.email.lower(): each.state for each in await whole(office)}
    assert {
        "gone@example.net": "bounced",
        "news@example.net": "delivered",
        "bob@example.net": "delivered",
    } == states
    assert ("Gone@example.net", "submission_error") == (bounce.email, bounce.kind)
    assert bounce.text.startswith(
        "You tried to send to recipient(s) that have been marked as inactive. Found inactive"
    )
    assert bounce.text.endswith("(ErrorCode 406)")


async def test_all_recipients_suppressed_bounce(office):
    """Also where nobody is left."""
    await suppressions.suppress(office.house.core, await office.house.caller(), "bob@example.net")
    assert 250 == (await office.send("postmark"))[0]
    (bounce,) = await returned(office)
    assert ("bob@example.net", "submission_error") == (bounce.email, bounce.kind)


async def test_a_sender_that_is_not_known_bounces(settings):
    """The reply is a success, and the bounce has the API's text."""
    checked = msgspec.structs.replace(settings, sender_policy="verified")
    async with House.open(checked) as house, Office.open(house) as office:
        assert 250 == (await office.send("postmark"))[0]
        (bounce,) = await returned(office)
        owner = await ensure_account(house.core, "test")
        await domains.trust(house.core, owner.id, "example.org")
        await office.send("postmark")
        assert 1 == len(await returned(office))
    assert bounce.text.startswith(
        "The 'From' address you supplied (joerg@example.org) is not a Sender Signature"
    )
    assert bounce.text.endswith("(ErrorCode 400)")


@pytest.mark.parametrize("fields", [{"From": None}, {"From": "a@b.example, c@d.example"}])
async def test_what_is_no_letter_is_refused_at_once(office, fields):
    """Only what can be read is taken."""
    assert 550 == (await office.send("postmark", written(**fields)))[0]
    assert [] == await returned(office)


async def test_a_taken_letter_bounces_after_a_stop(settings):
    """It is on disk with the reply: a process that ends at once changes nothing about the bounce."""
    async with opened(settings) as core:
        house = House(core, settings)
        async with Office.open(house) as office:
            assert 250 == (await office.send("postmark", written(X_PM_TrackOpens="maybe")))[0]
    async with House.open(settings) as house, Office.open(house) as office:
        assert ["submission_error"] == [each.kind for each in await returned(office)]


async def test_the_bounce_of_a_letter_is_read_through_the_api(office):
    """With its type, the error as its details, and a dump that holds the letter."""
    _, text = await office.send("postmark", written(X_PM_TrackOpens="maybe", X_PM_Tag="welcome"))
    await office.house.settle()
    client = await office.house.client("postmark")
    (told,) = (await client.get("/bounces?count=10&offset=0&type=SMTPApiError")).json()["Bounces"]
    dump = (await client.get(f"/bounces/{told['ID']}/dump")).json()["Body"]

    assert ("SMTPApiError", 100007, "welcome") == (told["Type"], told["TypeCode"], told["Tag"])
    assert (text.split()[-1], "bob@example.net") == (told["MessageID"], told["Email"])
    assert "Invalid 'X-PM-TrackOpens' value: 'maybe'. (ErrorCode 300)" == told["Details"]
    assert (True, False) == (told["DumpAvailable"], told["Inactive"])
    assert "ErrorCode 300" in dump
    assert "Hello Bob" in dump
