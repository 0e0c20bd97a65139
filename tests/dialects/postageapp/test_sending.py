"""What a call becomes in the core, and what leaves."""

import json
from email import message_from_bytes, policy

import httpx
import msgspec
import pytest

from core import accounts, messages, suppressions, templates
from core.store.database import write
from core.store.statements import Query, statement
from tests.dialects.postageapp.driver import DRIVER

_SETTINGS = statement("settings", "UPDATE workspaces SET settings = :settings WHERE id = :id")


class Sender:
    """Sends by arguments and gives back what the core holds."""

    def __init__(self, house, client, key):
        """Know whom to ask."""
        self.house, self.client, self.key = house, client, key

    async def ask(self, **fields):
        """The raw answer of send_message."""
        return await DRIVER.call(self.key, "send_message", **fields).by(self.client)

    async def __call__(self, **given):
        """The messages of an accepted call, once delivered, and their source."""
        arguments = {"recipients": "a@acme.example", "content": "hello", **given}
        answer = await self.ask(arguments=arguments)
        assert 200 == answer.status_code, answer.text
        await self.house.settle()
        core, caller = self.house.core, await self.house.caller()
        batch = await messages.batch_by_uid(core, caller, answer.json()["response"]["uid"])
        assert answer.json()["data"]["message"]["id"] == batch.number
        found = [
            await messages.get(core, caller, each.id) for each in await messages.of_batch(core, batch.id)
        ]
        sources = [await messages.source(core, message) for message in found]
        return found, [message_from_bytes(source, policy=policy.default) for source in sources]


@pytest.fixture
async def send(house):
    """A sender with the project's key."""
    return Sender(house, await house.client("postageapp"), await house.key("postageapp", "project"))


def body(letter, kind):
    """One body of a letter, without its last line end."""
    part = letter.get_body((kind,))
    return part.get_content().replace("\r\n", "\n").rstrip("\n") if part is not None else None


@pytest.mark.parametrize(
    ("recipients", "expected"),
    [
        ("a@x.example, B <b@y.example>", [["a@x.example", "b@y.example"]]),
        (["a@x.example", "B <b@y.example>"], [["a@x.example"], ["b@y.example"]]),
        (
            {"a@x.example": {}, "B <b@y.example>": None, "c@z.example": []},
            [["a@x.example"], ["b@y.example"], ["c@z.example"]],
        ),
        (["a@x.example", "A <A@X.example>"], [["a@x.example"]]),
        ("a@x.example,a@x.example", [["a@x.example"]]),
        (['"B, Bob" <b@y.example>'], [["b@y.example"]]),
    ],
    ids=str,
)
async def test_recipients_see_each_other_only_in_a_text(send, recipients, expected):
    """A text is one email to everybody; a list and an object are one email each; nobody gets two."""
    found, letters = await send(recipients=recipients)
    assert expected == [[delivery.email for delivery in message.deliveries] for message in found]
    assert expected == [[address.addr_spec for address in letter["to"].addresses] for letter in letters]


async def test_variables_fill_everything_but_files(send):
    """A recipient's own win over the call's; missing ones are empty; nothing is escaped."""
    found, letters = await send(
        recipients={"a@x.example": {"name": "<Ann>", "n": 1.50}, "b@y.example": []},
        variables={"name": "you", "n": 7, "yes": True, "big": 10**30, "none": None, "from": "Team"},
        headers={
            "From": "{{ from }} <team@acme.example>",
            "reply-to": "reply+{{n}}@acme.example",
            "Subject": "Hi {{name}}",
            "X-Yes": "{{yes}}{{big}}{{none}}{{missing}}",
        },
        content={"text/plain": "{{name}} {{n}} {{Name}}", "text/html": "<p>{{name}}{{{name}}}{{&name}}</p>"},
        attachments={"{{name}}.txt": {"content": "e3tuYW1lfX0="}},
    )
    assert 1 == len({message.content_id for message in found})
    ann, other = letters
    assert ("Hi <Ann>", "Hi you") == (ann["subject"], other["subject"])
    assert "<Ann> 1.5 {{Name}}" == body(ann, "plain")
    assert "you 7 {{Name}}" == body(other, "plain")
    assert "<p><Ann>{{name}}&lt;Ann&gt;</p>" == body(ann, "html")
    assert "Team <team@acme.example>" == ann["from"]
    assert ("reply+1.5@acme.example", "reply+7@acme.example") == (ann["reply-to"], other["reply-to"])
    assert f"true{10**30}" == ann["x-yes"]
    (file,) = ann.iter_attachments()
    assert ("{{name}}.txt", b"{{name}}") == (file.get_filename(), file.get_content())
    assert "application/octet-stream" == file.get_content_type()


async def test_a_variable_cannot_end_a_header_line(send):
    """It stands there with a blank instead."""
    _, (letter,) = await send(
        headers={"subject": "{{x}}", "X-X": "{{x}}"}, variables={"x": "a\r\nBcc: b@c.example"}
    )
    assert ("a Bcc: b@c.example", "a Bcc: b@c.example") == (letter["subject"], letter["x-x"])
    assert letter["bcc"] is None


async def test_headers_are_sorted(send):
    """Copies get the email, Bcc is not shown, what every email has of its own is not taken over."""
    found, (letter,) = await send(
        headers={
            "FROM": "me@acme.example",
            "from": "late@acme.example",
            "CC": ["c@acme.example", "D <d@acme.example>"],
            "bcc": "e@acme.example",
            "Sender": "s@acme.example",
            "X-Mine": "yes",
            "To": "other@acme.example",
            "Date": "Thu, 01 Jan 1970 00:00:00 +0000",
            "Message-ID": "<old@acme.example>",
            "Content-Type": "text/weird",
            "Received": "x",
            "X-Empty": "",
            "X-Null": None,
        }
    )
    roles = [(delivery.role, delivery.email) for delivery in found[0].deliveries]
    assert [
        ("to", "a@acme.example"),
        ("cc", "c@acme.example"),
        ("cc", "d@acme.example"),
        ("bcc", "e@acme.example"),
    ] == roles
    assert ("late@acme.example", "s@acme.example", "yes") == (
        letter["from"],
        letter["sender"],
        letter["x-mine"],
    )
    assert ("a@acme.example", "c@acme.example, D <d@acme.example>") == (letter["to"], letter["cc"])
    for name in ("bcc", "received", "x-empty", "x-null"):
        assert letter[name] is None
    assert "old@" not in letter["message-id"]
    assert "text/plain" == letter.get_content_type()


async def test_stylesheet_goes_into_the_html(send):
    """As an element in its head."""
    _, (letter,) = await send(
        content={"text/html": "<html><head></head><p>x</p></html>", "text/css": "p{color:red}"}
    )
    assert "<style>\np{color:red}\n</style>\n</head>" in body(letter, "html")
    assert body(letter, "plain") is None


@pytest.mark.parametrize(
    ("content", "plain", "html"),
    [
        ("no tag: 1 < 2", "no tag: 1 < 2", None),
        ("a <b>tag</b>", "a <b>tag</b>", "a <b>tag</b>"),
        ({"text/html": "<p>x</p>", "text/plain": ""}, None, "<p>x</p>"),
        ({"text/plain": "x"}, "x", None),
    ],
    ids=str,
)
async def test_content_may_be_a_bare_text(send, content, plain, html):
    """Then it is plain, and HTML too where a tag is in it."""
    _, (letter,) = await send(content=content)
    assert (plain, html) == (body(letter, "plain"), body(letter, "html"))


async def test_override_takes_the_mail_but_not_the_reports(send, house):
    """The recipients are reported, the mail goes to the addresses named."""
    found, _ = await send(
        recipients={"a@x.example": {"n": "1"}, "b@y.example": {"n": "2"}},
        content="{{n}}",
        recipient_override="test@acme.example, Two <second@acme.example>",
    )
    assert [("test@acme.example", "second@acme.example")] * 2 == [
        message.draft.redirect_to for message in found
    ]
    assert ["a@x.example", "b@y.example"] == [message.deliveries[0].email for message in found]
    assert ["delivered"] * 2 == [message.deliveries[0].state for message in found]
    assert ["1", "2"] == [message.text for message in found]


async def test_templates_wrap_each_other_and_the_content(send):
    """A child stands in its layout, content where the template nests it; a template without a place for it wins."""
    _, (child,) = await send(content=None, template="sample_child_template", variables={"name": "Ann"})
    assert "A sample message" == child["subject"]
    assert "<div><h1>Hello Ann</h1>" in body(child, "html")
    assert "Sent by your application." in body(child, "plain")

    _, (wrapped,) = await send(
        content={"text/html": "<b>{{name}}</b>", "text/css": "b{}"},
        template="sample_parent_layout",
        variables={"name": "Bob"},
        headers={"subject": "Own"},
    )
    assert "Own" == wrapped["subject"]
    assert "<div><b>Bob</b></div>" in body(wrapped, "html")
    assert "<style>\nb{}\n</style>" in body(wrapped, "html")
    assert body(wrapped, "plain") is None

    _, (whole,) = await send(content={"text/html": "<b>lost</b>"}, template="sample_child_template")
    assert "lost" not in body(whole, "html")
    assert "<h1>Hello </h1>" in body(whole, "html")


async def test_a_template_brings_its_own_sender_and_stylesheet(send, house):
    """Which the call's headers and stylesheet override and follow."""
    new = templates.NewTemplate(
        slug="own",
        name="Own",
        syntax="tokens",
        body=templates.Body(
            subject="From {{who}}",
            sender="{{who}} <t@acme.example>",
            reply_to="r@acme.example",
            html="<p>x</p>",
            css="p{}",
        ),
    )
    await templates.create(house.core, await house.caller(), new)
    _, (own,) = await send(content=None, template="own", variables={"who": "Tom"})
    assert ("Tom <t@acme.example>", "From Tom", "r@acme.example") == (
        own["from"],
        own["subject"],
        own["reply-to"],
    )
    _, (call,) = await send(
        content={"text/css": "q{}"},
        template="own",
        headers={"from": "c@acme.example", "reply-to": "d@acme.example"},
    )
    assert ("c@acme.example", "d@acme.example") == (call["from"], call["reply-to"])
    assert "<style>\np{}\nq{}\n</style>\n<p>x</p>" == body(call, "html")


@pytest.mark.parametrize("syntax", ["twig", "triple"])
async def test_templates_of_other_syntaxes_are_unknown(send, house, syntax):
    """They were made by another provider's client, and nest otherwise."""
    new = templates.NewTemplate(slug="foreign", name="F", syntax=syntax, body=templates.Body(html="x"))
    made = await templates.create(house.core, await house.caller(), new)
    for slug in ("foreign", made.id, "nul\x00"):
        answer = await send.ask(arguments={"template": slug, "recipients": "a@acme.example"})
        assert (412, f"Template {slug} could not be found.") == (
            answer.status_code,
            answer.json()["response"]["message"],
        )


async def test_the_default_sender(send, house):
    """The workspace's own where it has one, else a no-reply of the server."""
    _, (letter,) = await send()
    assert f"no-reply@{house.core.policy.message_host}" == letter["from"]
    settings = msgspec.msgpack.encode(accounts.WorkspaceSettings(default_sender="House <house@acme.example>"))
    place = await house.workspace()
    await write(house.core.db, Query(_SETTINGS, {"settings": settings, "id": place.id}))
    _, (letter,) = await send(content="hello again")
    assert "House <house@acme.example>" == letter["from"]


async def test_uids_are_the_projects_own(send, house):
    """Another project may use the same one, and sees nothing of this one's."""
    key = await house.key("postageapp", "project", workspace="other")
    arguments = {"recipients": "a@acme.example", "content": "x"}
    assert 200 == (await send.ask(uid="same", arguments=arguments)).status_code
    assert 404 == (await DRIVER.read(key, "same").by(send.client)).status_code
    assert (
        200
        == (
            await DRIVER.call(key, "send_message", uid="same", arguments=arguments).by(send.client)
        ).status_code
    )
    assert 400 == (await send.ask(uid="same", arguments=arguments)).status_code


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"uid": "u" * 256}, "A uid has at most 255 characters."),
        ({"uid": "nul\x00"}, "A uid may not contain NUL."),
        ({"arguments": {"attachments": {"a\nb": {"content": "aGk="}}}}, None),
        ({"arguments": {"attachments": {"a": {"content": "aGk=", "content_type": "a/b\r\nX: y"}}}}, None),
        ({"arguments": {"attachments": {"a": {"content": 5}}}}, 'Attachment "a" has no content.'),
        ({"arguments": {"attachments": {"a": []}}}, 'Attachment "a" has no content.'),
        (
            {"arguments": {"attachments": {"a": {"content": "aGk"}}}},
            'The content of attachment "a" is not valid base64.',
        ),
        ({"arguments": {"headers": {"subject": "a\nb"}}}, "Header subject may not contain line breaks."),
        ({"arguments": {"headers": {"Odd Name": "x"}}}, None),
        (
            {"arguments": {"headers": {"cc": "x@y.example, nobody"}}},
            '"nobody" in the header cc is not a valid email address.',
        ),
        ({"arguments": {"headers": {"from": "{{x}}"}, "variables": {"x": "a\nb@c.example"}}}, None),
        (
            {"arguments": {"recipient_override": "nobody"}},
            'Recipient override "nobody" is not a valid email address.',
        ),
        ({"arguments": {"recipients": " , "}}, "No recipients were specified."),
        ({"arguments": {"recipients": ["a@x.example, b@x.example"]}}, None),
        (
            {"arguments": {"variables": {"x": [10**30]}}},
            "Variables hold a number that is too large, or are nested too deeply.",
        ),
        ({"arguments": {"headers": {"from": "{{:x}} <a@b.example>"}}}, None),
    ],
    ids=str,
)
async def test_what_cannot_be_sent_is_refused_at_once(send, fields, message):
    """In the envelope, with the reason."""
    arguments = {"recipients": "a@acme.example", "content": "x", **fields.get("arguments", {})}
    answer = await send.ask(**{**fields, "arguments": arguments})
    assert (400, "bad_request") == (answer.status_code, answer.json()["response"]["status"])
    DRIVER.refused(answer)
    assert message in (None, answer.json()["response"]["message"])


async def test_a_suppressed_recipient_is_reported_as_rejected(send, house):
    """And refuses nothing."""
    await suppressions.suppress(house.core, await house.caller(), "b@y.example")
    found, _ = await send(recipients=["a@x.example", "B@y.example"])
    assert ["delivered", "suppressed"] == [message.deliveries[0].state for message in found]
    key = send.key
    uid = (await DRIVER.call(key, "get_messages").by(send.client)).json()["data"].popitem()[0]
    answer = (await DRIVER.call(key, "get_message_transmissions", uid=uid).by(send.client)).json()
    told = {email: each["status"] for email, each in answer["data"]["transmissions"].items()}
    assert {"a@x.example": "completed", "B@y.example": "rejected"} == told


async def test_many_recipients_are_one_commit(send):
    """A thousand emails share one content, and are all reported."""
    recipients = {f"r{number}@x.example": {"n": number} for number in range(1200)}
    answer = await send.ask(uid="many", arguments={"recipients": recipients, "content": "{{n}}"})
    assert 200 == answer.status_code
    await send.house.settle()
    answer = (await DRIVER.call(send.key, "get_message_transmissions", uid="many").by(send.client)).json()
    assert recipients.keys() == answer["data"]["transmissions"].keys()
    summary = (await DRIVER.call(send.key, "get_messages").by(send.client)).json()["data"]["many"]
    assert (1200, 1200) == (summary["transmissions_total"], summary["transmissions_completed"])


async def test_a_call_that_is_not_utf8_is_told_where(send):
    """Before its JSON is looked at."""
    answer = await send.client.post("v.1.0/send_message.json", content=b'{"api_key\xff')
    assert (406, "invalid_utf8") == (answer.status_code, answer.json()["response"]["status"])
    assert answer.json()["response"]["message"].endswith("Error detected at byte 9.")


async def test_a_large_call_is_read_and_a_larger_one_is_not(send):
    """Thirty-two megabytes are fine; beyond forty the envelope says so."""
    given = {"recipients": "a@acme.example", "content": "x", "headers": {"subject": "s"}}
    fields = {"api_key": send.key, "uid": "big", "arguments": given}
    whole = json.dumps(fields)[:-2] + ', "attachments": {"f": {"content": "' + "A" * (32 << 20) + '"}}}}'
    answer = await send.client.post("v.1.1/send_message", content=whole.encode())
    assert 200 == answer.status_code
    answer = await send.client.post("v.1.1/send_message", content=b"{" + b" " * (41 << 20))
    assert (413, "call_error") == (answer.status_code, answer.json()["response"]["status"])
    DRIVER.refused(answer)
    answer = await send.client.post("v.1.1/unknown", content=b"{" + b" " * (41 << 20))
    assert 413 == answer.status_code
    assert isinstance(answer, httpx.Response)
