"""Sending by template: the same checks as any send, and answers that depend on what the template becomes."""

import pytest

from core.messages import filling
from dialects.postmark import templated
from tests.core.post import count

_MAIL = {"From": "ann@acme.example", "To": "bob@acme.example", "TemplateAlias": "news", "TemplateModel": {}}
_TEMPLATE = {"Name": "n", "Alias": "news", "Subject": "For {{Name}}", "TextBody": "Hello {{Name}}"}


@pytest.fixture
async def client(house):
    """A client of a server with a template."""
    client = await house.client("postmark")
    await client.post("templates", json=_TEMPLATE)
    return client


async def _details(client, answer):
    return (await client.get(f"messages/outbound/{answer.json()['MessageID']}/details")).json()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"From": None}, 300),
        ({"To": None}, 300),
        ({"To": "user@localhost"}, 300),
        ({"Tag": "t" * 1001}, 300),
        ({"Metadata": {"k" * 21: "v"}}, 300),
        ({"Attachments": [{"Name": "a.exe", "Content": "aGVsbG8="}]}, 411),
        ({"MessageStream": "nope"}, 1235),
        ({"MessageStream": "inbound"}, 1236),
        ({"TemplateAlias": None}, 1101),
        ({"TemplateAlias": None, "TemplateId": 2**70}, 1101),
        ({"TemplateAlias": None, "TemplateId": 2**62}, 1101),
        ({"TemplateAlias": None, "TemplateId": -1}, 1101),
        ({"TemplateId": 999999999}, 1101),
        ({"TemplateModel": None}, 1120),
        ({"TemplateModel": "x"}, 403),
        ({"TemplateModel": {"@a": 1}}, 1122),
        ({"TemplateModel": {"a": {"@a": 1}}}, None),
        ({"TemplateModel": {"Name": 2**70}}, None),
        ({"TemplateModel": []}, None),
        ({"Subject": "s"}, 1123),
        ({"TextBody": "t"}, 1123),
        ({"Subject": "", "HtmlBody": None}, None),
        ({"InlineCss": "true"}, None),
        ({"To": None, "Bcc": "bob@acme.example"}, None),
    ],
)
async def test_what_is_taken(client, house, change, code):
    """Alone and in a batch alike."""
    alone = await client.post("email/withTemplate", json=_MAIL | change)
    (item,) = (await client.post("email/batchWithTemplates", json={"Messages": [_MAIL | change]})).json()

    assert (code or 0) == alone.json()["ErrorCode"] == item["ErrorCode"]
    assert alone.json()["Message"] == item["Message"]
    assert (0 if code else 2) == await count(house.core, "messages")


async def test_a_model_keeps_its_spelling(client):
    """Its keys are the sender's, whatever the case of those around it; a field's own may be anything."""
    wish = {key.upper(): value for key, value in _MAIL.items()} | {
        "templatemodel": {"Name": "Ann", "name": "x"}
    }
    del wish["TEMPLATEMODEL"]

    answer = await client.post("email/withTemplate", json=wish)

    assert "Hello Ann" == (await _details(client, answer))["TextBody"]


async def test_what_was_accepted_stays(client):
    """Whatever becomes of the template; it is found by what it says."""
    answer = await client.post("email/withTemplate", json=_MAIL | {"TemplateModel": {"Name": "Ann"}})
    await client.put("templates/news", json={"TextBody": "other"})
    await client.delete("templates/news")

    details = await _details(client, answer)
    found = (await client.get("messages/outbound?count=1&offset=0&subject=for+ann")).json()

    assert ("For Ann", "Hello Ann") == (details["Subject"], details["TextBody"])
    assert 1 == found["TotalCount"]
    refused = await client.post("email/withTemplate", json=_MAIL)
    assert 1101 == refused.json()["ErrorCode"]


async def test_a_subject_is_one_line(client):
    """Though the model brings more."""
    wish = _MAIL | {"TemplateModel": {"Name": "a\r\nBcc: x@acme.example"}}

    assert (
        "For a Bcc: x@acme.example"
        == (await _details(client, await client.post("email/withTemplate", json=wish)))["Subject"]
    )


async def test_the_inactive_are_left_out(client):
    """As of any send."""
    off = {"Suppressions": [{"EmailAddress": "bob@acme.example"}]}
    await client.post("message-streams/outbound/suppressions", json=off)

    alone = await client.post("email/withTemplate", json=_MAIL)
    partly = await client.post("email/withTemplate", json=_MAIL | {"Cc": "cc@acme.example"})

    assert (422, 406) == (alone.status_code, alone.json()["ErrorCode"])
    assert (200, 0) == (partly.status_code, partly.json()["ErrorCode"])
    assert "these inactive addresses: bob@acme.example" in partly.json()["Message"]


async def test_a_way_out_is_left_for_each(client):
    """The words for it stand until a recipient's address is known."""
    await client.put("templates/news", json={"TextBody": "{{{ pm:unsubscribe_url }}}"})

    answer = await client.post("email/withTemplate", json=_MAIL | {"MessageStream": "broadcast"})
    dump = (await client.get(f"messages/outbound/{answer.json()['MessageID']}/dump")).json()["Body"]

    assert "pm:unsubscribe_url" in (await _details(client, answer))["TextBody"]
    assert "/_/u/" in dump.partition("\r\n\r\n")[2].replace("=\r\n", "")


async def test_long_letters_are_kept_as_they_come(client, house, monkeypatch):
    """In more than one commit, so that not all are held; results stay in order."""
    monkeypatch.setattr(templated, "_PORTION_CHARS", 20)
    names = ["one", "two", "", "three", "four"]
    wish = [_MAIL | {"TemplateModel": {"Name": name}} for name in names]
    wish[2] = _MAIL | {"To": "nobody"}

    answers = (await client.post("email/batchWithTemplates", json={"Messages": wish})).json()

    assert [0, 0, 300, 0, 0] == [each["ErrorCode"] for each in answers]
    texts = []
    for each in answers:
        if not each["ErrorCode"]:
            read = await client.get(f"messages/outbound/{each['MessageID']}/details")
            texts.append(read.json()["TextBody"])
    assert ["Hello one", "Hello two", "Hello three", "Hello four"] == texts
    assert 4 == await count(house.core, "messages")


async def test_a_template_is_read_once_for_all(client, monkeypatch):
    """However many of a batch are said by it."""
    read = []
    prepare = filling.prepare

    async def counted(*args):
        read.append(args)
        return await prepare(*args)

    monkeypatch.setattr(filling, "prepare", counted)
    answer = await client.post("email/batchWithTemplates", json={"Messages": [_MAIL] * 50})

    assert [0] * 50 == [each["ErrorCode"] for each in answer.json()]
    assert 1 == len(read)


@pytest.mark.parametrize(("messages", "code"), [([_MAIL] * 501, 410), (None, 403), ("x", 403)])
async def test_a_batch_that_is_none(client, messages, code):
    """Refused whole."""
    answer = await client.post("email/batchWithTemplates", json={"Messages": messages})

    assert (422, code) == (answer.status_code, answer.json()["ErrorCode"])


@pytest.mark.parametrize(
    ("items", "code"),
    [([1], 0), (None, 0), ("", 0), ([], 0), ("text", 1122), (5, 1122), ({"a": 1}, 1122)],
)
async def test_a_model_that_does_not_fit_is_refused_at_once(client, items, code):
    """A template repeats lists and what is nothing; anything else is refused, and nothing is taken."""
    repeated = _TEMPLATE | {"Alias": "each", "TextBody": "{{#each items}}{{.}};{{/each}}"}
    await client.post("templates", json=repeated)
    answer = await client.post(
        "email/withTemplate", json=_MAIL | {"TemplateAlias": "each", "TemplateModel": {"items": items}}
    )
    body = answer.json()

    assert (422 if code else 200, code) == (answer.status_code, body["ErrorCode"])
    assert bool(code) == ("'items' is used like an array by the template" in body["Message"])
