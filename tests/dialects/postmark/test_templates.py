"""What a template may be called and may hold, what is changed of it, and copies on other servers."""

import asyncio

import msgspec
import pytest

from core import templates as nouns
from tests.core.post import select
from tests.house import House

_TEMPLATE = {"Name": "Receipt", "Alias": "receipt", "Subject": "s", "HtmlBody": "h", "TextBody": "t"}
_LAYOUT = {"Name": "Frame", "Alias": "frame", "HtmlBody": "<b>{{{@content}}}</b>", "TemplateType": "Layout"}


@pytest.fixture
async def client(house):
    """A client of a server."""
    return await house.client("postmark")


async def _make(client, wish):
    answer = await client.post("templates", json=wish)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"Name": None}, 1120),
        ({"Name": " "}, 1120),
        ({"Name": "n" * 255}, None),
        ({"Name": "n" * 256}, 1121),
        ({"Name": "a\0"}, 1122),
        ({"Alias": "A.b_c-9"}, None),
        ({"Alias": "9a"}, 1122),
        ({"Alias": "a b"}, 1122),
        ({"Alias": "é"}, 1122),
        ({"Alias": "a\n"}, 1122),
        ({"Alias": "a" * 256}, 1121),
        ({"Subject": None}, 1120),
        ({"Subject": ""}, 1120),
        ({"Subject": "s" * 2001}, 1121),
        ({"HtmlBody": None}, None),
        ({"HtmlBody": "", "TextBody": None}, 1120),
        ({"HtmlBody": "h" * 500_001}, 1121),
        ({"HtmlBody": "a\0"}, 1122),
        ({"HtmlBody": "{{no-path}}"}, 1122),
        ({"Subject": "{{#each}}"}, 1122),
        ({"HtmlBody": "{{{ @content }}}"}, 1122),
        ({"TextBody": "{{{ pm:unsubscribe }}}"}, None),
        ({"TemplateType": "standard"}, None),
        ({"TemplateType": ""}, None),
        ({"TemplateType": "Other"}, 1122),
        ({"TemplateType": "Layout"}, 1123),
        ({"TemplateType": "Layout", "Subject": ""}, 1131),
        ({"LayoutTemplate": "receipt"}, 1101),
        ({"LayoutTemplate": ""}, None),
    ],
)
async def test_what_is_taken(client, wish, code):
    """By the codes that the provider has for each."""
    answer = await client.post("templates", json=_TEMPLATE | wish)

    assert code == answer.json().get("ErrorCode")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"HtmlBody": "{{{@content}}} {{{ @content }}}"}, 1131),
        ({"HtmlBody": "{{@content}}"}, 1122),
        ({"TextBody": "none"}, 1131),
        ({"TextBody": "{{{@content}}}"}, None),
        ({"Subject": "s"}, 1123),
        ({"LayoutTemplate": "frame"}, 1101),
    ],
)
async def test_what_a_layout_is(client, wish, code):
    """Each part has its one place for content, and nothing has it in a layout of its own."""
    answer = await client.post("templates", json=_LAYOUT | wish)

    assert code == answer.json().get("ErrorCode")
    if code == 1131:
        assert "The layout content placeholder must be present" in answer.json()["Message"]


async def test_a_layout_has_no_layout(client):
    """Also one that there is."""
    await _make(client, _LAYOUT)
    answer = await client.post("templates", json=_LAYOUT | {"Alias": "outer", "LayoutTemplate": "frame"})

    assert 1123 == answer.json()["ErrorCode"]


async def test_an_alias_is_made_up(client):
    """Of the name, and nobody else's: two of the same name are told apart."""
    made = [await _make(client, _TEMPLATE | {"Name": name, "Alias": ""}) for name in ("9 Größen!", "7", "7")]

    assert [True, True, True] == [
        each["Alias"].startswith(stem)
        for each, stem in zip(made, ("gr-en-", "template-", "template-"), strict=True)
    ]
    assert 3 == len({each["Alias"] for each in made})


@pytest.mark.parametrize("alias", ["push", "validate"])
async def test_an_alias_like_an_operation(client, alias):
    """It is read and removed by it all the same; to change it by ``push`` is to push, which its number is not."""
    made = await _make(client, _TEMPLATE | {"Alias": alias})

    assert "h" == (await client.get(f"templates/{alias}")).json()["HtmlBody"]
    changed = await client.put(f"templates/{made['TemplateId']}", json={"Name": "Bill"})
    assert (200, "Bill") == (changed.status_code, changed.json()["Name"])
    assert 200 == (await client.delete(f"templates/{alias}")).status_code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, 1109),
        ({"TemplateType": "Layout"}, 1109),
        ({"Name": ""}, 1120),
        ({"Subject": ""}, 1120),
        ({"Alias": ""}, None),
        ({"Alias": "receipt"}, None),
        ({"Alias": "frame"}, 1122),
        ({"HtmlBody": ""}, None),
        ({"HtmlBody": "", "TextBody": ""}, 1120),
        ({"HtmlBody": "{{/each}}"}, 1122),
        ({"LayoutTemplate": "receipt"}, 1101),
        ({"LayoutTemplate": "frame"}, None),
    ],
)
async def test_what_may_be_changed(client, change, code):
    """In part, so long as the whole is still one that could be made."""
    await _make(client, _LAYOUT)
    made = await _make(client, _TEMPLATE)

    answer = await client.put("templates/receipt", json=change)

    assert code == answer.json().get("ErrorCode")
    read = (await client.get(f"templates/{made['TemplateId']}")).json()
    assert ("Receipt", "s", "receipt") == (read["Name"], read["Subject"], read["Alias"])


async def test_changes_at_once_lose_nothing(client, house):
    """Each changes its part; a change of nothing is no new version."""
    made = await _make(client, _TEMPLATE)
    path = f"templates/{made['TemplateId']}"
    changes = ({"Subject": "S"}, {"HtmlBody": "H"}, {"TextBody": "T"}, {"Name": "N"}, {"Name": "N"})
    await asyncio.gather(*[client.put(path, json=change) for change in changes])

    read = (await client.get(path)).json()

    assert ["N", "S", "H", "T"] == [read[name] for name in ("Name", "Subject", "HtmlBody", "TextBody")]
    assert 4 == (await select(house.core, "SELECT max(version) FROM templates"))[0][0]


async def test_there_are_at_most_as_many_as_the_operator_lets(settings):
    """Of those that are active, made or pushed; a hundred where nothing is said."""
    assert 100 == settings.most_templates
    async with House.open(msgspec.structs.replace(settings, most_templates=2)) as house:
        await _check_limit(house)


async def _check_limit(house):
    client = await house.client("postmark")
    first = await _make(client, _TEMPLATE | {"Alias": "a"})
    await _make(client, _TEMPLATE | {"Alias": "b"})

    refused = await client.post("templates", json=_TEMPLATE | {"Alias": "c"})
    await client.delete(f"templates/{first['TemplateId']}")

    assert 1105 == refused.json()["ErrorCode"]
    assert await _make(client, _TEMPLATE | {"Alias": "c"})
    account = await house.client("postmark", "account")
    other = await house.client("postmark", workspace="other")
    await _make(other, _TEMPLATE | {"Alias": "d"})
    wish = {"SourceServerID": (await client.get("server")).json()["ID"], "PerformChanges": True}
    wish["DestinationServerID"] = (await other.get("server")).json()["ID"]
    assert 1105 == (await account.put("templates/push", json=wish)).json()["ErrorCode"]
    assert 1 == (await other.get("templates?count=9&offset=0")).json()["TotalCount"]


async def test_others_syntaxes_are_not_seen(client, house):
    """A template that another of the workspace's APIs made is none of this one's, and keeps its alias."""
    made = await nouns.create(
        house.core,
        await house.caller(),
        nouns.NewTemplate(slug="theirs", name="n", syntax="triple", body=nouns.Body(html="h")),
    )

    for path in ("templates/theirs", f"templates/{made.number}", f"templates/{made.id}"):
        assert 1101 == (await client.get(path)).json()["ErrorCode"]
    assert 0 == (await client.get("templates?count=9&offset=0")).json()["TotalCount"]
    assert 1122 == (await client.post("templates", json=_TEMPLATE | {"Alias": "theirs"})).json()["ErrorCode"]


async def test_the_test_token_has_no_templates(house):
    """It belongs to no server: lists are empty, and nothing is kept."""
    client = await house.client("postmark", authorized=False)
    client.headers["X-Postmark-Server-Token"] = "POSTMARK_API_TEST"

    assert 0 == (await client.get("templates?count=1&offset=0")).json()["TotalCount"]
    assert 1101 == (await client.get("templates/1")).json()["ErrorCode"]
    assert 10 == (await client.post("templates", json=_TEMPLATE)).json()["ErrorCode"]
    assert [] == (await client.get("email/bulk")).json()["Requests"]


async def _servers(house):
    here, there = await house.workspace(), await house.workspace("other")
    return here.number, there.number, await house.client("postmark", workspace="other")


async def test_a_push_is_tried_and_done(client, house):
    """A try changes nothing; layouts go first, what is there by alias is changed, and a second time is the same."""
    await _make(client, _TEMPLATE)
    await _make(client, _LAYOUT)
    await client.put("templates/receipt", json={"LayoutTemplate": "frame"})
    source, destination, other = await _servers(house)
    held = await _make(other, _TEMPLATE | {"Name": "Old", "Subject": "old"})
    account = await house.client("postmark", "account")
    wish = {"SourceServerID": str(source), "destinationServerId": destination, "PerformChanges": False}

    tried = (await account.put("templates/push", json=wish)).json()
    assert "Old" == (await other.get("templates/receipt")).json()["Name"]
    done = (await account.put("templates/push", json=wish | {"PerformChanges": "true"})).json()
    again = (await account.put("templates/push", json=wish | {"PerformChanges": True})).json()

    frame, receipt = tried["Templates"]
    assert ("Create", None, "frame", "Frame", "Layout") == tuple(frame.values())
    assert ("Edit", held["TemplateId"], "receipt", "Receipt", "Standard") == tuple(receipt.values())
    assert ["Create", "Edit"] == [each["Action"] for each in done["Templates"]]
    assert ["Edit", "Edit"] == [each["Action"] for each in again["Templates"]]
    assert [each["TemplateId"] for each in done["Templates"]] == [
        each["TemplateId"] for each in again["Templates"]
    ]
    read = (await other.get("templates/receipt")).json()
    assert ("Receipt", "s", "frame", destination) == (
        read["Name"], read["Subject"], read["LayoutTemplate"], read["AssociatedServerId"],
    )  # fmt: skip
    versions = await select(house.core, "SELECT max(version) FROM templates")
    assert 2 == versions[0][0]


async def test_a_push_that_cannot_be(client, house):
    """Nothing to copy, another type under the same alias, too many, and servers that are not the account's."""
    source, destination, other = await _servers(house)
    account = await house.client("postmark", "account")
    wish = {"SourceServerID": source, "DestinationServerID": destination, "PerformChanges": True}

    async def pushed(**change):
        return (await account.put("templates/push", json=wish | change)).json().get("ErrorCode")

    assert 1124 == await pushed()
    await _make(client, _TEMPLATE)
    await _make(other, _LAYOUT | {"Alias": "receipt"})
    assert 1125 == await pushed()
    for number in (0, -1, 999_999_999, 2**64, None):
        assert 601 == await pushed(DestinationServerID=number)
    assert 403 == await pushed(SourceServerID="x")
    assert [("Frame",)] == [
        (each["Name"],) for each in (await other.get("templates?count=9&offset=0")).json()["Templates"]
    ]


async def test_what_is_told_of_a_fault(client):
    """Its place, so that whoever wrote it finds it."""
    answer = await client.post("templates", json=_TEMPLATE | {"HtmlBody": "one\ntwo {{#each }}"})

    assert "(line 2, character 5)" in answer.json()["Message"]


async def test_a_review_agrees_with_what_is_sent(client):
    """The same text in its layout, looked at and sent."""
    await _make(client, _LAYOUT)
    await _make(client, _TEMPLATE | {"HtmlBody": "{{A}}", "LayoutTemplate": "frame"})
    mail = {"From": "a@acme.example", "To": "b@acme.example", "TemplateAlias": "receipt"}
    sent = await client.post("email/withTemplate", json=mail | {"TemplateModel": {"A": "<1>"}})
    details = (await client.get(f"messages/outbound/{sent.json()['MessageID']}/details")).json()
    wish = {"HtmlBody": "{{A}}", "LayoutTemplate": "frame", "TestRenderModel": {"A": "<1>"}}

    seen = (await client.post("templates/validate", json=wish)).json()

    assert details["HtmlBody"] == seen["HtmlBody"]["RenderedContent"] == "<b>&lt;1&gt;</b>"
