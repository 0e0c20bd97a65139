from email import policy
from email.message import EmailMessage

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import headers, mime, parsing
from core.addresses import Address
from core.errors import Invalid, Refusal, Unsupported
from core.messages import is_storable
from core.messages.intake import check

BOB = Address("bob@example.net")
HEAD = "From: Ann <ann@example.org>\nTo: bob@example.net\nSubject: Hello\n"


def read(text, *recipients):
    """Read a letter written with plain line ends, for Bob unless for others."""
    raw = text.encode() if isinstance(text, str) else text
    return parsing.read(raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), recipients or (BOB,))


def part(head, body="x"):
    """Write one part of a multipart."""
    return f"{head}\n\n{body}\n"


def multipart(kind, *parts, boundary="b1"):
    """Write a multipart, with its own Content-Type."""
    inner = "".join(f"--{boundary}\n{each}" for each in parts)
    return (
        f"Content-Type: multipart/{kind}; boundary={boundary}\n\npreamble\n{inner}--{boundary}--\nepilogue\n"
    )


TEXT, HTML = part("Content-Type: text/plain", "text"), part("Content-Type: text/html", "<p>html</p>")
PDF = part('Content-Type: application/pdf; name="a.pdf"\nContent-Transfer-Encoding: base64', "AAEC")
IMAGE = part("Content-Type: image/png\nContent-ID: <logo@x>\nContent-Transfer-Encoding: base64", "AAEC")


def test_a_letter_becomes_a_draft():
    """Everything a letter says is in the draft, decoded, and what only describes its way is not."""
    draft = read(
        "Received: from a by b\nReturn-Path: <x@example.org>\nDKIM-Signature: v=1\n"
        "Date: Mon, 1 Jan 2024 00:00:00 +0000\n"
        "From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>\nTo: Bob <bob@example.net>,\n cy@example.net\n"
        "Cc: dan@example.net\nBcc: eve@example.net\nReply-To: re@example.org\nMessage-ID: <1@example.org>\n"
        "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe_?=\n =?utf-8?q?aus?=\nX-Odd: one\n two\nX-Odd: three\n"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\n"
        "Content-Transfer-Encoding: quoted-printable\n\n"
        "Sch=F6n=\n!\n",
        *map(Address, ("bob@example.net", "CY@example.net", "dan@example.net", "eve@example.net")),
    )

    assert (Address("joerg@example.org", "Jörg"), "Jörg <joerg@example.org>") == (
        draft.sender.address,
        draft.sender.text,
    )
    assert [
        ("to", "bob@example.net"), ("to", "cy@example.net"), ("cc", "dan@example.net"), ("bcc", "eve@example.net"),
    ] == [(role, each.email) for role, each in draft.recipients()]  # fmt: skip
    assert ((), ()) == (draft.shown_to, draft.shown_cc)
    assert ["re@example.org"] == [each.email for each in draft.reply_to]
    assert ("Grüße aus", "Schön!\n", None) == (draft.content.subject, draft.content.text, draft.content.html)
    assert "<1@example.org>" == draft.message_id
    assert (("X-Odd", "one two"), ("X-Odd", "three")) == draft.content.headers


@pytest.mark.parametrize(
    ("to", "cc", "envelope", "roles", "shown"),
    [
        ("a@x.example", "", ["a@x.example"], "to", []),
        ("a@x.example, b@x.example", "", ["b@x.example"], "to", ["a@x.example", "b@x.example"]),
        ("a@x.example", "", ["b@x.example"], "bcc", ["a@x.example"]),
        ("a@x.example, A@X.example", "a@x.example", ["a@x.example"], "to", []),
        ("undisclosed-recipients:;", "", ["a@x.example"], "bcc", []),
        ("Team: a@x.example, B <b@x.example>;", "", ["b@x.example", "a@x.example"], "to to", []),
        ("a@x.example (our Ann)", "", ["a@x.example"], "to", []),
        ("", "", ["a@x.example", "a@x.example"], "bcc", []),
    ],
)
def test_the_envelope_decides_and_the_header_shows(to, cc, envelope, roles, shown):
    """Only who stands in the envelope gets the letter, each once; whom the header names beside them is still shown."""
    draft = read(f"From: a@b.example\nTo: {to}\nCc: {cc}\n\n", *map(Address, envelope))

    assert roles.split() == [role for role, _ in draft.recipients()]
    assert shown == [each.email for each in draft.shown_to]


@pytest.mark.parametrize(
    ("body", "text", "html", "files"),
    [
        (TEXT, "text", None, []),
        (HTML, None, "<p>html</p>", []),
        (PDF, None, None, [("a.pdf", "application/pdf", "")]),
        (multipart("alternative", TEXT, HTML), "text", "<p>html</p>", []),
        (multipart("mixed", TEXT, PDF), "text", None, [("a.pdf", "application/pdf", "")]),
        (multipart("mixed", TEXT, PDF, TEXT), "text\ntext", None, [("a.pdf", "application/pdf", "")]),
        (multipart("mixed", HTML, TEXT), None, "<p>html</p>", [("part-1.txt", "text/plain", "")]),
        (multipart("mixed", multipart("alternative", TEXT, HTML, boundary="b2"), TEXT),
         "text", "<p>html</p>", [("part-1.txt", "text/plain", "")]),
        (multipart("related", HTML, IMAGE), None, "<p>html</p>", [("part-1.png", "image/png", "logo@x")]),
        (multipart("alternative", TEXT, multipart("related", HTML, IMAGE, boundary="b2")),
         "text", "<p>html</p>", [("part-1.png", "image/png", "logo@x")]),
        (multipart("alternative", TEXT, part("Content-Type: text/calendar; method=REQUEST")),
         "text", None, [("part-1.ics", 'text/calendar; method="REQUEST"', "")]),
        (multipart("mixed", part("Content-Disposition: attachment; filename=n.txt\nContent-Type: text/plain"), TEXT),
         "text", None, [("n.txt", "text/plain", "")]),
        (multipart("mixed", TEXT, part("Content-Type: message/rfc822", HEAD + multipart("mixed", PDF, boundary="b3"))),
         "text", None, [("part-1.eml", "message/rfc822", "")]),
        (multipart("mixed"), "preamble", None, []),
        ("Content-Type: multipart/mixed\n\nno boundary", "no boundary", None, []),
        ("Content-Type: nonsense\n\nx", None, None, [("part-1.bin", "application/octet-stream", "")]),
        ("\nno type", "no type", None, []),
    ],
)  # fmt: skip
def test_parts_are_bodies_or_files(body, text, html, files):
    """Texts that are shown become the bodies, everything else travels along; nothing is lost."""
    content = read(HEAD + body).content

    assert (text, html) == tuple(
        each if each is None else each.rstrip("\n") for each in (content.text, content.html)
    )
    assert files == [(each.filename, each.content_type, each.content_id) for each in content.attachments]


def test_a_file_shown_nowhere_is_no_inline_file():
    """Some programs give every attachment a Content-ID; one that the HTML does not show must stay visible."""
    shown = part("Content-Type: text/html", '<img src="cid:logo@x">')
    attached = IMAGE.replace("Content-ID", "Content-Disposition: attachment\nContent-ID")

    assert "" == read(HEAD + multipart("mixed", HTML, attached)).content.attachments[0].content_id
    assert "logo@x" == read(HEAD + multipart("mixed", shown, attached)).content.attachments[0].content_id


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ('filename="a b.txt"', "a b.txt"),
        ("filename=a.txt", "a.txt"),
        ("filename*=utf-8''Gr%C3%BC%C3%9Fe.txt", "Grüße.txt"),
        ("filename*=iso-8859-1'de'Gr%FC%DFe.txt", "Grüße.txt"),
        ("filename*=bogus''a%20b", "a b"),
        ("filename*0*=utf-8''Gr%C3; filename*1*=%BC%C3%9F; filename*2=e.txt", "Grüße.txt"),
        ('filename*0="a"; filename*1="b"', "ab"),
        ('filename="=?utf-8?q?Gr=C3=BC=C3=9Fe?="', "Grüße"),
        ('filename="Grüße"', "Grüße"),
        ('filename="a\x00\x07b"', "ab"),
        ("filename=", "part-1.bin"),
    ],
)
def test_file_names_in_every_form(parameter, expected):
    """A name is read however a mail program wrote it."""
    body = f"Content-Type: application/octet-stream\nContent-Disposition: attachment; {parameter}\n\nx"

    assert expected == read(HEAD + body).content.attachments[0].filename


@pytest.mark.parametrize(
    ("charset", "body", "expected"),
    [
        ("utf-8", "ä".encode(), "ä"),
        ("iso-8859-1", b"\xe4", "ä"),
        ("bogus", "ä".encode(), "ä"),
        ("us-ascii", b"\xe4", "ä"),
        ("utf-8", b"\xe4\x81", "ä\ufffd"),
        ("hex_codec", b"00", "00"),
        ("unicode_escape", b"\\ud800", "\\ud800"),
        ("utf-7", b"+2AA-", "+2AA-"),
    ],
)
def test_broken_charsets_survive(charset, body, expected):
    """A text whose charset lies or does not exist is still read, and can be kept."""
    raw = f"{HEAD}Content-Type: text/plain; charset={charset}\n\n".encode() + body

    assert expected == read(raw).content.text


@pytest.mark.parametrize(
    ("raw", "expected"), [("Grüße".encode(), "Grüße"), (b"Gr\xfc\xdfe", "Grüße"), (b"=?x?q?a?=", "=?x?q?a?=")]
)
def test_raw_bytes_in_a_header_are_read(raw, expected):
    """Old programs write headers as they are."""
    assert expected == read(b"From: a@b.example\nSubject: " + raw + b"\n\n").content.subject


@pytest.mark.parametrize("hidden", ["=?utf-8?q?a=0D=0ABcc:_x?=", "=?utf-7?q?a+2AA-?=", "=?utf-8?q?a=00?="])
def test_nothing_hidden_breaks_out_of_a_header(hidden):
    """Line ends and halves of characters inside encoded words are blanks, in a subject and in a name."""
    draft = read(f"From: {hidden} <a@b.example>\nSubject: {hidden}\n\n")

    assert headers.is_safe(draft.content.subject)
    assert headers.is_safe(draft.sender.address.name)
    assert headers.is_safe(draft.sender.text)


@pytest.mark.parametrize("kind", ["signed", "encrypted"])
def test_sealed_letters_are_refused(kind):
    """A seal does not survive being built anew, so the letter is refused and not broken."""
    with pytest.raises(Unsupported, match=f"multipart/{kind}"):
        read(HEAD + multipart(kind, TEXT, PDF))


def test_alternatives_that_cannot_be_kept_are_refused():
    """An alternative of another kind is neither dropped nor shown as a file."""
    with pytest.raises(Unsupported, match="text/x-amp-html"):
        read(HEAD + multipart("alternative", TEXT, part("Content-Type: text/x-amp-html"), HTML))


@pytest.mark.parametrize(
    "head",
    [
        "To: bob@example.net",
        "From: ",
        "From: a@b.example, c@d.example",
        "From: a@b.example\nFrom: c@d.example",
        "From: nobody",
        "From: a@b.example\nTo: bob@@example.net",
        f"From: a@b.example\nTo: {'(' * 5000}",
        f"From: a@b.example\nReply-To: {'a' * 200_000}@example.net",
    ],
)
def test_addresses_that_cannot_be_read_are_refused(head):
    """A letter must say whom it is from, and its other addresses must be some."""
    with pytest.raises(Invalid):
        read(f"{head}\n\nx")


def test_deep_nesting_is_refused():
    """A structure no honest letter has costs nothing."""
    body = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(200))

    with pytest.raises(Invalid, match="nested"):
        read(HEAD + body)


@pytest.mark.parametrize("text", [HEAD + "X: y\n" * 1001, HEAD + multipart("mixed", *[PDF] * 1001)])
def test_numbers_are_bounded(text):
    """Fields and files have an end."""
    with pytest.raises(Invalid, match="more than 1000"):
        read(text)


@pytest.mark.parametrize("value", ["<a b@c>", "none", "<" + "a" * 1000 + ">", "<ä@b.example>"])
def test_message_ids_that_are_none_are_replaced(value):
    """An id that could not be written again is not kept."""
    assert "" == read(f"From: a@b.example\nMessage-ID: {value}\n\n").message_id


def accepted(raw):
    """Read octets, or be refused; what is read can be checked, kept and written."""
    try:
        draft = parsing.read(raw, (BOB,))
        check(draft)
    except Refusal:
        return None
    msgspec.msgpack.encode(draft)
    assert is_storable(draft.variables)
    parts = tuple(
        mime.Part(
            filename=a.filename, content_type=a.content_type, content_id=a.content_id, data=a.data or b""
        )
        for a in draft.content.attachments
    )
    letter = mime.Letter(
        message_id=draft.message_id or "<1@b.example>", date=0, sender=draft.sender.address,
        to=tuple(each.address for each in draft.shown_to or draft.to), subject=draft.content.subject,
        headers=draft.content.headers, text=draft.content.text, html=draft.content.html, parts=parts, boundary="b",
    )  # fmt: skip
    return draft, mime.build(letter)


# cut at the bars
_WORDS = st.sampled_from(
    (
        b"From: a@b.example\r\n|To: |Content-Type: |multipart/mixed; boundary=x\r\n|text/plain|\r\n|; charset=|utf-7|"
        b"--x|--x--|\r\n\r\n|Content-Transfer-Encoding: base64\r\n|boundary*0*=|x-uuencode\r\n|begin 644 a\r\n|"
        b"filename*0*=utf-8''%|Content-Disposition: attachment; |=?utf-8?b?|?=|\xff|\x00|\"|(|<|@|b.example|Subject: |"
        b"Message-ID: | |\n|\r|message/rfc822|multipart/alternative; boundary=\"y\"\r\n|--y|charset*=idna''a|;|=|''"
    ).split(b"|")
)


@given(raw=st.binary())
def test_any_octets_are_read_or_refused(raw):
    """Nothing makes reading fail in another way than by a refusal."""
    accepted(b"From: a@b.example\r\n" + raw)
    accepted(raw)


@given(words=st.lists(_WORDS | st.binary(max_size=4), max_size=40))
def test_anything_like_a_letter_is_read_or_refused(words):
    """The same for what looks like one."""
    accepted(b"From: a@b.example\r\n" + b"".join(words))


_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=200)


@given(text=_TEXTS, html=_TEXTS, data=st.binary(max_size=500))
def test_what_the_standard_library_writes_is_read_back(text, html, data):
    """A letter of Python's own says the same to us."""
    letter = EmailMessage(policy=policy.SMTP)
    letter["From"] = "a@b.example"
    letter.set_content(text)
    letter.add_alternative(html, subtype="html")
    letter.add_attachment(data, maintype="application", subtype="x", filename="f.bin")
    content = parsing.read(letter.as_bytes(), (BOB,)).content

    assert (text + "\n", html + "\n") == (content.text, content.html)
    assert [("f.bin", data)] == [(each.filename, each.data) for each in content.attachments]


@given(subject=_TEXTS, text=_TEXTS, html=_TEXTS, name=_TEXTS, data=st.binary(max_size=500))
def test_what_we_write_is_read_back(subject, text, html, name, data):
    """A letter that leaves one of these servers comes in at the next as it was."""
    wanted = mime.Letter(
        message_id="<1@b.example>", date=0, sender=Address("a@b.example", "Ä, b"), to=(BOB,), subject=subject,
        headers=(("X-A", subject),), text=text, html=html, parts=(mime.Part(filename=name, data=data),), boundary="b",
    )  # fmt: skip
    draft = parsing.read(mime.build(wanted), (BOB,))

    assert (wanted.sender, "<1@b.example>") == (draft.sender.address, draft.message_id)
    assert subject.strip() == draft.content.subject.strip()
    assert (text, html) == (draft.content.text, draft.content.html)
    assert [data] == [each.data for each in draft.content.attachments]
