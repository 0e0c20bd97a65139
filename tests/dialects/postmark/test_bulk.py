"""Bulk: one content for many, each filled for itself; what came of them; what is refused, and all of it."""

import asyncio

import pytest

from tests.core.post import count

_MAIL = {"From": "Ann <ann@acme.example>", "Subject": "Hi {{Name}}", "HtmlBody": "<p>{{Name}}</p>"}
_ONE = {"To": "one@acme.example", "TemplateModel": {"Name": "<One>"}}
_TEMPLATE = {
    "Name": "n",
    "Alias": "news",
    "Subject": "For {{Name}}",
    "TextBody": "{{#each Items}}{{.}}{{/each}}",
}


@pytest.fixture
async def client(house):
    """A client of a server."""
    return await house.client("postmark")


async def _send(client, *messages, **more):
    answer = await client.post("email/bulk", json=_MAIL | {"Messages": list(messages)} | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _completed(client, id):
    async with asyncio.timeout(20):
        while (held := (await client.get(f"email/bulk/{id}")).json())["Status"] != "Completed":  # noqa: ASYNC110  # a table
            await asyncio.sleep(0.02)
    return held


async def _details(client, recipient):
    found = (
        await client.get(f"messages/outbound?count=9&offset=0&messagestream=broadcast&recipient={recipient}")
    ).json()
    (message,) = found["Messages"]
    return (await client.get(f"messages/outbound/{message['MessageID']}/details")).json()


async def test_each_is_filled_for_itself(client):
    """From its own model, with what all share and what is its own."""
    two = {
        "To": "two@acme.example",
        "Cc": "Cc <cc@acme.example>",
        "TemplateModel": {"Name": "Two"},
        "Metadata": {"key": "own", "more": "1"},
        "Headers": [{"Name": "x-all", "Value": "own"}, {"Name": "X-Own", "Value": "2"}],
    }
    shared = {
        "Tag": "news",
        "Metadata": {"Key": "all"},
        "Headers": [{"Name": "X-All", "Value": "1"}],
        "Attachments": [{"Name": "a.txt", "Content": "aGVsbG8=", "ContentType": "text/plain"}],
        "ReplyTo": "help@acme.example",
        "TrackLinks": "HtmlOnly",
    }
    sent = await _send(client, _ONE, two, **shared)

    held = await _completed(client, sent["Id"])
    first, second = await _details(client, "one@acme.example"), await _details(client, "two@acme.example")
    dump = (await client.get(f"messages/outbound/{second['MessageID']}/dump")).json()["Body"]

    assert (2, 100, 2, 0) == tuple(
        held[name] for name in ("TotalMessages", "PercentageCompleted", "ReleasedCount", "FailedCount")
    )
    assert ("Hi <One>", "<p>&lt;One&gt;</p>", "news", "broadcast", {"Key": "all"}, ["a.txt"]) == tuple(
        first[name] for name in ("Subject", "HtmlBody", "Tag", "MessageStream", "Metadata", "Attachments")
    )
    assert ("Hi Two", {"key": "own", "more": "1"}, ["a.txt"], "HtmlOnly") == tuple(
        second[name] for name in ("Subject", "Metadata", "Attachments", "TrackLinks")
    )
    assert ["cc@acme.example"] == [each["Email"] for each in second["Cc"]]
    for line in (
        "x-all: own",
        "X-Own: 2",
        "X-PM-Tag: news",
        "Reply-To: help@acme.example",
        "List-Unsubscribe:",
    ):
        assert line in dump
    assert "X-All: 1" not in dump


async def test_what_cannot_leave_is_counted(client):
    """The inactive and what cannot be filled; the latter is a bounce, as of any message."""
    await client.post("templates", json=_TEMPLATE)
    off = {"Suppressions": [{"EmailAddress": "off@acme.example"}]}
    await client.post("message-streams/broadcast/suppressions", json=off)
    to = ("one@acme.example", "off@acme.example", "bad@acme.example")
    models: tuple[dict[str, object], ...] = ({"Items": ["a", "b"]}, {}, {"Items": "none"})
    messages = [{"To": each, "TemplateModel": model} for each, model in zip(to, models, strict=True)]
    wish = {"From": "ann@acme.example", "TemplateAlias": "news", "Messages": messages}

    sent = (await client.post("email/bulk", json=wish)).json()
    held = await _completed(client, sent["Id"])
    bounced = (await client.get("bounces?count=9&offset=0&messagestream=broadcast")).json()["Bounces"]

    assert (3, 1, 2) == tuple(held[name] for name in ("TotalMessages", "ReleasedCount", "FailedCount"))
    assert "Subject" not in held
    assert [("TemplateRenderingFailed", 100010, "bad@acme.example")] == [
        (each["Type"], each["TypeCode"], each["Email"]) for each in bounced
    ]
    assert "ab" == (await _details(client, "one@acme.example"))["TextBody"]


async def test_what_was_accepted_is_sent(client):
    """Though its template is changed and taken away meanwhile."""
    made = (await client.post("templates", json=_TEMPLATE | {"TextBody": "first"})).json()
    sent = await client.post(
        "email/bulk", json={"From": "ann@acme.example", "TemplateId": made["TemplateId"], "Messages": [_ONE]}
    )
    await client.put("templates/news", json={"TextBody": "second"})
    await client.delete("templates/news")

    await _completed(client, sent.json()["Id"])

    assert "first" == (await _details(client, "one@acme.example"))["TextBody"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"From": None}, 300),
        ({"From": "nobody"}, 300),
        ({"ReplyTo": "nobody"}, 300),
        ({"Subject": "s" * 2001}, 300),
        ({"Tag": "t" * 1001}, 300),
        ({"HtmlBody": ""}, 300),
        ({"HtmlBody": "{{#each }}"}, 1122),
        ({"Headers": [{"Name": "X-A", "Value": "{{#a}}"}]}, 1122),
        ({"Headers": [{"Name": "X A", "Value": "v"}]}, 300),
        ({"Metadata": {"k" * 21: "v"}}, 300),
        ({"Attachments": [{"Name": "a.exe", "Content": "aGVsbG8="}]}, 411),
        ({"TrackLinks": "x"}, 300),
        ({"MessageStream": "inbound"}, 1236),
        ({"TemplateAlias": "news"}, 1123),
        ({"Subject": None, "HtmlBody": None, "TemplateAlias": "none"}, 1101),
        ({"Subject": None, "HtmlBody": None, "TemplateId": 999999999}, 1101),
        ({"InlineCss": "x"}, 403),
        ({"Messages": None}, 300),
        ({"Messages": []}, 300),
        ({"Messages": {}}, 403),
        ({"Messages": [5]}, 403),
        ({"Messages": [{}]}, 300),
        ({"Messages": [{"To": 5}]}, 403),
        ({"Messages": [_ONE, {"To": "nobody"}]}, 300),
        ({"Messages": [_ONE | {"Cc": ",".join(f"a{n}@acme.example" for n in range(50))}]}, 300),
        ({"Messages": [_ONE | {"TemplateModel": {"pm:x": 1}}]}, 1122),
        ({"Messages": [_ONE | {"TemplateModel": {"n": 2**70}}]}, 1122),
        ({"Messages": [_ONE | {"TemplateModel": 5}]}, 403),
        ({"Messages": [_ONE | {"Metadata": {str(n): "v" for n in range(11)}}]}, 300),
        ({"Messages": [_ONE | {"Headers": [{"Name": "X-A", "Value": "a\nb"}]}]}, 300),
    ],
)
async def test_a_flaw_refuses_all(client, house, change, code):
    """With its own code; nothing is kept."""
    answer = await client.post("email/bulk", json=_MAIL | {"Messages": [_ONE]} | change)

    assert (422, code) == (answer.status_code, answer.json()["ErrorCode"])
    assert 0 == await count(house.core, "mailings") == await count(house.core, "mailing_portions")


async def test_flaws_are_told_by_field(client):
    """Each once, and of one field no more than a reader wants."""
    many = [{"To": f"a{n}"} for n in range(300)]
    wish = _MAIL | {"From": "x@", "Messages": [*many, _ONE | {"Metadata": {"k" * 21: "v"}}]}

    answer = await client.post("email/bulk", json=wish)

    assert (422, 11, "11") == (
        answer.status_code, answer.json()["ErrorCode"], answer.headers["x-pm-apierrorcode"],
    )  # fmt: skip
    found = answer.json()["Errors"]
    assert {"From": 1, "To": 100, "Metadata": 1} == {field: len(errors) for field, errors in found.items()}


async def test_what_is_wrong_throughout_is_not_read_to_the_end(client, house):
    """A thousand flaws are enough: what comes after them is not looked at."""
    many = [{"To": f"a{n}"} for n in range(1000)]
    answer = await client.post("email/bulk", json=_MAIL | {"Messages": [*many, _ONE | {"Metadata": 5}]})

    assert (422, 11) == (answer.status_code, answer.json()["ErrorCode"])
    assert {"To": 100} == {field: len(errors) for field, errors in answer.json()["Errors"].items()}
    assert 0 == await count(house.core, "mailings")


async def test_others_see_nothing_of_it(client, house):
    """Neither by id nor in the list, nor by a page's key."""
    first, second = await _send(client, _ONE), await _send(client, _ONE)
    key = (await client.get("email/bulk?count=1")).json()["PaginationKey"]
    other = await house.client("postmark", workspace="other")

    assert [first["Id"]] == [
        each["Id"] for each in (await client.get(f"email/bulk?paginationKey={key}")).json()["Requests"]
    ]
    assert (404, 12) == (
        (await other.get(f"email/bulk/{second['Id']}")).status_code,
        (await other.get(f"email/bulk/{second['Id']}")).json()["ErrorCode"],
    )
    assert 13 == (await other.get(f"email/bulk?paginationKey={key}")).json()["ErrorCode"]
    assert {"Requests": []} == (await other.get("email/bulk")).json()


async def test_many_are_taken_at_once(client, house):
    """Thousands in one call; others are served meanwhile."""
    sent = await _send(client, *[{"To": f"a{n}@acme.example"} for n in range(2500)])

    assert 2500 == sent["TotalMessages"]
    async with asyncio.timeout(60):
        while await count(house.core, "messages") < 2500:  # noqa: ASYNC110  # a table
            await asyncio.sleep(0.05)
    held = (await client.get(f"email/bulk/{sent['Id']}")).json()
    assert 2500 >= held["ReleasedCount"] + held["FailedCount"]
    assert 0 == held["FailedCount"]


async def test_who_is_answered_is_filled_too(client):
    """From each model; where that makes no address, all is refused."""
    wish = {"ReplyTo": "{{Name}} <{{Mail}}>"}
    model = {"Name": "Help", "Mail": "help@acme.example"}
    sent = await _send(client, {"To": "one@acme.example", "TemplateModel": model}, **wish)
    await _completed(client, sent["Id"])
    id = (await _details(client, "one@acme.example"))["MessageID"]

    dump = (await client.get(f"messages/outbound/{id}/dump")).json()["Body"]
    refused = await client.post("email/bulk", json=_MAIL | wish | {"Messages": [_ONE]})

    assert "Reply-To: Help <help@acme.example>" in dump
    assert (422, 300) == (refused.status_code, refused.json()["ErrorCode"])
    assert "'Reply-To'" in refused.json()["Message"]


async def test_who_is_answered_takes_nobodys_time(client):
    """A text that is filled for as long as one may be holds up no other call, and is tried for one message alone."""
    hostile = "{{#each a}}{{#each ../../a}}{{#each ../../../../a}}{{/each}}{{/each}}{{/each}}"
    model = {"a": [1] * 5000}
    wish = _MAIL | {"ReplyTo": hostile, "Messages": [_ONE | {"TemplateModel": model}] * 3}
    answer = asyncio.create_task(client.post("email/bulk", json=wish))
    served = 0
    while not answer.done():
        await client.get("server")
        served += 1

    refused = await answer
    assert (422, 1122) == (refused.status_code, refused.json()["ErrorCode"])
    assert served > 3


async def test_keys_in_any_case_are_read_the_same(client):
    """Those of the request and of its messages; a model's own are its sender's."""
    wish = {"from": "ann@acme.example", "subject": "s", "textbody": "{{Name}}{{name}}", "unknown": [1]}
    message = {"to": "one@acme.example", "templatemodel": {"Name": "N", "name": "n"}, "unknown": {}}

    sent = (await client.post("email/bulk", json=wish | {"messages": [message]})).json()

    await _completed(client, sent["Id"])
    assert "Nn" == (await _details(client, "one@acme.example"))["TextBody"]
