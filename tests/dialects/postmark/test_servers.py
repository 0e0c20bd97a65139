"""What a server's settings do: every one of them, where it is to be seen."""

import asyncio
import json
import re
import smtplib

import httpx
import msgspec
import pytest

from core import credentials, inbound, messages
from core.credentials import NewCredential
from core.paging import PageRequest
from core.webhooks import of_workspace
from tests.core.post import letter_in, select
from tests.house import House
from tests.office import Office, sent, written

MAIL = {"From": "joerg@example.org", "To": "bob@example.net", "Subject": "s", "TextBody": "t"}
LETTER = (
    b"From: ann@example.org\r\nTo: help@in.example\r\nSubject: Hi\r\nX-Spam-Score: 7.5\r\n"
    b"X-Spam-Status: Yes\r\n\r\nHello\r\n"
)


@pytest.fixture
def settings(settings):
    """Let hooks be on this machine."""
    return msgspec.structs.replace(settings, allow_private_targets=True)


async def server(house, **fields):
    """Change the house's server; a client of it."""
    client = await house.client("postmark")
    if fields:
        answer = await client.put("/server", json=fields)
        assert 200 == answer.status_code, answer.text
    return client


async def heard(consumer, *records):
    """What was told, as bodies by record type, once there are so many."""
    found = [json.loads(each.body) for each in await consumer.wait(len(records), within_s=20)]
    assert sorted(records) == sorted(each.get("RecordType", "Inbound") for each in found)
    return {each.get("RecordType", "Inbound"): each for each in found}


async def tracked(house, consumer, count):
    """Load the pixel of the one message twice and follow its link, each once the one before is told."""
    caller = await house.caller()
    (outline,) = (await messages.page(house.core, caller, messages.Filter(), PageRequest())).items
    source = (await messages.source(house.core, await messages.get(house.core, caller, outline.id))).decode()
    transport = httpx.ASGITransport(house.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as reader:
        for path in [
            *re.findall(r"/_/t/o/[a-z2-7]+\.gif", source) * 2,
            *re.findall(r"/_/t/c/[a-z2-7]+", source),
        ]:
            await reader.get(path, headers={"user-agent": "Mozilla/5.0 Firefox/140.0"})
    return await consumer.wait(count, within_s=20)


async def test_hooks_hear_of_every_stream(house, consumer):
    """Delivery and bounce hooks are told of what any stream sends, and no list of webhooks has them."""
    client = await server(house, DeliveryHookUrl=consumer.url, BounceHookUrl=consumer.url)

    await client.post("/email", json=MAIL | {"MessageStream": "broadcast"})
    await client.post("/email", json=MAIL | {"To": "softbounce@bounce-testing.postmarkapp.com"})
    told = await heard(consumer, "Delivery", "Bounce")

    assert ("broadcast", "bob@example.net") == (
        told["Delivery"]["MessageStream"],
        told["Delivery"]["Recipient"],
    )
    assert ("outbound", "SoftBounce") == (told["Bounce"]["MessageStream"], told["Bounce"]["Type"])
    assert "Content" not in told["Bounce"]
    assert [] == (await client.get("/webhooks")).json()["Webhooks"]


async def test_bounces_with_their_content(house, consumer):
    """IncludeBounceContentInHook holds for the hook that is there already."""
    await server(house, BounceHookUrl=consumer.url)
    client = await server(house, IncludeBounceContentInHook=True)

    await client.post("/email", json=MAIL | {"To": "hardbounce@bounce-testing.postmarkapp.com"})
    told = await heard(consumer, "Bounce")

    assert "550 5.1.1" in told["Bounce"]["Content"]


@pytest.mark.parametrize("first_only", [False, True])
async def test_opens_and_clicks(house, consumer, first_only):
    """A server tracks what messages do not say; its hooks hear of every open, or of the first alone."""
    client = await server(
        house,
        OpenHookUrl=consumer.url,
        ClickHookUrl=consumer.url,
        PostFirstOpenOnly=first_only,
        TrackOpens=True,
        TrackLinks="HtmlOnly",
    )
    await client.post("/email", json=MAIL | {"HtmlBody": '<p><a href="https://example.org/x">x</a></p>'})
    await house.settle()

    found = [json.loads(each.body) for each in await tracked(house, consumer, 2 if first_only else 3)]

    assert 1 == sum(each["RecordType"] == "Click" for each in found)
    assert ([True] if first_only else [False, True]) == sorted(
        each["FirstOpen"] for each in found if each["RecordType"] == "Open"
    )


async def test_tracking_that_a_server_does_not_ask_for(house):
    """Off again, nothing is marked any more."""
    await server(house, TrackOpens=True, TrackLinks="HtmlAndText")
    client = await server(house, TrackOpens=False, TrackLinks="None")
    sent = await client.post("/email", json=MAIL | {"HtmlBody": '<a href="https://example.org/x">x</a>'})
    details = (await client.get(f"/messages/outbound/{sent.json()['MessageID']}/details")).json()
    assert (False, "None") == (details["TrackOpens"], details["TrackLinks"])


@pytest.mark.parametrize("raw", [False, True])
async def test_letters_that_come_in(house, consumer, raw):
    """The inbound hook is told of them, with the whole source where the server asks for raw mail."""
    await server(house, InboundHookUrl=consumer.url)
    await server(house, RawEmailEnabled=raw)

    await letter_in(house.core, await house.caller(), LETTER)
    told = await heard(consumer, "Inbound")

    expected = "Received: here\r\n" + LETTER.decode() if raw else None
    assert ("Hello\r\n".strip(), expected) == (
        told["Inbound"]["TextBody"].strip(),
        told["Inbound"].get("RawEmail"),
    )


@pytest.mark.parametrize(("threshold", "state"), [(7, "blocked"), (8, "processed"), (0, "processed")])
async def test_spam_that_comes_in(house, threshold, state):
    """A letter that a scanner gave a higher score is blocked; with 0 none is."""
    await server(house, InboundSpamThreshold=threshold)
    assert state == (await letter_in(house.core, await house.caller(), LETTER)).state


async def test_an_inbound_domain_leads_to_its_server(house):
    """Every address at it, until it is taken away."""
    await server(house, InboundDomain="in.example.org")
    found = await inbound.place(house.core, "anybody+t7@in.example.org")
    await server(house, InboundDomain="other.example.org")
    moved = await inbound.place(house.core, "anybody@other.example.org")

    assert found is not None
    assert moved is not None
    assert [(await house.workspace()).id] * 2 == [found.workspace_id, moved.workspace_id]
    assert await inbound.place(house.core, "anybody@in.example.org") is None


async def test_smtp_is_switched_off_and_on(house):
    """A server that takes no mail by SMTP refuses the login, and takes it by its API."""
    async with Office.open(house) as office:
        client = await server(house, SmtpApiActivated=False)
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            await office.send("postmark")
        assert (535, 200) == (caught.value.smtp_code, (await client.post("/email", json=MAIL)).status_code)
        await server(house, SmtpApiActivated=True)
        assert 250 == (await office.send("postmark"))[0]


@pytest.mark.parametrize("enabled", [False, True])
async def test_what_smtp_could_not_take(house, consumer, enabled):
    """It is told to whoever hears of bounces, the server's hook and a webhook, only where the server asks for it."""
    client = await server(house, BounceHookUrl=consumer.url, EnableSmtpApiErrorHooks=enabled)
    await client.post("/webhooks", json={"Url": consumer.url, "Triggers": {"Bounce": {"Enabled": True}}})
    async with Office.open(house) as office:
        await office.send("postmark", written(X_PM_Message_Stream="nowhere"))
        await house.settle()
    # told after it, so that what is not told can be known
    await client.post("/email", json=MAIL | {"To": "softbounce@bounce-testing.postmarkapp.com"})

    found = [json.loads(each.body) for each in await consumer.wait(4 if enabled else 2, within_s=20)]

    expected = [("SMTPApiError", 100007)] * 2 if enabled else []
    assert expected == [(each["Type"], each["TypeCode"]) for each in found if each["TypeCode"] == 100007]
    assert 2 == sum(each["Type"] == "SoftBounce" for each in found)


async def sandbox(house: House) -> tuple[httpx.AsyncClient, str]:
    """A sandbox server of the account, and its token."""
    account = await house.client("postmark", "account")
    made = (await account.post("/servers", json={"Name": "Sandbox", "DeliveryType": "Sandbox"})).json()
    client = await house.client("postmark", authorized=False)
    (token,) = made["ApiTokens"]
    client.headers["x-postmark-server-token"] = token
    return client, token


async def test_a_sandbox_delivers_nothing_and_tells_of_it(house, consumer):
    """Mail is shown as delivered and told of as such; fake bounces bounce, and take the address out of use."""
    client, _ = await sandbox(house)
    await client.put("/server", json={"DeliveryHookUrl": consumer.url, "BounceHookUrl": consumer.url})

    sent = (await client.post("/email", json=MAIL)).json()
    bad = MAIL | {
        "To": "x@bounce-testing.postmarkapp.com",
        "Headers": [{"Name": "X-PM-Bounce-Type", "Value": "HardBounce"}],
    }
    await client.post("/email", json=bad)
    told = await heard(consumer, "Delivery", "Bounce")
    details = (await client.get(f"/messages/outbound/{sent['MessageID']}/details")).json()
    again = (await client.post("/email", json=bad)).json()

    assert (sent["MessageID"], "HardBounce", True) == (
        told["Delivery"]["MessageID"],
        told["Bounce"]["Type"],
        told["Bounce"]["Inactive"],
    )
    assert (True, "Sent", ["Delivered"]) == (
        details["Sandboxed"],
        details["Status"],
        [each["Type"] for each in details["MessageEvents"]],
    )
    assert 406 == again["ErrorCode"]


async def test_a_sandbox_by_smtp_and_in_other_words(house):
    """Nothing leaves a sandbox, whoever hands it in: over SMTP, or with another provider's key of the workspace."""
    _, token = await sandbox(house)
    async with Office.open(house) as office:
        answer = await office.talk(
            lambda client: sent(client, (token, token), written(), ("bob@example.net",))
        )
    other = await house.client("resend", workspace="Sandbox")
    await other.post(
        "/emails", json={"from": "a@example.org", "to": "b@example.net", "subject": "s", "text": "t"}
    )

    caller = await house.caller("Sandbox")
    found = (await messages.page(house.core, caller, messages.Filter(), PageRequest())).items
    kept = [await messages.get(house.core, caller, each.id) for each in found]

    assert 250 == answer[0]
    assert [True, True] == [each.draft.sandbox for each in kept]


async def test_tokens_are_shown_again_where_they_can_be_sealed(settings):
    """With a secret the account reads the tokens of its servers, made here or imported; without one nobody does."""
    sealing = msgspec.structs.replace(settings, dkim_secret="s" * 64)
    async with House.open(sealing) as house:
        account = await house.client("postmark", "account")
        made = (await account.post("/servers", json={"Name": "A"})).json()
        place = await house.workspace("A")
        second = NewCredential(
            account_id=place.account_id,
            workspace_id=place.id,
            dialect="postmark",
            kind="server",
            secret="t2",
            shown=True,
        )
        id = await credentials.create(house.core, second)
        path = f"/servers/{made['ID']}"
        both = (await account.get(path)).json()["ApiTokens"]
        await credentials.set_state(house.core, id, "revoked")

        assert [*made["ApiTokens"], "t2"] == both
        assert made["ApiTokens"] == (await account.get(path)).json()["ApiTokens"]
    async with House.open(msgspec.structs.replace(sealing, dkim_secret="o" * 64)) as house:
        # the tokens still know their server, but cannot be shown by another secret
        account = await house.client("postmark", "account")
        assert [] == (await account.get(path)).json()["ApiTokens"]
        client = await house.client("postmark", authorized=False)
        client.headers["x-postmark-server-token"] = made["ApiTokens"][0]
        assert made["ApiTokens"] == (await client.get("/server")).json()["ApiTokens"]


async def test_tokens_are_shown_without_a_secret_where_that_is_wanted(settings):
    """A development server's keys stand in a file beside its store anyway; elsewhere nothing can be read there."""
    for wanted in (False, True):
        async with House.open(msgspec.structs.replace(settings, show_tokens=wanted)) as house:
            account = await house.client("postmark", "account")
            made = (await account.post("/servers", json={"Name": f"A {wanted}"})).json()
            kept = made["ApiTokens"] if wanted else []
            assert kept == (await account.get(f"/servers/{made['ID']}")).json()["ApiTokens"]
            text = b"".join(
                bytes(row[0] or b"") for row in await select(house.core, "SELECT shown FROM credentials")
            )
            assert wanted == (made["ApiTokens"][0].encode() in text)


async def test_a_hook_is_changed_once_by_many(house):
    """However many change a server at once, it has one hook of each sort, and one of them wins whole."""
    client = await house.client("postmark")
    urls = [f"https://app.example/{number}" for number in range(8)]
    answers = await asyncio.gather(
        *[client.put("/server", json={"BounceHookUrl": url, "OpenHookUrl": url}) for url in urls]
    )
    shown = (await client.get("/server")).json()

    assert {200} == {each.status_code for each in answers}
    assert shown["BounceHookUrl"] == shown["OpenHookUrl"]
    assert shown["BounceHookUrl"] in urls
    roles = [each.role for each in await of_workspace(house.core, (await house.workspace()).id)]
    assert ["BounceHookUrl", "OpenHookUrl"] == sorted(roles)


async def test_a_name_is_given_once(house):
    """Of many that make or rename a server to one name at once, one does."""
    account = await house.client("postmark", "account")
    own = (await house.workspace()).number
    answers = await asyncio.gather(
        *[account.post("/servers", json={"Name": "Same"}) for _ in range(4)],
        account.put(f"/servers/{own}", json={"Name": "Same"}),
    )
    assert [0, 603, 603, 603, 603] == sorted(each.json().get("ErrorCode", 0) for each in answers)


async def test_the_newest_are_listed_first(house):
    """Clients look for what they have just made among the first ones."""
    account = await house.client("postmark", "account")
    made = [(await account.post("/servers", json={"Name": name})).json()["ID"] for name in ("A", "B", "C")]
    listed = [
        [each["ID"] for each in (await account.get(f"/servers?count=2&offset={skip}")).json()["Servers"]]
        for skip in (0, 2)
    ]
    assert [[made[2], made[1]], [made[0], (await house.workspace()).number]] == listed


async def test_what_is_removed_is_gone(house, consumer):
    """Its hooks hear nothing more, its addresses lead nowhere, keys of all providers are nobody's."""
    other = await house.client("resend")
    await server(house, DeliveryHookUrl=consumer.url, InboundDomain="in.example.org")
    account = await house.client("postmark", "account")
    place = await house.workspace()

    assert 200 == (await account.delete(f"/servers/{place.number}")).status_code

    assert [] == await of_workspace(house.core, place.id)
    assert await inbound.place(house.core, "a@in.example.org") is None
    assert 401 == (await (await house.client("postmark")).get("/server")).status_code
    assert 401 == (await other.get("/emails")).status_code
    assert 0 == (await account.get("/servers?count=1&offset=0")).json()["TotalCount"]
    assert place.id != (await house.workspace()).id
