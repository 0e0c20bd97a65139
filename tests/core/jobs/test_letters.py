"""What the other side gets, read by a parser that is not ours, against what was asked for."""

import msgspec
import pytest

from core import messages, templates
from core.messages import Attachment, Content, OptOut, TemplateUse
from core.templates import Body, NewTemplate
from tests.core.post import ANN, BOB, CAT, SENDER, draft, parsed, party

PDF = bytes(range(256)) * 300
LOGO = b"\x89PNG\r\n\x1a\n" + bytes(50)


def said(letter, kind):
    """What a letter says in one of its bodies; None where it has no such body."""
    body = letter.get_body((kind,))
    return None if body is None else body.get_content().replace("\r\n", "\n")


def only(post):
    """The one letter that arrived."""
    (received,) = post.sink.messages
    return parsed(received.content)


async def test_a_letter_is_what_was_asked_for(post):
    """Names and subject beyond ASCII, both bodies, an image inside the one and a file beside them."""
    asked = draft(
        "Änn Müller <ann@example.com>",
        sender=party("Nachrichten ✉ <news@sender.example>"),
        cc=["Bob <bob@example.com>"],
        bcc=[CAT],
        reply_to=["Reply <reply@sender.example>"],
        subject="Grüße aus Köln 🎉 " + "sehr " * 30,
        text="Plain ü\n.dot\n",
        html='<p>ü <img src="cid:logo@x"></p>',
        headers=(("X-Entity-Ref-ID", "r-1"), ("X-Long", "word " * 40)),
        attachments=(
            Attachment(filename="Übersicht 1.pdf", content_type="application/pdf", data=PDF),
            Attachment(filename="logo.png", content_type="image/png", content_id="logo@x", data=LOGO),
        ),
    )
    await post.send(asked)
    letter = only(post)

    assert asked.content.subject.split() == letter["subject"].split()
    assert [("Änn Müller", ANN)] == [(each.display_name, each.addr_spec) for each in letter["to"].addresses]
    assert ("Nachrichten ✉", SENDER) == (
        letter["from"].addresses[0].display_name,
        letter["from"].addresses[0].addr_spec,
    )
    assert (BOB, "reply@sender.example", None) == (
        letter["cc"].addresses[0].addr_spec,
        letter["reply-to"].addresses[0].addr_spec,
        letter["bcc"],
    )
    assert ("r-1", ("word " * 40).strip()) == (letter["x-entity-ref-id"], letter["x-long"].strip())
    assert "Plain ü\n.dot\n" == said(letter, "plain")
    assert asked.content.html == said(letter, "html").rstrip("\n")
    (file,) = letter.iter_attachments()
    assert ("Übersicht 1.pdf", "application/pdf", PDF) == (
        file.get_filename(),
        file.get_content_type(),
        file.get_content(),
    )
    shapes = [part.get_content_type() for part in letter.walk()]
    assert [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
    ] == shapes
    image = next(part for part in letter.walk() if part.get_content_type() == "image/png")
    assert ("<logo@x>", LOGO) == (image["content-id"], image.get_content())


async def test_no_octet_is_beyond_seven_bits(post):
    """Every server on the way takes the letter as it is, and no line is too long for any."""
    await post.send(draft(subject="ü" * 300, text="ü" * 5000, html="<p>" + "x" * 5000))
    content = post.sink.messages[0].content

    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998


async def test_every_attempt_sends_the_same_octets(post):
    """What is signed or compared is the same after a wait, and the same as what is shown as the source."""
    post.sink.greylisting = True
    post.sink.replies = {BOB: "451 4.2.0 Busy"}
    asked = draft(
        ANN, BOB, html="<p>Hi {{ name }}</p>", syntax="twig", variables={"name": "<Ann>"}, derive_text=True
    )
    sent = await post.send(asked)
    await post.later(67)
    post.sink.replies = {}
    await post.later(331)

    one, two = post.sink.messages
    assert ((ANN,), (BOB,)) == (one.rcpt_to, two.rcpt_to)
    assert one.content == two.content == await messages.source(post.core, await post.message(sent))


@pytest.mark.parametrize(
    ("fields", "text", "html"),
    [
        (
            {"text": None, "html": "<p>Hi <b>you</b></p>", "derive_text": True},
            "Hi you",
            "<p>Hi <b>you</b></p>",
        ),
        ({"text": "own", "html": "<p>Hi</p>", "derive_text": True}, "own", "<p>Hi</p>"),
        ({"text": "", "html": "<p>Hi</p>", "derive_text": True}, "", "<p>Hi</p>"),
        ({"text": None, "html": "<p>Hi</p>"}, None, "<p>Hi</p>"),
        ({"text": "own", "html": None, "derive_text": True}, "own", None),
        ({"text": None, "html": None}, "", None),
    ],
)
async def test_which_bodies_a_letter_has(post, fields, text, html):
    """Text is made of HTML where that was asked for and none was given."""
    await post.send(draft(**fields))
    bodies = [said(only(post), kind) for kind in ("plain", "html")]

    assert [text, html] == [each and each.rstrip("\n") for each in bodies]


async def test_headers_of_the_servers_own(post):
    """A letter names itself by its message's id, and again where that was asked for."""
    sent = await post.send(draft(id_headers=("X-Message-Id",)))
    own = await post.send(draft(message_id="<own@sender.example>"))
    one, two = (parsed(each.content) for each in post.sink.messages)

    assert (f"<{sent}@babelpost.local>", sent) == (one["message-id"], one["x-message-id"])
    assert "<own@sender.example>" == two["message-id"]
    assert own != sent


async def test_each_message_is_rendered_for_itself(post):
    """Of one call with one content, each recipient gets their own words."""
    said = Content(
        subject="Hi {{ name }}",
        html="<p>{{ name }}</p>",
        text="{{ name }}!",
        syntax="twig",
        headers=(("X-For", "{{ name }}"),),
    )
    asked = [
        msgspec.structs.replace(draft(to), content=said, variables={"name": name})
        for to, name in ((ANN, "<Ann>\r\nBcc: eve@example.com"), (BOB, "Bob"))
    ]
    await messages.submit_all(post.core, post.caller, asked)
    await post.settle()
    letters = {each.rcpt_to[0]: parsed(each.content) for each in post.sink.messages}

    assert ("Hi Bob", "Bob", "<p>Bob</p>", "Bob!") == whole(letters[BOB])
    subject, header, html, _ = whole(letters[ANN])
    assert ("Hi <Ann> Bcc: eve@example.com", "<Ann> Bcc: eve@example.com") == (subject, header)
    assert "&lt;Ann&gt;" in html
    assert letters[ANN]["bcc"] is None


def whole(letter):
    """Subject, the header of the caller's own, and both bodies."""
    return letter["subject"], letter["x-for"], said(letter, "html").strip(), said(letter, "plain").strip()


async def template(post, slug, **body):
    """A template as a message names it."""
    made = await templates.create(
        post.core, post.caller, NewTemplate(slug=slug, name=slug, syntax="tokens", body=Body(**body))
    )
    return TemplateUse(id=made.id, version=made.version, slug=slug)


async def test_a_template_goes_into_its_layout(post):
    """A message says what its template said when it was accepted, in the layout that is there when it is sent."""
    await template(
        post,
        "frame",
        html="<html>{{*}}|{{ company }}</html>",
        text="{{*}}|{{ company }}",
    )
    use = await template(
        post,
        "welcome",
        subject="Hi {{ name }}",
        html="<p>{{ name }}</p>",
        text="{{ name }}",
        layout="frame",
        defaults={"company": "Ours"},
    )
    at = post.clock.now() + 3_600_000_000
    named = {
        "template": use,
        "variables": {"name": "Ann and Bob"},
        "send_at": at,
        "subject": "",
        "text": None,
    }
    receipt = await messages.submit(post.core, post.caller, draft(**named))
    await templates.save(post.core, post.caller, use.id, Body(subject="Changed", html="changed"))
    await post.later(3601)
    letter = only(post)

    assert "Hi Ann and Bob" == letter["subject"]
    assert "<html><p>Ann and Bob</p>|Ours</html>" == said(letter, "html").strip()
    assert "Ann and Bob|Ours" == said(letter, "plain").strip()
    message = await post.message(receipt.id)
    assert ("Hi Ann and Bob", "") == (message.shown_subject, message.subject)


async def test_a_letter_of_scopes_and_layouts(post):
    """Everything such a template has arrives: values in scope, its layout, inlined styles, the reader's way out."""
    page = "<style>p{color:red}</style>{{#user}}{{{ @content }}}{{/user}}<i>{{company}}</i>"
    frame = Body(html=page, text="{{{ @content }}}--{{company}}")
    word = NewTemplate(
        slug="order",
        name="order",
        syntax="mustachio",
        body=Body(
            subject="For {{#user}}{{name}}{{/user}}",
            html='<p>{{name}}</p>{{#each items}}<b>{{.}}</b>{{/each}}<a href="{{{ pm:unsubscribe_url }}}">no</a>',
            text="{{#user}}{{name}}{{/user}} {{{ pm:unsubscribe_url }}}\n",
            layout="frame",
        ),
    )
    named = NewTemplate(slug="frame", name="frame", syntax="mustachio", body=frame)
    await templates.create(post.core, post.caller, named)
    made = await templates.create(post.core, post.caller, word)
    use = TemplateUse(id=made.id, version=made.version, slug="order")
    variables = {"user": {"name": "<Ann>", "items": ["é", 1.5]}, "company": "Ours & Co"}
    way_out = OptOut(urls=("pm:unsubscribe_url",))
    await post.send(
        draft(template=use, variables=variables, subject="", text=None, inline_css=True, opt_out=way_out)
    )
    letter = only(post)
    html, text = said(letter, "html"), said(letter, "plain")

    assert "For <Ann>" == letter["subject"]
    start = '<style>p{color:red}</style><p style="color: red;">&lt;Ann&gt;</p><b>é</b><b>1.5</b><a href="'
    assert (start, '">no</a><i>Ours &amp; Co</i>') == (html[: len(start)], html.rstrip("\n")[-28:])
    link = html.removeprefix(start).partition('"')[0]
    assert "/_/u/" in link
    assert f"<Ann> {link}\n--Ours & Co" == text.rstrip("\n")


async def test_a_body_of_its_own_goes_into_the_template(post):
    """Where a call brings a body, the template is the frame around it."""
    use = await template(post, "frame", subject="unused", html="[{{*}}]", text="({{*}})")
    await post.send(draft(template=use, subject="Own", html="<b>{{ x }}</b>", text="t", variables={"x": 1}))
    letter = only(post)

    assert ("Own", "[<b>1</b>]") == (letter["subject"], said(letter, "html").strip())


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"text": "{% if %}", "syntax": "twig"}, "content"),
        ({"template": TemplateUse(id="gone", version=1, name="gone"), "text": None}, "gone"),
    ],
)
async def test_what_cannot_be_rendered_has_failed(post, fields, reason):
    """It is told to every recipient with its reason, and is not tried again."""
    sent = await post.send(draft(ANN, BOB, **fields))

    assert ["failed", "failed"] == await post.states(sent)
    assert reason in (await post.message(sent)).deliveries[0].text
    assert [] == post.taken()
    assert ["accepted", "failed", "failed"] == [kind for kind, _ in await post.events(sent)]
